"""Steps of the set-up: done once, announced before anything is fetched, done again when something changed."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from playground import steps
from playground.progress import Progress
from playground.steps import SetupFailed, Step, announce, set_up, set_up_groups


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "DEV", tmp_path)


def a_step(
    folder: Path, *, megabytes: int = 16, fingerprint: str = "v1", work: Callable[[], None] | None = None
) -> Step:
    proof = folder / "proof"

    def run(_: Progress) -> None:
        (work or proof.touch)()

    return Step("Python packages", megabytes, folder / "stamp", fingerprint, proof, run, folder)


def test_a_step_that_was_done_is_not_done_again(tmp_path: Path) -> None:
    set_up([a_step(tmp_path)])
    set_up([a_step(tmp_path, work=lambda: pytest.fail("done again"))])


def test_a_changed_requirement_is_set_up_again(tmp_path: Path) -> None:
    set_up([a_step(tmp_path)])
    assert a_step(tmp_path).done
    assert not a_step(tmp_path, fingerprint="v2").done


def test_what_was_deleted_is_set_up_again(tmp_path: Path) -> None:
    set_up([a_step(tmp_path)])
    (tmp_path / "proof").unlink()
    assert not a_step(tmp_path).done


def test_a_step_that_failed_is_not_done(tmp_path: Path) -> None:
    def fail() -> None:
        (tmp_path / "proof").touch()
        raise SetupFailed("no network")

    with pytest.raises(SetupFailed, match="no network"):
        set_up([a_step(tmp_path, work=fail)])
    assert not a_step(tmp_path).done


def test_steps_of_different_places_are_done_side_by_side(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=30)
    set_up([a_step(tmp_path / name, work=lambda: (both.wait(), None)[1]) for name in ("a", "b")])


def test_steps_of_one_place_are_done_one_after_the_other_in_their_order(tmp_path: Path) -> None:
    order: list[str] = []

    def step(name: str) -> Step:
        def run(_: Progress) -> None:
            order.append(f"{name} begins")
            order.append(f"{name} ends")

        return Step(name, 0, tmp_path / name, "", tmp_path, run, tmp_path)

    groups = {"one": [step("environment"), step("packages")], "other": [step("environment"), step("tools")]}
    assert set_up_groups(groups) == {}
    names = ("environment", "packages", "tools")
    assert order == [f"{name} {what}" for name in names for what in ("begins", "ends")]


def test_a_group_of_which_a_step_failed_is_not_gone_on_with_and_the_others_are(tmp_path: Path) -> None:
    def fail() -> None:
        raise SetupFailed("no network")

    def step(name: str, work: Callable[[], None]) -> Step:
        return Step(name, 0, tmp_path / name, "", tmp_path, lambda _: work(), tmp_path)

    done: list[str] = []
    groups = {
        "broken": [step("first", fail), step("second", lambda: done.append("second"))],
        "whole": [step("third", lambda: done.append("third"))],
    }
    assert set_up_groups(groups) == {"broken": "no network"}
    assert done == ["third"]


def test_an_interruption_ends_it(tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        set_up([a_step(tmp_path, work=interrupt)])
    assert not a_step(tmp_path).done


def test_the_megabytes_are_said_before_anything_is_fetched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    announce([a_step(tmp_path / name, megabytes=size) for name, size in (("a", 16), ("b", 60), ("c", 0))])
    assert "about 76 MB (Python packages 16 MB, Python packages 60 MB)" in capsys.readouterr().err


def test_what_two_commands_need_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    announce([a_step(tmp_path), a_step(tmp_path)])
    assert "about 16 MB (Python packages 16 MB)" in capsys.readouterr().err


def test_nothing_is_said_when_nothing_is_fetched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up([a_step(tmp_path)])
    capsys.readouterr()
    announce([a_step(tmp_path)])
    set_up([a_step(tmp_path)])
    assert capsys.readouterr() == ("", "")
