"""The browser of the machine is found wherever installers put it, and installed only where that works."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from playground import chromium
from playground.chromium import _usual_places, apt_can_install_it, find_chromium

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04 LTS"\nID=ubuntu\nID_LIKE=debian\n'


def a_program(folder: Path, name: str) -> Path:
    program = folder / (f"{name}.exe" if sys.platform == "win32" else name)
    program.touch(mode=0o755)
    return program


def test_one_on_path_is_found_the_plainest_chromium_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    edge = a_program(tmp_path, "microsoft-edge")
    assert find_chromium() == edge
    plain = a_program(tmp_path, "chromium")
    assert find_chromium() == plain
    engine = a_program(tmp_path, "chromium-headless-shell")
    assert find_chromium() == engine


def test_an_installed_one_is_found_off_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    installed = a_program(tmp_path, "chrome")
    monkeypatch.setattr(chromium, "_usual_places", lambda *_: iter([tmp_path / "gone", installed]))
    assert find_chromium() == installed


def test_none_is_found_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(chromium, "_usual_places", lambda *_: iter(()))
    assert find_chromium() is None


def test_macs_keep_applications_for_all_and_for_one_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    places = list(_usual_places("darwin", {}))
    assert Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome") in places
    assert tmp_path / "Applications/Chromium.app/Contents/MacOS/Chromium" in places


def test_windows_tells_its_folders_in_the_environment() -> None:
    places = list(_usual_places("win32", {"PROGRAMFILES(X86)": "C:/Program Files (x86)"}))
    assert Path("C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe") in places


def on_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, user: int, release: str) -> Path:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    file = tmp_path / "os-release"
    file.write_text(release)
    return file


def test_root_on_debian_gets_it_from_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert apt_can_install_it(on_linux(monkeypatch, tmp_path, user=0, release=DEBIAN))


def test_another_user_would_be_asked_for_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not apt_can_install_it(on_linux(monkeypatch, tmp_path, user=1000, release=DEBIAN))


def test_the_package_of_ubuntu_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not apt_can_install_it(on_linux(monkeypatch, tmp_path, user=0, release=UBUNTU))


def test_windows_has_no_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = on_linux(monkeypatch, tmp_path, user=0, release=DEBIAN)
    monkeypatch.setattr(sys, "platform", "win32")
    assert not apt_can_install_it(release)
