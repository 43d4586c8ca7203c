"""Whether there is a wheel is asked of the index, here a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.supply.wheels import missing


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which pip looks for wheels, and nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def pinned(index: Path, tag: str) -> Path:
    """A requirements file that pins a package with this one wheel."""
    wheel = index / f"tried-1.0-{tag}.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr("tried-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tried\nVersion: 1.0\n")
        archive.writestr(
            "tried-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n"
        )
        archive.writestr("tried-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    file = index.parent / "requirements.txt"
    file.write_text(f"tried==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("tag", "platform"),
    [
        ("py3-none-any", "Linux"),
        ("cp314-cp314-manylinux_2_17_x86_64", "Linux"),
        ("cp39-abi3-win_amd64", "Windows"),
        ("cp314-cp314-macosx_11_0_arm64", "macOS"),
    ],
)
def test_a_wheel_that_the_version_can_take_is_found(index: Path, tag: str, platform: str) -> None:
    assert missing(pinned(index, tag), "3.14", platform) is None


@pytest.mark.parametrize("tag", ["cp313-cp313-manylinux_2_17_x86_64", "cp314-cp314-win_amd64"])
def test_a_package_without_one_is_named(index: Path, tag: str) -> None:
    assert missing(pinned(index, tag), "3.14", "Linux") == "tried==1.0"
