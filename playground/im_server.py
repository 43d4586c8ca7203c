"""The IM emulator: users talk, the platform posts to the webhook, bots answer through the server API.

In a test::

    async with ImServer(app_key="key", secret="secret", webhook="http://127.0.0.1:7071/api/webhook") as im:
        await im.say("alice", "hello", to="helper")
        await im.wait_for(lambda: len(im.chat("alice", "helper")) == 2)

As a process: ``python -m playground.im_server --port 8766 --app-key K --secret S --webhook URL``.
"""

from __future__ import annotations

import argparse
import os
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from playground.im.accounts import account_routes
from playground.im.control import control_routes
from playground.im.copies import Post, Poster, as_bytes
from playground.im.faults import ApiFault, Delivery
from playground.im.platform import Platform
from playground.im.restored import restored
from playground.im.said import Said
from playground.im.storage import ITEM_MAX_BYTES, PATH, StorageFault
from playground.kept import Lines
from playground.local_only import programs_only
from playground.loopback import run_as_process, serving
from playground.record import Record

__all__ = ["ApiFault", "Delivery", "ImServer", "Said", "StorageFault"]

BODY_MAX_BYTES = 2 * ITEM_MAX_BYTES
"""Of a request: something to store, in base64 at worst."""


class ImServer(Platform):
    """The emulator. Use it as an async context manager.

    Args:
        port: 0 lets the system choose.
        keep: folder in which chats and media outlive the process; None keeps nothing.
        platform: what :class:`Platform` takes.
    """

    def __init__(self, *, port: int = 0, keep: Path | None = None, **platform: Any) -> None:
        super().__init__(record=Record(Lines(keep / "im.jsonl") if keep else None), **platform)
        if keep:
            self.storage.keep_in(keep / "media")
            self._said = restored(self.record.facts, self.chats, self._api, self.storage)
        self.url = ""
        self._port = port

    async def __aenter__(self) -> Self:
        # What users attach is for programs, too: the page has a way of its own to it.
        guards = [programs_only("/_control/"), programs_only(PATH)]
        app = web.Application(middlewares=guards, client_max_size=BODY_MAX_BYTES)
        app.add_routes(self._api.routes())
        app.add_routes(account_routes(self._app_key, self._secret, self.chats))
        app.add_routes(self.storage.routes())
        app.add_routes(control_routes(self))
        app.on_shutdown.append(self.record.close)
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            self._poster = Poster(
                self._app_key,
                self._secret,
                session,
                self.chats.now,
                self._timeouts,
                self.posts,
                self.record,
                count(self.record.next_number("post")),
            )
            self.url = await stack.enter_async_context(serving(app, self._port))
            self.storage.host = urlsplit(self.url).netloc
            stack.push_async_callback(self._end_tasks)
            stack.callback(self.behave)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def prepared(self, about: Said | bytes) -> Post:
        """The request about a message, or with any body, signed and not posted."""
        if isinstance(about, bytes):
            return self._poster.signed(self._webhook(), about, Delivery(), "copy")
        kind, body = about.requests[-1]
        own = about.message.server_id
        return self._poster.signed(self._webhook(), as_bytes(body), Delivery(), kind, own)


def main() -> None:
    """Run the emulator as a process. Credentials may come from IM_APP_KEY and IM_APP_SECRET instead."""
    parser = argparse.ArgumentParser(prog="python -m playground.im_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--app-key", default=os.environ.get("IM_APP_KEY", "playground"))
    parser.add_argument("--secret", default=os.environ.get("IM_APP_SECRET", "playground"))
    parser.add_argument("--keep", type=Path, help="folder in which chats and media outlive the process")
    parser.add_argument("--webhook", help="URL of the webhook, ?code= included")
    args = parser.parse_args()
    server = ImServer(
        app_key=args.app_key, secret=args.secret, webhook=args.webhook, port=args.port, keep=args.keep
    )
    run_as_process(server)


if __name__ == "__main__":
    main()
