"""The page's server speaks to the page, and to nobody else."""

import asyncio
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.playground.page.conftest import Browser

USER = {"name": "Dora"}
FOREIGN_HOSTS = [
    "evil.example",
    "127.0.0.1",
    "127.0.0.1:1",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
]
FOREIGN_ORIGINS = ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"]
CHANGES = [("POST", "/api/users"), ("DELETE", "/api/faults"), ("PUT", "/api/faults/late")]


def port(browser: Browser) -> int:
    return urlsplit(browser.url).port or 0


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_a_foreign_host_is_refused(browser: Browser, host: str) -> None:
    status, body = await browser.call("GET", "/api/state", Host=host.format(port=port(browser)))
    assert (status, body["error"]) == (403, "host")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_every_name_of_this_machine_is_its_own(browser: Browser, host: str) -> None:
    status, _ = await browser.call("GET", "/api/state", Host=f"{host}:{port(browser)}")
    assert status == 200


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_a_foreign_origin_changes_nothing(
    browser: Browser, method: str, path: str, origin: str
) -> None:
    origin = origin.format(port=port(browser))
    status, body = await browser.call(method, path, USER, Origin=origin)
    assert (status, body["error"]) == (403, "origin")


async def test_the_pages_own_origin_may_change_something(browser: Browser) -> None:
    status, _ = await browser.call("POST", "/api/users", USER, Origin=browser.url)
    assert status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_form_can_send_is_refused(browser: Browser, kind: str) -> None:
    async with browser.session.post(
        f"{browser.url}/api/users", data=b'{"name":"Dora"}', headers={"Content-Type": kind}
    ) as response:
        assert response.status == 415
        assert (await response.json())["error"] == "content_type"


@pytest.mark.parametrize("path", ["/", "/api/state", "/api/nothing", "/static/none.js", "/api/events"])
async def test_every_answer_carries_the_policy(browser: Browser, path: str) -> None:
    async with browser.session.get(browser.url + path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "img-src 'self' data:;" in policy
        assert "http" not in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_no_file_outside_the_pages_own_is_served(browser: Browser) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port(browser))
    host = f"127.0.0.1:{port(browser)}"
    writer.write(f"GET /static/../routes.py HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b"200 OK" not in answer
    assert b"class Routes" not in answer


@pytest.mark.parametrize("after", ["x", "1.5", "9" * 5000])
async def test_a_reader_asks_for_events_behind_a_number(browser: Browser, after: str) -> None:
    status, body = await browser.call("GET", f"/api/events?after={after}")
    assert (status, body["error"]) == (400, "bad_request")


async def test_a_wrong_method_is_told_in_the_pages_own_form(browser: Browser) -> None:
    status, body = await browser.call("GET", "/api/users")
    assert (status, body["error"]) == (405, "bad_method")


async def test_it_listens_on_one_address_of_loopback_only(browser: Browser) -> None:
    with pytest.raises(aiohttp.ClientConnectorError):
        await browser.session.get(f"http://127.0.0.2:{port(browser)}/api/state")
