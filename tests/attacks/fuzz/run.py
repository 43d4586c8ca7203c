"""Many attacks one after the other, and what came of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from tests.attacks.fuzz import answers
from tests.attacks.fuzz.attack import Attack, make_attack
from tests.attacks.fuzz.target import Outcome, Target

SIGNED_MIN = 0.9
HITS_MIN = 1 / 200
"""Share of the requests that each row gets at least: 1,000 of 200,000."""

FINDINGS_MAX = 10
"""So many are described; all are counted."""


@dataclass
class Report:
    """What came of a run.

    Attributes:
        hits: requests by row of the answer table.
        signed, broken: how many requests were validly signed, and how many broken.
        slowest: processor time of the slowest request in milliseconds, and the number of that request.
        findings: the first requests that broke a promise, with what was wrong.
        failed: how many did.
        fingerprint: of all answers: the same for the same seed and code.
    """

    requests: int = 0
    signed: int = 0
    broken: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, 0)
    findings: list[tuple[Attack, Outcome]] = field(default_factory=list)
    failed: int = 0
    fingerprint: str = ""

    def shortcomings(self) -> list[str]:
        """Why this run does not show what it is meant to show; empty when it does."""
        wrong = [f"{self.failed} requests broke a promise"] if self.failed else []
        seldom = [row for row in answers.ROWS if self.hits[row] < self.requests * HITS_MIN]
        wrong += [f"{row}: only {self.hits[row]} requests" for row in seldom]
        if self.signed < self.requests * SIGNED_MIN:
            wrong.append(f"only {self.signed} requests were validly signed")
        return wrong


def run(seed: int, requests: int) -> Report:
    """Attack the webhook with so many requests."""
    report = Report()
    seen = hashlib.sha256()
    with Target() as target:
        for index in range(requests):
            attack = make_attack(seed, index)
            outcome = target.post(attack)
            _count(report, attack, outcome)
            seen.update(repr((outcome.answer, outcome.problems)).encode())
    report.fingerprint = seen.hexdigest()[:12]
    return report


def run_one(seed: int, index: int) -> tuple[Attack, Outcome]:
    """Post one of the requests again, by itself."""
    attack = make_attack(seed, index)
    with Target() as target:
        return attack, target.post(attack)


def _count(report: Report, attack: Attack, outcome: Outcome) -> None:
    report.requests += 1
    report.signed += attack.signed
    report.broken += bool(attack.broken)
    report.hits[outcome.row] += 1
    report.slowest = max(report.slowest, (outcome.cpu_ms, attack.index))
    if outcome.problems:
        report.failed += 1
        if len(report.findings) < FINDINGS_MAX:
            report.findings.append((attack, outcome))
