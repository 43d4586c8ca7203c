"""The commands against real storage, as they are called: their rows are those that the relay writes there."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from playground.im_server import ImServer
from relay.app import Relay
from relay.config.bots import load_bots
from relay.config.settings import SETTING_NAMES, Settings, StorageSettings
from relay.errors import ImRejected
from relay.messages import message_hash
from relay.operations import command
from relay.operations.storage import OperatorQueues, OperatorTables
from relay.outbox import TURNS
from relay.signature import sign_inbound
from tests.doubles import RecordingMessenger, ScriptedModel
from tests.mistakes import GOOD_BOT, GOOD_SETTINGS
from tests.posted import copy
from tests.shared_azurite import SharedAzurite

pytestmark = pytest.mark.stack

CALL_SECONDS = 20.0


async def write(relay: Relay, secret: str, *bodies: dict[str, object]) -> None:
    """Post message copies, and answer them."""
    for body in bodies:
        raw = json.dumps(body).encode()
        answer = await relay.receive(sign_inbound(secret, raw, relay.clock.now()), raw)
        assert answer.body == {"status": "queued"}
        for message in await relay.queues.receive(TURNS, 30):
            await relay.answer(message.text)
            await relay.queues.delete(TURNS, message.receipt)


def test_the_commands_work_on_what_a_relay_has_stored(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "bots.toml").write_text(GOOD_BOT)
    with SharedAzurite() as azurite:
        blanks = dict.fromkeys(SETTING_NAMES, "")  # nothing comes from a local.settings.json of the developer
        place = {
            "AzureWebJobsStorage": azurite.connection_string,
            "RELAY_BOTS_FILE": str(tmp_path / "bots.toml"),
        }
        for name, value in {**blanks, **GOOD_SETTINGS, **place}.items():
            monkeypatch.setenv(name, value)

        async def converse() -> None:
            where = StorageSettings(connection_string=SecretStr(azurite.connection_string))
            tables, queues = OperatorTables(where, CALL_SECONDS), OperatorQueues(where, CALL_SECONDS)
            im = RecordingMessenger()
            model = ScriptedModel(default=lambda prompt: "Hi there")
            bots = load_bots(tmp_path / "bots.toml")
            relay = Relay(settings, bots, tables=tables, queues=queues, model=model, im=im)
            now = {"msgTimestamp": str(relay.clock.now()), "to": "helper", "fromAccount": "alice"}
            secret = settings.im_app_secret.get_secret_value()
            private = copy(body="my cat is ill", msgidClient="1", msgidServer="4711", **now)
            group = {**now, "to": "42", "convType": "TEAM"}
            await write(relay, secret, private, copy(body="@Helper in a group", msgidClient="2", **group))
            im.default = ImRejected("result code 403")
            await write(relay, secret, copy(body="undelivered", msgidClient="3", **now))
            await tables.aclose()
            await queues.aclose()

        asyncio.run(converse())

        def printed(*arguments: str, code: int = 0) -> str:
            assert command.main(arguments) == code
            return capsys.readouterr().out

        for name in ("4711", message_hash("c:alice:1")):
            found = json.loads(printed("find", name, "--json"))
            assert (found["state"], found["sender"], found["server_id"]) == ("answered", "alice", "4711")
        assert json.loads(printed("find", "3", "--from", "alice", "--json"))["state"] == "failed"
        (used,) = json.loads(printed("usage", "--json"))
        assert (used["bot"], used["answers"]) == ("helper", 3)

        exported = [json.loads(line) for line in printed("history", "export", "alice").splitlines()]
        assert {row["text"] for row in exported if row["kind"] == "text"} == {
            "my cat is ill",
            "in a group",
            "undelivered",
        }

        async def send_again() -> list[str]:
            async with ImServer(
                app_key=GOOD_SETTINGS["IM_APP_KEY"], secret=GOOD_SETTINGS["IM_APP_SECRET"]
            ) as im:
                monkeypatch.setenv("IM_API_URL", im.url)
                monkeypatch.setenv("NO_PROXY", "127.0.0.1")
                name = message_hash("c:alice:3")
                assert await asyncio.to_thread(command.main, ["failed", "resend", name]) == 0
                return [each.text for each in im.chat("alice", "helper")]

        assert asyncio.run(send_again()) == ["Hi there"]
        capsys.readouterr()
        assert printed("failed", "list") == "No records in relay-failed.\n"

        assert printed("history", "delete", "alice", "--yes") == (
            "Deleted of alice: 3 messages and 3 replies in 2 conversations.\n"
        )
        left = printed("history", "export", "alice")
        assert not any(words in left for words in ("cat is ill", "in a group", "undelivered", "Hi there"))
        assert printed("history", "delete", "alice", "--yes").startswith("Deleted of alice: 0 messages")


def test_storage_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bots.toml").write_text(GOOD_BOT)
    monkeypatch.setattr("relay.operations.operator.CALL_SECONDS", 0.5)
    nowhere = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=MDEyMw==;"
        "TableEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a"
    )
    settings = {"AzureWebJobsStorage": nowhere, "RELAY_BOTS_FILE": str(tmp_path / "bots.toml")}
    for name, value in {**dict.fromkeys(SETTING_NAMES, ""), **settings}.items():
        monkeypatch.setenv(name, value)
    assert command.main(["history", "show", "alice", "--private"]) == 1
    assert "is the account of AzureWebJobsStorage there?" in capsys.readouterr().err
    monkeypatch.setenv("AzureWebJobsStorage", "")
    assert command.main(["history", "show", "alice"]) == 2
    assert "AzureWebJobsStorage: not set" in capsys.readouterr().err
