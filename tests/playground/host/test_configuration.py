from __future__ import annotations

import json
from pathlib import Path

import pytest

from playground.host.configuration import load_host_configuration, settings_of
from playground.host.errors import HostError


def test_time_spans_become_seconds(tmp_path: Path) -> None:
    queues = {"visibilityTimeout": "00:00:10", "maxPollingInterval": "1.00:01:00.5"}
    (tmp_path / "host.json").write_text(json.dumps({"extensions": {"queues": queues}}))

    section = load_host_configuration(tmp_path).extensions.queues

    assert (section.visibility_timeout, section.max_polling_interval) == (10, 86460.5)


def test_what_host_json_leaves_out_has_the_real_hosts_default(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')

    extensions = load_host_configuration(tmp_path).extensions

    assert extensions.http.route_prefix == "api"
    assert extensions.queues.model_dump() == {
        "batch_size": 16,
        "new_batch_threshold": None,
        "max_dequeue_count": 5,
        "visibility_timeout": 0,
        "max_polling_interval": 60,
        "message_encoding": "base64",
    }
    assert extensions.queues.threshold == 8


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "not JSON"),
        ('{"extensions": {"queues": {"batchSize": 33}}}', "extensions.queues.batchSize"),
        ('{"extensions": {"queues": {"visibilityTimeout": "10"}}}', "hh:mm:ss"),
    ],
)
def test_a_wrong_host_json_says_what_is_wrong(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "host.json").write_text(content)

    with pytest.raises(HostError, match=named):
        load_host_configuration(tmp_path)


def test_a_folder_without_host_json_is_no_function_app(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="function app"):
        load_host_configuration(tmp_path)


def test_the_environment_is_over_the_local_settings(tmp_path: Path) -> None:
    values = {"IM_APP_KEY": "of the file", "IM_REGION": "china"}
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": values}), encoding="utf-8-sig")

    assert settings_of(tmp_path, {"IM_APP_KEY": "of the environment"}) == {
        "IM_APP_KEY": "of the environment",
        "IM_REGION": "china",
    }


def test_local_settings_need_not_be_there(tmp_path: Path) -> None:
    assert settings_of(tmp_path, {}) == {}


def test_a_container_is_not_taken_for_azure(tmp_path: Path) -> None:
    environ = {"CONTAINER_NAME": "mine", "IM_MEDIA_HOSTS": "127.0.0.1:8766"}
    assert settings_of(tmp_path, environ) == environ | {"CONTAINER_NAME": ""}


@pytest.mark.parametrize(
    "content", ['{"Values": {"A": 1}}', '{"Values": []}', "[]", '{"IsEncrypted": true}', "//"]
)
def test_local_settings_that_cannot_be_used_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "local.settings.json").write_text(content)

    with pytest.raises(HostError, match=r"local\.settings\.json"):
        settings_of(tmp_path, {})
