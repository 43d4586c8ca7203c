"""Lets only this machine's own pages speak to the page's server, and no page of another site.

The Host is checked against DNS rebinding, the Origin and the content type against forms and scripts of other sites;
the policy on every answer keeps the page from loading, or being shown in, anything else.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from playground.local_only import own_hosts
from playground.page.words import say

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}

READING = ("GET", "HEAD")

BYTES = ("/api/media",)
"""Where a body is not JSON."""

_WORDS = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "bad_method", 413: "too_large"}


class ApiError(Exception):
    """An answer other than success: HTTP status, a word for programs, a sentence for people."""

    def __init__(self, status: int, word: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.word = word
        self.detail = detail


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what is not the page's own; every refusal and failure is ``{"error", "detail"}``."""
    try:
        _check(request)
        return await handler(request)
    except ApiError as error:
        return _error(error.status, error.word, error.detail)
    except web.HTTPException as error:
        return _error(error.status, _WORDS.get(error.status, "error"), error.reason)
    except ConnectionError:
        raise  # the page was closed
    except Exception as error:
        log.exception("the page's server failed")
        return _error(
            500,
            "internal",
            say("the playground has a fault ({fault}); its log says more", fault=type(error).__name__),
        )


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """For ``on_response_prepare``: the policy on every answer."""
    response.headers.update(HEADERS)


def _check(request: web.Request) -> None:
    own = own_hosts(request)
    if request.headers.get("Host", "").lower() not in own:
        raise ApiError(403, "host", "this server answers to its own address only")
    if request.method in READING:
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() not in {f"http://{host}" for host in own}:
        raise ApiError(403, "origin", "only the page itself may change anything here")
    # Neither type is one that a form, or a script of another site, may send without asking first.
    wanted = "application/octet-stream" if request.path in BYTES else "application/json"
    if request.body_exists and request.content_type != wanted:
        raise ApiError(415, "content_type", f"a body must be {wanted}")


def _error(status: int, word: str, detail: str) -> web.Response:
    return web.json_response({"error": word, "detail": detail}, status=status)
