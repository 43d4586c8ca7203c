"""``python -m tests.attacks.injections``: what became of every result of the corpus, as a table.

Exits with 1 when one of them got anywhere. What a model makes of a text that it reads is another matter: the scripted
one repeats it word for word, which is the worst that any model can do with it, and no proof of how others take it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan

from relay.config.settings import load_settings
from tests.attacks.injections.corpus import CANARY, CORPUS, Attack
from tests.attacks.injections.trial import WAYS, on_the_wires, run
from tests.attacks.lines import Lines
from tests.conftest import EXAMPLE
from tests.kit import RelayKit
from tests.tracing import finished_spans

HEAD = (
    "| A result that poses as | Texts | Another role, message or prompt | Another call | In a later prompt "
    "| In a log or span |\n|---|---|---|---|---|---|"
)


def row(attacks: Sequence[Attack], lines: Lines) -> list[int]:
    """How many texts of a family got where they should not, by column."""
    settings = load_settings(EXAMPLE)
    odd, called, later, said = set(), set(), set(), set()
    for wrong in asyncio.run(on_the_wires(settings, attacks)):
        odd.add(wrong.partition(" ")[0])
    for attack in attacks:
        for way in WAYS:
            lines.texts.clear()
            finished_spans().clear()
            outcome, _ = run(RelayKit(settings), attack, way)
            spans: tuple[ReadableSpan, ...] = finished_spans().all()
            odd |= {attack.name} if outcome.prompt or outcome.sent else set()
            called |= {attack.name} if outcome.calls else set()
            later |= {attack.name} if outcome.later else set()
            told = "".join([*lines.texts, *(span.to_json() for span in spans)])
            said |= {attack.name} if CANARY in told else set()
    return [len(found) for found in (odd, called, later, said)]


def main() -> int:
    """The command; see the module's docstring."""
    lines = Lines()
    logging.getLogger().addHandler(lines)
    logging.getLogger().setLevel(logging.DEBUG)
    finished_spans()
    print(HEAD)
    got_somewhere = 0
    for family in dict.fromkeys(attack.family for attack in CORPUS):
        attacks = [attack for attack in CORPUS if attack.family == family]
        counts = row(attacks, lines)
        got_somewhere += sum(counts)
        print(f"| {family} | {len(attacks)} | {' | '.join(map(str, counts))} |")
    print(f"\n{len(CORPUS)} texts, each {', '.join(WAYS)}; each on both wires.")
    return 1 if got_somewhere else 0


if __name__ == "__main__":
    sys.exit(main())
