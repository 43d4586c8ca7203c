"""HTTP triggers and the admin endpoint, served as the real host does."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence

import azure.functions as func
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler
from azure.functions.http import HttpRequest
from multidict import CIMultiDict

from playground.host.errors import FunctionError, HostError
from playground.host.functions import Function
from playground.host.timers import TimerListener

BODY_MAX_BYTES = 100 * 1024 * 1024
"""The real host's limit for a request (Azure Functions: HTTP trigger, "Limits")."""

log = logging.getLogger("host.http")
"""For the HTTP server."""


class _ClientsFaults(logging.Filter):
    """One line for a client that sends no HTTP, or goes away before it has sent all.

    aiohttp would report that as an error, with a traceback that quotes the request: perhaps what somebody wrote.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError | ConnectionError):
            record.msg, record.args = "no request could be read: %s", (type(error).__name__,)
            record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
        return True


log.addFilter(_ClientsFaults())

_ROUTE = re.compile(r"[^{}]*(?:\{\w+\}[^{}]*)*")


class HttpTriggers:
    """Serves the HTTP functions of an app under a route prefix.

    Keys are not checked: like a local ``func start``, any ``code`` or ``x-functions-key`` will do.

    Raises:
        HostError: a route uses more than plain ``{parameters}``.
    """

    def __init__(self, functions: Sequence[Function], prefix: str) -> None:
        self._paths = {function.name: _path(function, prefix) for function in functions}
        self._functions = {function.name: function for function in functions}

    def routes(self) -> list[web.RouteDef]:
        """What to add to an aiohttp application."""
        return [web.route("*", path, self._handler(name)) for name, path in self._paths.items()]

    def describe(self, url: str) -> list[str]:
        """One line per function, as Core Tools prints them."""
        return [
            f"{name}: [{','.join(_methods(self._functions[name]) or ['ANY'])}] {url}{path}"
            for name, path in self._paths.items()
        ]

    def _handler(self, name: str) -> Handler:
        function = self._functions[name]
        methods = _methods(function)

        async def handle(request: web.Request) -> web.StreamResponse:
            if methods and request.method not in methods:
                return web.Response(status=404)  # the real host's routing knows no 405
            try:
                return _response(await function.invoke(await _request(request)))
            except FunctionError:
                return web.Response(status=500)

        return handle


def admin_routes(timers: Mapping[str, TimerListener]) -> list[web.RouteDef]:
    """``POST /admin/functions/{name}`` runs a timer function now; the answer does not wait for it.

    Source: Azure Functions, "Manually run a non HTTP-triggered function".
    """

    async def run(request: web.Request) -> web.Response:
        timer = timers.get(request.match_info["name"])
        if timer is None:
            return web.Response(status=404, text="no timer function of this name")
        timer.fire_now()
        return web.Response(status=202)

    return [web.post("/admin/functions/{name}", run)]


def _path(function: Function, prefix: str) -> str:
    route = str(function.trigger["route"]).strip("/")
    if not _ROUTE.fullmatch(route):
        raise HostError(f"function {function.name}: this host knows plain {{parameters}} only in a route")
    return "/" + "/".join(part for part in (prefix.strip("/"), route) if part)


def _methods(function: Function) -> list[str]:
    return [str(method) for method in function.trigger.get("methods", [])]


async def _request(request: web.Request) -> func.HttpRequest:
    return HttpRequest(
        method=request.method,
        url=str(request.url),
        headers={name: ",".join(request.headers.getall(name)) for name in request.headers},
        params=dict(request.query),
        route_params=dict(request.match_info),
        body_type="bytes",
        body=await request.read(),
    )


def _response(answer: object) -> web.Response:
    if isinstance(answer, str):
        return web.Response(text=answer)
    if not isinstance(answer, func.HttpResponse):
        return web.Response(status=500)
    headers = CIMultiDict(answer.headers.items())
    if "content-type" not in headers:
        text = answer.mimetype.startswith("text/")
        headers["content-type"] = f"{answer.mimetype}; charset={answer.charset}" if text else answer.mimetype
    return web.Response(status=answer.status_code, headers=headers, body=answer.get_body())
