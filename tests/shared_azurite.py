"""One Azurite for all tests of a process, in which each test has a storage account of its own.

To start one takes more processor time than most tests that need one.
"""

from __future__ import annotations

import atexit
from functools import cache
from itertools import count
from typing import Any

from playground.azurite import Azurite

ACCOUNTS_MAX = 500
"""More than all tests together need. Azurite has to know them when it starts."""

_taken = count()


class SharedAzurite(Azurite):
    """An empty storage account, used as an Azurite of one's own is; but what is stopped is only the use of it.

    Args:
        options: what an Azurite of one's own would be given is of no use here.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(accounts=(_name(next(_taken)),))

    def launch(self) -> None:
        """Start the one Azurite, if this is the first use of it."""
        running = _running()
        self.blob_port, self.queue_port, self.table_port = (
            running.blob_port,
            running.queue_port,
            running.table_port,
        )

    def wait_until_ready(self) -> None:
        """It is."""

    def stop(self, seconds: float = 3.0) -> None:
        """The one Azurite goes on until the process ends."""


@cache
def _running() -> Azurite:
    azurite = Azurite(accounts=[_name(number) for number in range(ACCOUNTS_MAX)])
    azurite.start()
    atexit.register(azurite.stop)
    return azurite


def _name(number: int) -> str:
    return f"account{number}"
