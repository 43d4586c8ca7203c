"""The command line: ``python -m relay check``, with ``--live`` a look at what the settings name, and ``send``.

In a checkout where nothing is installed, ``python3 dev.py check`` is what works, and this one says so. It parses on
Python 3.8, as ``dev.py`` does.
"""

from __future__ import annotations

import sys

OLDEST = (3, 11)
"""The oldest Python that the relay runs on."""

ELSEWHERE = (
    "python -m relay needs {}. In a checkout, `python3 dev.py check` sets up what a check needs, and runs it. "
    "Other commands: `pip install -r requirements.txt` in a virtual environment with Python 3.11 to 3.14."
)
CANNOT_RUN = 2


def main() -> int:
    """Run one command; returns its exit code, or 2 where this Python cannot run it, which is said."""
    if sys.version_info[:2] < OLDEST:
        return _elsewhere("Python 3.11 to 3.14")
    try:
        from relay.operations.command import main as run
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package == "relay":
            raise
        return _elsewhere(f"the package {package}, which this Python does not have")
    return run()


def _elsewhere(needed: str) -> int:
    sys.stderr.write(ELSEWHERE.format(needed) + "\n")
    return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
