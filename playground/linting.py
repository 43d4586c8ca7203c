"""``dev.py lint``: lint, format and types."""

from __future__ import annotations

from playground import install
from playground.install import Environment
from playground.processes import run_in_foreground
from playground.steps import announce, set_up


def lint(*, fix: bool) -> int:
    """Set up the tools that pyproject.toml configures, and run each of them, whatever the others say.

    Args:
        fix: mend what they can mend by themselves.

    Returns:
        The worst of their exit codes.

    Raises:
        SetupFailed: the tools cannot be had.
    """
    environment = Environment()
    steps = [environment.made(), install.tests(environment)]
    announce([install.uv(environment), *steps])
    install.set_up_uv(environment)
    set_up(steps)
    tools = [
        ["ruff", "check", *(["--fix"] if fix else [])],
        ["ruff", "format", *([] if fix else ["--check"])],
        ["mypy"],
    ]
    return max(run_in_foreground([environment.python, "-m", *tool]) for tool in tools)
