"""Lets only programs of this machine give orders to the parts of the stack, not pages of other sites, nor a tunnel.

Listening on loopback is not enough. A browser posts wherever a page tells it to; the owner of a host name can make it
resolve to loopback (DNS rebinding); and the tunnel that leads a deployed app to the IM emulator's API leads all its
clients to all paths of the emulator.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

BROWSERS_SAY = ("Origin", "Sec-Fetch-Site")
"""A browser adds one of these to what a page makes it send."""

PROXIES_SAY = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host")

REFUSED = "only programs of this machine may use this"


def own_hosts(request: web.Request) -> set[str]:
    """Names of the socket that a request came by, in lower case; the request's own Host header proves nothing."""
    port = request.get_extra_info("sockname")[1]
    return {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}


def programs_only(prefix: str) -> Middleware:
    """Refuse with 403 what is not a program's own request, at every path that begins with ``prefix``."""

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith(prefix) and not _is_a_programs(request):
            return web.json_response({"error": REFUSED}, status=403)
        return await handler(request)

    return check


def _is_a_programs(request: web.Request) -> bool:
    return request.headers.get("Host", "").lower() in own_hosts(request) and not any(
        name in request.headers for name in (*BROWSERS_SAY, *PROXIES_SAY)
    )
