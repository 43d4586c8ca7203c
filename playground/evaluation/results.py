"""What came of an evaluation: as a table, compared with the last one, and as JSON lines for other tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playground.scenario.quality import Exchange
from playground.scenario.run import Result
from relay.operations.operator import table


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file.

    Attributes:
        file: its name.
        results: of its runs, in order.
        seconds: how long they took, together.
    """

    file: str
    results: tuple[Result, ...]
    seconds: float

    @property
    def passed(self) -> int:
        """How many runs went as expected."""
        return sum(result.ok for result in self.results)

    @property
    def ok(self) -> bool:
        """True if all of them did."""
        return self.passed == len(self.results)

    @property
    def exchanges(self) -> list[Exchange]:
        """The questions that were answered, of all runs."""
        return [exchange for result in self.results for exchange in result.exchanges]

    @property
    def failure(self) -> str:
        """What went wrong first, and what should have been; empty when nothing did."""
        failed = (step for result in self.results for step in result.steps if not step.ok)
        return next((f"{step.title}: {step.detail}" for step in failed), "")


@dataclass(frozen=True, slots=True)
class Before:
    """The last evaluation: which model answered, and the share of good runs by file, 0 to 1."""

    model: str
    shares: Mapping[str, float]


def read_before(path: Path) -> Before | None:
    """The last evaluation; None when there was none, or its record cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Before(
            str(found["model"]), {str(name): float(share) for name, share in found["shares"].items()}
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_before(path: Path, model: str, outcomes: Sequence[Outcome], before: Before | None) -> None:
    """Remember this evaluation for the next one; files that were not played this time keep what they had."""
    old = before.shares if before and before.model == model else {}
    shares = {**old, **{outcome.file: outcome.passed / len(outcome.results) for outcome in outcomes}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"model": model, "shares": shares}, indent=1), encoding="utf-8")


def report(outcomes: Sequence[Outcome], before: Before | None) -> str:
    """A line for each file.

    Args:
        outcomes: what came of the files.
        before: the last evaluation with the same model, None when there is none to compare with.
    """
    shares = before.shares if before else {}
    rows = [
        (
            one.file,
            f"{one.passed} of {len(one.results)}",
            "-" if one.file not in shares else f"{shares[one.file]:.0%}",
            f"{one.seconds:.1f}",
            one.failure,
        )
        for one in outcomes
    ]
    return table(rows, ("File", "As expected", "Before", "Seconds", ""))


def summary(outcomes: Sequence[Outcome], before: Before | None) -> list[str]:
    """How many files went well, and which went better or worse than the last time."""
    good = sum(outcome.ok for outcome in outcomes)
    lines = [f"{good} of {len(outcomes)} files as expected in every run"]
    if before is not None:
        now = {one.file: one.passed / len(one.results) for one in outcomes}
        changed = {name: share - before.shares.get(name, share) for name, share in now.items()}
        for word, names in (
            ("worse", [name for name, change in changed.items() if change < 0]),
            ("better", [name for name, change in changed.items() if change > 0]),
        ):
            if names:
                lines.append(f"{word} than the last time: {', '.join(names)}")
    return lines


def json_lines(exchanges: Iterable[Exchange]) -> str:
    """A line ``{"query", "response", "context", "ground_truth"}`` for each question, as other evaluators read it."""
    return "".join(
        json.dumps(
            {
                "query": one.query,
                "response": one.response,
                "context": "\n".join(one.context),
                "ground_truth": one.ground_truth,
            },
            ensure_ascii=False,
        )
        + "\n"
        for one in exchanges
    )
