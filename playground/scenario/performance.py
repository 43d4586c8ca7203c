"""One run of a scenario: each part of a step does one thing, and says what came of it."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from io import BytesIO
from types import TracebackType
from typing import Any, Self

from playground.control import Control
from playground.faults import Switches
from playground.scenario import wording
from playground.scenario.expectation import REPLY_SECONDS, Expectation
from playground.scenario.media import Medium, heard_md5s
from playground.scenario.orders import HostSwitch, chat_of, message_of, order_of
from playground.scenario.quality import Exchange, Judge, NoVerdict, shortcomings
from playground.scenario.stage import Chat, Reply, Stage
from playground.scenario.tables import Scenario, Step

QUIET_SECONDS = 1.0
"""How long no message may follow the last step: a reply that is sent twice is sent twice at once."""

OVERTAKEN_FIELDS = ("hold", "delay_seconds")
"""Ways of delivery with which the webhook gets a message later: the next steps do not wait for that."""


Part = tuple[str, Callable[[], Awaitable[str]]]
"""What should happen, and the function that does it, which returns what happened or raises Unmet, ControlError,
FaultUnavailable."""


class Unmet(Exception):
    """A step did not go as expected; the message says what happened instead."""


class Performance:
    """The state of a run. An async context manager: in the end no fault, rule or message under way is left.

    Args:
        stage: where it is played.
        scenario: what is played.
        first: who speaks to whom where the first step does not say it.
        host: None where the function host cannot be killed.
        judge: None where nobody judges.

    Attributes:
        exchanges: the questions that were answered so far, as expected or not.
    """

    def __init__(
        self,
        stage: Stage,
        scenario: Scenario,
        first: Chat,
        host: HostSwitch | None,
        judge: Judge | None = None,
    ) -> None:
        self.exchanges: list[Exchange] = []
        self._judge = judge
        self._question = ""
        self._stage = stage
        self._scenario = scenario
        self._chat = first
        self._host = host
        self._switches = Switches(stage.im, stage.model)
        self._said: list[asyncio.Task[dict[str, Any]]] = []
        self._names: list[tuple[set[str], str]] = []
        self._asked = 0
        self._read: dict[str, set[int]] = defaultdict(set)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._said:
            task.cancel()
        await asyncio.gather(*self._said, return_exceptions=True)
        await self._stage.im.call("DELETE", "faults")
        if self._stage.model is not None:
            await self._stage.model.call("DELETE", "script")

    async def prepare(self) -> str:
        """Create the groups, give the model its script, and begin to listen."""
        await self._stage.open()
        for tid, members in self._scenario.groups.items():
            await self._stage.im.call("POST", "teams", json={"tid": tid, "members": members})
        for rule in self._scenario.script:
            await self._model().call("POST", "script", json=order_of(rule))
        return ""

    def parts(self, step: Step) -> list[Part]:
        """What a step consists of, in order."""
        self._chat = chat = chat_of(step, self._chat)
        parts: list[Part] = []
        parts += [(f"from now on: {name}", partial(self._turn, name, on=True)) for name in step.on]
        parts += [(f"no longer: {name}", partial(self._turn, name, on=False)) for name in step.off]
        if (members := step.members) is not None:
            parts.append((f"{chat} has {', '.join(members)}", lambda: self._members(str(step.team), members)))
        if step.sends:
            parts.append((wording.saying(chat, step), lambda: self._say(step)))
        if step.wait:
            parts.append(("the model is asked", self._until_asked))
        if (recalled := step.recall) is not None:
            title = f"{chat.user} recalls {wording.texts([recalled])}"
            parts.append((title, lambda: self._change("recall", recalled)))
        if (edit := step.edit) is not None:
            title = f"{chat.user} edits {wording.texts([edit.said])}: {wording.short(edit.text)}"
            parts.append((title, lambda: self._change("edit", edit.said, text=edit.text)))
        if step.release:
            parts.append(("the model goes on", self._release))
        if step.kill:
            parts.append(("the function host is killed", lambda: self._switch_host(down=True, up=True)))
        if step.down:
            parts.append(("the function host is killed and stays down", lambda: self._switch_host(down=True)))
        if step.up:
            parts.append(("the function host is started", lambda: self._switch_host(up=True)))
        if (expect := step.expect) is None:
            return parts
        if expect.about_the_answer:
            parts.append((wording.answer(expect), lambda: self._check_answer(expect)))
        if expect.about_replies:
            parts.append((wording.replies(chat, expect), lambda: self._check_replies(expect)))
        if expect.about_quality:
            parts.append((wording.quality(expect), lambda: self._check_quality(expect)))
        if (window := expect.window) is not None:
            parts.append((wording.window(window), lambda: self._check_window(window)))
        if expect.about_calls:
            parts.append((wording.called(expect), lambda: self._check_calls(expect)))
        return parts

    async def silence(self) -> str:
        """Exactly once: nothing may be said that no step expected, not even a moment later."""
        await asyncio.gather(*self._said)

        def unread() -> list[Reply]:
            return [reply for key in list(self._stage.replies) for _, reply in self._unread(key)]

        if await self._stage.until(lambda: bool(unread()), QUIET_SECONDS):
            raise Unmet(wording.said(unread()))
        return ""

    def _unread(self, key: str, sender: str | None = None) -> list[tuple[int, Reply]]:
        """The replies in a chat that no step has expected yet, in order: of any bot, or of one."""
        seen = enumerate(self._stage.replies[key])
        unread = [(number, reply) for number, reply in seen if number not in self._read[key]]
        return [(number, reply) for number, reply in unread if sender in (None, reply.sender)]

    async def _say(self, step: Step) -> str:
        chat = self._chat
        for name in step.fault:
            await self._switches.turn_on(name, "next")
        delivery = await self._switches.arm(chat.receiver)
        self._asked, self._question = await self._requests_so_far(), step.say or ""
        client_id = str(uuid.uuid4())
        self._names.append(({step.say or "", step.mark or ""} - {""}, client_id))
        message = (
            message_of(step, chat)
            | await self._attached(step.medium)
            | {
                "client_id": client_id,
                "nick": self._scenario.users.get(chat.user, ""),
                "delivery": delivery or None,
            }
        )
        task = asyncio.create_task(self._stage.im.call("POST", "say", json=message))
        self._said.append(task)
        await self._until_delivered_or_done(client_id, task)
        if not task.done() and (step.wait or any(field in delivery for field in OVERTAKEN_FIELDS)):
            return "on its way"
        posts = (await task)["posts"]
        unanswered = all(post["status"] is None for post in posts)
        if unanswered and (step.expect is None or step.expect.status != 0):
            raise Unmet(wording.outcomes(posts))
        return wording.outcomes(posts)

    async def _until_delivered_or_done(self, client_id: str, task: asyncio.Task[Any]) -> None:
        """Until a message is in its chat, or the emulator has said all that it says of it, be it a refusal."""
        delivered = self._stage.until(lambda: client_id in self._stage.delivered, REPLY_SECONDS)
        seen = asyncio.create_task(delivered)
        await asyncio.wait({task, seen}, return_when=asyncio.FIRST_COMPLETED)
        if not seen.done():
            seen.cancel()
            await asyncio.gather(seen, return_exceptions=True)
            await self._stage.until(lambda: True, 0)

    async def _attached(self, medium: Medium | None) -> dict[str, Any]:
        """Store what a step attaches, tell the model what a recording says, and give the message's fields."""
        if medium is None:
            return {}
        stored: dict[str, Any] = {}
        if medium.content:
            headers = {"Content-Type": medium.content_type}
            stored = await self._stage.im.call("POST", "media", data=BytesIO(medium.content), headers=headers)
        if medium.frame:
            film = {"frame_of": stored["url"]}
            await self._stage.im.call("POST", "media", data=BytesIO(medium.frame), params=film)
        for md5 in heard_md5s(medium.content) if medium.words and self._stage.model else ():
            await self._model().call("POST", "heard", json={"md5": md5, "text": medium.words})
        return {"msg_type": medium.msg_type, "attach": medium.attach(stored)}

    async def _change(self, what: str, said: str, **arguments: str) -> str:
        """Recall or edit the last message of this scenario that says a text, or has it as its mark."""
        delivered = self._stage.delivered
        ids = [delivered[own] for names, own in self._names if said in names and own in delivered]
        if not ids:
            raise Unmet("nobody has said that here")
        arguments["message"] = ids[-1]
        return wording.outcomes([await self._stage.im.call("POST", what, json=arguments)])

    async def _until_asked(self) -> str:
        self._model()
        stage, before = self._stage, self._asked
        if not await stage.until_asked(lambda: len(stage.requests) > before, REPLY_SECONDS):
            raise Unmet(f"it was not within {REPLY_SECONDS:g} s")
        self._asked += 1
        return ""

    async def _turn(self, name: str, *, on: bool) -> str:
        await (self._switches.turn_on(name, "on") if on else self._switches.turn_off(name))
        return ""

    async def _release(self) -> str:
        await self._model().call("POST", "release")
        return ""

    async def _members(self, team: str, members: list[str]) -> str:
        order = {"tid": team, "members": members, "report": True}
        await self._stage.im.call("POST", "teams", json=order)
        return ""

    async def _switch_host(self, *, down: bool = False, up: bool = False) -> str:
        if self._host is None:
            raise Unmet("it is somebody else's and cannot be killed from here")
        if down:
            await self._host.down()
        if up:
            await self._host.up()
        return "it is up again" if up else ""

    async def _check_answer(self, expect: Expectation) -> str:
        if not self._said:
            raise Unmet("nothing was said yet")
        try:
            said = await asyncio.wait_for(asyncio.shield(self._said[-1]), expect.within or REPLY_SECONDS)
        except TimeoutError:
            raise Unmet("it has not answered yet") from None
        for post in said["posts"]:
            if not expect.fits_answer(post["status"], wording.json_of(post["body"])):
                raise Unmet(f"it answered {post['status']} {wording.short(post['body'])}")
        return wording.outcomes(said["posts"])

    async def _check_replies(self, expect: Expectation) -> str:
        key, count = self._chat.key, expect.count
        sender = expect.sender.lower() if expect.sender else None
        # Where none is expected, one is waited for all the same.
        wanted = max(count, 1)
        came = await self._stage.until(lambda: len(self._unread(key, sender)) >= wanted, expect.seconds)
        numbered = self._unread(key, sender)[:wanted]
        self._read[key] |= {number for number, _ in numbered}
        replies = [reply for _, reply in numbered]
        if replies:
            await self._note(replies[0], expect)
        if count == 0:
            if came:
                raise Unmet(wording.said(replies))
            return f"for {expect.seconds:g} s"
        if not all(expect.fits(reply.sender, reply.text) for reply in replies):
            raise Unmet(wording.said(replies, expect.text))
        if not came:
            raise Unmet(f"{len(replies) or 'nothing'} within {expect.seconds:g} s")
        return "" if expect.text is not None else wording.said(replies)

    async def _note(self, reply: Reply, expect: Expectation) -> None:
        """Keep a question and its reply."""
        seen = self._stage.window() if await self._requests_so_far() else []
        truth = expect.text or expect.contains or ""
        self.exchanges.append(Exchange(self._question, reply.text, tuple(seen[:-1]), truth))

    async def _check_quality(self, expect: Expectation) -> str:
        """What the reply that was just read is like."""
        latest = self.exchanges[-1]
        if problems := list(shortcomings(expect, latest.response)):
            raise Unmet(f"{', '.join(problems)}: {wording.short(latest.response)}")
        if expect.judge is None:
            return ""
        if self._judge is None:
            return "nobody judges here"
        try:
            good, why = await self._judge(latest.query, latest.response, expect.judge)
        except NoVerdict as error:
            raise Unmet(str(error)) from error
        if not good:
            raise Unmet(f"the judge says no: {wording.short(why)}")
        return f"the judge says yes: {wording.short(why)}"

    async def _check_window(self, expected: list[str]) -> str:
        self._model()
        if not await self._requests_so_far():
            raise Unmet("it was not asked at all")
        given = self._stage.window()
        if given != expected:
            raise Unmet(f"it was given {wording.texts(given, expected)}")
        return ""

    async def _check_calls(self, expect: Expectation) -> str:
        self._model()
        if not await self._requests_so_far():
            raise Unmet("it was not asked at all")
        calls = self._stage.calls()
        if sum(map(expect.fits_call, calls)) != (1 if expect.calls is None else expect.calls):
            raise Unmet(f"it called {wording.calls(calls)}")
        return wording.calls(calls)

    async def _requests_so_far(self) -> int:
        await self._stage.until_asked(lambda: True, 0)
        return len(self._stage.requests)

    def _model(self) -> Control:
        if self._stage.model is None:
            raise Unmet("the model is somebody else's and cannot be seen or scripted from here")
        return self._stage.model
