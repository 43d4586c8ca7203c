"""Responses that remember what was sent, so that it can be recorded."""

from __future__ import annotations

from typing import Any

from aiohttp import web

Bytes = bytes | bytearray | memoryview


class RememberedStream(web.StreamResponse):
    """A response that is written piece by piece, and keeps the pieces."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.pieces: list[bytes] = []

    async def write(self, data: Bytes) -> None:
        """Send a piece."""
        self.pieces.append(bytes(data))
        await super().write(data)


def text_of(response: web.StreamResponse) -> str:
    """What a response said; empty for a plain stream, which keeps nothing; of a sound, what it is."""
    if response.content_type.startswith("audio/"):
        return f"({response.content_length} bytes of {response.content_type})"
    if isinstance(response, RememberedStream):
        body = b"".join(response.pieces)
    else:
        body = (
            response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
        )
    return body.decode(errors="replace")
