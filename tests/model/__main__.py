"""``python -m tests.model``: plays every answer of the corpus, and prints what each means.

``--write`` puts the table into docs/model-servers.md.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from relay.errors import AttemptFailed, ModelBlocked, ModelError, ModelOverflow
from relay.ports import Completion
from tests.model.corpus import Case, Played, cases, play

DOCUMENT = Path(__file__).parents[2] / "docs" / "model-servers.md"
BEGIN, END = "<!-- corpus -->\n", "<!-- end of corpus -->\n"


def meaning(played: Played) -> str:
    """What became of a case, in the words of the table above it in the document."""
    outcome = played.outcome
    if isinstance(outcome, Completion):
        if len(played.asked) > 1:
            return "asked again"
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


def in_document() -> str:
    """The table as it stands in the document."""
    return DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    """Print it, and write it where that is asked for."""
    logging.disable(logging.CRITICAL)
    rows = asyncio.run(table())
    print(rows, end="")
    print(f"\n{len(cases())} answers")
    if "--write" in sys.argv:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        DOCUMENT.write_text(before + BEGIN + rows + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
