"""Every package that is ever installed is one version, by the hashes of its files."""

from __future__ import annotations

import fnmatch
import json
import os
import re
from pathlib import Path

import pytest

from playground.pins import read_pins
from playground.runs import ROOT
from tests.supply.compile import FILES, TELEMETRY

LOCKS = (
    "playground/package-lock.json",
    "tests/browser/package-lock.json",
    "tests/infra/queries/package-lock.json",
)


def tracked(pattern: str) -> list[str]:
    """The files of the checkout with this name at any depth."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = set(folders) - {".dev", "node_modules", ".git"}
        found += [Path(folder, name).relative_to(ROOT).as_posix() for name in fnmatch.filter(files, pattern)]
    return found


def test_no_requirements_file_or_lock_is_forgotten() -> None:
    assert sorted(tracked("requirements*.txt")) == sorted(FILES)
    assert sorted(tracked("package-lock.json")) == sorted(LOCKS)


@pytest.mark.parametrize("name", FILES)
def test_every_package_has_hashes(name: str) -> None:
    pins = read_pins(ROOT / name)
    assert pins
    for pin in pins:
        assert pin.hashes, pin.name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in pin.hashes), pin.name


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_where_packages_come_from(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links| @ ", text)


def test_what_is_deployed_is_what_is_tested() -> None:
    tested = {pin.requirement for pin in read_pins(ROOT / "requirements-dev.txt")}
    assert {pin.requirement for pin in read_pins(ROOT / "requirements.txt")} <= tested


def test_telemetry_adds_packages_and_changes_none() -> None:
    """One environment tests both: what is in several files has one version."""
    telling = {pin.requirement for pin in read_pins(ROOT / TELEMETRY)}
    assert {pin.requirement for pin in read_pins(ROOT / "requirements.txt")} < telling
    names = {requirement.partition("=")[0] for requirement in telling}
    tested = read_pins(ROOT / "requirements-dev.txt")
    assert {pin.requirement for pin in tested if pin.name in names} <= telling


@pytest.mark.parametrize("name", LOCKS)
def test_every_npm_package_has_its_hash_and_no_address(name: str) -> None:
    packages = json.loads((ROOT / name).read_text(encoding="utf-8"))["packages"]
    fetched = {path: package for path, package in packages.items() if path}
    assert fetched
    for path, package in fetched.items():
        assert package["integrity"].startswith("sha512-"), path
        assert "resolved" not in package, path
