"""``python -m tests.supply.compile``: writes every requirements file anew, with the hashes of all files. Needs ``uv``.

Some are resolved from pyproject.toml; a pin that still fits stays, unless ``--upgrade`` is given. The others are lists
of their own, installed without looking at dependencies: change a version there, and run this.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Sequence

from playground.pins import read_pins
from playground.runs import ROOT

# No address of an index is written: the files are for whatever registry or mirror a machine has configured.
UV = (
    "uv",
    "pip",
    "compile",
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-annotate",
)

OLDEST = "3.11"
NEWEST = "3.13"

TELEMETRY = "requirements-telemetry.txt"
"""What is deployed with the worker's telemetry. Its packages of OpenTelemetry are for one version of the SDK each, so
it is resolved first, and what is deployed or tested without it has the same versions."""

RESOLVED = {
    TELEMETRY: ("pyproject.toml", "--group", "telemetry"),
    "requirements.txt": ("pyproject.toml", "--constraint", TELEMETRY),
    "requirements-dev.txt": ("pyproject.toml", "--group", "dev", "--constraint", TELEMETRY),
    "tests/supply/requirements.txt": ("--group", "supply"),
}
"""Files that follow from the dependencies, or a group, of pyproject.toml."""

LISTS = {
    "bench/requirements.txt": NEWEST,
    "playground/requirements.txt": OLDEST,
    "tests/azure_cli/requirements.txt": NEWEST,
    "tests/browser/requirements.txt": OLDEST,
    "tests/infra/requirements.txt": NEWEST,
    "tests/infra/queries/requirements.txt": NEWEST,
    "tests/servers/requirements.txt": NEWEST,
    "tests/worker/requirements.txt": NEWEST,
}
"""Files that name all they install, and the oldest Python that is to take them."""

FILES = (*RESOLVED, *LISTS)
"""Every requirements file of the project."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.supply.compile", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    for name, sources in RESOLVED.items():
        compiled = _compile(["--python-version", OLDEST, *upgrade, *sources, "--output-file", name])
        _write(name, "# Pinned by python -m tests.supply.compile, from pyproject.toml.\n", compiled)
    for name, python in LISTS.items():
        pins = "\n".join(pin.requirement for pin in read_pins(ROOT / name))
        compiled = _compile(["--python-version", python, "--no-deps", "-"], pins)
        _write(name, _comment(name), compiled)


def _compile(arguments: Sequence[str], requirements: str = "") -> str:
    run = subprocess.run([*UV, *arguments], cwd=ROOT, input=requirements, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stderr)
    return run.stdout


def _comment(name: str) -> str:
    """The lines of a file above its first pin."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith("#"))


def _write(name: str, comment: str, pins: str) -> None:
    (ROOT / name).write_text(comment + pins, encoding="utf-8", newline="\n")
    print(f"{name}: {len(read_pins(ROOT / name))} packages")


if __name__ == "__main__":
    main()
