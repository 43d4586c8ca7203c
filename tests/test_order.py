from tests.order import BROWSER_FILES, side_by_side, unit_of


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


def test_two_processes_have_the_browser_tests_and_any_one_has_another_file() -> None:
    assert {unit_of(f"tests/browser/{name}") for name in BROWSER_FILES} == {
        "tests/browser/0",
        "tests/browser/1",
    }
    assert unit_of("tests/test_app.py") == "tests/test_app.py"
