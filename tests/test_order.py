from tests.order import side_by_side


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
