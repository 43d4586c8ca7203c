"""Entra ID tokens from the endpoint that Azure offers to its apps, here a server on loopback."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import AzureError, ServiceResponseError

from playground.loopback import serving
from relay.storage import credential as module
from relay.storage.credential import STORAGE_SCOPE, AppCredential, fetch_first

MODEL_SCOPE = "https://ai.azure.com/.default"


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


class CommandLine:
    """Like ``az login`` in the SDK: keeps no token, each is a run of ``az``."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.closed = 0
        self.seconds = 3600

    async def get_token_info(self, scope: str, options: object = None) -> AccessTokenInfo:
        self.runs.append(scope)
        return AccessTokenInfo(f"token {len(self.runs)}", int(time.time()) + self.seconds)

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    made = CommandLine()
    monkeypatch.setattr("azure.identity.aio.DefaultAzureCredential", lambda: made)
    return made


async def test_az_runs_once_for_all_who_want_a_token_of_a_scope(command_line: CommandLine) -> None:
    async with AppCredential(None) as credential:
        for _ in range(3):
            assert (await credential.get_token(STORAGE_SCOPE)).token == "token 1"
        assert (await credential.get_token(MODEL_SCOPE)).token == "token 2"
    assert command_line.runs == [STORAGE_SCOPE, MODEL_SCOPE]


async def test_a_token_that_ends_soon_or_is_challenged_is_fetched_anew(command_line: CommandLine) -> None:
    async with AppCredential(None) as credential:
        await credential.get_token_info(STORAGE_SCOPE)
        challenged = await credential.get_token_info(STORAGE_SCOPE, options={"claims": "more"})
        assert challenged.token == "token 2"
        command_line.seconds = 200
        await credential.get_token_info(STORAGE_SCOPE, options={"claims": "more"})
        assert (await credential.get_token_info(STORAGE_SCOPE)).token == "token 4"


async def test_one_that_was_closed_is_opened_again(command_line: CommandLine) -> None:
    credential = AppCredential(None)
    for scope in (STORAGE_SCOPE, MODEL_SCOPE):
        await credential.get_token_info(scope)
        await credential.close()
    await credential.close()
    assert command_line.closed == 2


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
