"""Requirements files are read as pip reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.pins import Pin, read_pins


def test_a_pin_has_a_version_a_marker_and_hashes_on_lines_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(
        "# a comment\n\n"
        "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n"
        "idna==3.20\n"
    )
    windows_only = "colorama==0.4.6 ; sys_platform == 'win32'"
    assert read_pins(file) == [
        Pin("colorama", "0.4.6", windows_only, ("sha256:ab", "sha256:cd")),
        Pin("idna", "3.20", "idna==3.20", ()),
    ]


def test_a_pin_is_one_line_of_a_requirements_file() -> None:
    pin = Pin("idna", "3.20", "idna==3.20", ("sha256:ab", "sha256:cd"))
    assert pin.line() == "idna==3.20 --hash=sha256:ab --hash=sha256:cd"


@pytest.mark.parametrize("line", ["idna", "idna>=3", "--index-url somewhere", "./a.whl"])
def test_what_is_no_pin_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{line}\n")
    with pytest.raises(ValueError, match="no pin"):
        read_pins(file)
