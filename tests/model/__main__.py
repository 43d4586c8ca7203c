"""``python -m tests.model``: plays every answer of the corpus, and prints what each means; then what ``check --live``
says of odd servers.

``--write`` puts both into docs/model-servers.md.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from relay.errors import AttemptFailed, ModelBlocked, ModelError, ModelOverflow
from relay.ports import Completion
from tests.model.corpus import Case, Played, cases, play
from tests.model.odd_servers import SERVERS, section

DOCUMENT = Path(__file__).parents[2] / "docs" / "model-servers.md"
CORPUS, ODD = "corpus", "odd servers"
"""The parts of the document that are written here, between two comments each."""


def meaning(played: Played) -> str:
    """What became of a case, in the words of the table above it in the document."""
    outcome = played.outcome
    if isinstance(outcome, Completion):
        if len(played.asked) > 1:
            return "asked again"
        if outcome.calls:
            return "calls"
        if outcome.ended == "declined":
            return "declined"
        return {True: "answer", False: "nothing"}[bool(outcome.text)] + (
            ", cut" if outcome.ended == "cut" else ""
        )
    return _of_error(outcome)


def _of_error(error: ModelError) -> str:
    if isinstance(error, AttemptFailed):
        if error.broke_off:
            return "broke off"
        return "the place" if error.lasting else "later"
    if isinstance(error, ModelOverflow):
        return "too long"
    return "filter" if isinstance(error, ModelBlocked) else "unknown"


def row(case: Case, played: Played) -> str:
    """A line of the table."""
    what = case.name.replace("-", " ")
    return f"| {what} | {case.server} | {case.status} | {meaning(played)} |\n"


async def table() -> str:
    """The whole table."""
    lines = [row(case, await play(case)) for case in cases()]
    return "| What comes back | From | HTTP | Meaning |\n|---|---|---|---|\n" + "".join(lines)


def in_document(part: str) -> str:
    """A part as it stands in the document."""
    return DOCUMENT.read_text(encoding="utf-8").partition(_begin(part))[2].partition(_end(part))[0]


def main() -> None:
    """Print both parts, and write them where that is asked for."""
    logging.disable(logging.CRITICAL)
    parts = {CORPUS: asyncio.run(table()), ODD: asyncio.run(section())}
    for part, text in parts.items():
        print(text)
        if "--write" in sys.argv:
            before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(_begin(part))
            whole = before + _begin(part) + text + _end(part) + rest.partition(_end(part))[2]
            DOCUMENT.write_text(whole, encoding="utf-8")
    print(f"{len(cases())} answers, {len(SERVERS)} odd servers")


def _begin(part: str) -> str:
    return f"<!-- {part} -->\n"


def _end(part: str) -> str:
    return f"<!-- end of {part} -->\n"


if __name__ == "__main__":
    main()
