"""``python -m playground.checked COMMAND…``: starts a function host if ``python -m relay check`` finds nothing wrong.

One process for both: most of the time that each takes goes into the import of the same packages. What is wrong is
printed as one line, ``wrong: `` and a JSON list of sentences; the exit code is then 1.
"""

from __future__ import annotations

import json
import os
import runpy
import sys

from playground.host.configuration import settings_of
from playground.host.errors import HostError
from playground.processes import hand_over
from playground.runs import ROOT
from relay.operations.check import check

BUILTIN = [sys.executable, "-m", "playground.host"]
WRONG = "wrong: "


def main(command: list[str]) -> int:
    """Check, and go on as the command; only returns the exit code when something is wrong."""
    if problems := _problems():
        print(WRONG + json.dumps(problems, ensure_ascii=False), flush=True)
        return 1
    if command[:3] == BUILTIN:
        sys.argv = command[2:]
        runpy.run_module(command[2], run_name="__main__")
    hand_over(command)


def _problems() -> list[str]:
    """What is wrong with the settings and files, as the host will find them.

    Where the system can, a copy of this process finds out: the file of tools is then imported but once by the one that
    runs them.
    """
    try:
        settings = settings_of(ROOT, os.environ)
    except HostError as error:
        return [str(error)]
    if sys.platform == "win32":
        return check(settings).problems
    reading, writing = os.pipe()
    copy = os.fork()
    if copy == 0:
        found = json.dumps(check(settings).problems)
        os.write(writing, found.encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as answer:
        said = answer.read()
    _, status = os.waitpid(copy, 0)
    if not said:
        return [
            f"the file of tools ended the process that imported it, with code {os.waitstatus_to_exitcode(status)}"
        ]
    return [str(problem) for problem in json.loads(said)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
