"""Child processes: awaited by what they print, and surely ended."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from playground.processes import LOOPBACK, Child, ChildFailed, keep_loopback_direct, stop_all

WAIT = "import threading; threading.Event().wait()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {WAIT}"

Start = Callable[..., Child]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts Python programs, and ends them after the test."""
    children: list[Child] = []

    def run(program: str, log: Path | None = None) -> Child:
        child = Child("program", [sys.executable, "-c", program], log=log)
        children.append(child)
        return child

    yield run
    for child in children:
        child.stop(0.1)


def test_a_line_is_waited_for(start: Start) -> None:
    child = start(f"print('starting'); print('listening on 4711', flush=True); {WAIT}")
    assert child.wait_for(r"listening on (\d+)", seconds=20)[1] == "4711"


def test_a_line_from_before_the_mark_does_not_count(start: Start) -> None:
    child = start(f"print('turn 1', flush=True); {WAIT}")
    child.wait_for("turn", seconds=20)
    with pytest.raises(ChildFailed, match="was not ready within"):
        child.wait_for("turn", seconds=0.05, since=child.mark())


def test_a_child_that_ends_too_early_is_reported_with_its_last_words(start: Start) -> None:
    child = start("import sys; print('no such port'); sys.exit(3)")
    with pytest.raises(ChildFailed, match=r"ended with code 3\s+no such port"):
        child.wait_for("listening", seconds=20)


def test_everything_it_prints_is_in_its_log(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    child = start("import sys; print('out', flush=True); print('err', file=sys.stderr)", log=log)
    with pytest.raises(ChildFailed, match=r"child\.log"):
        child.wait_for("never", seconds=20)
    assert log.read_text().split() == ["out", "err"]


def test_stopping_ends_it(start: Start) -> None:
    child = start(f"print('ready', flush=True); {WAIT}")
    child.wait_for("ready", seconds=20)
    child.stop()
    assert not child.running


@pytest.mark.parametrize("how", [lambda child: child.stop(0.1), lambda child: stop_all([child], seconds=0.1)])
def test_one_that_does_not_listen_is_ended_by_force(start: Start, how: Callable[[Child], None]) -> None:
    child = start(STUBBORN)
    child.wait_for("ready", seconds=20)
    began = time.monotonic()
    how(child)
    assert not child.running
    assert time.monotonic() - began < 5


def test_what_it_has_started_ends_with_it(start: Start) -> None:
    grandchild = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); {WAIT}"
    child = start(grandchild)
    child.wait_for("ready", seconds=20)
    child.stop()  # would wait for ever for the end of the output that the grandchild holds open
    assert not child.running


def test_loopback_is_kept_off_proxies_beside_what_is_there() -> None:
    direct = keep_loopback_direct({"no_proxy": "intranet", "HTTPS_PROXY": "http://proxy:3128"})
    assert direct["NO_PROXY"] == LOOPBACK
    assert direct["no_proxy"] == f"intranet,{LOOPBACK}"
    assert direct["HTTPS_PROXY"] == "http://proxy:3128"


def test_loopback_is_added_only_once() -> None:
    once = keep_loopback_direct({})
    assert keep_loopback_direct(once) == once


def test_a_child_gets_the_loopback_exemption(start: Start) -> None:
    child = start(f"import os; print(os.environ['NO_PROXY'], flush=True); {WAIT}")
    child.wait_for(r"127\.0\.0\.1", seconds=20)
