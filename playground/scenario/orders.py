"""What a scenario asks of the parts of the stack, in the form that they take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from playground.faults import FAULTS
from playground.scenario.rules import Rule
from playground.scenario.stage import Chat
from playground.scenario.tables import Step


@dataclass(frozen=True, slots=True)
class HostSwitch:
    """Ends the function host as a crash does, and starts it again; each waits until that is so."""

    down: Callable[[], Awaitable[None]]
    up: Callable[[], Awaitable[None]]


def chat_of(step: Step, before: Chat) -> Chat:
    """Where a step happens: as in the step before, but for what it says."""
    user = step.sender or before.user
    if step.team:
        return Chat(user, before.bot, step.team)
    return Chat(user, step.to or before.bot, None if step.to else before.team)


def message_of(step: Step, chat: Chat) -> dict[str, Any]:
    """A step's message as the emulator takes it."""
    robot = step.robot.model_dump() if step.robot else {}
    if "customContent" in robot:
        robot["custom"] = robot.pop("customContent")
    receiver = {"team": chat.team} if chat.team else {"to": chat.bot}
    return {"sender": chat.user, "text": step.say or "", "input": step.input or "copy", **receiver, **robot}


def order_of(rule: Rule) -> dict[str, Any]:
    """A rule as the model server takes it."""
    if rule.fault is not None:
        ((kind, fields),) = FAULTS[rule.fault].order.items()
    else:
        kind, fields = "reply", {"text": rule.reply, "finish_reason": rule.finish, "hold": rule.hold}
        if rule.call is not None:
            calls = [{"call": rule.call, "arguments": rule.arguments}]
            fields["calls"] = calls + [asked.model_dump() for asked in rule.more]
    slowly = {"seconds": rule.seconds} if rule.seconds else {}
    return {kind: {**fields, **slowly}, "when": rule.when, "times": rule.times}
