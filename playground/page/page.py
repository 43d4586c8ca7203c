"""The page's side of the playground: what it knows, what it does, and what it tells the browser."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from io import BytesIO
from typing import Any

from playground.control import Control, ControlError
from playground.faults import Switches
from playground.im.chats import Delivered
from playground.page.deeds import Deeds, Sending
from playground.page.events import Events
from playground.page.inspector import Inspector
from playground.page.journal import Journal
from playground.page.kept import NOTHING_KEPT, PageKept
from playground.page.media import key_of
from playground.page.parts import FilesLabel, HostLabel, HostState, ModelLabel, Parts
from playground.page.people import People, Team
from playground.page.requests import Requests
from playground.page.roster import Roster, bot_as_json
from playground.page.shown import Shown
from playground.page.spans import SpanFact
from playground.page.switchboard import Switchboard
from playground.page.words import Said, say
from relay.clock import DAY_MS, MINUTE_MS
from relay.config.bots import Bots

log = logging.getLogger(__name__)

RECORD_WAIT_SECONDS = 30.0
RETRY_SECONDS = 0.5

SAY = {"function": "function", "topic": "topic", "customContent": "custom", "account": "account"}
"""Fields of ``robotInfo`` and what the emulator calls them."""


GONE = ("recalled", "deleted")
"""What has become of a message that can do nothing any more."""


class NotTheirs(Exception):
    """A message is not there, was recalled, or is another user's."""


class Page:
    """Everything behind the page. Made in an event loop before the stack runs; :meth:`connect` is called once it does.

    Args:
        bots: the configured bots.
        model: what answers.
        host: what runs the functions.
        invisible: sentences on what cannot be seen in this mode, and how to make it visible.
        without_spans: another such sentence, where only the first span tells whether the relay's spans come here;
            empty where they do.
        kept: what outlives the page.

    Attributes:
        roster, people, journal, shown, events, switchboard, inspector, requests, kept: what is behind the page.
        deeds: what was done here beside saying things, and how each message was sent.
    """

    def __init__(
        self,
        bots: Bots,
        model: ModelLabel,
        host: HostLabel,
        *,
        invisible: Sequence[str] = (),
        without_spans: Said | None = None,
        kept: PageKept = NOTHING_KEPT,
    ) -> None:
        self.roster = Roster(bots)
        self.people = People(bot.accid for bot in bots)
        self.journal = Journal(self.roster, spans_visible=not without_spans)
        self.events = Events()
        self.model, self.host, self.files = model, host, FilesLabel()
        self._invisible, self._without_spans = tuple(invisible), without_spans
        self._parts: asyncio.Future[Parts] = asyncio.get_running_loop().create_future()
        self.deeds = Deeds()
        self.switchboard = Switchboard(self.events, self.deeds)
        self.inspector = Inspector(self.journal, self.roster, _kept_ms(bots))
        self.shown = Shown(self.journal, self.roster, self.deeds)
        self.requests = Requests(self.journal)
        self.kept = kept
        kept.restore(self.journal, self.people, self.shown)
        self._arrivals: dict[str, asyncio.Future[str]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def connect(self, parts: Parts) -> None:
        """The stack runs: listen to its parts, and let people write."""
        self._parts.set_result(parts)
        self.switchboard.connect(Switches(parts.im, parts.model))
        for control in filter(None, (parts.im, parts.model)):
            self.run(self._listen(control))
        self.host_is("running")

    async def parts(self) -> Parts:
        """The running stack, once it runs."""
        return await asyncio.shield(self._parts)

    async def aclose(self) -> None:
        """End the streams, and what runs in the background."""
        self.events.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def host_is(self, state: HostState) -> None:
        """Tell the browser how the function host is."""
        if state == "running" and self.host.state != "running":
            self.deeds.add("up")
        self.host = replace(self.host, state=state)
        self.events.publish("host", host=asdict(self.host))

    def host_was_killed(self) -> None:
        """Note the time: what the host worked on was broken off."""
        self.journal.kills.append(killed := int(time.time() * 1000))
        self.kept.killed(killed)
        self.deeds.add("down")
        self.host_is("down")
        self._learned(set(self.shown.waiting()))

    def files_are(self, files: FilesLabel) -> None:
        """Tell the browser how the bots file and the file of tools stand."""
        self.files = files
        self.events.publish("files", files=asdict(files))

    def take_on(self, bots: Bots) -> None:
        """These are the bots from now on; chats with those that are gone stay."""
        self.roster.take_on(bots)
        self.people.bots = frozenset(bot.accid for bot in self.roster)
        self.inspector.keep_ms = _kept_ms(bots)
        self.events.publish("reset")  # whom one can write to, and what everybody is called

    def receive_spans(self, found: Iterable[SpanFact]) -> None:
        """Take spans of the relay."""
        self.kept.spans(found := list(found))
        were_visible = self.journal.spans_visible
        self._learned(self.journal.add_spans(found))
        if self.journal.spans_visible != were_visible:
            self.events.publish("reset")  # more is visible than the state said

    def state(self) -> dict[str, Any]:
        """Everything that the page shows at first."""
        return {
            "bots": [
                *(bot_as_json(bot) for bot in self.roster.current),
                *(bot_as_json(bot, removed=True) for bot in self.roster.former if self._is_seen(bot.accid)),
            ],
            "users": [asdict(user) for user in self.people.users.values()],
            "teams": [team.as_json() for team in self.people.teams.values() if team.members],
            "messages": list(self.shown.messages.values()),
            "model": {**asdict(self.model), "label": say(self.model.label)},
            "host": asdict(self.host),
            "files": asdict(self.files),
            "invisible": [
                *map(say, self._invisible),
                *([] if self.journal.spans_visible else [str(self._without_spans)]),
            ],
            "faults": self.switchboard.as_json(),
            "seq": self.events.seq,
        }

    async def say(
        self,
        sender: str,
        receiver: Mapping[str, str],
        text: str,
        robot: Mapping[str, str],
        input: str,
        medium: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A user writes; returns the message as soon as it is in the chat.

        Args:
            sender: accid.
            receiver: ``to``: an accid, or ``team``: a group's id.
            text: what is written.
            robot: ``robotInfo`` for this message.
            input: what the webhook gets: ``copy``, ``chatbot`` or ``both``.
            medium: ``msg_type`` and ``attach`` of a message that is no text.

        Raises:
            ControlError: the emulator refuses.
        """
        client_id = str(uuid.uuid4())
        delivery, once, lasting = await self.switchboard.arm(receiver.get("team") or sender)
        self.deeds.sent[client_id] = Sending(robot, input, once, lasting)
        message = {
            "sender": sender,
            "text": text,
            "input": input,
            "client_id": client_id,
            **(medium or {}),
            **receiver,
            **{SAY[name]: value for name, value in robot.items() if value},
            **({"delivery": delivery} if delivery else {}),
        }
        arrival = self._arrivals[client_id] = asyncio.get_running_loop().create_future()
        said = self.run((await self.parts()).im.call("POST", "say", json=message))
        try:
            await asyncio.wait({arrival, said}, return_when=asyncio.FIRST_COMPLETED)
            if not arrival.done():
                said.result()  # raises what went wrong; a message that was posted has been recorded before
            return self.shown.messages[await arrival]
        finally:
            del self._arrivals[client_id]

    async def recall(self, sender: str, message: str) -> None:
        """A user takes a message of their own back, given its id.

        Raises:
            ControlError: the emulator refuses.
            NotTheirs: there is no such message of this user.
        """
        self.own_message(sender, message)
        self.deeds.add("recall", message)
        await (await self.parts()).im.call("POST", "recall", json={"message": message})

    async def edit(self, sender: str, message: str, text: str) -> None:
        """A user changes what a message of their own says; otherwise as :meth:`recall`."""
        self.own_message(sender, message)
        self.deeds.add("edit", message, text=text)
        await (await self.parts()).im.call("POST", "edit", json={"message": message, "text": text})

    def _is_seen(self, accid: str) -> bool:
        """Whether something is left of a bot: a message, a place in a group."""
        places = [(said["sender"], said["to"], said["bot"]) for said in self.shown.messages.values()]
        return any(
            accid in place for place in [*places, *(team.members for team in self.people.teams.values())]
        )

    def own_message(self, sender: str, message: str) -> Delivered:
        """A user's message that they can still do something with; raises NotTheirs when it is none."""
        said = self.journal.messages.get(message)
        if said is None or said.sender != sender or said.origin != "user" or said.changed in GONE:
            raise NotTheirs
        return said

    async def store(self, content: bytes, content_type: str, frame_of: str = "") -> dict[str, Any]:
        """Keep what a user attaches, or the first picture of a film that lies at a URL; ``url``, ``md5``, ``size``.

        Raises:
            ControlError: the emulator refuses.
        """
        found: dict[str, Any] = await (await self.parts()).im.call(
            "POST",
            "media",
            data=BytesIO(content),
            headers={"Content-Type": content_type},
            params={"frame_of": frame_of} if frame_of else {},
        )
        if frame_of:
            self.deeds.frames[frame_of] = content
        return found | {"src": f"/api/media/{key_of(found['url'])}"}

    def add_user(self, name: str) -> dict[str, Any]:
        """A new user of this name."""
        self.kept.user(added := self.people.add_user(name))
        user = asdict(added)
        self.events.publish("user", user=user)
        return user

    async def put_team(self, tid: str, name: str, members: Sequence[str]) -> Team:
        """Create or change a group."""
        parts = await self.parts()
        self.deeds.add("members", tid, members=members)
        await parts.im.call("POST", "teams", json={"tid": tid, "members": list(members), "report": True})
        team = self.people.put_team(tid, name, members)
        self.kept.team(team)
        self.events.publish("team", team=team.as_json())
        return team

    async def _listen(self, control: Control) -> None:
        """Read a part's record for as long as the page runs."""
        after = 0
        while True:
            try:
                query = {"after": after, "seconds": RECORD_WAIT_SECONDS}
                found = await control.call("GET", "record", params=query)
            except ControlError as error:
                log.warning("%s", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            after = found["next"]
            touched: set[str] = set()
            for fact in found["facts"]:
                if fact["kind"] == "team":
                    self._team_changed(fact)
                else:
                    touched |= self.journal.add(fact)
                    if fact["kind"] == "post":
                        self.events.publish("request", number=fact["number"])
            self._learned(touched)

    def _team_changed(self, fact: Mapping[str, Any]) -> None:
        for accid in fact["members"]:
            if not self.people.knows(accid):
                self.events.publish("user", user=asdict(self.people.meet(accid)))
        team = self.people.put_team(fact["tid"], "", fact["members"])
        self.events.publish("team", team=team.as_json())

    def _learned(self, touched: set[str]) -> None:
        """Facts about these messages have come: settle what answers what, and tell the browser what has changed."""
        known = [self.journal.messages[message] for message in touched if message in self.journal.messages]
        for message in known:
            if message.origin == "user" and not self.people.knows(message.sender):
                self.events.publish("user", user=asdict(self.people.meet(message.sender)))
        changed: set[str] = set()
        for chat in {message.chat for message in known}:
            for gone in self.shown.take_away(chat):
                self.events.publish("gone", id=gone)
            for shown in self.shown.settle(chat):
                changed.add(shown["id"])
                self.events.publish("message", message=shown)
        self._publish_timelines({message.server_id for message in known} | changed)
        for message in known:
            arrival = self._arrivals.get(message.client_id)
            if arrival is not None and not arrival.done():
                arrival.set_result(message.server_id)

    def _publish_timelines(self, messages: Iterable[str]) -> None:
        """The timelines of these users' messages have grown, and of those that these bots' messages answer."""
        answers = self.journal.answers
        for asked in sorted({asked for message in messages for asked in answers.get(message, [message])}):
            self.events.publish("timeline", id=asked)

    def run(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something in the background, until the page ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a task of the page has failed", exc_info=error)


def _kept_ms(bots: Bots) -> int:
    """How long after the end of its day a table of history is kept."""
    return bots.longest_limit_minutes * MINUTE_MS + DAY_MS
