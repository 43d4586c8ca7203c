"""What is deployed is exactly what is needed, and runs with what Azure installs for it."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from infra.package import members, write
from playground.install import Environment, package
from relay.config.settings import APP_FOLDER, SETTING_NAMES
from tests.infra.indexing import indexed


def test_the_package_holds_exactly_what_is_needed() -> None:
    relay = [
        path.relative_to(APP_FOLDER)
        for path in (APP_FOLDER / "relay").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
        if "operations" not in path.parts and path.name != "__main__.py"  # what people run
    ]
    beside = ["LICENSE", "bots.toml", "function_app.py", "host.json", "requirements.txt", "tools.py"]
    assert members() == sorted([*relay, *map(Path, beside)])


def test_what_lies_about_is_left_out(tmp_path: Path) -> None:
    (tmp_path / ".funcignore").write_bytes((APP_FOLDER / ".funcignore").read_bytes())
    for name in (
        "host.json",
        "local.settings.json",
        "tests/kit.py",
        ".dev/x.py",
        ".git/config",
        "relay/app.py",
        "relay/__main__.py",
        "relay/operations/history.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "relay" / "__pycache__").mkdir()
    (tmp_path / "relay" / "__pycache__" / "app.pyc").write_bytes(b"")
    (tmp_path / ".python_packages").mkdir()
    (tmp_path / ".python_packages" / "x.py").write_text("")
    assert [path.as_posix() for path in members(tmp_path)] == [
        ".python_packages/x.py",
        "host.json",
        "relay/app.py",
    ]


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    write(first)
    os.utime(APP_FOLDER / "host.json")
    write(second)
    assert first.read_bytes() == second.read_bytes()


def test_the_package_is_small(tmp_path: Path) -> None:
    write(tmp_path / "package.zip")
    assert (tmp_path / "package.zip").stat().st_size < 400_000


def test_with_telemetry_only_what_azure_installs_is_another_file(tmp_path: Path) -> None:
    names = [write(tmp_path / "1.zip"), write(tmp_path / "2.zip", telemetry=True)]
    assert names[0] == names[1]
    with zipfile.ZipFile(tmp_path / "1.zip") as plain, zipfile.ZipFile(tmp_path / "2.zip") as telling:
        differ = [name for name in plain.namelist() if plain.read(name) != telling.read(name)]
        assert differ == ["requirements.txt"]
        assert b"azure-monitor-opentelemetry==" in telling.read("requirements.txt")


@pytest.mark.infra
def test_the_package_runs_with_only_its_requirements_installed(tmp_path: Path) -> None:
    write(tmp_path / "package.zip")
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        archive.extractall(tmp_path / "app")
    found = indexed(package(Environment()).python, tmp_path / "app")
    triggers = {
        name: [
            (b["type"], b.get("route") or b.get("queueName") or b.get("schedule"))
            for b in function["bindings"]
        ]
        for name, function in found["functions"].items()
    }
    assert found["python"] == [3, 13]
    assert triggers == {
        "webhook": [("httpTrigger", "webhook"), ("http", None)],
        "answer": [("queueTrigger", "relay-turns")],
        "sweep": [("timerTrigger", "0 */5 * * * *")],
    }


@pytest.mark.infra
def test_the_command_line_runs_with_only_the_requirements_installed() -> None:
    python = str(package(Environment()).python)
    blank = dict.fromkeys(SETTING_NAMES, "")
    for arguments in (("bots",), ("logs", "--print"), ("usage", "--print")):
        done = subprocess.run(
            [python, "-m", "relay", *arguments],
            cwd=APP_FOLDER,
            env={**os.environ, **blank},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, ""), arguments
