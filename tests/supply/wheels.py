"""``python -m tests.supply.wheels 3.14``: whether every pinned package has a wheel for a version of Python.

It asks the index that this machine has configured, for Linux, macOS and Windows, and installs nothing. A version that
``dev.py`` accepts has them all; the suite itself runs on the version that it finds.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playground.runs import ROOT

PLATFORMS = {
    "Linux": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "any"),
    "macOS": ("macosx_14_0_arm64", "macosx_14_0_universal2", "any"),
    "Windows": ("win_amd64", "any"),
}
"""Platforms as pip names them; glibc 2.28 is that of Debian 10, which is older than what the relay runs on."""

FILES = (
    "requirements.txt",
    "requirements-dev.txt",
    "playground/requirements.txt",
    "tests/browser/requirements.txt",
)
"""What ``dev.py play`` and ``dev.py test`` install on any of the versions that they accept."""

WORST = re.compile(r"^ERROR: No matching distribution found for (\S+)", re.MULTILINE)


def missing(requirements: Path, python: str, platform: str) -> str | None:
    """The first pinned package of a file that has no wheel; None when all have one.

    Args:
        requirements: a requirements file with pins.
        python: such as ``3.14``.
        platform: a key of :data:`PLATFORMS`.

    Raises:
        RuntimeError: the index did not answer.
    """
    abi = "cp" + python.replace(".", "")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--target", folder]
        command += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", python]
        command += [word for name in (abi, "abi3", "none") for word in ("--abi", name)]
        command += [word for name in PLATFORMS[platform] for word in ("--platform", name)]
        run = subprocess.run([*command, "-r", str(requirements)], capture_output=True, text=True)
    if run.returncode == 0:
        return None
    if found := WORST.search(run.stderr):
        return found[1]
    raise RuntimeError(run.stderr.strip().splitlines()[-1])


def main(arguments: list[str]) -> int:
    """The command; its exit code is 1 where something is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.supply.wheels", description=__doc__)
    parser.add_argument("python", metavar="VERSION", help="such as 3.14")
    python = parser.parse_args(arguments).python
    lacking = 0
    for platform in PLATFORMS:
        for name in FILES:
            package = missing(ROOT / name, python, platform)
            lacking += package is not None
            print(
                f"{platform:8} {name:32} {'has all' if package is None else f'lacks {package}'}", flush=True
            )
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
