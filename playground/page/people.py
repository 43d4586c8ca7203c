"""The users and groups of the playground."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

ACCID_MAX_CHARS = 32
FIRST_USERS = ("Alice", "Bob", "Carol")
FIRST_TEAM = 7001


@dataclass(frozen=True, slots=True)
class User:
    """A user as whom a person at the page can write."""

    accid: str
    name: str


@dataclass(frozen=True, slots=True)
class Team:
    """A group, with the accids of its users and bots; nobody is in one that has ended."""

    tid: str
    name: str
    members: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The group for the page."""
        return {**asdict(self), "members": list(self.members)}


class People:
    """Users and groups by id. Bots are the bots file's; their accids cannot be taken.

    Attributes:
        bots: their accids.
    """

    def __init__(self, bots: Iterable[str]) -> None:
        self.bots = frozenset(bots)
        self.users: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        for name in FIRST_USERS:
            self.add_user(name)

    def add_user(self, name: str) -> User:
        """A new user, with an accid made of the name."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: ACCID_MAX_CHARS - 4] or "user"
        accid, number = slug, 2
        while accid in self.users or accid in self.bots:
            accid, number = f"{slug}-{number}", number + 1
        return self.meet(accid, name)

    def meet(self, accid: str, name: str = "") -> User:
        """The user with this accid, who may be new."""
        return self.users.setdefault(accid, User(accid, name or accid))

    def new_tid(self) -> str:
        """An id for a new group; the platform's are numbers, too."""
        number = FIRST_TEAM
        while str(number) in self.teams:
            number += 1
        return str(number)

    def put_team(self, tid: str, name: str, members: Iterable[str]) -> Team:
        """A group as it is from now on; without a name it keeps the one it has."""
        known = self.teams.get(tid)
        name = name or (known.name if known else tid)
        self.teams[tid] = team = Team(tid, name, tuple(members))
        return team

    def is_team(self, tid: str) -> bool:
        """True for a group that has not ended; the id of one that has is not given again."""
        return tid in self.teams and bool(self.teams[tid].members)

    def knows(self, accid: str) -> bool:
        """True for a user or a bot."""
        return accid in self.users or accid in self.bots
