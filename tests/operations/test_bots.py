"""``python -m relay bots``: the list, and accounts that become as the bots file says, against the IM emulator."""

from __future__ import annotations

import json
from collections.abc import Mapping

import aiohttp
import pytest

from playground.im.chats import Card
from playground.im_server import ImServer
from relay.config.settings import SETTING_NAMES
from relay.errors import ConfigError
from relay.signature import sign_outbound
from tests.kit import RelayKit
from tests.mistakes import GOOD_SETTINGS
from tests.operations.operating import OperatorKit

PICTURE = "https://example.com/helper.png"


def settings_of(im: ImServer, version: str) -> Mapping[str, str]:
    """The IM server's, and nothing else: an operator's machine need not have more."""
    own = {name: value for name, value in GOOD_SETTINGS.items() if name.startswith("IM_")}
    return {**own, "IM_API_URL": im.url, "IM_API_VERSION": version}


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTING_NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def emulator() -> ImServer:
    im = ImServer(app_key=GOOD_SETTINGS["IM_APP_KEY"], secret=GOOD_SETTINGS["IM_APP_SECRET"])
    im.chats.accounts = set()
    return im


def test_the_bots_are_listed_with_names_models_and_limits(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str]
) -> None:
    relay.configure_bot(model="gpt-5.6-luna", limits={"per_sender": {"minute": 5}})
    assert operator.run("bots", "--json") == 0
    helper, echo = json.loads(capsys.readouterr().out)
    assert (helper["accid"], helper["name"], helper["models"]) == ("helper", "Helper", "gpt-5.6-luna")
    assert (helper["limits"], echo["limits"]) == ("per_sender 5/minute, per_bot any", "none")
    assert operator.run("bots", "--bot", "echo") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("version", ["v2", "v1"])
async def test_accounts_are_made_once_and_changed_where_they_differ(
    operator: OperatorKit, relay: RelayKit, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    async def registered() -> dict[str, str]:
        assert await operator.work("bots", "--register", "--json") == 0
        done: dict[str, str] = json.loads(capsys.readouterr().out)
        return done

    relay.configure_bot(avatar=PICTURE)
    async with emulator() as im:
        operator.environ = settings_of(im, version)
        assert await registered() == {"helper": "registered", "echo": "registered"}
        assert im.chats.accounts == {"helper", "echo"}
        assert im.chats.cards == {"helper": Card("Helper", PICTURE), "echo": Card("Echo")}
        assert await registered() == {"helper": "as the file says", "echo": "as the file says"}
        im.chats.cards["echo"] = Card("Somebody", "https://example.com/own.png")
        relay.configure_bot(name="Assistant")
        assert await registered() == {"helper": "name changed", "echo": "name changed"}
        assert im.chats.cards == {
            "helper": Card("Assistant", PICTURE),
            "echo": Card("Echo", "https://example.com/own.png"),
        }


@pytest.mark.parametrize("version", ["v2", "v1"])
async def test_a_wrong_secret_is_told_for_each_bot_and_makes_nothing(
    operator: OperatorKit, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    async with emulator() as im:
        operator.environ = {**settings_of(im, version), "IM_APP_SECRET": "another-secret"}
        assert await operator.work("bots", "--register") == 1
        assert capsys.readouterr().out.count("NOT DONE: result code 414") == 2
        assert im.chats.accounts == set()


async def test_a_server_that_does_not_answer_is_told(
    operator: OperatorKit, capsys: pytest.CaptureFixture[str]
) -> None:
    async with emulator() as im:
        operator.environ = settings_of(im, "v2")
    assert await operator.work("bots", "--register", "--bot", "helper") == 1
    assert "NOT DONE: no answer" in capsys.readouterr().out


async def test_settings_that_are_missing_are_told(operator: OperatorKit) -> None:
    with pytest.raises(ConfigError, match="IM_APP_KEY: not set"):
        await operator.work("bots", "--register")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"account_id": "Upper"}',
        b'{"account_id": "a", "name": "outside of user_information"}',
        b'{"account_id": "a", "user_information": {"icon": "x"}}',
        b'{"account_id": "a", "user_information": {"name": "' + b"x" * 65 + b'"}}',
        b'{"account_id": "a", "user_information": {"name": 1}}',
    ],
)
async def test_the_emulator_takes_what_is_documented_and_nothing_else(body: bytes) -> None:
    async with emulator() as im, aiohttp.ClientSession() as http:
        headers = sign_outbound(
            GOOD_SETTINGS["IM_APP_KEY"], GOOD_SETTINGS["IM_APP_SECRET"], "n", im.chats.now() // 1000
        )
        async with http.post(f"{im.url}/im/v2/accounts", data=body, headers=headers) as response:
            assert (await response.json())["code"] == 414
        assert im.chats.accounts == set()
