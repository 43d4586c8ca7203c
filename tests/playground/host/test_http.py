from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
from types import ModuleType

import aiohttp
import pytest

from playground.host import FunctionHost, HostError
from tests.playground.host.conftest import MakeApp


def function_app() -> ModuleType:
    return sys.modules["function_app"]


async def test_a_function_gets_the_request_as_it_was_sent(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    async with FunctionHost(make_app("http"), {}) as host:
        url = f"{host.url}/shop/items/7?code=any"
        # A body that claims to be compressed must arrive as the bytes that were signed.
        headers = {"X-Colour": "blue", "Content-Encoding": "gzip"}
        async with client.post(url, data=b"\x00\xff", headers=headers) as answer:
            assert (answer.status, answer.content_type) == (201, "application/json")
            assert answer.headers["X-Seen"] == "yes"
            assert await answer.json() == {
                "method": "POST",
                "url": url,
                "item": "7",
                "code": "any",
                "header": "blue",
                "body": "00ff",
            }


async def test_a_plain_function_runs_in_a_thread(make_app: MakeApp, client: aiohttp.ClientSession) -> None:
    async with FunctionHost(make_app("http"), {}) as host, client.get(f"{host.url}/shop/plain") as answer:
        assert (answer.status, await answer.text()) == (200, "thread")


@pytest.mark.parametrize("route", ["fails", "nothing"])
async def test_a_function_without_an_answer_is_a_500_without_a_body(
    make_app: MakeApp, client: aiohttp.ClientSession, route: str
) -> None:
    async with FunctionHost(make_app("http"), {}) as host, client.get(f"{host.url}/shop/{route}") as answer:
        assert (answer.status, await answer.read()) == (500, b"")


async def test_the_wrong_method_and_the_wrong_route_are_not_found(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    async with FunctionHost(make_app("http"), {}) as host:
        for path in ("/shop/items/7", "/api/plain"):
            async with client.get(host.url + path) as answer:
                assert answer.status == 404


async def test_a_body_of_several_megabytes_reaches_the_function(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    body = bytes(5_000_000)
    async with FunctionHost(make_app("http"), {}) as host:
        url = f"{host.url}/shop/items/7?code=any"
        async with client.post(url, data=io.BytesIO(body), headers={"X-Colour": "blue"}) as answer:
            assert (await answer.json())["body"] == body.hex()


async def test_the_settings_are_in_the_environment_while_the_host_runs(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    before = dict(os.environ)
    async with (
        FunctionHost(make_app("http"), {"COLOUR": "blue"}) as host,
        client.get(f"{host.url}/shop/setting?name=COLOUR") as answer,
    ):
        assert await answer.text() == "blue"

    assert dict(os.environ) == before


async def test_the_end_waits_for_a_request_that_is_running(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    async with FunctionHost(make_app("http"), {}) as host:
        app = function_app()
        request = asyncio.create_task(client.get(f"{host.url}/shop/waits"))
        await app.asked.wait()
        asyncio.get_running_loop().call_soon(app.may_answer.set)

    async with await request as answer:
        assert await answer.text() == "done"


async def test_the_end_cuts_off_a_request_that_takes_too_long(
    make_app: MakeApp, client: aiohttp.ClientSession
) -> None:
    async with asyncio.timeout(5):
        async with FunctionHost(make_app("http"), {}, grace_seconds=0.1) as host:
            request = asyncio.create_task(client.get(f"{host.url}/shop/waits"))
            await function_app().asked.wait()

        with pytest.raises(aiohttp.ClientError):
            await request


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        ("", "exactly one function app"),
        ("app = func.FunctionApp()\nother = func.FunctionApp()", "exactly one function app"),
        (
            "app = func.FunctionApp()\n"
            "@app.route(route='a/{n:int}')\n"
            "def f(req: func.HttpRequest) -> str: return ''",
            "function f: .*route",
        ),
        (
            "app = func.FunctionApp()\n"
            "@app.blob_trigger(arg_name='b', path='x', connection='Y')\n"
            "def f(b: func.InputStream) -> None: ...",
            "function f: .*blobTrigger",
        ),
        (
            "app = func.FunctionApp()\n"
            "@app.route(route='a')\n"
            "@app.queue_output(arg_name='out', queue_name='q', connection='Y')\n"
            "def f(req: func.HttpRequest, out: func.Out[str]) -> str: return ''",
            "function f: .*'queue' binding",
        ),
    ],
)
async def test_what_the_host_cannot_run_stops_it_with_the_reason(
    make_app: MakeApp, definition: str, reason: str
) -> None:
    app_dir = make_app("http")
    (app_dir / "function_app.py").write_text(f"import azure.functions as func\n{definition}\n")

    with pytest.raises(HostError, match=reason):
        async with FunctionHost(app_dir, {}):
            pass


async def test_a_port_that_is_taken_is_named(make_app: MakeApp) -> None:
    app_dir = make_app("http")
    async with FunctionHost(app_dir, {}) as host:
        port = int(host.url.rpartition(":")[2])
        with pytest.raises(HostError, match=f"port {port}"):
            async with FunctionHost(app_dir, {}, port=port):
                pass


async def test_a_request_that_is_no_http_is_one_line_in_the_log_and_not_quoted(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    async with FunctionHost(make_app("http"), {}) as host:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(host.url.rpartition(":")[2]))
        with caplog.at_level(logging.DEBUG):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nX: pri\0vate\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.0 400 ")
        writer.close()
        await writer.wait_closed()

    assert [(r.levelname, r.getMessage()) for r in caplog.records if r.name == "host.http"] == [
        ("INFO", "no request could be read: BadHttpMessage")
    ]
    assert "vate" not in caplog.text
