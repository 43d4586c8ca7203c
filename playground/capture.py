"""``dev.py capture``: shows what a console posts, its texts masked, and which of its fields the relay recognises.

Point a console's webhook URL at it (through a tunnel of your choice) and send a message in the app: what is printed
tells how ``relay/inbound/chatbot.py`` must read it, and can be shown to others.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from aiohttp import web

from playground.local_settings import setting
from playground.loopback import serving
from playground.processes import interrupt_on_signals
from relay.errors import BadSignature, RequestRefused
from relay.inbound import wire
from relay.signature import verify

PLAIN_FIELDS = frozenset(
    {
        *("eventType", "convType", "ope", "conversation_type", "conversationType"),
        *("msgType", "type", "message_type", "messageType", "fromClientType", "client_type"),
        *("resendFlag", "antispam", "blacklist", "errCode"),
    }
)
"""Fields whose values are the platform's own words, shown as they are. All other strings are masked."""

PLAIN_WORD = re.compile(r"[A-Za-z_]{1,32}|\d{1,3}")
"""What the platform's own words look like; anything else in such a field is masked all the same."""

BODY_MAX_BYTES = 1024 * 1024

Show = Callable[[str], None]


def capture(port: int) -> int:
    """Listen on loopback until Ctrl-C; the secret, if set, is IM_APP_SECRET's."""
    interrupt_on_signals()
    secret = setting("IM_APP_SECRET", "")
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(port, capture_app(secret, lambda text: print(text, flush=True))))
    return 0


def capture_app(secret: str, show: Show) -> web.Application:
    """The server: answers any POST at once with ``200 {}``, then shows it."""

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        show(describe(request.path, request.headers, body, secret))
        return web.json_response({})

    app = web.Application(client_max_size=BODY_MAX_BYTES)
    app.router.add_post("/{path:.*}", take)
    return app


def describe(path: str, headers: Mapping[str, str], body: bytes, secret: str) -> str:
    """One request in words.

    Args:
        path: where it was posted, without the query, which may hold a key.
        headers: only their names are shown.
        body: the raw bytes.
        secret: the App Secret to check the signature with, or empty.
    """
    lines = [
        f"── {datetime.now():%H:%M:%S} POST {path}, {len(body)} bytes",
        f"Headers    {', '.join(headers)}",
    ]
    lines.append(f"Signature  {_signature(headers, body, secret)}")
    if body == b"{}":
        return "\n".join([*lines, "Body       {}: the console's address check", ""])
    try:
        content = json.loads(body)
        masked = json.dumps(mask(content), indent=2)
    except (ValueError, RecursionError) as error:
        return "\n".join([*lines, f"Body       no JSON that can be read: {type(error).__name__}", ""])
    return "\n".join([*lines, "Body", _indented(masked), "Recognised", _indented(_recognised(content)), ""])


def mask(value: Any, field: str = "") -> Any:
    """A JSON value with the same shape and no text of a person: strings and numbers become what they look like.

    A string that holds JSON, as ``attach`` and ``ext`` may, is shown as what it holds.
    """
    if isinstance(value, dict):
        return {name: mask(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [mask(part, field) for part in value]
    if isinstance(value, bool) or value is None or value == "":
        return value
    if field in PLAIN_FIELDS and PLAIN_WORD.fullmatch(str(value)):
        return value
    if isinstance(value, str):
        return _masked_string(value)
    return f"<number, {len(str(value))} characters>"


def _masked_string(text: str) -> Any:
    if text[0] in "{[":
        try:
            return {"<JSON in a string>": mask(json.loads(text))}
        except (ValueError, RecursionError):
            pass
    kind = "digits" if text.isdigit() else "characters"
    return f"<{len(text)} {kind}>"


def _recognised(content: Any) -> str:
    if not isinstance(content, dict):
        return "nothing: the body is not an object"
    try:
        found = wire.read(content)
    except RequestRefused as error:
        return f"refused with {error.status}: {error.detail}"
    fields = found.model_dump(exclude_defaults=True, exclude={"input"})
    shown = [f"{name} = {json.dumps(_masked_field(name, value))}" for name, value in fields.items()]
    return "\n".join([f"as {found.input}", *shown])


def _masked_field(name: str, value: Any) -> Any:
    return (
        value
        if name in ("conversation", "kind", "client") and PLAIN_WORD.fullmatch(str(value))
        else mask(value)
    )


def _signature(headers: Mapping[str, str], body: bytes, secret: str) -> str:
    if not secret:
        return "not checked: IM_APP_SECRET is not set"
    try:
        verify([secret], headers, body)
    except BadSignature as error:
        return f"does NOT verify: {error}"
    return "verifies with IM_APP_SECRET"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


async def _serve(port: int, app: web.Application) -> None:
    async with serving(app, port) as url:
        print(
            f"listening on {url}; a tunnel leads a console here. Any path is fine; Ctrl-C ends it.",
            flush=True,
        )
        await asyncio.Event().wait()
