"""Which deployments are left alone for a while, known to every turn of the process.

A deployment that was throttled or failed rests: for as long as it said (Retry-After), else for up to a second, which
doubles each time that it fails again after its rest, up to a minute. The next turn that wants it then is its probe: for
as long as that may take to fail, the others go on leaving it alone.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from relay.backoff import ATTEMPTS_MAX, Backoff
from relay.model.endpoints import Endpoint

RESTS = Backoff(first_seconds=1, ceiling_seconds=60)
"""Rests that nobody named."""

NAMED_MIN_SECONDS, NAMED_MAX_SECONDS = 0.1, 600.0
"""Bounds of those that the server named: no wrong number may have it hammered, or given up for ever."""

PROBE_SECONDS = 5.0
"""Whoever refuses or cannot be reached shows it sooner."""


@dataclass(slots=True)
class _Rest:
    """A rest, or the probe behind it.

    Attributes:
        since: when the failure came to be known; an answer to a request from before does not end the rest.
        ended: when the rest ends, or ended; another failure of a request from before that is no news.
        until: when others may ask again: the end of the rest, or of the time for the probe.
        failures: how many rests in a row the server did not name; 0 if there was none since the last answer.
        is_named: whether the server named this one.
    """

    since: float
    ended: float
    until: float
    failures: int
    is_named: bool


class Cooldowns:
    """The rests of all deployments.

    Args:
        now: seconds of a clock that only goes forward.
        random: the chance in the rests that nobody named.
        backoff: how long these are.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        backoff: Backoff = RESTS,
    ) -> None:
        self.now = now
        self._random = random
        self._backoff = backoff
        self._rests: dict[Endpoint, _Rest] = {}
        self._answered: dict[Endpoint, float] = {}

    def left(self, endpoint: Endpoint) -> float:
        """For how many more seconds an endpoint is left alone."""
        rest = self._rests.get(endpoint)
        return max(0.0, rest.until - self.now()) if rest else 0

    def choose(
        self, endpoints: Sequence[Endpoint], failed: Mapping[Endpoint, float]
    ) -> tuple[Endpoint, float]:
        """The first endpoint that may be asked now, or the one that may be asked soonest.

        Where all of them rest, the times that servers named hold for everybody. A rest that no server
        named then holds up only the turns in which that endpoint has failed: to the others, asking costs no more.

        Args:
            endpoints: one or more, the preferred one first.
            failed: the endpoints that have failed in this turn, and when the rest ends that followed.

        Returns:
            An endpoint, and in how many seconds it may be asked.
        """
        for endpoint in endpoints:
            if not self.left(endpoint):
                return endpoint, 0
        some_named = any(self._rests[endpoint].is_named for endpoint in endpoints)

        def wait(endpoint: Endpoint) -> float:
            if endpoint in failed and not self._rests[endpoint].is_named:
                return max(0.0, failed[endpoint] - self.now())
            return self.left(endpoint) if some_named else 0

        chosen = min(endpoints, key=wait)  # of equals, the first
        return chosen, wait(chosen)

    def begin(self, endpoint: Endpoint) -> float:
        """A request to an endpoint begins; returns the time. After a rest it is the probe."""
        now = self.now()
        rest = self._rests.get(endpoint)
        if rest is not None and rest.until <= now:
            rest.until, rest.is_named = now + PROBE_SECONDS, False
        return now

    def answered(self, endpoint: Endpoint, began: float) -> None:
        """A request that began at some time was answered: the endpoint works."""
        self._answered[endpoint] = self.now()
        rest = self._rests.get(endpoint)
        if rest is not None and began >= rest.since:
            del self._rests[endpoint]
        elif rest is not None:
            rest.failures = 0

    def has_answered_since(self, endpoint: Endpoint, moment: float) -> bool:
        """Whether an endpoint has answered any request since a moment of the clock."""
        return self._answered.get(endpoint, -math.inf) > moment

    def failed(
        self, endpoint: Endpoint, began: float, *, named: float | None = None, lasting: bool = False
    ) -> None:
        """A request that began at some time has failed.

        Args:
            named: after how many seconds the server wants to be asked again, if it says so.
            lasting: it will go on for a while, as a missing role or a wrong address does.
        """
        now, rest = self.now(), self._rests.get(endpoint)
        failures = rest.failures if rest else 0
        if named is not None:
            until = now + min(max(named, NAMED_MIN_SECONDS), NAMED_MAX_SECONDS)
            if rest is None or not rest.is_named or until > rest.until:
                self._rests[endpoint] = _Rest(now, until, until, failures, is_named=True)
        elif rest is None or began >= rest.ended:
            failures = ATTEMPTS_MAX if lasting else failures
            until = now + self._backoff.delay(failures, self._random)
            self._rests[endpoint] = _Rest(now, until, until, failures + 1, is_named=False)
