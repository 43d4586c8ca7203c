"""The environment of the commands, made for real, from a package that needs no network."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from threading import Event

import pytest

from playground import install, packages, steps, tools
from playground.install import Environment
from playground.packages import uv_beside
from playground.steps import SetupFailed, set_up

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of this Python, for copies: to make one takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        _set_up_in(folder, patch)
        set_up([Environment().made()])
    return folder


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Path) -> Environment:
    """One of this Python, in a folder of its own."""
    shutil.copytree(made, tmp_path, symlinks=True, dirs_exist_ok=True)
    _set_up_in(tmp_path, monkeypatch)
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)  # nor has the machine a configuration
    monkeypatch.setattr(packages, "_uv_failed", Event())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return Environment()


@pytest.fixture
def with_uv(environment: Environment) -> Environment:
    """The same, and the uv that this run's own packages came by."""
    assert uv_beside(Path(sys.executable)).exists(), "`python3 dev.py test` sets it up"
    shutil.copy(uv_beside(Path(sys.executable)), uv_beside(environment.python))
    return environment


@pytest.fixture(params=["environment", "with_uv"])
def either(request: pytest.FixtureRequest) -> Environment:
    """One that pip fills, and one that uv fills."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Environment)
    return found


def _set_up_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    for module in (install, steps):
        patch.setattr(module, "DEV", folder)
    patch.setattr(tools, "SETUP_LOG", folder / "setup.log")


def a_pin(folder: Path, name: str) -> str:
    """Pin of a package that this puts where pip finds it."""
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def imports(environment: Environment, module: str) -> bool:
    return subprocess.run([environment.python, "-c", f"import {module}"], capture_output=True).returncode == 0


def test_pinned_packages_are_installed_once_and_only_those_asked_for(
    either: Environment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements = tmp_path / "requirements.txt"
    pins = [a_pin(tmp_path, name) for name in ("wanted", "other")]
    requirements.write_text("\n".join(["# pins", *pins]))
    step = either.packages("Packages", requirements, 1, only="wanted")
    set_up([step])
    assert imports(either, "wanted")
    assert not imports(either, "other")
    assert (either.site_packages / "wanted.py").exists()
    assert step.done
    assert "Packages: done" in capsys.readouterr().err


def test_what_lives_apart_needs_no_pip_of_its_own(either: Environment, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(a_pin(tmp_path, "wanted"))
    apart = Environment(name="apart", pip=False)
    set_up([apart.made(), apart.packages("Packages", requirements, 1)])
    assert imports(apart, "wanted")
    assert not imports(apart, "pip")
    assert not imports(either, "wanted")


def test_a_failure_names_the_step_and_the_log(environment: Environment, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"missing==1.0 --hash=sha256:{'0' * 64}")
    with pytest.raises(SetupFailed, match=r"(?s)missing==1\.0.*setup\.log"):
        set_up([environment.packages("Packages", requirements, 1)])


def test_an_environment_whose_pip_was_half_replaced_is_made_anew_by_the_next_run(
    environment: Environment, tmp_path: Path
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(a_pin(tmp_path, "wanted"))
    (environment.site_packages / "pip" / "_internal" / "cli" / "main.py").unlink()
    needed = [environment.made(), environment.packages("Packages", requirements, 1)]
    with pytest.raises(SetupFailed, match="run the command again"):
        set_up(needed)
    set_up(needed)
    assert imports(environment, "wanted")


def test_a_package_with_other_bytes_than_the_pinned_ones_is_refused(
    either: Environment, tmp_path: Path
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(re.sub("[0-9a-f]{64}", "0" * 64, a_pin(tmp_path, "wanted")))
    with pytest.raises(SetupFailed, match="DO NOT MATCH"):
        set_up([either.packages("Packages", requirements, 1)])
    assert not imports(either, "wanted")


def test_where_uv_is_pip_only_says_where_packages_are(with_uv: Environment, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(a_pin(tmp_path, "wanted"))
    (with_uv.site_packages / "pip" / "_internal" / "commands" / "install.py").unlink()
    set_up([with_uv.packages("Packages", requirements, 1)])
    assert imports(with_uv, "wanted")


@pytest.mark.parametrize("can_be_started", [True, False])
def test_what_uv_does_not_manage_pip_is_asked_for(
    environment: Environment, tmp_path: Path, capsys: pytest.CaptureFixture[str], can_be_started: bool
) -> None:
    for name in ("wanted", "other"):
        (tmp_path / f"{name}.txt").write_text(a_pin(tmp_path, name))
    if can_be_started:
        shutil.copy(sys.executable, uv_beside(environment.python))  # does not know the command, and fails
    else:
        uv_beside(environment.python).write_text("half of a file")
    set_up([environment.packages(name, tmp_path / f"{name}.txt", 1) for name in ("wanted", "other")])
    assert imports(environment, "wanted")
    assert imports(environment, "other")
    # Once is enough: it may take uv a while to fail.
    assert capsys.readouterr().err.count("uv failed, pip is asked instead") == 1


def test_what_a_killed_uv_has_left_half_done_is_done_again(with_uv: Environment, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(a_pin(tmp_path, "wanted"))
    step = with_uv.packages("Packages", requirements, 1)
    set_up([step])
    step.stamp.unlink()
    step.stamp.with_suffix(".begun").touch()
    (with_uv.site_packages / "wanted.py").unlink()
    (with_uv.site_packages / "wanted-1.0.dist-info" / "RECORD").unlink()
    set_up([step])
    assert imports(with_uv, "wanted")
    assert not step.stamp.with_suffix(".begun").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_after_ctrl_c_pip_does_not_begin(
    environment: Environment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(a_pin(tmp_path, "wanted"))
    uv_beside(environment.python).write_text("#!/bin/sh\nkill -TERM $$\n")
    uv_beside(environment.python).chmod(0o755)
    with pytest.raises(SetupFailed, match="ended by a signal"):
        set_up([environment.packages("Packages", requirements, 1)])
    assert not imports(environment, "wanted")
    assert "pip" not in capsys.readouterr().err


def test_without_uv_pip_installs(
    environment: Environment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install.set_up_uv(environment)  # there is none where pip is told to look
    assert "pip installs without it" in capsys.readouterr().err
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(a_pin(tmp_path, "wanted"))
    set_up([environment.packages("Packages", requirements, 1)])
    assert imports(environment, "wanted")


def test_the_environment_is_of_this_python(environment: Environment) -> None:
    shown = subprocess.run([environment.python, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.split()[1].startswith("{}.{}.".format(*sys.version_info))
