"""How long a turn may take, against the time after which Azure kills the worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relay.config.bots import bots_in
from relay.config.settings import load_settings
from relay.turn.timing import function_timeout_seconds, too_long
from tests.conftest import EXAMPLE, ROOT

BOT = {"accid": "helper", "name": "Helper", "system_prompt": "You are Helper."}


def problems(tmp_path: Path, timeout: str, bot: dict[str, object], **settings: str) -> list[str]:
    host = tmp_path / "host.json"
    host.write_text(f'{{"functionTimeout": "{timeout}"}}', encoding="utf-8")
    return too_long(load_settings(EXAMPLE | settings), bots_in({"bots": [BOT | bot]}, "bots.toml"), host)


def test_the_shipped_settings_fit_the_shipped_host_file() -> None:
    longest = bots_in({"bots": [BOT | {"turn_seconds": 300}]}, "bots.toml")
    assert too_long(load_settings(EXAMPLE), longest) == []


def test_a_lease_as_long_as_the_function_timeout_is_refused_and_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "00:05:50", {"turn_seconds": 300})
    assert 'bot "helper"' in problem
    assert "350 s" in problem
    assert problems(tmp_path, "00:05:51", {"turn_seconds": 300}) == []


def test_settings_add_up_with_the_turn(tmp_path: Path) -> None:
    assert problems(tmp_path, "00:10:00", {}, RELAY_SEND_SECONDS="300", RELAY_LEASE_MARGIN_SECONDS="300")
    assert problems(tmp_path, "00:10:00", {}, RELAY_SEND_SECONDS="300") == []


def test_a_function_is_looked_at_too(tmp_path: Path) -> None:
    functions = {"long": {"turn_seconds": 300}}
    (problem,) = problems(tmp_path, "00:05:00", {"functions": functions})
    assert 'function "long"' in problem


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [("00:10:00", 600), ("01:00:00", 3600), ("1.00:00:00", 86_400), ("-1", float("inf"))],
)
def test_the_timeout_is_read_as_the_host_reads_it(tmp_path: Path, timeout: str, seconds: float) -> None:
    host = tmp_path / "host.json"
    host.write_text(f'{{"functionTimeout": "{timeout}"}}', encoding="utf-8")
    assert function_timeout_seconds(host) == seconds


def test_the_app_does_not_start_with_such_a_lease() -> None:
    settings = {"RELAY_SEND_SECONDS": "300", "RELAY_LEASE_MARGIN_SECONDS": "300", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", "import function_app"],
        cwd=ROOT,
        env={**os.environ, **EXAMPLE, **settings},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "functionTimeout" in done.stderr
