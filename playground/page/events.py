"""What the page is told as it happens: server-sent events with numbers, so that a reader can go on where it stopped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from playground.page.words import as_json

KEPT_EVENTS = 2000
"""A reader that is further behind starts anew."""

PING_SECONDS = 15.0
PING = b": ping\n\n"


class Events:
    """The events so far, and their readers."""

    def __init__(self) -> None:
        self.seq = 0
        self._kept: deque[dict[str, Any]] = deque(maxlen=KEPT_EVENTS)
        self._readers: set[asyncio.Event] = set()
        self._closed = False

    def publish(self, kind: str, **fields: Any) -> None:
        """Tell every reader."""
        self.seq += 1
        self._kept.append({"seq": self.seq, "type": kind, **fields})
        self._wake()

    def close(self) -> None:
        """End every stream, because the server ends."""
        self._closed = True
        self._wake()

    async def follow(self, after: int) -> AsyncGenerator[bytes, None]:
        """The events behind number ``after`` as they go over the line, for as long as the reader stays.

        A reader that asks for events which are no longer kept, or counts on from those of an earlier server, is told to
        reset.
        """
        news = asyncio.Event()
        self._readers.add(news)
        try:
            if not self.seq - len(self._kept) <= after <= self.seq:
                yield _line({"seq": self.seq, "type": "reset"})
                after = self.seq
            yield PING
            while not self._closed:
                news.clear()
                for event in [kept for kept in self._kept if kept["seq"] > after]:
                    yield _line(event)
                    after = event["seq"]
                if after == self.seq:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), PING_SECONDS)
                    if not news.is_set():
                        yield PING
        finally:
            self._readers.discard(news)

    def _wake(self) -> None:
        for reader in self._readers:
            reader.set()


def _line(event: dict[str, Any]) -> bytes:
    return f"data: {as_json(event)}\n\n".encode(errors="replace")
