"""``dev.py play``: a chat with the bots, in the terminal, as a user of the app.

Plain standard input and output, so that it works in a pipe too. What begins with ``:`` is for the playground;
everything else, ``/help`` of the bot included, is a message.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

from playground.im_control import Acknowledgement, Arrival, ControlError, ImControl
from playground.processes import Child, ChildFailed
from relay.config.bot import Bot
from relay.inbound.addressing import strip_mention
from relay.turn.commands import command_of

REPLY_SECONDS = 60.0
"""So long a person looks at an empty line before being told where to look."""

LOG_LINE_SECONDS = 2.0
"""The line about a turn is logged just after its reply was sent."""

HELP = """\
:user NAME      write as another user            :private         the private chat with the bot (at first)
:bot ACCID      write to another bot             :group           a group with the bot and the users so far
:topic X        robotInfo.topic                  :input copy      how it is posted: message copy (at first),
:function X     robotInfo.function               :input chatbot     or the chatbot webhook
:custom TEXT    robotInfo.customContent          :who             how things stand
:help           this                             :quit            end (so do Ctrl-C and Ctrl-D)
Without a value, :topic, :function and :custom are unset. All else goes to the bot; try /help."""

GROUP = "playground"
INPUTS = ("copy", "chatbot")


@dataclass
class Person:
    """Who writes what to whom."""

    bots: Sequence[Bot]
    user: str = "alice"
    bot: Bot = field(init=False)
    users: list[str] = field(default_factory=lambda: ["alice"])
    group: bool = False
    topic: str = ""
    function: str = ""
    custom: str = ""
    input: str = ""

    def __post_init__(self) -> None:
        self.bot = self.bots[0]

    def meet(self, bots: Sequence[Bot]) -> None:
        """These are the bots from now on; the first one, where the one that is written to is gone."""
        self.bots = bots
        self.bot = next((bot for bot in bots if bot.accid == self.bot.accid), bots[0])

    @property
    def prompt(self) -> str:
        """``alice → Helper``."""
        place = f"group ({self.bot.name})" if self.group else self.bot.name
        return f"{self.user} → {place}{f' · {self.topic}' if self.topic else ''}: "

    def sees(self, arrival: Arrival) -> bool:
        """True for a message that this person reads in the current chat, and did not write."""
        here = arrival.group if self.group else not arrival.group and arrival.to == self.user
        return here and arrival.sender in {bot.accid for bot in self.bots}

    def commands(self, text: str) -> bool:
        """True for a text that the bot takes as a command: no turn of the model is logged for it."""
        said = strip_mention(text, self.bot) if self.group else text
        return command_of(said, self.bot.for_function(self.function)) is not None

    def arguments(self) -> dict[str, str]:
        """What the emulator is told about a message beside its text."""
        how = self.input or ("chatbot" if self.bot.reply == "response" else "copy")
        robot = {"topic": self.topic, "function": self.function, "custom": self.custom}
        where = {"team": GROUP} if self.group else {"to": self.bot.accid}
        return {**where, "input": how, **{name: value for name, value in robot.items() if value}}


class Terminal:
    """The chat.

    Args:
        im: the emulator.
        person: who writes.
        out: where the chat is shown.
        functions: the function host, None when the stack did not start it.
        echo: show what was typed, where no terminal does.
    """

    def __init__(
        self, im: ImControl, person: Person, out: TextIO, functions: Child | None = None, echo: bool = False
    ) -> None:
        self._im = im
        self._person = person
        self._out = out
        self._functions = functions
        self._echo = echo
        self._arrived = asyncio.Event()
        self._prompting = False

    def take_on(self, bots: Sequence[Bot], functions: Child | None) -> None:
        """These are the bots and the function host from now on."""
        self._person.meet(bots)
        self._functions = functions

    def tell(self, line: str) -> None:
        """Show something that the playground says, and go on where one was."""
        self._show(f"{chr(10) if self._prompting else ''}  {line}")
        if self._prompting:
            self._prompt()

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Chat until ``:quit`` or the end of ``lines``."""
        listener = asyncio.create_task(self._listen())
        try:
            self._prompt()
            async for line in lines:
                self._prompting = False
                if self._echo:
                    self._show(line.rstrip("\n"))
                if line.strip() == ":quit":
                    break
                try:
                    await self._take(line.strip())
                except ControlError as error:
                    self._show(f"  {error}")
                self._prompt()
            if self._prompting:
                self._show("")
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def _take(self, line: str) -> None:
        if line.startswith(":"):
            word, _, value = line[1:].partition(" ")
            await self._command(word, value.strip())
        elif line:
            await self._say(line)

    async def _command(self, word: str, value: str) -> None:
        person = self._person
        match word:
            case "user" if value:
                person.user = value.lower()
                if person.user not in person.users:
                    person.users.append(person.user)
            case "bot":
                known = {bot.accid: bot for bot in person.bots}
                if value.lower() not in known:
                    return self._show(f"  known bots: {', '.join(known)}")
                person.bot = known[value.lower()]
            case "group":
                person.group = True
                self._show(f"  in a group a bot answers when it is named: @{person.bot.name} …")
            case "private":
                person.group = False
            case "topic" | "function" | "custom":
                setattr(person, word, value)
            case "input" if value in INPUTS:
                person.input = value
            case "who":
                self._show(
                    f"  {person.user} to {person.bot.accid}: {json.dumps(person.arguments(), ensure_ascii=False)}"
                )
            case _:
                return self._show(HELP)
        if person.group:
            await self._im.create_team(GROUP, [*person.users, *(bot.accid for bot in person.bots)])
        return None

    async def _say(self, text: str) -> None:
        mark = self._functions.mark() if self._functions else 0
        self._arrived.clear()
        answer = await self._im.say(self._person.user, text, **self._person.arguments())
        if reason := _not_answered(answer):
            return self._dim(reason)
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                await self._arrived.wait()
        except TimeoutError:
            where = f"; the functions' log is {self._functions.log}" if self._functions else ""
            return self._dim(f"no reply within {REPLY_SECONDS:.0f} s{where}")
        turn = "" if self._person.commands(text) else await self._turn_line(mark)
        self._dim(way(answer, turn))
        return None

    async def _turn_line(self, mark: int) -> str:
        if self._functions is None:
            return ""
        try:
            found = await asyncio.to_thread(
                self._functions.wait_for, r"turn done .*", seconds=LOG_LINE_SECONDS, since=mark
            )
        except ChildFailed:  # it says nothing of this turn; the reply is there all the same
            return ""
        return found[0]

    async def _listen(self) -> None:
        after = 0
        while True:
            try:
                arrivals, after = await self._im.events(after)
            except ControlError as error:
                return self._show(f"\n  {error}; nothing more can arrive")
            for arrival in arrivals:
                if self._person.sees(arrival):
                    self._show_message(arrival)
                    self._arrived.set()

    def _show_message(self, arrival: Arrival) -> None:
        names = {bot.accid: bot.name for bot in self._person.bots}
        text = arrival.text.replace("\n", "\n  ")
        self._show(f"{chr(10) if self._prompting else ''}{names[arrival.sender]}: {text}")
        if self._prompting:
            self._prompt()

    def _prompt(self) -> None:
        self._prompting = True
        self._out.write(self._person.prompt)
        self._out.flush()

    def _dim(self, text: str) -> None:
        self._show(f"\x1b[2m  {text}\x1b[0m" if self._out.isatty() else f"  {text}")

    def _show(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()


def way(answer: Acknowledgement, turn: str) -> str:
    """What happened on a message's way, from the webhook's answer and the line that the relay logs about the turn."""
    found = dict(re.findall(r"(\w+)=(\S+)", turn))
    timed = [("waited", "queued_ms"), ("model", "model_ms"), ("stored", "store_ms"), ("sent", "send_ms")]
    parts = [f"queued {answer.milliseconds:.0f} ms"]
    parts += [f"{word} {found[name]} ms" for word, name in timed if name in found]
    if "window" in found:
        parts.append(f"window {found['window']} messages")
    if found.get("batch", "1") != "1":
        parts.append(f"{found['batch']} messages answered together")
    return " · ".join(parts)


def _not_answered(answer: Acknowledgement) -> str:
    if answer.status is None:
        return f"the webhook gave no answer: {answer.failure}"
    if answer.status != 200:
        return f"the webhook answered {answer.status}: {answer.body}"
    ignored = re.search(r'"status":\s*"ignored",\s*"reason":\s*"(\w+)"', answer.body)
    return f"not for a bot: {ignored[1]}" if ignored else ""
