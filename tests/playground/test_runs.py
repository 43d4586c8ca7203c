"""Records of runs: what a killed one left behind is ended, and nothing else ever is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from playground.runs import Process, Run, end_dead_runs, live_runs, start_time

WAITS = [sys.executable, "-c", "import threading; threading.Event().wait()"]


@pytest.fixture
def orphan() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until it is ended."""
    with subprocess.Popen(WAITS) as process:
        yield process
        process.kill()


@pytest.fixture
def dead_run() -> Process:
    """A run that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        started = start_time(process.pid)
    return Process("dev.py", process.pid, started or "ended before it could be asked")


def write(folder: Path, owner: Process, *children: Process) -> Path:
    path = folder / f"{owner.pid}.json"
    path.write_text(json.dumps([asdict(process) for process in (owner, *children)]))
    return path


def named(process: subprocess.Popen[bytes]) -> Process:
    started = start_time(process.pid)
    assert started
    return Process("azurite", process.pid, started)


def me() -> Process:
    return Process("dev.py", os.getpid(), start_time(os.getpid()) or "")


def test_a_start_time_does_not_change(orphan: subprocess.Popen[bytes]) -> None:
    assert start_time(orphan.pid) == start_time(orphan.pid) is not None


def test_a_process_that_has_ended_has_no_start_time(orphan: subprocess.Popen[bytes]) -> None:
    orphan.kill()
    orphan.wait()
    assert start_time(orphan.pid) is None


def test_what_a_dead_run_left_behind_is_ended(
    tmp_path: Path, orphan: subprocess.Popen[bytes], dead_run: Process
) -> None:
    left_behind = named(orphan)
    record = write(tmp_path, dead_run, left_behind)
    assert end_dead_runs(tmp_path) == [left_behind]
    assert orphan.wait(10) != 0
    assert not record.exists()


def test_a_process_with_another_start_time_is_never_ended(
    tmp_path: Path, orphan: subprocess.Popen[bytes], dead_run: Process
) -> None:
    record = write(tmp_path, dead_run, Process("azurite", orphan.pid, "the same pid, long ago"))
    assert end_dead_runs(tmp_path) == []
    assert orphan.poll() is None
    assert not record.exists()


def test_the_children_of_a_live_run_are_left_alone(tmp_path: Path, orphan: subprocess.Popen[bytes]) -> None:
    record = write(tmp_path, me(), named(orphan))
    assert end_dead_runs(tmp_path) == []
    assert orphan.poll() is None
    assert record.exists()
    assert live_runs(tmp_path) == [me()]


def test_a_run_whose_pid_was_given_away_is_dead(tmp_path: Path, orphan: subprocess.Popen[bytes]) -> None:
    owner = Process("dev.py", os.getpid(), "the same pid, long ago")
    write(tmp_path, owner, named(orphan))
    assert live_runs(tmp_path) == []
    assert len(end_dead_runs(tmp_path)) == 1


def test_a_record_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    record = tmp_path / "1.json"
    record.write_text('[{"name": "dev')
    assert end_dead_runs(tmp_path) == []
    assert not record.exists()


def test_a_run_records_its_children_until_they_have_ended(
    tmp_path: Path, orphan: subprocess.Popen[bytes]
) -> None:
    run = Run(tmp_path)
    run.add("azurite", orphan.pid)
    record = tmp_path / f"{os.getpid()}.json"
    assert json.loads(record.read_text()) == [asdict(me()), asdict(named(orphan))]
    run.remove(orphan.pid)
    assert not record.exists()


def test_a_run_without_children_can_be_seen(tmp_path: Path) -> None:
    Run(tmp_path).begin()
    assert live_runs(tmp_path) == [me()]


def test_children_may_be_started_and_ended_in_several_threads(tmp_path: Path) -> None:
    run = Run(tmp_path)

    def start_and_end(pid: int) -> None:
        run.add("child", pid)
        run.remove(pid)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(start_and_end, range(10_000_000, 10_000_200)))
    assert list(tmp_path.iterdir()) == []
