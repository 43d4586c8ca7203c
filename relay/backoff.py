"""How long to wait before another try: longer each time, up to a ceiling, and never in step with others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

ATTEMPTS_MAX = 64
"""Every delay has reached its ceiling by then; a power without bounds would be no number any more."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """A rule for delays.

    Attributes:
        first_seconds: before the first try again.
        ceiling_seconds: no delay grows beyond it.
        factor: by which each delay grows from the one before.
        jitter: part of each delay that is left to chance: what fails together does not come back together.
    """

    first_seconds: float
    ceiling_seconds: float
    factor: float = 2.0
    jitter: float = 0.5

    def delay(
        self, attempt: int, random: Callable[[], float], *, at_least: float = 0, at_most: float = math.inf
    ) -> float:
        """Seconds until the next try.

        Args:
            attempt: how many tries again there were before.
            random: a number from 0 to 1, by chance.
            at_least: what a server asked for; chance comes on top of it.
            at_most: what is left until something must happen: it holds whatever chance says.
        """
        grown = min(self.first_seconds * self.factor ** min(attempt, ATTEMPTS_MAX), self.ceiling_seconds)
        sure = max(grown * (1 - self.jitter), at_least)
        return min(sure + grown * self.jitter * random(), at_most)
