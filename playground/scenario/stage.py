"""The stack as a scenario sees it: what it can do there, and what it sees happen; over the control interfaces only."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playground.control import Control
from playground.im.attach import said_in
from playground.im.chats import Delivered, private_key, team_key
from playground.model.calling import as_messages
from playground.scenario.expectation import ToolCall

LISTEN_MAX_SECONDS = 30.0
"""One request waits no longer than this for something to happen."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where a step happens: a user with a bot, or a user in a group."""

    user: str
    bot: str
    team: str | None = None

    @property
    def key(self) -> str:
        """The emulator's key of the chat, the same for all its members."""
        return team_key(self.team) if self.team else private_key(self.user, self.bot)

    @property
    def receiver(self) -> str:
        """Who gets the bot's reply: the user, or the group."""
        return self.team or self.user.lower()

    def __str__(self) -> str:
        return f"group {self.team}" if self.team else self.bot


@dataclass(frozen=True, slots=True)
class Reply:
    """A bot's message in a chat: what it says, and before it in brackets what it carries."""

    sender: str
    text: str


class Stage:
    """Listens to the IM emulator and the model server from :meth:`open` on.

    Args:
        im: control interface of the emulator.
        model: of the model server; None when there is none to see.

    Attributes:
        delivered: ids of the messages in any chat, by the ids that their senders gave them.
        replies: by chat, in the order of delivery.
        requests: what the model was asked, oldest first: bodies of the requests.
    """

    def __init__(self, im: Control, model: Control | None) -> None:
        self.im = im
        self.model = model
        self.delivered: dict[str, str] = {}
        self.replies: dict[str, list[Reply]] = defaultdict(list)
        self.requests: dict[int, dict[str, Any]] = {}
        self._next: dict[Control, int] = {}

    async def open(self) -> None:
        """Skip what has happened so far: the scenario did not cause it."""
        for part in filter(None, (self.im, self.model)):
            self._next[part] = 0
            await self._facts(part, 0)

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Listen to the chats until ``condition()`` holds; False when it did not within ``seconds``."""
        return await self._until(self.im, condition, seconds)

    async def until_asked(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Listen to the model in the same way."""
        return self.model is not None and await self._until(self.model, condition, seconds)

    def window(self) -> list[str]:
        """The texts that the model was given at last, without the system prompt: a call as ``(name {arguments})``."""
        return [text for said in self._given() if said["role"] != "system" for text in _texts(said)]

    def calls(self) -> list[ToolCall]:
        """What the model has called on the way to its latest answer, as it was told in the latest request."""
        said = self._given()
        results = {one["tool_call_id"]: _words(one["content"]) for one in said if one["role"] == "tool"}
        return [
            ToolCall(
                call["function"]["name"], _json(call["function"]["arguments"]), results.get(call["id"], "")
            )
            for one in said
            for call in one.get("tool_calls") or ()
        ]

    def _given(self) -> list[dict[str, Any]]:
        """The messages of the latest request."""
        latest = self.requests[max(self.requests)]
        return list(latest["messages"] if "messages" in latest else as_messages(latest["input"]))

    async def _until(self, part: Control, condition: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        await self._listen(part, 0)
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            await self._listen(part, min(left, LISTEN_MAX_SECONDS))
        return True

    async def _listen(self, part: Control, seconds: float) -> None:
        for fact in await self._facts(part, seconds):
            if fact["kind"] == "request" and "/audio/" not in fact["path"]:
                self.requests[fact["number"]] = fact["body"]
            elif fact["kind"] == "message":
                self._message(fact)

    async def _facts(self, part: Control, seconds: float) -> list[dict[str, Any]]:
        found = await part.call("GET", "record", params={"after": self._next[part], "seconds": seconds})
        self._next[part] = found["next"]
        return list(found["facts"])

    def _message(self, fact: dict[str, Any]) -> None:
        self.delivered[fact["client_id"]] = fact["server_id"]
        if fact["origin"] != "user" and fact["finished"] and not fact["changed"]:
            said = Delivered(**{name: value for name, value in fact.items() if name != "kind"})
            self.replies[said.chat].append(Reply(said.sender, said_in(said)))


def _texts(said: dict[str, Any]) -> list[str]:
    """What one message says, and what it asks for."""
    asked = [call["function"] for call in said.get("tool_calls", ())]
    calls = [f"({function['name']} {function['arguments']})" for function in asked]
    return ([_words(said["content"])] if said["content"] is not None else []) + calls


def _json(text: str) -> Any:
    """The arguments of a call; the text itself where the model wrote no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _words(content: str | list[dict[str, Any]]) -> str:
    """The text of a message; before it, in brackets, what was sent beside it and what that says.

    With a speaker, a context or something that was sent, a message comes to the model as JSON.
    """
    if not isinstance(content, str):
        content = "".join(part.get("text", "") for part in content)
    try:
        fields = json.loads(content)
    except ValueError:
        return content
    match fields:
        case {"text": str(text), "sent": str(sent)}:
            words = f": {fields['words']}" if fields.get("words") else ""
            return f"[{sent}{words}] {text}".rstrip()
        case {"text": str(text), "speaker": _} | {"text": str(text), "context": _}:
            return text
    return content
