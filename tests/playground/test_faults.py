"""The switches, against the real emulator and the real scripted model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from playground.control import Control
from playground.faults import FAULTS, FaultUnavailable, Scope, Switches
from playground.im.faults import Delivery
from playground.im_server import ImServer
from playground.model_server import ModelServer, Reply

IM_FAULTS = [name for name, fault in FAULTS.items() if fault.group == "IM API"]
MODEL_FAULTS = [name for name, fault in FAULTS.items() if fault.group == "Model"]
MEDIA_FAULTS = [name for name, fault in FAULTS.items() if fault.group == "Media"]
DELIVERY_FAULTS = [name for name, fault in FAULTS.items() if fault.group == "Delivery"]


@dataclass
class Parts:
    switches: Switches
    im: ImServer
    model: ModelServer
    session: aiohttp.ClientSession

    async def ask(self, text: str = "hello") -> tuple[int, Any]:
        """Status and JSON of a request to the model."""
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        url = f"{self.model.url}/v1/chat/completions"
        async with self.session.post(url, json=body) as response:
            return response.status, await response.json()

    def api_fault(self, to: str = "alice") -> str | None:
        """Kind of the fault that a call for this receiver meets; none is left for the next one if it is for one."""
        fault = self.im._api.faults.take(to, self.im.chats.now())
        return fault.kind if fault else None


def _told(answer: tuple[int, Any]) -> Any:
    """What the relay would make of a model's answer."""
    status, body = answer
    return (status, body["choices"][0]["message"] if status == 200 else body["error"]["code"])


@pytest.fixture
async def parts() -> AsyncIterator[Parts]:
    async with (
        ImServer(app_key="k", secret="s") as im,
        ModelServer() as model,
        aiohttp.ClientSession() as session,
    ):
        im_control = Control(session, im.url, "the IM emulator")
        model_control = Control(session, model.url, "the model server")
        yield Parts(Switches(im_control, model_control), im, model, session)


def test_every_fault_says_in_a_sentence_what_happens() -> None:
    for name, fault in FAULTS.items():
        assert (fault.name, fault.explanation[-1]) == (name, ".")
        assert len(fault.label) <= 25


@pytest.mark.parametrize("name", DELIVERY_FAULTS)
async def test_a_fault_of_delivery_is_a_way_to_deliver_the_message(parts: Parts, name: str) -> None:
    await parts.switches.turn_on(name, "next")
    assert Delivery(**await parts.switches.arm("alice")) != Delivery()


@pytest.mark.parametrize("name", IM_FAULTS)
async def test_a_fault_of_the_im_api_hits_one_call_for_the_next_message(parts: Parts, name: str) -> None:
    await parts.switches.turn_on(name, "next")
    assert parts.api_fault() is None, "not before the message"
    assert await parts.switches.arm("alice") == {}
    assert parts.api_fault("bob") is None, "not for others"
    assert parts.api_fault() == FAULTS[name].order["kind"]
    assert parts.api_fault() is None


@pytest.mark.parametrize("name", IM_FAULTS)
async def test_a_fault_of_the_im_api_hits_every_call_until_it_is_off(parts: Parts, name: str) -> None:
    await parts.switches.turn_on(name, "on")
    assert [parts.api_fault(), parts.api_fault("bob")] == [FAULTS[name].order["kind"]] * 2
    await parts.switches.turn_off(name)
    assert parts.api_fault() is None


@pytest.mark.parametrize("scope", ["next", "on"])
@pytest.mark.parametrize("name", sorted({*MODEL_FAULTS} - {"model-slow"}))
async def test_a_fault_of_the_model_is_met_by_its_next_request(parts: Parts, name: str, scope: Scope) -> None:
    usual = await parts.ask()
    await parts.switches.turn_on(name, scope)
    await parts.switches.arm("alice")
    assert _told(await parts.ask()) != _told(usual)
    assert (_told(await parts.ask()) == _told(usual)) == (scope == "next")
    await parts.switches.turn_off()
    assert _told(await parts.ask()) == _told(usual)


@pytest.mark.parametrize("name", sorted({*MEDIA_FAULTS} - {"media-slow"}))
@pytest.mark.parametrize("scope", ["next", "on"])
async def test_a_fault_of_the_storage_is_met_by_who_fetches_what_the_next_message_carries(
    parts: Parts, name: str, scope: Scope
) -> None:
    parts.im.webhook = f"{parts.im.url}/nobody"

    async def send() -> tuple[int, bytes]:
        url = parts.im.storage.put(b"bytes", "image/png")
        await parts.switches.arm("alice")
        await parts.im.say("alice", "", msg_type="PICTURE", attach={"url": url})
        async with parts.session.get(url, allow_redirects=False) as response:
            return response.status, await response.read()

    await parts.switches.turn_on(name, scope)
    assert await send() != (200, b"bytes")
    assert (await send() == (200, b"bytes")) == (scope == "next")
    await parts.switches.turn_on("im-416", "on")
    await parts.switches.turn_off("im-416")
    assert (await send() == (200, b"bytes")) == (scope == "next"), "another switch changes nothing"
    await parts.switches.turn_off()
    assert await send() == (200, b"bytes")


async def test_a_fault_for_the_next_message_is_not_kept_for_a_picture_that_comes_later(parts: Parts) -> None:
    parts.im.webhook = f"{parts.im.url}/nobody"
    await parts.switches.turn_on("media-gone", "next")
    await parts.switches.arm("alice")
    await parts.im.say("alice", "only words")
    url = parts.im.storage.put(b"bytes", "image/png")
    await parts.im.say("alice", "", msg_type="PICTURE", attach={"url": url})
    async with parts.session.get(url) as response:
        assert response.status == 200


async def test_a_switch_goes_before_what_the_script_says(parts: Parts) -> None:
    parts.model.when("hello", Reply("from the script"))
    await parts.switches.turn_on("model-500", "next")
    await parts.switches.arm("alice")
    assert (await parts.ask())[0] == 500
    assert (await parts.ask())[1]["choices"][0]["message"]["content"] == "from the script"


async def test_a_fault_for_the_next_message_is_off_after_it(parts: Parts) -> None:
    await parts.switches.turn_on("deliver-twice", "next")
    await parts.switches.turn_on("bad-signature", "on")
    assert parts.switches.scope("deliver-twice") == "next"
    assert await parts.switches.arm("alice") == {"copies": 2, "signature": "bad"}
    assert parts.switches.scope("deliver-twice") is None
    assert await parts.switches.arm("alice") == {"signature": "bad"}


async def test_switching_one_off_leaves_the_others_on(parts: Parts) -> None:
    await parts.switches.turn_on("im-416", "on")
    await parts.switches.turn_on("im-antispam", "on")
    await parts.switches.turn_off("im-416")
    assert [parts.api_fault(), parts.api_fault()] == ["antispam", "antispam"]
    await parts.switches.turn_off()
    assert parts.api_fault() is None


async def test_a_model_that_nobody_can_reach_cannot_be_told_to_misbehave(parts: Parts) -> None:
    switches = Switches(parts.switches.im, model=None)
    assert not switches.available(FAULTS["model-500"])
    assert switches.available(FAULTS["im-500"])
    with pytest.raises(FaultUnavailable, match="model-500"):
        await switches.turn_on("model-500", "next")


async def test_there_is_no_fault_of_an_unknown_name(parts: Parts) -> None:
    with pytest.raises(KeyError):
        await parts.switches.turn_on("im-417", "next")
