"""How several processes share the test files, for ``-n N --dist loadfile``.

What mostly waits is run beside what mostly computes: else all processes wait for leases to end at one time, and crowd
the cores with browsers at another. And two of the processes have the browser tests: each has a Chromium and a local
stack for all of its own, which cost to be started, and to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadFileScheduling

COMPUTE = ("tests/azure_cli/", "tests/browser/", "tests/infra/", "tests/servers/")
WAIT = ("tests/attacks/", "tests/crashes/", "tests/scenarios/")

BROWSER = "tests/browser/"
BROWSERS = 2


def side_by_side(files: Sequence[str]) -> list[str]:
    """The files: by turns one that computes and one that waits, which both take long, and then all others."""
    computing = [file for file in files if file.startswith(COMPUTE)]
    waiting = [file for file in files if file.startswith(WAIT)]
    by_turns = [file for file in chain.from_iterable(zip_longest(computing, waiting)) if file]
    return by_turns + [file for file in files if not file.startswith(COMPUTE + WAIT)]


def unit_of(file: str) -> str:
    """What one process takes as a whole: a file, or about half of the browser tests."""
    return f"{BROWSER}{crc32(file.encode()) % BROWSERS}" if file.startswith(BROWSER) else file


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process what the others are told: it does not know by itself."""
    node.workerinput["dist"] = node.config.getoption("dist")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests into this order, where files are shared; each file's stay together."""
    if getattr(config, "workerinput", {}).get("dist") != "loadfile":
        return
    file_of = {item: item.nodeid.partition("::")[0] for item in items}
    place = {file: place for place, file in enumerate(side_by_side(list(dict.fromkeys(file_of.values()))))}
    items.sort(key=lambda item: place[file_of[item]])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Where files are to be shared, share the units, in their order: xdist begins with the largest."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class UnitScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(super()._split_scope(nodeid))

    config.option.loadscopereorder = False
    return UnitScheduling(config, log)
