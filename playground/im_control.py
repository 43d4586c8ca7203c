"""The IM emulator's control interface, seen from another process. See :mod:`playground.im.control`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from playground.control import Control, ControlError
from playground.im.attach import said_in
from playground.im.chats import Delivered
from playground.im.copies import Post

__all__ = ["Acknowledgement", "Arrival", "ControlError", "ImControl"]

EVENTS_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as a chat shows it.

    Attributes:
        sender: accid, lower case.
        to: accid of the receiver, or the id of the group.
        group: True in a group.
        text: what is read; what is no text, in words.
        client_id: id given by its sender.
    """

    sender: str
    to: str
    group: bool
    text: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the webhook answered to a message.

    Attributes:
        status: HTTP status, None when no answer came in time.
        body: the answer's text.
        milliseconds: how long it took.
        failure: why there is no answer, empty when there is one.
    """

    status: int | None
    body: str
    milliseconds: float
    failure: str


class ImControl:
    """Speaks to the emulator at ``url``. Every call raises ControlError when the emulator refuses."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._control = Control(session, url, "the IM emulator")

    async def say(self, sender: str, text: str, **arguments: str) -> Acknowledgement:
        """Send a user's message; the arguments are those of :meth:`playground.im_server.ImServer.say`."""
        said = await self._control.call("POST", "say", json={"sender": sender, "text": text, **arguments})
        post = said["posts"][-1]
        return Acknowledgement(post["status"], post["body"], post["milliseconds"], post["failure"])

    async def say_message(self, sender: str, text: str, **arguments: Any) -> Post:
        """As :meth:`say`; returns the last request with its outcome."""
        said = await self._control.call("POST", "say", json={"sender": sender, "text": text, **arguments})
        return Post(**said["posts"][-1])

    async def post(self, body: bytes) -> Post:
        """Have these bytes posted, signed now.

        Raises:
            ControlError: they are no UTF-8, which the control interface cannot carry.
        """
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise ControlError("the body is not UTF-8: post it with --url") from None
        return Post(**await self._control.call("POST", "post", json={"body": text}))

    async def store(self, content: bytes, content_type: str) -> dict[str, Any]:
        """Keep something that a message carries; returns its ``url``, ``md5`` and ``size``."""
        stored = await self._control.call(
            "POST", "media", data=content, headers={"Content-Type": content_type}
        )
        return dict(stored)

    async def join_team(self, tid: str, newcomers: Sequence[str]) -> None:
        """Create a group, or add to its members; no bot is told, so that none greets."""
        teams = (await self._control.call("GET", "chats"))["teams"]
        members = [name for team in teams if team["tid"] == tid for name in team["members"]]
        members += [name.lower() for name in newcomers if name.lower() not in members]
        await self._control.call("POST", "teams", json={"tid": tid, "members": members})

    async def create_team(self, tid: str, members: Sequence[str]) -> None:
        """Create a group, or change its members; a bot that is new there may greet it."""
        await self._control.call("POST", "teams", json={"tid": tid, "members": list(members), "report": True})

    async def events(self, after: int, seconds: float = EVENTS_WAIT_SECONDS) -> tuple[list[Arrival], int]:
        """The messages from number ``after`` on, waiting a while for one; and the number to go on from."""
        found = await self._control.call("GET", "events", params={"after": after, "seconds": seconds})
        arrivals = [
            Arrival(said.sender, said.to, bool(said.team_kind), said_in(said), said.client_id)
            for said in (Delivered(**event) for event in found["events"])
            if said.finished
        ]
        return arrivals, found["next"]
