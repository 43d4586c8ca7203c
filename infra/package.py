"""The package that is deployed: ``python3 -m infra.package FILE.zip`` writes it, and says what is in it.

What belongs to it is said by ``.funcignore``, as for ``func azure functionapp publish`` and ``azd deploy``. With
``--telemetry``, Azure installs ``requirements-telemetry.txt`` for it: what the template's output ``workerTelemetry``
asks for. The same tree gives the same bytes, so an unchanged package is seen by its hash. Standard library only.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

REQUIREMENTS = Path("requirements.txt")
"""What Azure installs for a package."""
WITH_TELEMETRY = ROOT / "requirements-telemetry.txt"

OLDEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o100644 << 16


def members(root: Path = ROOT) -> list[Path]:
    """The files of the package, relative to the root, sorted."""
    lines = (root / ".funcignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return sorted(path.relative_to(root) for path in _files(root, patterns))


def write(package: Path, root: Path = ROOT, *, telemetry: bool = False) -> list[Path]:
    """Write the package as a zip, with what worker telemetry needs if so told; returns what is in it."""
    found = members(root)
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member in found:
            info = zipfile.ZipInfo(member.as_posix(), OLDEST_ZIP_TIME)
            info.create_system = 3  # Unix, wherever it is written
            info.external_attr = PLAIN_FILE
            info.compress_type = zipfile.ZIP_DEFLATED
            source = WITH_TELEMETRY if telemetry and member == REQUIREMENTS else root / member
            archive.writestr(info, source.read_bytes())
    return found


def _files(folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if _ignored(path, patterns):
            continue
        if path.is_dir():
            yield from _files(path, patterns)
        else:
            yield path


def _ignored(path: Path, patterns: Sequence[str]) -> bool:
    """The last pattern that fits decides, as in a .gitignore; patterns here are names, at any depth."""
    ignored = False
    for pattern in patterns:
        name = pattern.removeprefix("!").rstrip("/")
        if fnmatchcase(path.name, name) and (path.is_dir() or not pattern.endswith("/")):
            ignored = not pattern.startswith("!")
    return ignored


def main(arguments: Sequence[str]) -> int:
    """Write the package, and list it."""
    telemetry = "--telemetry" in arguments
    files = [argument for argument in arguments if argument != "--telemetry"]
    if len(files) != 1:
        print("usage: python3 -m infra.package [--telemetry] FILE.zip", file=sys.stderr)
        return 2
    package = Path(files[0])
    found = write(package, telemetry=telemetry)
    content = package.read_bytes()
    print(*[member.as_posix() for member in found], sep="\n")
    print(f"{len(found)} files, {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
