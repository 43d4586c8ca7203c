"""How several processes share the test files."""

import pytest

from tests.order import pytest_xdist_make_scheduler, side_by_side


def test_a_file_that_computes_and_one_that_waits_go_by_turns_and_before_all_others() -> None:
    files = [
        "tests/attacks/test_door.py",
        "tests/azure_cli/test_deploy.py",
        "tests/browser/test_looks.py",
        "tests/browser/test_media.py",
        "tests/crashes/test_points.py",
        "tests/im/test_codes.py",
        "tests/test_app.py",
    ]
    assert side_by_side(files) == [
        "tests/azure_cli/test_deploy.py",
        "tests/attacks/test_door.py",
        "tests/browser/test_looks.py",
        "tests/crashes/test_points.py",
        "tests/browser/test_media.py",
        "tests/im/test_codes.py",
        "tests/test_app.py",
    ]


def test_two_processes_have_the_browser_tests_and_any_one_has_another_file(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for option, value in {"dist": "loadfile", "tx": ["2*popen"], "loadscopereorder": True}.items():
        monkeypatch.setattr(pytestconfig.option, option, value, raising=False)
    scheduler = pytest_xdist_make_scheduler(pytestconfig, None)
    assert scheduler is not None
    assert not pytestconfig.option.loadscopereorder
    browsers = [file.name for file in (pytestconfig.rootpath / "tests" / "browser").glob("test_*.py")]
    assert len(browsers) > 10
    units = {scheduler._split_scope(f"tests/browser/{name}::test_it[a]") for name in browsers}
    assert units == {"tests/browser/0", "tests/browser/1"}
    assert scheduler._split_scope("tests/test_app.py::test_it") == "tests/test_app.py"


def test_what_is_shared_otherwise_is_not_touched(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytestconfig.option, "dist", "worksteal", raising=False)
    assert pytest_xdist_make_scheduler(pytestconfig, None) is None
