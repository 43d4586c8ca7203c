"""What happened in a chat, told again as steps of a scenario, in the order in which it happened.

A scenario is faster than people are. So what was done while the model was thinking needs a word: the scenario waits
until the model is asked, and the scripted model holds its answer until that was done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, inf
from typing import Any

from playground.faults import FAULTS
from playground.im.attach import said_in
from playground.im.chats import Delivered
from playground.im.copies import Post
from playground.model.answers import answer_to, limit_of, question_of
from playground.model.script import tokens
from playground.model_server import ModelRequest
from playground.page.deeds import Deed, Sending
from playground.scenario.performance import OVERTAKEN_FIELDS

PROMPT_SECONDS = 15
"""A reply that took longer gets more than the usual time."""

RECALL_SECONDS = 5
"""A message that was recalled so soon after the model's answer was recalled in time."""

SLOW = "model-slow"


@dataclass(frozen=True, slots=True)
class Saying:
    """A user's message: as it was first said, how, and what the webhook answered."""

    message: Delivered
    how: Sending
    posts: Sequence[Post]
    medium: Mapping[str, Any] = field(default_factory=dict)

    @property
    def at(self) -> int:
        """When."""
        return self.message.at

    @property
    def overtaken(self) -> bool:
        """Whether the webhook gets it later."""
        orders = (FAULTS[name].order for name in (*self.how.faults, *self.how.lasting))
        return any(field in order for order in orders for field in OVERTAKEN_FIELDS)


@dataclass(frozen=True, slots=True)
class Thinking:
    """A request to the model, as long as it was under way; ``about`` is the message whose turn made it."""

    asked: ModelRequest
    about: str
    until: float
    dead: bool
    faults: tuple[str, ...] = ()

    @property
    def at(self) -> int:
        """When it was asked."""
        return self.asked.at


@dataclass
class Retelling:
    """The steps and rules of a chat.

    Args:
        said: the users' messages, in order.
        replies: the bots', as they were first said, in order.
        deeds: what else was done, in order.
        requests: what the model was asked, in order.
        answered: which messages a reply answers.
        scripted: whether the scripted model answered, which would answer the same again.
    """

    said: Sequence[Saying]
    replies: Sequence[Delivered]
    deeds: Sequence[Deed]
    requests: Sequence[Thinking]
    answered: Mapping[str, Sequence[str]]
    scripted: bool
    steps: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._marks = _marks(self.said, self.deeds)
        self._waited: set[int] = set()
        self._asked_before = self._waits = 0
        self._place: dict[str, str] = {}
        self._last: Saying | None = None
        self._open = False
        acts: list[Saying | Deed] = [*self.said, *self.deeds]
        self._acts = sorted(acts, key=lambda act: act.at)
        self._holds = {one.asked.number: self._held_until(one) for one in self.requests}

    def tell(self) -> list[dict[str, Any]]:
        """The steps."""
        events: list[Saying | Deed | Delivered] = [*self._acts, *self.replies]
        for event in sorted(events, key=lambda event: event.at):
            if isinstance(event, Delivered):
                self._reply(event)
                continue
            self._wait_for_what_was_asked(event)
            if isinstance(event, Saying):
                self._say(event)
            else:
                self._do(event)
            self._let_go(event)
        return self.steps

    def script(self) -> list[dict[str, Any]]:
        """The rules: of each request that the scripted model would not answer as it was answered by itself."""
        return [rule for one in self.requests if (rule := self._rule(one))]

    def chances(self) -> list[str]:
        """What was answered together by chance: no turn was under way for which it had to wait."""
        at = {one.message.server_id: one.at for one in self.said}
        texts = {one.message.server_id: one.message.text for one in self.said}
        found = []
        for reply in self.replies:
            together = [own for own in self.answered.get(reply.server_id, ()) if own in at]
            last = max((at[own] for own in together), default=0)
            waited = any(one.at < last and not self._replied(one, last) for one in self.requests)
            if len(together) > 1 and not waited:
                found.append(", ".join(f'"{texts[own]}"' for own in together))
        return found

    def _held_until(self, one: Thinking) -> float | None:
        """When the last thing was done that the answer of a request had to wait for; None for nothing."""
        if one.faults and not (not self.scripted and one.faults == (SLOW,)):
            return None
        during = [act.at for act in self._acts if one.at < act.at <= one.until]
        for act in self._acts:
            recalled = isinstance(act, Deed) and act.what == "recall" and act.about == one.about
            if (
                recalled
                and one.at < act.at < one.until + RECALL_SECONDS * 1000
                and not self._replied(one, act.at)
            ):
                during.append(act.at)
        if one.until == inf:
            return inf
        return max(during, default=None)

    def _replied(self, one: Thinking, by: float) -> bool:
        return any(one.at < reply.at <= by for reply in self.replies)

    def _wait_for_what_was_asked(self, act: Saying | Deed) -> None:
        if isinstance(act, Deed) and act.what == "up":
            return
        for place, one in enumerate(self.requests):
            known = one.asked.number in self._waited
            if known or one.at >= act.at or self._replied(one, act.at):
                continue
            waits = place + 1 - self._asked_before - self._waits
            for _ in range(waits):
                self._step({"wait": "model-request"})
            self._waits += max(0, waits)
            self._waited.add(one.asked.number)

    def _step(self, step: dict[str, Any]) -> None:
        """One more step, or more of the last one, where that has just said something."""
        if self._open and self.steps and not (step.keys() & self.steps[-1].keys()):
            self.steps[-1].update(step)
        else:
            self.steps.append(step)
        self._open = False

    def _say(self, saying: Saying) -> None:
        if self._last is not None and self._last.overtaken:
            self._await_the_answer(self._last, saying.at)
        message, how = saying.message, saying.how
        step = _place(message)
        if message.server_id in self._marks:
            step["mark"] = self._marks[message.server_id]
        step |= saying.medium
        if message.text or not saying.medium:
            step["say"] = message.text
        if robot := {name: value for name, value in how.robot.items() if value}:
            step["robot"] = robot
        if how.input != "copy":
            step["input"] = how.input
        faults = [name for name in how.faults if self.scripted or name != SLOW]
        if faults:
            step["fault"] = faults
        if not saying.overtaken and (expected := _answer(saying.posts)):
            step["expect"] = expected
        self.steps.append(step)
        self._place = _place(message)
        self._last, self._open = saying, "expect" not in step
        self._asked_before = sum(one.at < saying.at for one in self.requests)
        self._waits = 0

    def _await_the_answer(self, saying: Saying, now: int) -> None:
        """A message that was on its way has to be there before the next thing is said, where it was."""
        if saying.posts and all(post.ended and post.at < now for post in saying.posts):
            expected = _answer(saying.posts) or {"status": saying.posts[-1].status}
            self._step({"expect": expected})
        self._last = None

    def _do(self, deed: Deed) -> None:
        match deed.what:
            case "recall" | "edit":
                saying = next(one for one in self.said if one.message.server_id == deed.about)
                name = self._marks.get(deed.about, saying.message.text)
                edit = {"edit": {"said": name, "text": deed.text}}
                self.steps.append(
                    _place(saying.message) | ({"recall": name} if deed.what == "recall" else edit)
                )
            case "members":
                self.steps.append({"team": deed.about, "members": list(deed.members)})
            case "on" | "off":
                self.steps.append({deed.what: [deed.about]})
            case "down" | "up":
                before = self.steps[-1] if self.steps else {}
                if deed.what == "up" and before.keys() - {"wait"} == {"down"}:
                    del before["down"]
                    before["kill"] = "host"
                else:
                    self._open = False
                    self._step({deed.what: "host"})
        self._open = False

    def _let_go(self, act: Saying | Deed) -> None:
        """Behind the last thing that answers had to wait for, the model goes on."""
        held = [
            self._holds[one.asked.number]
            for one in self.requests
            if one.at < act.at and not one.dead and self._holds[one.asked.number] is not None
        ]
        ends = [end for end in held if end is not None and end != inf and end >= act.at]
        if ends and max(ends) == act.at:
            self._open = False
            self._step({"release": "model"})

    def _reply(self, reply: Delivered) -> None:
        expected: dict[str, Any] = {"text": said_in(reply)}
        if reply.team_kind:
            expected["from"] = reply.sender
        before = max((act.at for act in self._acts if act.at <= reply.at), default=reply.at)
        seconds = (reply.at - before) / 1000
        if seconds > PROMPT_SECONDS:
            expected["within"] = min(600, ceil(seconds * 1.5) + 30)
        shown: Any = expected if len(expected) > 1 else expected["text"]
        place = {"team": reply.to} if reply.team_kind else {"as": reply.to, "to": reply.sender}
        here = {name: value for name, value in self._place.items() if name in place}
        if self._open and here == place and "expect" not in self.steps[-1]:
            self.steps[-1]["expect"] = shown
        else:
            self.steps.append({**place, "expect": shown})
        self._place, self._open = self._place | place, False

    def _rule(self, one: Thinking) -> dict[str, Any]:
        slow = not self.scripted and one.faults == (SLOW,)
        if one.faults and not slow:
            return {}
        rule: dict[str, Any] = {}
        answer = None if self.scripted or one.dead else answer_to(one.asked)
        if answer is not None and one.asked.status == 200:
            rule["reply"] = answer.text
            limit = limit_of(one.asked)
            if answer.finish in ("length", "content_filter"):
                rule["finish"] = answer.finish
            elif limit is not None and tokens(answer.text) > limit:
                rule["finish"] = "stop"
            if answer.calls:
                first, *more = answer.calls
                rule |= {"call": first.call, "arguments": first.arguments}
                if more:
                    rule["more"] = [{"call": each.call, "arguments": each.arguments} for each in more]
        elif not self.scripted and not one.dead and (fault := _fault(one.asked)):
            rule["fault"] = fault
        if self._holds[one.asked.number] is not None and "fault" not in rule:
            rule["hold"] = True
        elif slow:
            rule["seconds"] = FAULTS[SLOW].order["reply"]["seconds"]
        if not rule:
            return {}
        question = question_of(one.asked)
        return ({"when": question} if question else {}) | rule | {"times": 1}


def _place(message: Delivered) -> dict[str, Any]:
    """Who speaks to whom."""
    return {"as": message.sender, ("team" if message.team_kind else "to"): message.to}


def _answer(posts: Sequence[Post]) -> dict[str, Any]:
    """What is expected of the webhook's answer, where it did not take a message, and said the same each time."""
    means = {(post.status, *outcome_of(post.body)) for post in posts if post.ended}
    if len(means) != 1:
        return {}
    ((status, outcome, reason),) = means
    if status != 200:
        return {"status": status or 0}
    return {"answer": {"status": outcome, "reason": reason}} if outcome == "ignored" else {}


def outcome_of(body: str) -> tuple[str, str]:
    """What the webhook says it did, and why."""
    try:
        answer = json.loads(body)
        return str(answer.get("status", "")), str(answer.get("reason", ""))
    except (ValueError, AttributeError):
        return "", ""


def _fault(asked: ModelRequest) -> str:
    """The fault that is most like what a real model answered instead of an answer."""
    if asked.status is None or asked.status == 200:
        return ""
    if asked.status == 429:
        return "model-429"
    return "prompt-filtered" if "content_filter" in asked.answer else "model-500"


def _marks(said: Sequence[Saying], deeds: Iterable[Deed]) -> dict[str, str]:
    """Names for the messages that are recalled or edited, and that their text does not tell from others."""
    texts = [one.message.text for one in said]
    changed = {deed.about for deed in deeds if deed.what in ("recall", "edit")}
    unclear = [
        one.message.server_id
        for one in said
        if one.message.server_id in changed and (not one.message.text or texts.count(one.message.text) > 1)
    ]
    return {own: f"message {number}" for number, own in enumerate(unclear, 1)}
