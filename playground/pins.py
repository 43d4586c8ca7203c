"""Requirements files as they are written here: every package with its one version and the hashes of its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"([A-Za-z0-9._-]+)==(\S+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One package.

    Attributes:
        name, version: as the registry has them.
        requirement: all but the hashes, such as ``colorama==0.4.6 ; sys_platform == 'win32'``.
        hashes: ``sha256:…`` of every file that is accepted.
    """

    name: str
    version: str
    requirement: str
    hashes: tuple[str, ...]

    def line(self) -> str:
        """What a requirements file says."""
        return " ".join([self.requirement, *(f"--hash={digest}" for digest in self.hashes)])


def read_pins(requirements: Path) -> list[Pin]:
    """The pins of a file.

    Raises:
        ValueError: a line is no pin.
    """
    text = requirements.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [_pin(line) for line in lines]


def _pin(line: str) -> Pin:
    requirement, *hashes = re.split(r"\s+--hash=", line.strip())
    named = _NAME.match(requirement)
    if named is None:
        raise ValueError(f"no pin: {line}")
    return Pin(named[1], named[2], requirement, tuple(hashes))
