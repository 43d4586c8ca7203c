"""What a row says of a stream that was begun under it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from relay.memory.rows import Entry


@dataclass(frozen=True, slots=True)
class Note:
    """What a row says of a stream.

    Attributes:
        number: the how-manieth stream of the message it is.
        client_id: its own id; empty once it has ended or was taken back.
        server_id, at: the platform's id and time (Unix ms), once they are known.
    """

    number: int = 0
    client_id: str = ""
    server_id: str = ""
    at: int = 0

    @classmethod
    def read(cls, text: str) -> Note:
        """The note of a row."""
        return cls(*json.loads(text)) if text else cls()

    def to_json(self) -> str:
        """For the row."""
        return json.dumps([self.number, self.client_id, self.server_id, self.at])

    @property
    def closed(self) -> Note:
        """The same once nothing is to be taken back; the number stays, so that no id comes twice."""
        return Note(self.number)

    @property
    def taken_over(self) -> Note:
        """The same before somebody else takes it back: another note, so that a row with it is another version."""
        return replace(self, number=self.number + 1)


WriteNote = Callable[[Entry, "Note"], Awaitable[Entry]]
"""Writes a note on a row; returns its new version."""
