"""A call of the server API, before any of its requests is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.im.requests import Request


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of the server.

    Attributes:
        name: of what it is about, for the log.
        hosts: where it may be asked.
        write: makes the request with this id.
        attempt_seconds: longest wait of one request.
        is_repeated: it is made again after a lost answer.
        keeps_id: the server knows a repetition by the id of its request.
        is_text: nothing in its form can be illegal, so that a fault in the configuration is one.
    """

    name: str
    hosts: tuple[str, ...]
    write: Callable[[str], Request]
    attempt_seconds: float
    is_repeated: bool = True
    keeps_id: bool = False
    is_text: bool = True
