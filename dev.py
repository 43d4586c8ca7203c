#!/usr/bin/env python3
"""One entry for everything local: ``python3 dev.py --help``.

This file only finds a Python that the relay runs on and starts itself again under it; the commands are in
``playground/cli.py``. It uses nothing but the standard library and parses on Python 3.8, so that an old Python can
still say what is needed.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys

WANTED = ((3, 13), (3, 12), (3, 11), (3, 14))
"""The versions that the relay runs on, the best first: 3.13 is what is deployed and what Azure's own worker library
needs. For 3.14 every pinned package has a wheel (``python -m tests.supply.wheels 3.14``), but no test has run on it."""

ROOT = os.path.dirname(os.path.abspath(__file__))
WINDOWS = os.name == "nt"

NEEDS = """dev.py needs Python 3.11 to 3.14 (3.13 is best); this is Python {}.{}, and no other was found.
Get one: https://www.python.org/downloads/, `uv python install 3.13`, `pyenv install 3.13`,
or your system's packages (`brew install python@3.13`, `winget install Python.Python.3.13`)."""


def find_python(current: tuple[int, ...]) -> str | None:
    """Path of the best Python on this machine: None when it is the current one, empty when there is none."""
    for version in WANTED:
        if current[:2] == version:
            return None
        ready = environment_python(version)
        if os.path.exists(ready):
            return ready
        for candidate in candidates(version):
            if runs(candidate, version):
                return candidate
    return ""


def environment_python(version: tuple[int, int]) -> str:
    """The interpreter of the environment that an earlier run made for this version."""
    folder = os.path.join(ROOT, ".dev", "venv-{}.{}".format(*version))
    return os.path.join(folder, "Scripts", "python.exe") if WINDOWS else os.path.join(folder, "bin", "python")


def candidates(version: tuple[int, int]) -> list[str]:
    """Places where this version may be: pyenv, uv, PATH, the installers of macOS and Windows."""
    name = "{}.{}".format(*version)
    data = os.environ.get("APPDATA") if WINDOWS else os.environ.get("XDG_DATA_HOME", "~/.local/share")
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data or "~", "uv", "python")
    program = "python.exe" if WINDOWS else os.path.join("bin", "python3")
    installed = os.path.join(os.environ.get("LOCALAPPDATA", "~"), "Programs", "Python", "Python3" + name[2:])
    patterns = [
        os.path.join(os.environ.get("PYENV_ROOT", "~/.pyenv"), "versions", name + ".*", program),
        os.path.join("~/.pyenv/pyenv-win/versions", name + ".*", program),
        os.path.join(uv, "cpython-" + name + ".*", program),
        "/opt/homebrew/bin/python" + name,
        "/usr/local/bin/python" + name,
        "/Library/Frameworks/Python.framework/Versions/" + name + "/bin/python3",
        os.path.join(installed, program),
    ]
    places = [sorted(glob.glob(os.path.expanduser(pattern)), reverse=True) for pattern in patterns]
    on_path = [shutil.which(program) for program in ("python" + name, "python3", "python")]
    return [path for place in places for path in place] + [path for path in on_path if path]


def runs(python: str, version: tuple[int, int]) -> bool:
    """True when this interpreter works, has the wanted version, and can make environments."""
    test = "import sys, ssl, venv, ensurepip; sys.exit(sys.version_info[:2] != {!r})".format(version)
    quiet = subprocess.DEVNULL
    try:
        return subprocess.call([python, "-c", test], stdout=quiet, stderr=quiet) == 0
    except OSError:
        return False


def main(arguments: list[str]) -> int:
    """Run the command, under the best Python there is."""
    stay = sys.version_info[:2] in WANTED and arguments[:1] == ["clean"]  # which removes the other one
    python = None if stay else find_python(sys.version_info[:2])
    if python == "":
        sys.stderr.write(NEEDS.format(*sys.version_info[:2]) + "\n")
        return 1
    if python is None:
        from playground.cli import main as run

        return run(arguments)
    command = [python, os.path.join(ROOT, "dev.py")] + arguments
    if not WINDOWS:
        os.execv(python, command)  # noqa: S606
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the child got it too, and ends in its own time
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
