"""A checkout with a real ``az`` that is logged in to the recorder; see :mod:`tests.azure_cli.warm`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playground.bicep import HOW_TO_GET_IT, find_bicep
from playground.install import Environment, azure_cli, package
from relay.config.settings import APP_FOLDER
from tests.azure_cli.recorder import Recorder

HERE = Path(__file__).parent
SECRET = "pa55word-of-the-im-app"

DEPLOYED = ("infra", "relay")
DEPLOYED_FILES = (
    ".funcignore",
    "bots.toml",
    "function_app.py",
    "host.json",
    "requirements.txt",
    "requirements-telemetry.txt",
    "tools.py",
)

BICEP = """#!/bin/sh
# `az` asks for the version before each use, which takes as long as a small compilation.
[ "$1" = --version ] && exec echo "{version}"
# From the same files and settings the compiler makes the same: a deployment is looked at first, and made then.
made={made}-$( (echo "$@"; env | grep -v '^_='; cat infra/*.bicep* infra/modules/*) | cksum | tr ' ' -)
if [ ! -e "$made" ]; then
    "{bicep}" "$@" >"$made.new" || {{ code=$?; cat "$made.new"; exit $code; }}
    mv "$made.new" "$made"
fi
cat "$made"
"""


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    shown: str


@dataclass
class Shell:
    """A checkout, with ``az``, ``bicep`` and ``python3`` on its PATH."""

    checkout: Path
    environment: dict[str, str]

    def run(self, *command: str, **environment: str) -> Done:
        """Run a command in the checkout."""
        done = subprocess.run(
            command,
            cwd=self.checkout,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert SECRET not in done.stdout
        return Done(done.returncode, done.stdout)

    def deploy(self, *arguments: str, **environment: str) -> Done:
        """Run the script, which gets a yes to its question."""
        return self.run("infra/deploy.sh", *arguments, YES="1", **environment)


@contextmanager
def logged_in(folder: Path, recorder: Recorder) -> Iterator[Shell]:
    """A checkout in ``folder`` whose ``az`` speaks to the recorder."""
    bicep = find_bicep()
    if bicep is None:
        raise RuntimeError(HOW_TO_GET_IT)
    checkout, bin_ = folder / "checkout", folder / "bin"
    for name in DEPLOYED:
        shutil.copytree(APP_FOLDER / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in DEPLOYED_FILES:
        shutil.copy(APP_FOLDER / name, checkout)
    here = Environment()
    version = subprocess.run([bicep, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    programs = {
        # Only `az` has the identity: the live check would take it for its own.
        bin_ / "az": f"#!/bin/sh\nIDENTITY_ENDPOINT={recorder.url}/msi/token IDENTITY_HEADER=h "
        f'exec "{sys.executable}" -IS "{HERE / "call.py"}" "$@"\n',
        bin_ / "bicep": BICEP.format(version=version, bicep=bicep, made=folder / "made"),
        bin_ / "python3": f'#!/bin/sh\nexec "{sys.executable}" "$@"\n',
        # Azure's packages, and the IM server on loopback, whatever the script says that it is.
        checkout / ".dev/check/bin/python": f"#!/bin/sh\nIM_API_URL={recorder.url} "
        f'exec "{package(here).python}" "$@"\n',
    }
    for path, text in programs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    socket = folder / "az.socket"
    environment = {
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
        "DOTNET_TieredPGO": "0",  # of a process that ends in seconds nothing is learned
        "AZ_SOCKET": str(socket),
        "AZURE_CONFIG_DIR": str(folder / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_NO_COLOR": "true",
        "AZURE_BICEP_USE_BINARY_FROM_PATH": "true",
        "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential",
        "REQUESTS_CA_BUNDLE": str(recorder.certificate),
        "SSL_CERT_FILE": str(recorder.certificate),
        "AZURE_LOCATION": "eastus2",
        "ALERT_EMAIL": "ops@example.com",
        "IM_APP_KEY": "app-key",
        "IM_APP_SECRET": SECRET,
        "DEPLOY_PAUSES": "0 0 0",
    }
    warm = subprocess.Popen(
        [azure_cli(here).python, HERE / "warm.py", socket],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with warm:
        assert warm.stdout is not None
        if warm.stdout.readline() != b"ready\n":
            raise RuntimeError("the Azure CLI does not start (python3 dev.py test --all sets it up)")
        shell = Shell(checkout, environment)
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        for git in (("init", "-q"), (*who, "commit", "-q", "--allow-empty", "-m", "a commit")):
            subprocess.run(["git", *git], cwd=checkout, env=environment, check=True)
        for command in (
            ("cloud", "register", "-n", "Loopback", "--endpoint-resource-manager", recorder.url),
            ("cloud", "set", "-n", "Loopback"),
            ("login", "--identity"),
        ):
            done = shell.run("az", *command)
            if done.code:
                raise RuntimeError(f"az {' '.join(command)}: {done.shown}")
        yield shell
        warm.communicate(timeout=10)
