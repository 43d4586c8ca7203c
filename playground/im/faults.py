"""Misbehaviour on demand: of the server API towards bots, and of the platform towards the webhook."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

What = Literal["message", "signal"]
"""What a call is about: a message or an upload; or what is shown beside messages, typing and receipts."""

FaultKind = Literal["code", "http", "close", "hang", "antispam"]


@dataclass(frozen=True, slots=True)
class ApiFault:
    """What the server API does instead of answering as it should.

    Attributes:
        kind: ``code``: a result code in the body (416, 449, 500 …); ``http``: an HTTP status; ``close``: the
            connection is cut; ``hang``: no answer ever comes; ``antispam``: moderation refuses the text.
        code: the result code, or the HTTP status.
        delivered: for ``http``, ``close`` and ``hang``: True if the message reached the chat all the same.
        times: how many calls it hits.
        seconds: instead of ``times``: every call for this long, counted from when it was added.
        to: only calls to this receiver or group.
        what: which calls; a fault that lasts for some ``seconds`` hits them all.
    """

    kind: FaultKind
    code: int = 0
    delivered: bool = False
    times: int = 1
    seconds: float | None = None
    to: str | None = None
    what: What = "message"

    @property
    def cuts_the_line(self) -> bool:
        """True for a fault after which the caller cannot know what became of the message."""
        return self.kind in ("http", "close", "hang")


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the platform posts one message to the webhook.

    Attributes:
        copies: requests with this same message, all at once.
        delay_seconds: wait before the first.
        hold: post it only after the webhook has answered to a later message, or after ten seconds: out of order.
        signature: a wrong or missing CheckSum on demand.
        clock_offset_seconds: added to the CurTime header; a late resend has an old one.
    """

    copies: int = 1
    delay_seconds: float = 0
    hold: bool = False
    signature: Literal["good", "bad", "missing"] = "good"
    clock_offset_seconds: float = 0


@dataclass
class ApiFaults:
    """The faults that wait for a call, first in, first out."""

    _waiting: list[tuple[ApiFault, int]] = field(default_factory=list)

    def add(self, fault: ApiFault, now: int) -> None:
        """Queue a fault; ``now`` in Unix milliseconds."""
        self._waiting.append((fault, now))

    def clear(self) -> None:
        """Drop the faults that still wait."""
        self._waiting.clear()

    def take(self, to: str, now: int, what: What = "message") -> ApiFault | None:
        """The fault for a call to ``to``, if one waits for it."""
        for place, (fault, added) in enumerate(self._waiting):
            if fault.what != what and fault.seconds is None:
                continue
            if fault.to is not None and fault.to.lower() != to.lower():
                continue
            if fault.seconds is not None:
                if now - added < fault.seconds * 1000:
                    return fault
                continue
            if fault.times > 1:
                self._waiting[place] = (replace(fault, times=fault.times - 1), added)
            else:
                del self._waiting[place]
            return fault
        return None
