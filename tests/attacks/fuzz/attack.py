"""One request of the fuzzer: documented, then perhaps broken, then signed. Made from a seed and a number alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from relay.inbound.webhook import BODY_MAX_BYTES
from relay.signature import sign_inbound
from tests.attacks.fuzz import answers, headers
from tests.attacks.fuzz.breakages import FIELD_BREAKAGES
from tests.attacks.fuzz.damage import BYTE_BREAKAGES
from tests.attacks.fuzz.documented import BUILDERS
from tests.attacks.fuzz.odd_values import written
from tests.doubles.clock import NOON

SECRET = "5ecret-of-the-attacked-app"

BROKEN = 0.75
"""Share of the requests that are broken; the others must get the very answer that is documented."""

_MIDNIGHT = NOON + 12 * 3600 * 1000
_NOWS = (NOON, NOON, NOON + 1, _MIDNIGHT - 1, _MIDNIGHT, _MIDNIGHT + 60_000)
_WEIGHTS = {
    answers.QUEUED: 14,
    answers.ACKNOWLEDGED: 14,
    answers.REPLY: 10,
    answers.UNAUTHORIZED: 7,
    answers.ADDRESS_CHECK: 2,
    answers.BODY_TOO_LARGE: 2,
    answers.TURN_TOO_LARGE: 3,
}
_OTHERS_WEIGHT = 4
_WEIGHT_OF = {row: _WEIGHTS.get(row, _OTHERS_WEIGHT) for row in answers.ROWS}


@dataclass(frozen=True, slots=True)
class Attack:
    """A request, and the state of the world that it comes into.

    Attributes:
        index: its number.
        intent: the row of the answer table that it was built for.
        broken: what was broken, in order; when nothing was, the answer is the intent's.
        body, headers: what is posted.
        signed: whether the signature is valid.
        now: the relay's clock, Unix milliseconds.
        storage_down: whether queues and tables fail.
        model: what the model does: ``answers``, ``blocks`` or ``fails``.
    """

    index: int
    intent: str
    broken: tuple[str, ...]
    body: bytes
    headers: Mapping[str, str]
    signed: bool
    now: int
    storage_down: bool
    model: str

    @property
    def expected(self) -> str | None:
        """The row of its answer, where that is certain."""
        if self.body == b"{}":
            return answers.ADDRESS_CHECK
        if len(self.body) > BODY_MAX_BYTES:
            return answers.BODY_TOO_LARGE
        if not self.signed:
            return answers.UNAUTHORIZED
        return None if self.broken else self.intent


def make_attack(seed: int, index: int) -> Attack:
    """The request with this number: the same for the same seed, whatever came before it."""
    rng = Random(f"{seed}:{index}")  # noqa: S311  (the same numbers every time)
    now = rng.choice(_NOWS)
    (intent,) = rng.choices(tuple(_WEIGHT_OF), tuple(_WEIGHT_OF.values()))
    broken: list[str] = []
    storage_down = intent == answers.UNAVAILABLE or rng.random() < 0.01
    built_as = intent
    if intent in (answers.UNAUTHORIZED, answers.UNAVAILABLE):
        built_as = rng.choice((answers.QUEUED, answers.ACKNOWLEDGED, answers.REPLY))
    body = b"{}" if intent == answers.ADDRESS_CHECK else _body(rng, built_as, now, broken)
    signed = intent != answers.UNAUTHORIZED and not (intent == answers.ADDRESS_CHECK and rng.random() < 0.5)
    if not signed:
        sent = headers.forged(rng, SECRET, body, now)
    elif broken and rng.random() < 0.3:
        sent = headers.signed_at_any_time(rng, SECRET, body, now)
        broken.append("clock")
    else:
        sent = sign_inbound(SECRET, body, now)
    if rng.random() < 0.2:
        sent = headers.among_odd_ones(rng, sent)
    if storage_down and intent != answers.UNAVAILABLE:
        broken.append("storage")
    model = rng.choice(("answers", "answers", "answers", "blocks", "fails"))
    return Attack(index, intent, tuple(broken), body, sent, signed, now, storage_down, model)


def _body(rng: Random, row: str, now: int, broken: list[str]) -> bytes:
    """Build a body for a row and break it, fields first; the names of what was done are added to ``broken``."""
    fields = BUILDERS[row](rng, now)
    breaking = rng.random() < BROKEN
    if breaking and rng.random() < 0.85:
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            breakage = rng.choice(FIELD_BREAKAGES)
            breakage(rng, fields)
            broken.append(breakage.__name__)
    body = written(rng, fields)
    if breaking and (not broken or rng.random() < 0.15):
        damage = rng.choice(BYTE_BREAKAGES)
        body = damage(rng, body)
        broken.append(damage.__name__)
    return body
