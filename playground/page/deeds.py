"""What people have done at the page beside saying things: a chat that is saved as a scenario tells it again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from playground.im.copies import Post
from playground.page.robot import robot_of

What = Literal["recall", "edit", "members", "on", "off", "down", "up"]


@dataclass(frozen=True, slots=True)
class Deed:
    """One of them.

    Attributes:
        at: when, Unix milliseconds.
        what: a user has recalled or edited; a group has been given members; a fault lasts from now on, or no
            longer; the function host was killed, or is up again.
        about: id of the message or the group, or the name of the fault.
        text: what an edited message says from now on.
        members: of the group.
    """

    at: int
    what: What
    about: str = ""
    text: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sending:
    """How a message was sent.

    Attributes:
        robot: ``robotInfo``.
        input: what the webhook gets.
        faults: names of the faults that were switched on for this message alone.
        lasting: names of those that were on until switched off.
    """

    robot: Mapping[str, str]
    input: str
    faults: Sequence[str] = ()
    lasting: Sequence[str] = ()

    @classmethod
    def seen_in(cls, posts: Sequence[Post]) -> Self:
        """How a message was sent that was not sent at the page, as far as its requests to the webhook tell."""
        inputs = {post.input for post in posts}
        return cls(robot_of(posts) or {}, "both" if len(inputs) > 1 else next(iter(inputs), "copy"))


@dataclass
class Deeds:
    """All of them, how each message was sent, by its client id, and the first pictures of films, by their URL."""

    all: list[Deed] = field(default_factory=list)
    sent: dict[str, Sending] = field(default_factory=dict)
    frames: dict[str, bytes] = field(default_factory=dict)

    def add(self, what: What, about: str = "", *, text: str = "", members: Sequence[str] = ()) -> None:
        """Note what is done now."""
        self.all.append(Deed(time.time_ns() // 1_000_000, what, about, text, tuple(members)))

    def faults_of(self, client_id: str) -> list[str]:
        """Names of the faults that were on for a message."""
        how = self.sent.get(client_id)
        return [*how.faults, *how.lasting] if how else []
