"""What the page knows from nobody else, so that it outlives the page: spans, kills, names of people and groups,
and what was cleared away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from playground.kept import Lines
from playground.page.journal import Journal
from playground.page.people import People, Team, User
from playground.page.shown import Shown
from playground.page.spans import SpanFact

_SPAN = TypeAdapter(SpanFact)


class PageKept:
    """A file of it.

    Args:
        folder: of all that is kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._lines = Lines(folder / "page.jsonl") if folder else None

    def restore(self, journal: Journal, people: People, shown: Shown) -> None:
        """Put back what an earlier page has left."""
        for kind, fact in self._lines.facts if self._lines else ():
            match kind:
                case "span":
                    journal.add_spans([_SPAN.validate_python(fact)])
                case "kill":
                    journal.kills.append(fact["at"])
                case "user":
                    people.meet(**fact)
                case "team":
                    people.put_team(**fact)
                case "cleared":
                    shown.hide(fact["id"])

    def spans(self, found: Iterable[SpanFact]) -> None:
        """Keep spans."""
        for span in found:
            self._add("span", asdict(span))

    def killed(self, at: int) -> None:
        """Keep that the host was killed, Unix milliseconds."""
        self._add("kill", {"at": at})

    def user(self, user: User) -> None:
        """Keep a user."""
        self._add("user", asdict(user))

    def team(self, team: Team) -> None:
        """Keep the name and the members of a group."""
        self._add("team", asdict(team))

    def cleared(self, messages: Iterable[str]) -> None:
        """Keep that these messages, by their ids, are shown no more."""
        for message in messages:
            self._add("cleared", {"id": message})

    def _add(self, kind: str, fact: dict[str, Any]) -> None:
        if self._lines:
            self._lines.add(kind, fact)


NOTHING_KEPT = PageKept(None)
