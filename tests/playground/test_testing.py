"""``dev.py test``: which tests are left out, and that this is seen."""

from pathlib import Path

import pytest

from playground import bicep, chromium, install, testing
from playground.install import Environment
from playground.progress import Progress
from playground.steps import SetupFailed, Step
from playground.testing import run_tests, without_markers


def test_without_left_out_groups_every_marker_is_run() -> None:
    assert without_markers([], ["-k", "stale", "-x"]) == ["-m", "", "-k", "stale", "-x"]


def test_left_out_groups_are_excluded() -> None:
    assert without_markers(["stack", "worker"], ["-x"]) == ["-m", "not stack and not worker", "-x"]


@pytest.mark.parametrize("own", [["-m", "a or b"], ["-ma or b"]])
def test_the_own_choice_of_markers_is_kept(own: list[str]) -> None:
    assert without_markers([], [*own, "tests"]) == ["-m", "(a or b)", "tests"]
    assert without_markers(["stack"], [*own, "tests"]) == ["-m", "(a or b) and not stack", "tests"]


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The pytest command lines, with a machine where Node.js cannot be had, and nothing to install."""

    def step(name: str, *, works: bool = True) -> Step:
        def work(_: Progress) -> None:
            if not works:
                raise SetupFailed("Node.js is missing")

        return Step(name, 0, tmp_path / name, "", tmp_path, work, tmp_path / name)

    commands: list[list[str]] = []

    def run(command: list[object]) -> int:
        commands.append([str(part) for part in command[1:]])
        return 0

    monkeypatch.setattr(Environment, "made", lambda _: step("environment"))
    monkeypatch.setattr(install, "tests", lambda _: step("tests"))
    monkeypatch.setattr(install, "worker", lambda _: [step("worker")])
    monkeypatch.setattr(install, "infra", lambda _: [step("infra")])
    monkeypatch.setattr(install, "servers", lambda _: [step("proxy")])
    monkeypatch.setattr(install, "deployment", lambda _: [step("az")])
    monkeypatch.setattr(install, "browser", lambda _, **__: [step("playwright")])
    monkeypatch.setattr(install, "page", lambda _: step("page"))
    monkeypatch.setattr(install, "runtime", lambda _: step("runtime"))
    monkeypatch.setattr(bicep, "find_bicep", lambda: tmp_path / "bicep")
    monkeypatch.setattr(chromium, "find_chromium", lambda: tmp_path / "chromium")
    monkeypatch.setattr(install, "tiny_model", lambda _: step("model"))
    monkeypatch.setattr(install, "storage", lambda _: [step("node", works=False)])
    monkeypatch.setattr(testing, "run_in_foreground", run)
    monkeypatch.setattr(testing, "WORKER_PYTHON", (3, 11))
    return commands


def test_a_group_that_cannot_be_set_up_is_left_out_and_named(
    ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tests(["-x"], everything=False) == 0
    assert ran == [
        ["-m", "pytest", "-m", "not servers and not azure_cli and not stack and not browser", "-x"]
    ]
    assert "left out: the tests marked stack: Node.js is missing" in capsys.readouterr().err


def test_with_all_a_left_out_group_is_a_failure(ran: list[list[str]]) -> None:
    assert run_tests([], everything=True) == 1
    assert len(ran) == 1  # what can run has run


def test_an_old_python_leaves_out_the_worker(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing, "WORKER_PYTHON", (99, 0))
    run_tests([], everything=False)
    (command,) = ran
    assert command[-1] == " and ".join(
        f"not {group}" for group in ("worker", "infra", "servers", "azure_cli", "stack", "browser")
    )
    assert "left out: the tests marked worker: Microsoft's worker library needs" in capsys.readouterr().err


def test_a_machine_without_bicep_leaves_out_the_templates(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bicep, "find_bicep", lambda: None)
    assert run_tests([], everything=True) == 1
    assert ran == [["-m", "pytest", "-m", "not infra and not azure_cli and not stack and not browser"]]
    told = capsys.readouterr().err
    for group in ("infra", "azure_cli"):
        assert f"left out: the tests marked {group}: needs the Bicep CLI: `az bicep install`" in told


def test_a_machine_without_chromium_leaves_out_the_tests_of_the_page(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "find_chromium", lambda: None)
    monkeypatch.setattr(chromium, "apt_can_install_it", lambda: False)
    assert run_tests([], everything=True) == 1
    assert ran == [["-m", "pytest", "-m", "not browser and not stack"]]
    assert "left out: the tests marked browser: needs Chromium, Chrome or Edge" in capsys.readouterr().err
