"""The local stacks that run in this checkout, so that another command can speak to one. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playground.runs import DEV, live_runs

STACKS = DEV / "stacks"


@contextmanager
def announced(im_url: str, folder: Path = STACKS) -> Iterator[None]:
    """While it lasts, others find this run's IM emulator."""
    note = folder / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(im_url, encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def running_stack(folder: Path = STACKS) -> str:
    """URL of the IM emulator of the stack that was started last; empty when none runs."""
    live = {str(run.pid) for run in live_runs()}
    notes = [note for note in folder.glob("*") if note.name in live]
    if not notes:
        return ""
    return max(notes, key=lambda note: note.stat().st_mtime).read_text(encoding="utf-8")
