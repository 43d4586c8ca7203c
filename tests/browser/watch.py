"""What a page must never do, noticed while a test does something else."""

from __future__ import annotations

from playwright.async_api import BrowserContext, ConsoleMessage, Request, WebError


class Watch:
    """Collects errors and foreign requests of all pages of a browser context.

    Args:
        context: whose pages.
        home: URL of the only server that they may speak to.
        but: text of a console message that belongs to the test; Chromium logs every HTTP error, also a rightful one.

    Attributes:
        complaints: what was seen; a test fails on the first.
    """

    def __init__(self, context: BrowserContext, home: str, *, but: str = "") -> None:
        self.complaints: list[str] = []
        self._home, self._but = home, but
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        expected = self._but and self._but in message.text
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"console: {message.text} ({message.location['url']})")

    def _on_error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")

    def _on_request(self, request: Request) -> None:
        local = ("data:", "blob:", f"{self._home}/")
        if not request.url.startswith(local):
            self.complaints.append(f"request to another host: {request.url}")
