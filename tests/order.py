"""The order in which several processes take the test files: what mostly waits beside what mostly computes.

Else all processes wait for leases to end at one time, and crowd the cores with browsers at another.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

import pytest

COMPUTE = ("tests/azure_cli/", "tests/browser/", "tests/infra/", "tests/servers/")
WAIT = ("tests/attacks/", "tests/crashes/", "tests/scenarios/")


def side_by_side(files: Sequence[str]) -> list[str]:
    """The files, those that take longest first: by turns one that computes and one that waits."""
    computing = [file for file in files if file.startswith(COMPUTE)]
    waiting = [file for file in files if file.startswith(WAIT)]
    by_turns = [file for file in chain.from_iterable(zip_longest(computing, waiting)) if file]
    return by_turns + [file for file in files if not file.startswith(COMPUTE + WAIT)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests of one of several processes into this order; each file's stay together."""
    if not hasattr(config, "workerinput"):  # of xdist's
        return
    file_of = {item: item.nodeid.partition("::")[0] for item in items}
    place = {file: place for place, file in enumerate(side_by_side(list(dict.fromkeys(file_of.values()))))}
    items.sort(key=lambda item: place[file_of[item]])
