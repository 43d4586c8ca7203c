"""What ``host.json`` says about logs: an execution costs no line of the host, and every line of the relay is kept.

With message copy each message of the app is an execution, so a line for each of them fills the log within hours.
"""

from __future__ import annotations

import json
import logging
import re

import pytest
from opentelemetry.sdk.trace import TracerProvider

from relay.config.settings import APP_FOLDER

HOST = json.loads((APP_FOLDER / "host.json").read_text(encoding="utf-8"))
LEVELS = ("Trace", "Debug", "Information", "Warning", "Error", "Critical", "None")
FUNCTIONS = re.findall(
    r"^async def (\w+)\(", (APP_FOLDER / "function_app.py").read_text(encoding="utf-8"), re.MULTILINE
)

EVERYBODY = HOST["logging"]["logLevel"]
TO_THE_LOG = {"Function.*": "Trace"} | HOST["logging"]["OpenTelemetry"]["logLevel"]
"""With the host's own rule for this provider, which lets pass whatever nothing longer forbids."""


def writes(levels: dict[str, str], category: str, level: str) -> bool:
    """Whether a line is written: the longest rule that fits decides, as in .NET."""
    rules = {rule: kept for rule, kept in levels.items() if category.startswith(rule.removesuffix("*"))}
    kept = rules[max(rules, key=len)] if rules else levels["default"]
    return LEVELS.index(level) >= LEVELS.index(kept)


@pytest.mark.parametrize("levels", [EVERYBODY, TO_THE_LOG], ids=["everybody", "to the log"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_execution_costs_no_line_of_the_host(levels: dict[str, str], name: str) -> None:
    assert not writes(levels, f"Function.{name}", "Information")
    assert writes(levels, f"Function.{name}", "Error")


@pytest.mark.parametrize("levels", [EVERYBODY, TO_THE_LOG], ids=["everybody", "to the log"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_lines_of_the_relay_are_kept(levels: dict[str, str], name: str) -> None:
    assert writes(levels, f"Function.{name}.User", "Information")
    assert not writes(levels, f"Function.{name}.User", "Debug")


@pytest.mark.parametrize("levels", [EVERYBODY, TO_THE_LOG], ids=["everybody", "to the log"])
def test_what_the_relay_prints_when_it_cannot_start_is_kept(levels: dict[str, str]) -> None:
    assert writes(levels, "Host.Function.Console", "Information")
    assert not writes(levels, "Microsoft.AspNetCore.Hosting", "Information")
    assert writes(levels, "Microsoft.Azure.WebJobs.Script.WebHost", "Warning")


def test_nothing_is_said_that_the_host_does_not_read() -> None:
    assert HOST["telemetryMode"] == "OpenTelemetry"
    assert "applicationInsights" not in HOST["logging"]  # it samples in the other mode only


def test_the_hosts_sampler_does_not_thin_out_the_relays_own_spans(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "microsoft.rate_limited")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "1")
    with caplog.at_level(logging.ERROR):
        tracer = TracerProvider().get_tracer("test")
    spans = [tracer.start_span("turn") for _ in range(100)]
    assert all(span.get_span_context().trace_flags.sampled for span in spans)
