"""Records of what each run started, so that a later run can end what a killed one left behind.

A run writes ``.dev/runs/<its pid>.json``: its own pid and start time, and those of its children. A pid alone
proves nothing (the system hands it out again), so a process is only ever ended when its start time is the recorded one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

DEV = ROOT / ".dev"
"""Everything that ``dev.py`` sets up, writes and later removes."""

RUNS = DEV / "runs"

END_SECONDS = 2.0

WRITES_AT_ITS_END = "azurite"
"""What of its data was not on disk yet would be missing beside what the other parts have kept."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process, named so that no other can be taken for it.

    Attributes:
        name: what it is for the reader, such as ``azurite``.
        pid: its id while it lives.
        started: its start time as the system tells it; only compared, never computed with.
    """

    name: str
    pid: int
    started: str

    def alive(self) -> bool:
        """True while this very process runs."""
        return start_time(self.pid) == self.started


class Run:
    """The record of the current process's children. They may be started and ended in several threads."""

    def __init__(self, folder: Path = RUNS) -> None:
        self._children: dict[int, Process] = {}
        self._lock = threading.Lock()
        self._path = folder / f"{os.getpid()}.json"

    def begin(self) -> None:
        """Record the process itself, though it has no children yet. Its next run removes what is left of it."""
        self._write()

    def add(self, name: str, pid: int) -> None:
        """Record a child that was just started."""
        with self._lock:
            self._children[pid] = Process(name, pid, start_time(pid) or "")
            self._write()

    def remove(self, pid: int) -> None:
        """Forget a child that has ended."""
        with self._lock:
            if self._children.pop(pid, None) is not None and not self._children:
                self._path.unlink(missing_ok=True)
            elif self._children:
                self._write()

    def _write(self) -> None:
        owner = Process("dev.py", os.getpid(), start_time(os.getpid()) or "")
        record = [_fields(owner), *map(_fields, self._children.values())]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, json.dumps(record).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole, or as it was before, whenever the process dies."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)


def live_runs(folder: Path = RUNS) -> list[Process]:
    """The runs that are still going, this one included if it has children."""
    return [run[0] for path in _records(folder) if (run := _read(path)) and run[0].alive()]


def end_dead_runs(folder: Path = RUNS) -> list[Process]:
    """End what killed runs left behind; returns the processes that were ended."""
    ended: list[Process] = []
    for path in _records(folder):
        run = _read(path)
        if run and run[0].alive():
            continue
        for child in sorted(
            run[1:], key=lambda child: child.name == WRITES_AT_ITS_END
        ):  # it waits for who reads
            if child.alive():
                if child.name == WRITES_AT_ITS_END:
                    _ask_to_end(child)
                kill(child.pid)
                _await_end(child)
                ended.append(child)
        path.unlink(missing_ok=True)
    return ended


def log_folder(command: str) -> Path:
    """A folder for this run's logs; those of the command's earlier runs go."""
    logs = DEV / "logs"
    live = {str(run.pid) for run in live_runs()}
    for old in logs.glob(f"{command}-*"):
        if old.name.rpartition("-")[2] not in live:
            shutil.rmtree(old, ignore_errors=True)
    return logs / f"{command}-{os.getpid()}"


def kill(pid: int) -> None:
    """End a process, and the group it leads, at once. Fine when it is gone."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS denies signals to a dead group
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def start_time(pid: int) -> str | None:
    """When a process started, in the system's own terms; None when there is no such process."""
    if sys.platform == "linux":
        return _linux_start_time(pid)
    elif sys.platform == "win32":
        return _windows_start_time(pid)
    else:
        return _bsd_start_time(pid)


def _bsd_start_time(pid: int) -> str | None:
    command = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    state, _, started = shown.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def _linux_start_time(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    # starttime is field 22 of proc(5), in clock ticks since this boot; `fields` begins with field 4.
    return None if state in "ZX" else f"{boot}:{fields[18]}"


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _QUERY_LIMITED_INFORMATION = 0x1000
    _STILL_ACTIVE = 259

    def _windows_start_time(pid: int) -> str | None:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = wintypes.HANDLE(kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid))
        if not handle:
            return None
        try:
            code = wintypes.DWORD()
            created, exited, in_kernel, in_user = (wintypes.FILETIME() for _ in range(4))
            times = (ctypes.byref(time) for time in (created, exited, in_kernel, in_user))
            if not kernel.GetExitCodeProcess(handle, ctypes.byref(code)) or code.value != _STILL_ACTIVE:
                return None
            if not kernel.GetProcessTimes(handle, *times):
                return None
            return f"{created.dwHighDateTime}:{created.dwLowDateTime}"
        finally:
            kernel.CloseHandle(handle)


def _ask_to_end(process: Process) -> None:
    """Let a process write what it has, where the system has a polite way."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        _await_end(process)


def _await_end(process: Process) -> None:
    """Wait until a process that was killed is gone, and its ports with it; no longer than a moment."""
    deadline = time.monotonic() + END_SECONDS
    while process.alive() and time.monotonic() < deadline:
        time.sleep(0.01)


def _records(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _read(path: Path) -> list[Process]:
    """The owner, then its children; empty when the record vanished or was cut off by a kill."""
    try:
        return [Process(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def _fields(process: Process) -> dict[str, str | int]:
    return {"name": process.name, "pid": process.pid, "started": process.started}
