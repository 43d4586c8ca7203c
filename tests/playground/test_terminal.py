"""The chat in the terminal, against a real IM emulator and a webhook that answers in its response."""

import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from playground import terminal as terminal_module
from playground.im_control import Acknowledgement, ImControl
from playground.im_server import ImServer
from playground.loopback import serving
from playground.terminal import Person, Terminal, way
from relay.config.bot import Bot

HELPER = Bot(accid="helper", name="Helper", system_prompt="x", reply="response")
TRANSLATOR = Bot(accid="translator", name="Translator", system_prompt="x")

TURN = (
    "INFO relay.turn turn done bot=helper conversation=1f message=9a outcome=answered batch=1 window=4"
    " queued_ms=41 model_ms=812 store_ms=7 send_ms=5 prompt_tokens=10 completion_tokens=20"
)

Chat = Callable[..., Any]


@pytest.fixture
def posted() -> list[dict[str, Any]]:
    """The bodies that the webhook got."""
    return []


@pytest.fixture
def answers() -> Callable[[dict[str, Any]], web.Response]:
    """How the webhook answers; a test may return something else."""

    def reply(body: dict[str, Any]) -> web.Response:
        return web.json_response({"errCode": 0, "reply": {"type": 0, "text": f"You said: {body['body']}"}})

    return reply


@asynccontextmanager
async def webhook(answer: Callable[[dict[str, Any]], web.Response], posted: list[Any]) -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.Response:
        posted.append(json.loads(await request.read()))
        return answer(posted[-1])

    app = web.Application()
    app.router.add_post("/api/webhook", take)
    async with serving(app) as url:
        yield f"{url}/api/webhook"


@pytest.fixture
def chat(posted: list[Any], answers: Callable[[dict[str, Any]], web.Response]) -> Chat:
    """Types lines, and returns what is then on the screen."""

    async def run(
        *lines: str, answer: Callable[[dict[str, Any]], web.Response] = answers, bot: Bot = HELPER
    ) -> str:
        async def typed() -> AsyncIterator[str]:
            for line in lines:
                yield f"{line}\n"

        screen = io.StringIO()
        async with (
            webhook(answer, posted) as url,
            ImServer(app_key="key", secret="secret", webhook=url) as im,
            aiohttp.ClientSession() as session,
        ):
            bots = (bot, *(other for other in (HELPER, TRANSLATOR) if other.accid != bot.accid))
            await Terminal(ImControl(session, im.url), Person(bots), screen).run(typed())
            await im.say("alice", "bye", post=False)  # the emulator would wait a second for its last poll
        return screen.getvalue()

    return run


async def test_a_reply_is_shown_and_then_what_happened_on_the_way(chat: Chat) -> None:
    screen = await chat("hello", ":quit", "never sent")
    first, second, third = screen.splitlines()
    assert first == "alice → Helper: Helper: You said: hello"
    assert second.startswith("  queued ")
    assert third == "alice → Helper: "
    assert "never sent" not in screen


async def test_the_end_of_the_input_ends_the_chat(chat: Chat) -> None:
    assert (await chat("hello")).endswith("alice → Helper: \n")


async def test_a_message_that_is_for_no_bot_is_not_waited_for(chat: Chat) -> None:
    ignored = web.json_response
    screen = await chat("hello", answer=lambda _: ignored({"status": "ignored", "reason": "not_allowed"}))
    assert "not for a bot: not_allowed" in screen


async def test_an_error_of_the_webhook_is_shown(chat: Chat) -> None:
    refused = web.json_response
    screen = await chat("hello", answer=lambda _: refused({"error": "unauthorized"}, status=401))
    assert 'the webhook answered 401: {"error": "unauthorized"}' in screen


async def test_a_reply_that_does_not_come_is_told(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_module, "REPLY_SECONDS", 0.05)
    screen = await chat("hello", answer=lambda _: web.json_response({"status": "queued"}))
    assert "no reply within" in screen


async def test_the_bots_own_commands_go_to_the_bot(chat: Chat, posted: list[Any]) -> None:
    await chat("/help", "  ", ":who")
    assert [body["body"] for body in posted] == ["/help"]


def test_a_command_is_what_the_bot_takes_for_one() -> None:
    alice = Person([HELPER])
    assert [text for text in ("/help", "／HELP", "/help me", "@Helper /help") if alice.commands(text)] == [
        "/help",
        "／HELP",
    ]
    alice.group = True
    assert alice.commands("@Helper /help")
    assert not Person([HELPER.model_copy(update={"commands": False})]).commands("/help")


async def test_another_user_and_another_bot_can_be_chosen(chat: Chat, posted: list[Any]) -> None:
    screen = await chat(":user Bob", ":bot translator", ":input chatbot", "hallo")
    assert "bob → Translator: Translator: You said: hallo" in screen
    assert (posted[0]["fromAccount"], posted[0]["robotAccid"]) == ("bob", "translator")


async def test_an_unknown_bot_is_refused_with_the_known_ones(chat: Chat) -> None:
    assert "known bots: helper, translator" in await chat(":bot elper")


async def test_robot_info_is_sent_until_it_is_unset(chat: Chat, posted: list[Any]) -> None:
    await chat(
        ":topic t1", ":function chinese", ":custom a vip", "one", ":topic", ":function", ":custom", "two"
    )
    assert [body["robotInfo"] for body in posted] == [
        {"topic": "t1", "function": "chinese", "customContent": "a vip"},
        {},
    ]


async def test_a_bot_that_sends_its_replies_gets_message_copies(chat: Chat, posted: list[Any]) -> None:
    ignored = web.json_response({"status": "ignored", "reason": "kind"})
    await chat("hello", bot=TRANSLATOR, answer=lambda _: ignored)
    assert posted[0]["eventType"] == "1"
    assert "robotInfo" not in posted[0]


async def test_a_group_holds_all_users_and_bots(chat: Chat, posted: list[Any]) -> None:
    ignored = web.json_response
    screen = await chat(
        ":group",
        ":user bob",
        "hello",
        answer=lambda _: ignored({"status": "ignored", "reason": "not_addressed"}),
    )
    assert "bob → group (Helper): " in screen
    assert "not for a bot: not_addressed" in screen
    assert posted[0]["convType"] == "TEAM"


@pytest.mark.parametrize("line", [":help", ":frobnicate", ":input morse", ":user"])
async def test_what_is_not_understood_shows_the_help(chat: Chat, posted: list[Any], line: str) -> None:
    assert ":private" in await chat(line)
    assert posted == []


def test_the_way_of_a_message_is_told_in_one_line() -> None:
    answer = Acknowledgement(200, "{}", 8.4, "")
    assert way(answer, TURN) == (
        "queued 8 ms · waited 41 ms · model 812 ms · stored 7 ms · sent 5 ms · window 4 messages"
    )


def test_messages_that_were_answered_together_are_told() -> None:
    turn = TURN.replace("batch=1", "batch=3")
    assert way(Acknowledgement(200, "{}", 8.4, ""), turn).endswith("· 3 messages answered together")


def test_without_the_log_only_the_webhooks_own_time_is_told() -> None:
    assert way(Acknowledgement(200, "{}", 8.4, ""), "") == "queued 8 ms"
