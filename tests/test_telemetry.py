"""Where spans and lines go, and whether setting and package agree."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from relay import metrics, spans
from relay.telemetry import ENABLE_SETTING, LINES_OF, worker_telemetry, write_lines_once
from tests.conftest import EXAMPLE, ROOT
from tests.kit import RelayKit
from tests.tracing import finished_spans

HANDLER_MODULE = "opentelemetry.instrumentation.logging.handler"


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that holds the exporter: what is looked for is only that it is there."""
    (tmp_path / "azure" / "monitor" / "opentelemetry").mkdir(parents=True)
    (tmp_path / "azure" / "monitor" / "opentelemetry" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package without it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


@pytest.mark.usefixtures("packed")
@pytest.mark.parametrize(
    ("value", "word"), [("true", "on"), ("1", "on"), ("false", "unused"), ("", "unused")]
)
def test_a_package_with_the_exporter_waits_for_the_setting(value: str, word: str) -> None:
    assert worker_telemetry({ENABLE_SETTING: value}) == word


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("settings", "word"), [({ENABLE_SETTING: "true"}, "missing"), ({}, "off")])
def test_a_setting_without_the_exporter_is_seen(settings: dict[str, str], word: str) -> None:
    assert worker_telemetry(settings) == word


def test_a_missing_exporter_is_told_at_the_start() -> None:
    code = (
        "import importlib.util; importlib.util.find_spec = lambda name, package=None: None;"
        "import logging; logging.basicConfig(); import function_app"
    )
    environ = {**EXAMPLE, ENABLE_SETTING: "true", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert "worker telemetry is on, and the package lacks it" in done.stderr


@pytest.fixture
def relay_logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger(LINES_OF)
    yield logger
    logger.propagate = True
    logger.handlers.clear()


class ExportingHandler(logging.Handler):
    """Stands for OpenTelemetry's."""


def test_lines_that_the_worker_exports_are_not_given_to_the_host(
    relay_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, HANDLER_MODULE, SimpleNamespace(LoggingHandler=ExportingHandler))
    write_lines_once()
    assert relay_logger.propagate
    relay_logger.addHandler(ExportingHandler())
    write_lines_once()
    assert not relay_logger.propagate


@pytest.mark.parametrize(("word", "headers"), [("off", []), ("missing", [("Relay-Telemetry", "missing")])])
def test_the_address_check_says_what_setting_and_package_are(
    relay: RelayKit, word: str, headers: list[tuple[str, str]]
) -> None:
    relay.app._telemetry = word
    assert list(relay.post_raw(b"{}", {}).headers.items()) == headers


def test_the_names_of_the_table_are_all_metrics_there_are() -> None:
    documented = [
        line.split("``")[1] for line in (metrics.__doc__ or "").splitlines() if line.startswith("``")
    ]
    source = Path(metrics.__file__).read_text(encoding="utf-8")
    made = [line.split('"')[1] for line in source.splitlines() if "_meter.create_" in line]
    assert documented == made


def test_an_ignored_message_is_no_span(relay: RelayKit) -> None:
    finished = finished_spans()
    finished.clear()
    assert json.loads(relay.post("hello", to="nobody").get_body())["status"] == "ignored"
    assert finished.named(spans.WEBHOOK) == []
