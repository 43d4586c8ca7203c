"""Passing a request on to a real model."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from playground.model.transcript import RememberedStream

PASSED_TO = ("Authorization", "api-key", "Content-Type")
PASSED_BACK = ("Content-Type", "retry-after-ms", "retry-after")


async def pass_on(
    session: aiohttp.ClientSession, base_url: str, request: web.Request, body: bytes
) -> web.StreamResponse | None:
    """Post ``body`` to ``base_url`` and hand the answer through as it comes.

    Returns:
        The response; 502 if the real model cannot be reached, None if it broke off in the middle of its answer.
    """
    headers = {name: request.headers[name] for name in PASSED_TO if name in request.headers}
    path = "responses" if request.path.endswith("/responses") else "chat/completions"
    url = f"{base_url.rstrip('/')}/{path}"
    timeout = aiohttp.ClientTimeout(total=None)  # the caller's patience is the limit
    response: web.StreamResponse | None = None
    try:
        async with session.post(url, data=body, headers=headers, timeout=timeout) as upstream:
            answered = {name: upstream.headers[name] for name in PASSED_BACK if name in upstream.headers}
            response = RememberedStream(status=upstream.status, headers=answered)
            await response.prepare(request)
            async for piece in upstream.content.iter_any():
                await response.write(piece)
    except aiohttp.ClientError:
        return (
            None if response else web.json_response({"error": {"message": "no model upstream"}}, status=502)
        )
    return response
