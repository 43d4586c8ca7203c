"""``python -m tests.supply.licenses``: writes docs/licenses.md, the licences of all packages by their own metadata.

Packages that are not installed on this machine, such as those for Windows, keep the licence that the list gives them.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata

from playground.pins import read_pins
from playground.runs import ROOT
from tests.supply.compile import TELEMETRY

Package = tuple[str, str]
"""Name and version."""

DOCUMENT = ROOT / "docs" / "licenses.md"

DEPLOYED = "Deployed with the relay"
TESTS = "Tests and checks"
PLAYGROUND = "Playground, worker library, browser tests"
NPM = "npm packages of playground and browser tests"

NOT_STATED = "not stated"

INTRODUCTION = """\
# Licences

The relay is under the MIT licence. These are the packages that it is run, tested and tried out with, by licence as
their own metadata name it; written by `python -m tests.supply.licenses`, checked by `tests/supply/test_licenses.py`.
What is deployed is permissive, certifi aside, whose list of certificates is used as it is (MPL-2.0). zizmor, pip-audit,
checkov, the LiteLLM proxy, the Azure CLI and what `bench.peers` compares with live in environments of their own and are
not listed.
"""

APART = ("playground", "tests/worker", "tests/browser", "tests/infra/queries")
"""Folders with a requirements file beside that of the tests."""

_WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What older metadata say for an SPDX expression."""


def packages() -> dict[str, list[Package]]:
    """All packages, by section of the document; each stands in the first that has it."""
    files = {
        DEPLOYED: ["requirements.txt", TELEMETRY],
        TESTS: ["requirements-dev.txt"],
        PLAYGROUND: [
            f"{part}/requirements.txt"
            for part in ("playground", "tests/worker", "tests/browser", "tests/infra/queries")
        ],
    }
    seen: set[Package] = set()
    sections: dict[str, list[Package]] = {}
    for section, names in files.items():
        pinned = {(pin.name, pin.version) for name in names for pin in read_pins(ROOT / name)}
        sections[section] = sorted(pinned - seen)
        seen |= pinned
    return {**sections, NPM: sorted(npm_licences())}


def npm_licences() -> dict[Package, str]:
    """The licences that the lock files name."""
    return {
        (path.rpartition("node_modules/")[2], package["version"]): package.get("license", NOT_STATED)
        for folder in ("playground", "tests/browser", "tests/infra/queries")
        for path, package in json.loads((ROOT / folder / "package-lock.json").read_text("utf-8"))[
            "packages"
        ].items()
        if path
    }


def installed_licence(package: Package) -> str | None:
    """The licence of a package as its metadata tell it, None when this version is not installed here."""
    name, version = package
    try:
        about = metadata(name).json
    except PackageNotFoundError:
        return None
    return _licence(about) if about["version"] == version else None


def _licence(about: Mapping[str, str | list[str]]) -> str:
    """An SPDX expression: the new field, else the old one unless it is a whole text, else the classifiers."""
    old = str(about.get("license", ""))
    classifiers = [
        line.split(" :: ") for line in about.get("classifier", []) if line.startswith("License ::")
    ]
    said = [
        str(about.get("license_expression", "")),
        old if "\n" not in old and old != "UNKNOWN" else "",
        " OR ".join(_WORDS.get(line[-1], line[-1]) for line in classifiers),
    ]
    return next((_WORDS.get(words, words) for words in said if words), NOT_STATED)


def listed() -> dict[Package, str]:
    """The licences that the document names."""
    rows = re.findall(r"^\| (.+) \| (.+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        (name, version): licence
        for licence, row in rows
        for name, _, version in (each.rpartition(" ") for each in row.split(", "))
        if version[:1].isdigit()
    }


def document() -> str:
    """The document as it should be.

    Raises:
        LookupError: a package is neither installed here nor listed.
    """
    before = listed()
    by_name = {name: licence for (name, _), licence in before.items()}
    known = npm_licences()
    sections = [INTRODUCTION]
    for section, found in packages().items():
        by_licence: dict[str, list[str]] = defaultdict(list)
        for package in found:
            licence = known.get(package) or installed_licence(package) or by_name.get(package[0])
            if licence is None:
                raise LookupError(
                    f"{package[0]} is not installed here: write its licence into {DOCUMENT.name} by hand"
                )
            by_licence[licence].append(" ".join(package))
        sections.append("\n".join(_table(section, by_licence)))
    return "\n".join(sections)


def _table(section: str, by_licence: Mapping[str, list[str]]) -> Iterator[str]:
    yield from (f"## {section}", "", "| Licence | Packages |", "|---|---|")
    for licence in sorted(by_licence, key=lambda name: (-len(by_licence[name]), name)):
        yield f"| {licence} | {', '.join(by_licence[licence])} |"
    yield ""


def main() -> None:
    """The command."""
    DOCUMENT.write_text(document(), encoding="utf-8", newline="\n")
    print(*(f"{section}: {len(found)}" for section, found in packages().items()), sep="\n")


if __name__ == "__main__":
    main()
