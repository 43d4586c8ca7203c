"""``dev.py test``: the tests that this machine can run, and why it cannot run the others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence

from playground import bicep, chromium, install
from playground.install import Environment
from playground.processes import run_in_foreground
from playground.progress import say
from playground.steps import Step, announce, set_up, set_up_groups

WORKER_PYTHON = (3, 13)
"""What Azure runs, and Microsoft's worker library needs."""


def run_tests(arguments: Sequence[str], *, everything: bool) -> int:
    """Set up, and run pytest without the groups that could not be set up.

    Args:
        arguments: for pytest.
        everything: a group that is left out is a failure.

    Returns:
        pytest's exit code; 1 when that is 0 but a group that should have run was left out.

    Raises:
        SetupFailed: not even the handler tests can run.
    """
    environment = Environment()
    groups, left_out = _groups(environment, everything=everything)
    base = [environment.made(), install.tests(environment)]
    announce([install.uv(environment), *base, *(step for steps in groups.values() for step in steps)])
    install.set_up_uv(environment)
    set_up(base)
    left_out |= set_up_groups(groups)
    _list(left_out)
    code = run_in_foreground([environment.python, "-m", "pytest", *without_markers(left_out, arguments)])
    _list(left_out)
    return code or (1 if everything and left_out else 0)


def without_markers(markers: Collection[str], arguments: Sequence[str]) -> list[str]:
    """pytest's arguments, with the tests of these markers excluded whatever its ``-m`` already says.

    There always is a ``-m``, if an empty one: it goes before that of pyproject.toml, which leaves out every group.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-m", dest="expression")
    own, rest = parser.parse_known_args(arguments)
    wanted = [f"({own.expression})"] if own.expression else []
    expression = " and ".join([*wanted, *(f"not {marker}" for marker in markers)])
    return ["-m", expression, *rest]


def _groups(environment: Environment, *, everything: bool) -> tuple[dict[str, list[Step]], dict[str, str]]:
    """What each marker needs, and why a marker cannot be had here."""
    groups = {
        "stack": [
            *install.storage(environment),
            install.tiny_model(environment),
            install.languages(environment),
        ]
    }
    left_out = {}
    if chromium.find_chromium() or chromium.apt_can_install_it():
        page = [install.runtime(environment), install.page(environment), *install.storage(environment)]
        groups["browser"] = [*page, *install.browser(environment, quickest=everything)]
    else:
        left_out["browser"] = chromium.HOW_TO_GET_IT
    if environment.version < WORKER_PYTHON:
        hint = "Python 3.13: `uv python install 3.13`, or pyenv"
        left_out |= {
            "worker": f"Microsoft's worker library needs {hint}",
            "infra": f"the package needs {hint}",
            "servers": f"the proxy needs {hint}",
            "azure_cli": f"the Azure CLI needs {hint}",
        }
    else:
        groups["worker"] = install.worker(environment)
        if bicep.find_bicep():
            groups["infra"] = install.infra(environment)
        else:
            left_out["infra"] = bicep.HOW_TO_GET_IT
        if everything:
            groups["servers"] = install.servers(environment)
        else:
            left_out["servers"] = "a large proxy is fetched for them with --all only"
        missing = _missing_for_a_deployment(everything=everything)
        if missing:
            left_out["azure_cli"] = missing
        else:
            groups["azure_cli"] = install.deployment(environment)
    return groups, left_out


def _missing_for_a_deployment(*, everything: bool) -> str:
    """Why nothing can be deployed to the recorder; empty when it can."""
    if sys.platform == "win32":
        return "infra/deploy.sh needs a POSIX shell"
    if not bicep.find_bicep():
        return bicep.HOW_TO_GET_IT
    return "" if everything else "the Azure CLI is fetched for them with --all only"


def _list(left_out: dict[str, str]) -> None:
    for marker, reason in left_out.items():
        say(f"left out: the tests marked {marker}: {reason}")
