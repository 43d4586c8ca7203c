"""The faults that a person can switch on: one table for the page's switches and for scenarios.

A fault is an order to the part that then misbehaves: the IM emulator towards the webhook (Delivery) or towards
bots (IM API), or the model server. :class:`Switches` gives the orders and takes them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from playground.control import Control

Group = Literal["Delivery", "Media", "Model", "Voice", "IM API"]
OF_MODEL: set[Group] = {"Model", "Voice"}
"""Groups whose faults the model server ends all together."""

OF_IM: set[Group] = {"Media", "IM API"}
"""Groups whose faults the IM emulator ends all together."""

Scope = Literal["next", "on"]
"""``next``: for the message that is sent next. ``on``: until it is switched off."""

RETRY_AFTER_SECONDS = 2
LATE_SECONDS = 8
SLOW_SECONDS = 8
OLD_CLOCK_SECONDS = 3600
AS_GOOD_AS_EVER_SECONDS = 24 * 3600
"""The emulator's API faults last for a number of calls or of seconds."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave.

    Attributes:
        name: what a scenario calls it.
        group: which part misbehaves.
        label: what a switch says.
        explanation: one sentence: what happens, and what the relay does about it.
        order: fields of :class:`playground.im.faults.Delivery`, :class:`playground.im.faults.ApiFault` or
            :class:`playground.im.storage.StorageFault`; for the model ``{"reply": …}`` or ``{"fault": …}``, a
            step of its script, with ``"audio": True`` of that for the audio endpoints.
    """

    name: str
    group: Group
    label: str
    explanation: str
    order: Mapping[str, Any]


_FAULTS = (
    Fault(
        "deliver-twice",
        "Delivery",
        "Deliver twice",
        "The webhook gets the message twice at once; it is answered once.",
        {"copies": 2},
    ),
    Fault(
        "deliver-ten",
        "Delivery",
        "Deliver ten times",
        "The webhook gets the message ten times at once; it is answered once.",
        {"copies": 10},
    ),
    Fault(
        "out-of-order",
        "Delivery",
        "Out of order",
        "The webhook gets the message only after the next one (or after ten seconds).",
        {"hold": True},
    ),
    Fault(
        "late",
        "Delivery",
        "Late",
        f"The webhook gets the message {LATE_SECONDS} seconds late; its own time stays what it was.",
        {"delay_seconds": LATE_SECONDS},
    ),
    Fault(
        "bad-signature",
        "Delivery",
        "Bad signature",
        "The request carries a wrong CheckSum; the webhook refuses it with 401 and reads nothing of it.",
        {"signature": "bad"},
    ),
    Fault(
        "stale-clock",
        "Delivery",
        "Stale clock",
        "The request was signed an hour ago; it is accepted, since the message's own time is what counts.",
        {"clock_offset_seconds": -OLD_CLOCK_SECONDS},
    ),
    Fault(
        "media-gone",
        "Media",
        "No longer there (404)",
        "What is attached is gone when the bot wants to see it; the bot is told so.",
        {"kind": "gone"},
    ),
    Fault(
        "media-slow",
        "Media",
        "Slow",
        "The storage does not answer in time; the bot answers without what was attached.",
        {"kind": "slow"},
    ),
    Fault(
        "media-too-large",
        "Media",
        "Too large",
        "The storage sends more bytes than the relay takes; it stops reading, and the bot is told.",
        {"kind": "too_large"},
    ),
    Fault(
        "media-wrong-type",
        "Media",
        "A web page instead",
        "The storage sends a web page in place of what was attached; the model is not shown it.",
        {"kind": "wrong_type"},
    ),
    Fault(
        "media-redirect",
        "Media",
        "Leads elsewhere",
        "The storage redirects to a private address; the relay does not go there.",
        {"kind": "redirect"},
    ),
    Fault(
        "model-slow",
        "Model",
        "Slow",
        f"The model answers {SLOW_SECONDS} seconds later; the webhook has long acknowledged the message.",
        {"reply": {"seconds": SLOW_SECONDS}},
    ),
    Fault(
        "model-429",
        "Model",
        "Throttled (429)",
        f"The model refuses with 429 and retry-after {RETRY_AFTER_SECONDS} s; the turn waits and asks again.",
        {"fault": {"kind": "rate_limited", "retry_after": RETRY_AFTER_SECONDS}},
    ),
    Fault(
        "model-500",
        "Model",
        "Server error (500)",
        "The model fails with 500; the turn asks again within its deadline.",
        {"fault": {"kind": "server_error"}},
    ),
    Fault(
        "prompt-filtered",
        "Model",
        "Filter refuses the prompt",
        "The content filter refuses the prompt; the turn asks once more without history.",
        {"fault": {"kind": "prompt_filtered"}},
    ),
    Fault(
        "answer-filtered",
        "Model",
        "Filter cuts the answer",
        "The content filter blocks the model's answer; the turn asks once more without history.",
        {"reply": {"text": "", "finish_reason": "content_filter"}},
    ),
    Fault(
        "answer-empty",
        "Model",
        "Empty answer",
        "The model answers with nothing; the user gets a plain sentence instead.",
        {"reply": {"text": ""}},
    ),
    Fault(
        "voice-slow",
        "Voice",
        "Slow",
        f"Transcription and speech take {SLOW_SECONDS} seconds longer.",
        {"reply": {"seconds": SLOW_SECONDS}, "audio": True},
    ),
    Fault(
        "voice-429",
        "Voice",
        "Throttled (429)",
        f"Transcription or speech is refused with 429 and retry-after {RETRY_AFTER_SECONDS} s.",
        {"fault": {"kind": "rate_limited", "retry_after": RETRY_AFTER_SECONDS}, "audio": True},
    ),
    Fault(
        "voice-500",
        "Voice",
        "Server error (500)",
        "Transcription or speech fails with 500.",
        {"fault": {"kind": "server_error"}, "audio": True},
    ),
    Fault(
        "im-416",
        "IM API",
        "Rate limit (416)",
        "The IM API refuses the reply with 416; all sending pauses for ten seconds, then it is tried again.",
        {"kind": "code", "code": 416},
    ),
    Fault(
        "im-449",
        "IM API",
        "Try again (449)",
        "The IM API asks to try again; the reply is sent again half a second later.",
        {"kind": "code", "code": 449},
    ),
    Fault(
        "im-500",
        "IM API",
        "Server error (500)",
        "The IM API fails with code 500; the reply is sent again half a second later.",
        {"kind": "code", "code": 500},
    ),
    Fault(
        "im-timeout",
        "IM API",
        "Answer lost",
        "The IM API delivers the reply but never says so; it is sent again under its id, and shown once.",
        {"kind": "hang", "delivered": True},
    ),
    Fault(
        "im-antispam",
        "IM API",
        "Moderation refuses",
        "The app's moderation refuses the reply; the user is told so in a plain sentence.",
        {"kind": "antispam"},
    ),
)


class FaultUnavailable(RuntimeError):
    """No part of this stack can be told to misbehave like this."""


FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _FAULTS}


@dataclass
class Switches:
    """Which faults are on; gives the orders to the parts.

    Args:
        im: control interface of the IM emulator.
        model: of the model server; None when the model cannot be told to misbehave.
    """

    im: Control
    model: Control | None
    _scopes: dict[str, Scope] = field(default_factory=dict)

    def available(self, fault: Fault) -> bool:
        """True if the stack has the part that is to misbehave."""
        return fault.group not in OF_MODEL or self.model is not None

    def scope(self, name: str) -> Scope | None:
        """How a fault is switched on; None when it is off."""
        return self._scopes.get(name)

    async def turn_on(self, name: str, scope: Scope) -> None:
        """Switch a fault on, or change its scope.

        Raises:
            KeyError: there is no such fault.
            FaultUnavailable: the model cannot be told to misbehave.
            ControlError: the part does not obey.
        """
        fault = FAULTS[name]
        if not self.available(fault):
            raise FaultUnavailable(f"{name}: the model in use cannot be told to misbehave")
        await self.turn_off(name)
        if scope == "on":
            await self._order(fault, lasting=True)
        self._scopes[name] = scope

    async def turn_off(self, *names: str) -> None:
        """Switch these faults off; all of them when none is named, also one that still waits for what it is to hit."""
        ended = {name: self._scopes.pop(name, None) for name in names or list(self._scopes)}
        groups = {FAULTS[name].group for name, scope in ended.items() if scope == "on"}
        for group in groups if names else (*OF_IM, *OF_MODEL):
            await self._end(group)

    async def arm(self, receiver: str) -> dict[str, Any]:
        """Make ready for a message that is sent now: faults for the next message are ordered, and off again.

        Args:
            receiver: who gets the reply: the accid of the sender, or the id of the group.

        Returns:
            How the message is delivered: the fields of the ``delivery`` argument of ``say``.
        """
        before, delivery = self._scopes, dict[str, Any]()
        self._scopes = {name: scope for name, scope in before.items() if scope == "on"}
        for name, scope in before.items():
            fault = FAULTS[name]
            if fault.group == "Delivery":
                delivery |= fault.order
            elif scope == "next":
                await self._order(fault, lasting=False, receiver=receiver)
        return delivery

    async def _order(self, fault: Fault, *, lasting: bool, receiver: str | None = None) -> None:
        if fault.group == "Media":
            await self.im.call("POST", "faults", json={"storage": {**fault.order, "lasting": lasting}})
        elif fault.group == "IM API":
            limits = {"seconds": AS_GOOD_AS_EVER_SECONDS} if lasting else {"to": receiver}
            await self.im.call("POST", "faults", json={"api": {**fault.order, **limits}})
        elif fault.group in OF_MODEL and self.model is not None:
            # Before the rules of a script: a switch is thrown to be heeded.
            rule = {**fault.order, "when": "", "first": True, "times": None if lasting else 1}
            await self.model.call("POST", "script", json=rule)

    async def _end(self, group: Group) -> None:
        """Take all orders of a group back, then give those again that last."""
        if group in OF_IM:
            await self.im.call("DELETE", "faults")
        elif group in OF_MODEL and self.model is not None:
            await self.model.call("DELETE", "script")
        for name, scope in self._scopes.items():
            if scope == "on" and any({FAULTS[name].group, group} <= part for part in (OF_IM, OF_MODEL)):
                await self._order(FAULTS[name], lasting=True)
