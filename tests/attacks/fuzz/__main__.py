"""A fuzzer of the webhook: ``python -m tests.attacks.fuzz [--requests N] [--seed N] [--only INDEX]``.

Exits with 1 when a request broke a promise, a row of the answer table was hit too seldom, or too few were signed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tests.attacks.fuzz import answers
from tests.attacks.fuzz.attack import Attack
from tests.attacks.fuzz.run import Report, run, run_one
from tests.attacks.fuzz.target import Outcome

REQUESTS = 200_000


def _print_one(attack: Attack, outcome: Outcome) -> None:
    print(
        f"built for: {attack.intent}; broken: {', '.join(attack.broken) or 'nothing'}; signed: {attack.signed}"
    )
    print(f"headers: {attack.headers!r}\nbody ({len(attack.body)} bytes): {attack.body[:4000]!r}")
    print(f"answer: {outcome.row or 'not in the table'} {outcome.answer!r} after {outcome.cpu_ms:.2f} ms")
    for problem in outcome.problems:
        print(f"PROBLEM: {problem}")


def _print(report: Report, seed: int, seconds: float) -> None:
    share = (
        f"{report.signed / report.requests:.1%} validly signed, {report.broken / report.requests:.1%} broken"
    )
    print(f"{report.requests:,} requests of seed {seed}: {share}")
    for row in answers.ROWS:
        print(f"    {row:<24}{report.hits[row]:>8,}")
    slowest, number = report.slowest
    print(
        f"slowest: {slowest:.1f} ms of processor time (request {number}); {report.requests / seconds:,.0f} requests/s"
    )
    print(f"fingerprint of the answers: {report.fingerprint}")
    for attack, outcome in report.findings:
        print(
            f"PROBLEM with request {attack.index} ({', '.join(attack.broken)}): {'; '.join(outcome.problems)}"
        )
        print(f"    python -m tests.attacks.fuzz --seed {seed} --only {attack.index}")
    for shortcoming in report.shortcomings():
        print(f"FAILED: {shortcoming}")


def main(argv: Sequence[str] | None = None) -> int:
    """The command; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.fuzz", description="Attack the webhook.")
    parser.add_argument("--requests", type=int, default=REQUESTS, help=f"how many (default: {REQUESTS})")
    parser.add_argument("--seed", type=int, default=1, help="of the generator (default: 1)")
    parser.add_argument("--only", type=int, metavar="INDEX", help="only this request, shown in full")
    arguments = parser.parse_args(argv)
    if arguments.only is not None:
        attack, outcome = run_one(arguments.seed, arguments.only)
        _print_one(attack, outcome)
        return 1 if outcome.problems else 0
    started = time.perf_counter()
    report = run(arguments.seed, arguments.requests)
    _print(report, arguments.seed, time.perf_counter() - started)
    return 1 if report.shortcomings() else 0


if __name__ == "__main__":
    sys.exit(main())
