"""``dev.py doctor``: what this machine has, what is missing, and how to get it. Standard library only."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playground import chromium, install
from playground.install import Environment
from playground.node import node_on_path
from playground.ports import EXAMPLE_PORTS, port_is_free
from playground.runs import DEV, live_runs
from playground.steps import Step

FUNCTIONS_PORT = 7071


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        mark: ``ok``, ``to fetch`` (dev.py does it when a command needs it), ``optional`` or ``taken``.
        name: what was looked for.
        detail: what was found, or how to get it.
    """

    mark: str
    name: str
    detail: str


def examine(say: Callable[[str], None] = print) -> int:
    """Print the report; returns 0: what is missing here is either fetched when needed, or optional."""
    for finding in [*_parts(), *_tools(), *_ports()]:
        say(f"{finding.mark:<9} {finding.name:<28} {finding.detail}")
    runs = ", ".join(str(run.pid) for run in live_runs())
    say(f"\n{DEV}{f'; running now: pid {runs}' if runs else ''}")
    return 0


def _parts() -> Iterator[Finding]:
    environment = Environment()
    found = "Python {}.{}".format(*environment.version)
    yield Finding("ok", found, sys.executable)
    if environment.version < (3, 13):
        yield Finding(
            "optional", "Python 3.13", "for the tests marked worker: `uv python install 3.13`, or pyenv"
        )
    node = node_on_path()
    if node:
        yield Finding("ok", f"Node.js {node.version}", str(node.node))
    packages = [install.runtime(environment), install.uv(environment), install.tests(environment)]
    worker = install.worker(environment) if environment.version >= (3, 13) else []
    playground = [
        *install.storage(environment),
        install.media(environment),
        install.tiny_model(environment),
    ]
    for step in [*packages, *playground, *worker, *install.browser(environment)]:
        yield _step(step)


def _step(step: Step) -> Finding:
    if step.done:
        return Finding("ok", step.name, "set up")
    return Finding("to fetch", step.name, f"about {step.megabytes} MB, when a command needs it")


def _tools() -> Iterator[Finding]:
    for program, name, purpose in (
        (
            "func",
            "Azure Functions Core Tools",
            "for `play --host func` and `func start`: https://aka.ms/azfunc-install",
        ),
        ("az", "Azure CLI", "to deploy: https://aka.ms/azure-cli"),
        ("bicep", "Bicep CLI", "to check infra/: `az bicep install`, or https://aka.ms/bicep-install"),
    ):
        path = shutil.which(program)
        yield Finding("ok", name, path) if path else Finding("optional", name, purpose)
    browser = chromium.find_chromium()
    missing = Finding("optional", "Chromium", f"for the tests marked browser, {chromium.HOW_TO_GET_IT}")
    yield Finding("ok", "Chromium", str(browser)) if browser else missing


def _ports() -> Iterator[Finding]:
    wanted = {
        EXAMPLE_PORTS.blob: "storage of `services`",
        EXAMPLE_PORTS.queue: "storage of `services`",
        EXAMPLE_PORTS.table: "storage of `services`",
        EXAMPLE_PORTS.im: "IM server of `services`",
        EXAMPLE_PORTS.model: "model of `services`",
        FUNCTIONS_PORT: "`func start`",
    }
    for port, purpose in wanted.items():
        yield Finding("ok" if port_is_free(port) else "taken", f"port {port}", purpose)
