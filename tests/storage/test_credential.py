"""Entra ID tokens from the endpoint that Azure offers to its apps, here a server on loopback."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from azure.core.exceptions import AzureError, ServiceResponseError

from playground.loopback import serving
from relay.storage import credential as module
from relay.storage.credential import STORAGE_SCOPE, AppCredential, fetch_first


class Identity:
    """The identity endpoint: answers with what ``answers`` holds, the last of it for ever."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers: list[Any] = [token()]

    async def handle(self, request: web.Request) -> web.Response:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if answer == "stall":
            await asyncio.Event().wait()
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(text=json.dumps(answer), content_type="application/json")


def token(seconds: int = 86_400) -> dict[str, str]:
    return {
        "access_token": "a-token",
        "expires_on": str(int(time.time()) + seconds),
        "resource": "https://storage.azure.com",
        "token_type": "Bearer",
    }


@pytest.fixture
async def identity(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Identity]:
    endpoint = Identity()
    app = web.Application()
    app.router.add_get("/identity", endpoint.handle)
    async with serving(app) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url + "/identity")
        monkeypatch.setenv("IDENTITY_HEADER", "secret-of-the-sandbox")
        for name in ("connection_timeout", "read_timeout"):
            monkeypatch.setitem(module._ATTEMPTS, name, 0.2)
        yield endpoint


@pytest.fixture
async def credential(identity: Identity) -> AsyncIterator[AppCredential]:
    async with AppCredential("client-id") as opened:
        yield opened


async def test_many_who_want_a_token_at_once_wait_for_one_fetch(
    identity: Identity, credential: AppCredential
) -> None:
    tokens = await asyncio.gather(*(credential.get_token_info(STORAGE_SCOPE) for _ in range(20)))
    assert {found.token for found in tokens} == {"a-token"}
    assert identity.asked == 1


@pytest.mark.parametrize("fault", [500, 429, "stall"])
async def test_a_fetch_that_fails_once_is_made_again_at_once(
    identity: Identity, credential: AppCredential, fault: object
) -> None:
    identity.answers.insert(0, fault)
    assert (await credential.get_token_info(STORAGE_SCOPE)).token == "a-token"
    assert identity.asked == 2


async def test_a_token_that_still_holds_is_used_when_its_renewal_fails(
    identity: Identity, credential: AppCredential
) -> None:
    identity.answers = [token(seconds=200), 400]
    for _ in range(3):
        assert (await credential.get_token_info(STORAGE_SCOPE)).token == "a-token"


@pytest.mark.parametrize(
    "odd", [[], "text", 5, None, {}, {"access_token": "x", "expires_on": "soon"}, {"error": 1}]
)
async def test_an_answer_that_is_no_token_is_an_error_of_the_sdk(
    identity: Identity, credential: AppCredential, odd: object
) -> None:
    identity.answers = [odd]
    with pytest.raises(AzureError) as caught:
        await credential.get_token_info(STORAGE_SCOPE)
    assert "secret-of-the-sandbox" not in str(caught.value)
    identity.answers = [token()]
    assert (await credential.get_token_info(STORAGE_SCOPE)).token == "a-token"


async def test_the_first_token_is_there_before_the_first_request(
    identity: Identity, credential: AppCredential
) -> None:
    await fetch_first(credential)
    await credential.get_token(STORAGE_SCOPE)
    assert identity.asked == 1


async def test_a_first_token_that_cannot_be_had_is_left_to_the_first_request(
    identity: Identity, credential: AppCredential, caplog: pytest.LogCaptureFixture
) -> None:
    identity.answers = [{"access_token": "x", "expires_on": []}]
    await fetch_first(credential)
    assert "no token for storage yet" in caplog.text
    with pytest.raises(ServiceResponseError):
        await credential.get_token_info(STORAGE_SCOPE)
