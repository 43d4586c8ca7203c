"""``dev.py play`` as a person runs it: the whole way on real parts, and nothing left running."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.runs import ROOT, RUNS, Process, end_dead_runs, start_time

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals"),
]

# As dev.py starts it, once everything is set up.
PLAY = "import sys; from playground.play import play; sys.exit(play('scripted', 'builtin', None))"


@pytest.fixture
def play() -> Iterator[subprocess.Popen[str]]:
    """A chat, waiting for its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", PLAY], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        process.kill()
    end_dead_runs()


def read_until(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    assert process.stdout
    shown = ""
    while not (match := re.search(pattern, shown)):
        shown += (more := process.stdout.readline())
        assert more, f"it ended after {shown}"
    return match
