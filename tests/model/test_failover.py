"""Several deployments of one bot, each a real server on loopback: who is asked, when, and for how long."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import openai  # noqa: F401  (its import must not count against a deadline)
import pytest

from playground.model_server import Fault, ModelServer, Reply
from playground.ports import free_port
from relay.app import Relay
from relay.backoff import Backoff
from relay.config.bot import Deployment
from relay.config.bots import load_bots
from relay.config.settings import load_settings
from relay.errors import ConfigError, ModelBlocked, ModelOverflow, ModelRejected, ModelUnavailable
from relay.model.chat import OpenAIChat
from relay.model.cooldowns import Cooldowns
from relay.model.endpoints import endpoints_of, missing_keys
from relay.ports import ChatMessage, Prompt
from tests.kit import BOTS_TOML, RelayKit
from tests.mistakes import GOOD_BOT, GOOD_SETTINGS

AZURE = {
    "RELAY_MODEL_URL": "",
    "RELAY_MODEL_NAME": "",
    "AZURE_OPENAI_ENDPOINT": "https://west.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "chat",
    "AZURE_OPENAI_API_KEY": "west-key",
}


@dataclass
class Regions:
    """Two servers, and a chat model that prefers the first."""

    west: ModelServer
    east: ModelServer
    chat: OpenAIChat
    prompt: Prompt
    clock: list[float]

    async def ask(self, seconds: float = 10) -> str:
        """One answer."""
        return (await self.chat.complete(self.prompt, seconds=seconds)).text

    @property
    def asked(self) -> tuple[int, int]:
        """How many requests each of them got."""
        return len(self.west.requests), len(self.east.requests)


@pytest.fixture
async def regions() -> AsyncIterator[Regions]:
    async with ModelServer() as west, ModelServer() as east:
        west.when("hello", Reply("west"))
        east.when("hello", Reply("east"))
        clock = [0.0]
        # A rest that nobody names lasts for ever here: who waits for one instead of asking the other server, fails.
        cooldowns = Cooldowns(now=lambda: clock[0], backoff=Backoff(60, 60))
        chat = OpenAIChat(load_settings(GOOD_SETTINGS), cooldowns)
        models = (
            Deployment(model="gpt", url=west.url + "/v1"),
            Deployment(model="gpt", url=east.url + "/v1"),
        )
        yield Regions(west, east, chat, Prompt((ChatMessage("user", "hello"),), models=models), clock)
        await chat.aclose()


def failing(server: ModelServer, fault: Fault | Reply) -> None:
    """From now on the server does this."""
    server.when("hello", fault, first=True)


async def test_the_first_deployment_is_asked_as_long_as_it_answers(regions: Regions) -> None:
    assert [await regions.ask() for _ in range(3)] == ["west"] * 3
    assert regions.asked == (3, 0)


@pytest.mark.parametrize(
    "kind", ["rate_limited", "server_error", "closed", "unauthorized", "deployment_not_found"]
)
async def test_the_next_deployment_is_asked_at_once(regions: Regions, kind: Any) -> None:
    failing(regions.west, Fault(kind))
    assert await regions.ask() == "east"
    assert regions.asked == (1, 1)


async def test_a_throttled_region_does_not_stop_the_bot(regions: Regions) -> None:
    """A complaint about other bots: "429 Too Many Requests" reaches the users while another region stands idle."""
    failing(regions.west, Fault("rate_limited", retry_after=30))
    assert [await regions.ask() for _ in range(4)] == ["east"] * 4
    assert regions.asked == (1, 4), "the throttled deployment is left alone by every turn of the process"


async def test_a_region_that_cannot_be_reached_is_passed_over(regions: Regions) -> None:
    gone = Deployment(model="gpt", url=f"http://127.0.0.1:{free_port()}/v1")
    regions.prompt = replace(regions.prompt, models=(gone, *regions.prompt.models))
    assert await regions.ask() == "west"


async def test_a_slow_deployment_gets_its_share_of_the_time_and_no_more(regions: Regions) -> None:
    failing(regions.west, Reply(hold=True))
    started = time.monotonic()
    assert await regions.ask(seconds=2) == "east"
    assert time.monotonic() - started > 0.9


async def test_the_last_deployment_gets_all_the_time_that_is_left(regions: Regions) -> None:
    failing(regions.west, Fault("server_error"))
    failing(regions.east, Reply("late", seconds=1.6))
    assert await regions.ask(seconds=3) == "late"


async def test_a_deployment_that_rests_until_after_the_deadline_gets_no_share(regions: Regions) -> None:
    failing(regions.east, Fault("rate_limited", retry_after=500))
    failing(regions.west, Fault("server_error"))
    with pytest.raises(ModelUnavailable):
        await regions.ask()
    regions.clock[0] += 400
    regions.west.when("hello", Reply("late", seconds=1.6), first=True)
    assert await regions.ask(seconds=3) == "late"


async def test_a_deployment_that_works_again_is_preferred_again(regions: Regions) -> None:
    regions.west.when("hello", Fault("rate_limited", retry_after=20), times=1, first=True)
    assert [await regions.ask() for _ in range(2)] == ["east"] * 2
    regions.clock[0] += 20
    assert await regions.ask() == "west"


async def test_when_all_are_throttled_the_first_that_is_free_again_is_waited_for(regions: Regions) -> None:
    regions.chat = OpenAIChat(load_settings(GOOD_SETTINGS))  # under the real clock
    regions.west.when("hello", Fault("rate_limited", retry_after=30), first=True)
    regions.east.when("hello", Fault("rate_limited", retry_after_ms=100), times=1, first=True)
    assert await regions.ask() == "east"
    assert regions.asked == (1, 2)
    await regions.chat.aclose()


async def test_when_none_is_free_in_time_the_turn_hears_when_to_come_back(regions: Regions) -> None:
    failing(regions.west, Fault("rate_limited", retry_after=30))
    failing(regions.east, Fault("rate_limited", retry_after=20))
    for _ in range(2):
        async with asyncio.timeout(8):  # at once, and not at the end of the deadline
            with pytest.raises(ModelUnavailable) as caught:
                await regions.ask(seconds=15)
        assert caught.value.retry_after == 20
    assert regions.asked == (1, 1)


async def test_the_deadline_holds_whatever_the_deployments_do(regions: Regions) -> None:
    for server in (regions.west, regions.east):
        failing(server, Reply(hold=True))
    started = time.monotonic()
    with pytest.raises(ModelUnavailable):
        await regions.ask(seconds=0.6)
    assert time.monotonic() - started < 2


async def test_nobody_is_asked_when_no_time_is_left_and_no_deployment_rests_for_that(
    regions: Regions,
) -> None:
    assert await regions.ask() == "west"
    with pytest.raises(ModelUnavailable, match="too little"):
        await regions.ask(seconds=0.05)
    assert regions.asked == (1, 0), "its answer would be paid for and thrown away"
    assert await regions.ask() == "west"


async def test_an_sdk_that_loads_too_slowly_is_no_fault_of_a_deployment(
    regions: Regions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def load(module: str) -> Any:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("relay.model.connections.load", load)
        with pytest.raises(ModelUnavailable, match="too little"):
            await regions.ask(seconds=0.3)
    assert await regions.ask() == "west"
    assert regions.asked == (1, 0)


async def test_what_a_content_filter_refuses_is_not_taken_elsewhere(regions: Regions) -> None:
    failing(regions.west, Fault("prompt_filtered"))
    with pytest.raises(ModelBlocked) as caught:
        await regions.ask()
    assert regions.asked == (1, 0)
    assert (
        await regions.chat.complete(regions.prompt, seconds=10, without={caught.value.place})
    ).text == "east"


async def test_a_prompt_that_is_too_long_for_one_is_taken_to_the_next_and_the_first_does_not_rest(
    regions: Regions,
) -> None:
    failing(regions.west, Fault("context_length_exceeded"))
    assert await regions.ask() == await regions.ask() == "east"
    assert regions.asked == (2, 2)
    failing(regions.east, Fault("context_length_exceeded"))
    with pytest.raises(ModelOverflow):
        await regions.ask()


async def test_a_prompt_that_is_too_long_becomes_shorter_at_once_while_the_others_rest(
    regions: Regions,
) -> None:
    failing(regions.east, Fault("rate_limited", retry_after=60))
    failing(regions.west, Fault("context_length_exceeded"))
    for _ in range(2):
        with pytest.raises(ModelOverflow):
            await regions.ask()
    assert regions.asked == (2, 1)


async def test_a_place_that_refuses_everything_is_found_out_once_a_minute(
    regions: Regions, caplog: pytest.LogCaptureFixture
) -> None:
    regions.west.when("", Fault("bad_request"), first=True)
    with pytest.raises(ModelRejected) as caught:
        await regions.ask()
    place = caught.value.place
    for _ in range(3):
        assert not await regions.chat.takes_anything(place, seconds=10)
    assert [request.body["messages"] for request in regions.west.requests[1:]] == [
        [{"role": "user", "content": "Hi"}]
    ]
    assert caplog.text.count("refuses every request") == 1
    assert (await regions.chat.complete(regions.prompt, seconds=10, without={place})).text == "east"
    regions.clock[0] += 61
    await regions.chat.takes_anything(place, seconds=10)
    assert regions.asked == (3, 1)


async def test_a_place_that_answers_the_simplest_prompt_is_not_at_fault(regions: Regions) -> None:
    failing(regions.west, Fault("bad_request"))
    with pytest.raises(ModelRejected) as caught:
        await regions.ask()
    assert await regions.chat.takes_anything(caught.value.place, seconds=10)


async def test_a_place_that_cannot_be_asked_now_is_not_at_fault_either(regions: Regions) -> None:
    failing(regions.west, Fault("bad_request"))
    with pytest.raises(ModelRejected) as caught:
        await regions.ask()
    regions.west.when("Hi", Fault("rate_limited"), first=True)
    with pytest.raises(ModelUnavailable):
        await regions.chat.takes_anything(caught.value.place, seconds=10)


async def test_nobody_is_at_fault_who_refused_nothing(regions: Regions) -> None:
    assert await regions.chat.takes_anything(None, seconds=10)
    assert regions.asked == (0, 0)


async def test_with_no_place_left_there_is_no_answer_now(regions: Regions) -> None:
    places = set(endpoints_of(regions.chat._settings, regions.prompt.models))
    with pytest.raises(ModelUnavailable, match="refuses every request"):
        await regions.chat.complete(regions.prompt, seconds=10, without=places)


async def test_what_only_an_operator_can_mend_is_asked_once_in_a_turn_and_named(
    regions: Regions, caplog: pytest.LogCaptureFixture
) -> None:
    failing(regions.west, Fault("unauthorized"))
    failing(regions.east, Fault("deployment_not_found"))
    with pytest.raises(ModelUnavailable):
        await regions.ask()
    assert regions.asked == (1, 1)
    assert "check the key" in caplog.text
    assert "check deployment" in caplog.text


async def test_a_burst_of_turns_learns_together(regions: Regions) -> None:
    failing(regions.west, Fault("rate_limited", retry_after=30))
    await regions.ask()
    assert await asyncio.gather(*(regions.ask() for _ in range(20))) == ["east"] * 20
    assert regions.asked == (1, 21)


async def test_turns_that_come_while_the_only_deployment_wants_to_be_left_alone_wait() -> None:
    async with ModelServer() as server:
        chat = OpenAIChat(load_settings(GOOD_SETTINGS | {"RELAY_MODEL_URL": server.url + "/v1"}))
        prompt = Prompt((ChatMessage("user", "hello"),))
        server.when("hello", Fault("rate_limited", retry_after_ms=400), times=1)
        with pytest.raises(ModelUnavailable):
            await chat.complete(prompt, seconds=0.3)
        said = await asyncio.gather(*(chat.complete(prompt, seconds=10) for _ in range(5)))
        assert {completion.text for completion in said} == {"You said: hello"}
        assert [request.status for request in server.requests] == [429] + [200] * 5
        await chat.aclose()


async def test_one_failure_does_not_hold_up_the_other_turns_of_a_bot_with_one_deployment() -> None:
    async with ModelServer() as server:
        settings = load_settings(GOOD_SETTINGS | {"RELAY_MODEL_URL": server.url + "/v1"})
        chat = OpenAIChat(settings, Cooldowns(backoff=Backoff(60, 60)))
        server.when("unlucky", Fault("server_error"))
        with pytest.raises(ModelUnavailable):
            await chat.complete(Prompt((ChatMessage("user", "unlucky"),)), seconds=10)
        completion = await chat.complete(Prompt((ChatMessage("user", "hello"),)), seconds=10)
        assert completion.text == "You said: hello"
        await chat.aclose()


async def test_no_log_of_a_failover_holds_a_key_or_a_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with ModelServer(key="the-right-key") as server:
        settings = load_settings(GOOD_SETTINGS | {"RELAY_MODEL_KEY_EAST": "hunter2-key"})
        east = Deployment(model="gpt", url=server.url + "/v1", key_setting="RELAY_MODEL_KEY_EAST")
        chat = OpenAIChat(settings)
        with pytest.raises(ModelUnavailable):
            await chat.complete(Prompt((ChatMessage("user", "hunter2"),), models=(east,)), seconds=5)
        await chat.aclose()
    assert "does not answer" in caplog.text
    assert "hunter2" not in caplog.text


# where they are


def test_without_models_the_settings_model_is_asked() -> None:
    (endpoint,) = endpoints_of(load_settings(GOOD_SETTINGS | AZURE), ())
    assert (endpoint.base_url, endpoint.model) == ("https://west.openai.azure.com/openai/v1/", "chat")
    assert endpoint.key is not None
    assert endpoint.key.get_secret_value() == "west-key"


def test_a_name_alone_is_a_model_of_the_settings_server() -> None:
    west, other = endpoints_of(
        load_settings(GOOD_SETTINGS | AZURE), [Deployment(model="chat"), Deployment(model="x")]
    )
    assert (other.base_url, other.key) == (west.base_url, west.key)


def test_the_settings_key_is_for_the_settings_server_alone() -> None:
    elsewhere = [
        Deployment(model="chat", endpoint="https://east.openai.azure.com"),
        Deployment(model="chat", url="http://127.0.0.1:1/v1"),
    ]
    assert [endpoint.key for endpoint in endpoints_of(load_settings(GOOD_SETTINGS | AZURE), elsewhere)] == [
        None,
        None,
    ]


def test_a_further_key_is_that_of_the_setting_with_the_name() -> None:
    settings = load_settings(GOOD_SETTINGS | AZURE | {"AZURE_OPENAI_API_KEY_EAST": "east-key"})
    east = Deployment(
        model="chat", endpoint="https://east.openai.azure.com", key_setting="AZURE_OPENAI_API_KEY_EAST"
    )
    (endpoint,) = endpoints_of(settings, [east])
    assert endpoint.key is not None
    assert endpoint.key.get_secret_value() == "east-key"
    assert "east-key" not in repr(endpoint)


async def test_a_further_server_gets_its_own_key() -> None:
    async with ModelServer(key="east-key") as server:
        settings = load_settings(
            GOOD_SETTINGS | {"RELAY_MODEL_KEY": "west-key", "RELAY_MODEL_KEY_EAST": "east-key"}
        )
        chat = OpenAIChat(settings)
        east = Deployment(model="gpt", url=server.url + "/v1", key_setting="RELAY_MODEL_KEY_EAST")
        completion = await chat.complete(Prompt((ChatMessage("user", "hello"),), models=(east,)), seconds=5)
        assert completion.text == "You said: hello"
        await chat.aclose()


def test_a_key_that_a_bot_names_must_be_set(tmp_path: Any) -> None:
    path = tmp_path / "bots.toml"
    path.write_text(
        BOTS_TOML + '[bots.functions.deep]\nmodels = [{ model = "big", url = "https://x.example/v1", '
        'key_setting = "RELAY_MODEL_KEY_X" }]\n',
        encoding="utf-8",
    )
    bots = load_bots(path)
    assert missing_keys(load_settings(GOOD_SETTINGS), bots) == [
        'RELAY_MODEL_KEY_X: not set, but bot "echo" names it in "models"; accepted: a key of https://x.example/v1'
    ]
    assert missing_keys(load_settings(GOOD_SETTINGS | {"RELAY_MODEL_KEY_X": "k"}), bots) == []


def test_a_key_that_is_missing_stops_the_start(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bots.toml"
    east = '{ model = "x", url = "https://x.example/v1", key_setting = "RELAY_MODEL_KEY_X" }'
    path.write_text(f"{GOOD_BOT}models = [{east}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="RELAY_MODEL_KEY_X: not set"):
        Relay.from_environment(GOOD_SETTINGS | {"RELAY_BOTS_FILE": str(path)})
    assert "RELAY_MODEL_KEY_X" in capsys.readouterr().err


# the turn


def test_a_turn_goes_back_to_the_queue_for_as_long_as_the_model_wants_to_be_left_alone(
    relay: RelayKit,
) -> None:
    relay.model.script = [ModelUnavailable("HTTP 429", retry_after=50)]
    relay.post("hello")
    relay.wait(49)
    assert relay.replies == []
    relay.wait(2)
    assert relay.replies == ["Hi alice"]


def test_a_wait_that_is_too_long_ends_in_time_for_the_failure_text(relay: RelayKit) -> None:
    relay.model.default = ModelUnavailable("HTTP 429", retry_after=3600)
    relay.post("hello")
    relay.wait(9 * 60)
    assert relay.replies == []
    relay.wait(2 * 60)
    assert len(relay.replies) == 1


def test_a_bot_asks_its_models_in_order(relay: RelayKit) -> None:
    east = {"model": "gpt", "endpoint": "https://east.openai.azure.com"}
    relay.configure_bot(models=["gpt", east])
    relay.post("hello")
    assert relay.model.prompts[-1].models == (
        Deployment(model="gpt"),
        Deployment(model="gpt", endpoint="https://east.openai.azure.com"),
    )
