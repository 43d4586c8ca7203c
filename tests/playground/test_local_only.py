"""Only programs of this machine order the parts of the stack about."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest

from playground.im_server import ImServer
from playground.loopback import serving
from playground.model_server import ModelServer
from playground.page.spans import PROTOBUF, collector

FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:{port}"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"X-Forwarded-For": "192.0.2.1"},
    {"X-Forwarded-Host": "tunnel.example"},
]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def at(url: str, headers: dict[str, str]) -> dict[str, str]:
    return {name: value.format(port=urlsplit(url).port) for name, value in headers.items()}


@pytest.mark.parametrize("headers", FOREIGN)
async def test_the_im_emulator_takes_orders_from_programs_only(
    session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with ImServer(app_key="key", secret="secret", webhook="http://127.0.0.1:1/") as im:
        foreign = at(im.url, headers)
        async with session.post(
            f"{im.url}/_control/webhook", json={"url": "http://evil.example/"}, headers=foreign
        ) as answer:
            assert answer.status == 403
        assert im.webhook == "http://127.0.0.1:1/"
        async with session.get(f"{im.url}/_control/posts", headers=foreign) as answer:
            assert answer.status == 403
        async with session.get(f"{im.url}/_control/posts") as answer:
            assert answer.status == 200


async def test_a_bot_behind_a_tunnel_may_call_the_im_api(session: aiohttp.ClientSession) -> None:
    async with ImServer(app_key="key", secret="secret") as im:
        headers = {"Host": "tunnel.example", "X-Forwarded-For": "192.0.2.1"}
        path = "/im/v2/conversations/helper%7C1%7Calice/messages"
        async with session.post(im.url + path, json={}, headers=headers) as answer:
            assert answer.status == 200  # its refusals are in the body
            assert (await answer.json())["code"] != 200


@pytest.mark.parametrize("headers", FOREIGN)
async def test_the_model_server_takes_orders_from_programs_only(
    session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with (
        ModelServer() as model,
        session.get(f"{model.url}/_control/requests", headers=at(model.url, headers)) as answer,
    ):
        assert answer.status == 403


@pytest.mark.parametrize("headers", FOREIGN)
async def test_the_collector_takes_spans_from_programs_only(
    session: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with (
        serving(collector(lambda spans: None)) as url,
        session.post(
            f"{url}/v1/traces", data=b"", headers={"Content-Type": PROTOBUF, **at(url, headers)}
        ) as answer,
    ):
        assert answer.status == 403
