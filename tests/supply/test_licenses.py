"""The list of licences is up to date, and nothing that is deployed forbids what people do with the relay."""

from __future__ import annotations

import re

import pytest

from tests.supply import licenses
from tests.supply.licenses import (
    DEPLOYED,
    NOT_STATED,
    Package,
    installed_licence,
    listed,
    npm_licences,
    packages,
)

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
}

KNOWN = {
    "certifi": "MPL-2.0",  # a list of certificates, used as it is
}
"""What is deployed under another licence, and which."""


def permissive(expression: str) -> bool:
    """Whether an SPDX expression leaves a permissive choice."""
    choices = [choice.strip(" ()").split(" AND ") for choice in expression.split(" OR ")]
    return any(PERMISSIVE.issuperset(choice) for choice in choices)


def of_python() -> list[Package]:
    """All packages but npm's."""
    return [package for section, found in packages().items() if section != licenses.NPM for package in found]


def test_the_list_holds_what_is_pinned_and_nothing_else() -> None:
    assert listed().keys() == {package for found in packages().values() for package in found}


def test_the_list_says_what_the_packages_that_are_installed_here_say() -> None:
    licences = listed()
    said = {package: installed_licence(package) for package in of_python()}
    here = {package: licence for package, licence in said.items() if licence is not None}
    assert here == {package: licences[package] for package in here}
    assert ("pytest", pytest.__version__) in here


def test_the_list_says_what_the_locks_of_npm_say() -> None:
    licences = listed()
    assert npm_licences() == {package: licences[package] for package in npm_licences()}


@pytest.mark.parametrize("package", packages()[DEPLOYED], ids=" ".join)
def test_what_is_deployed_is_permissive(package: Package) -> None:
    licence = listed()[package]
    assert permissive(licence) or licence == KNOWN.get(package[0])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND LGPL-2.1-or-later", False),
        ("GPL-3.0-only", False),
        (NOT_STATED, False),
        ("", False),
    ],
)
def test_copyleft_and_the_unknown_are_not_permissive(expression: str, expected: bool) -> None:
    assert permissive(expression) is expected


def test_the_document_is_as_the_command_writes_it() -> None:
    written = licenses.DOCUMENT.read_text(encoding="utf-8")
    assert written.startswith(licenses.INTRODUCTION)
    assert re.findall("^## (.+)$", written, re.MULTILINE) == list(packages())
