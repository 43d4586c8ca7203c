from __future__ import annotations

import json
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.playground.host.conftest import MakeApp
from tests.playground.host.process import HostProcess


async def test_it_lists_the_functions_and_then_says_that_it_listens(make_app: MakeApp) -> None:
    async with HostProcess(make_app("http"), {}) as host:
        lines = host.printed.splitlines()

    assert f"    show: [POST] {host.url}/shop/items/{{item}}" in lines
    assert f"    plain: [ANY] {host.url}/shop/plain" in lines
    assert lines[-1] == f"listening on {host.url}"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_well_when_it_is_asked_to(make_app: MakeApp, how: signal.Signals) -> None:
    async with HostProcess(make_app("http"), {}) as host:
        code, _ = await host.end(how)

    assert code == 0


async def test_an_app_that_cannot_be_imported_shows_its_traceback(make_app: MakeApp) -> None:
    app_dir = make_app("http")
    (app_dir / "function_app.py").write_text("import no_such_module\n")

    async with HostProcess(app_dir, {}) as host:
        code, errors = await host.ended()

    assert code == 1
    assert 'function_app.py", line 1' in errors
    assert "No module named 'no_such_module'" in errors


async def test_settings_that_are_wrong_show_no_traceback(make_app: MakeApp) -> None:
    app_dir = make_app("http")
    (app_dir / "function_app.py").write_text(
        "from relay.errors import ConfigError\n\nraise ConfigError(['IM_APP_KEY: not set'])\n"
    )

    async with HostProcess(app_dir, {}) as host:
        code, errors = await host.ended()

    assert code == 1
    assert errors.endswith("error: the app does not start; `python3 dev.py check` shows its settings\n")
    assert "Traceback" not in errors


async def test_a_folder_that_is_no_app_is_an_error_of_one_line(tmp_path: Path) -> None:
    async with HostProcess(tmp_path, {"HOST_LOG_LEVEL": "INFO"}) as host:
        code, errors = await host.ended()

    assert code == 1
    assert errors == f"error: {tmp_path / 'function_app.py'} does not exist\n"


async def test_the_environment_is_over_local_settings_json(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    app_dir = make_app("http")
    values = {"COLOUR": "of the file", "SHAPE": "of the file"}
    (app_dir / "local.settings.json").write_text(json.dumps({"Values": values}))

    async with HostProcess(app_dir, {"COLOUR": "of the environment"}) as host:
        for name, expected in {"COLOUR": "of the environment", "SHAPE": "of the file"}.items():
            async with client.get(f"{host.url}/shop/setting?name={name}") as answer:
                assert await answer.text() == expected


async def test_the_log_of_the_functions_goes_to_a_file(
    make_app: MakeApp, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    log = tmp_path / "host.log"
    async with HostProcess(make_app("http"), {}, "--log", str(log)) as host:
        async with client.get(f"{host.url}/shop/fails?code=secret"):
            pass
        _, errors = await host.end()

    written = log.read_text()
    assert "Executing 'Functions.fails'" in written
    assert "RuntimeError: as told" in written
    assert "secret" not in written
    assert errors == ""
