"""Which model ``play`` takes when none is named."""

import json
from pathlib import Path

import pytest

from playground.local_settings import configured_model
from playground.runs import ROOT


def save(folder: Path, **values: str) -> Path:
    (folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    return folder


def test_without_settings_it_is_the_tiny_one(tmp_path: Path) -> None:
    assert configured_model({}, tmp_path) == "tiny"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_OPENAI_ENDPOINT", "https://a.openai.azure.com"),
        ("RELAY_MODEL_URL", "http://127.0.0.1:8080/v1"),
    ],
)
def test_a_model_of_the_settings_is_taken(tmp_path: Path, name: str, value: str) -> None:
    assert configured_model({}, save(tmp_path, **{name: value})) == "settings"
    assert configured_model({name: value}, tmp_path / "elsewhere") == "settings"


def test_the_unedited_example_settings_mean_the_tiny_one(tmp_path: Path) -> None:
    example = (ROOT / "local.settings.example.json").read_text(encoding="utf-8")
    (tmp_path / "local.settings.json").write_text(example, encoding="utf-8")
    assert configured_model({}, tmp_path) == "tiny"


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    saved = save(tmp_path, AZURE_OPENAI_ENDPOINT="https://a.openai.azure.com")
    assert configured_model({"AZURE_OPENAI_ENDPOINT": ""}, saved) == "tiny"


def test_a_file_with_comments_is_named(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text("{} // mine")
    with pytest.raises(ValueError, match=r"local\.settings\.json is not plain JSON"):
        configured_model({}, tmp_path)
