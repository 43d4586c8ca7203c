"""What one can do on the page beside writing: any request, messages again, gone, whole chats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from playground.host_lines import HostLines
from playground.page.cards import card_of
from playground.page.deeds import Deeds
from playground.page.kept import PageKept
from playground.page.parts import ModelLabel
from playground.page.people import People
from playground.page.shown import Shown
from playground.page.usage import usage_of
from relay import spans
from relay.config.bot import Bot
from relay.keys import BOT_KEY, bot_key, day_of, limits_table, sender_key
from relay.ports import Insert
from tests.doubles.tables import MemoryTables
from tests.playground.page.conftest import Browser
from tests.playground.page.story import HELPER, Story, answered_turn
from tests.playground.page.test_api import reply

CHAT = "/api/chats/alice%7Chelper"
NOW = 1_700_000_000_000
MODEL = ModelLabel("scripted", "scripted: repeats", visible=True)


async def test_any_request_is_sent_and_stands_in_the_list_with_its_answer(browser: Browser) -> None:
    sent = {
        "body": '{"eventType": 1}',
        "headers": {"X-Own": "1"},
        "signature": "missing",
        "clock_minutes": -60,
    }
    status, answered = await browser.call("POST", "/api/requests", sent)
    assert (status, answered["status"], answered["kind"]) == (201, 200, "callback")
    assert answered["answer"] == '{"status": "queued"}'
    (received,) = browser.webhook.received
    assert received.raw == b'{"eventType": 1}'
    assert received.headers["X-Own"] == "1"
    assert "CheckSum" not in received.headers
    await browser.until("request", number=answered["number"])
    said = await browser.say("hello")
    await browser.until("message", id=said["id"], status="waiting")
    _, (newest, oldest) = await browser.call("GET", "/api/requests")
    assert (newest["kind"], newest["message"], oldest["message"]) == ("copy", said["id"], None)
    _, whole = await browser.call("GET", f"/api/requests/{oldest['number']}")
    assert whole["body"] == sent["body"]
    assert whole["curl"].startswith("curl -i ")


async def test_what_can_be_sent_is_about_the_message_that_was_chosen(browser: Browser) -> None:
    said = await browser.say("hello")
    _, offered = await browser.call("GET", f"/api/templates?as=alice&to=helper&message={said['id']}")
    bodies = {one["name"]: one["body"] for one in offered}
    assert said["id"] in bodies["recall"]
    assert said["id"] not in bodies["antispam"]
    _, team = await browser.call("POST", "/api/teams", {"name": "Trip", "members": ["alice", "helper"]})
    _, offered = await browser.call("GET", f"/api/templates?as=alice&team={team['tid']}")
    assert '"eventType": "8"' in next(one["body"] for one in offered if one["name"] == "recall")


async def test_a_message_is_sent_again_as_it_was_with_a_fault(browser: Browser) -> None:
    robot = {"function": "", "topic": "trips", "customContent": "", "account": ""}
    said = await browser.say("hello", robot=robot)
    await browser.until("message", id=said["id"], status="waiting")
    order = {"as": "alice", "fault": "deliver-twice"}
    status, again = await browser.call("POST", f"/api/messages/{said['id']}/again", order)
    assert (status, again["text"]) == (201, "hello")
    assert again["id"] != said["id"]
    await browser.until("message", id=again["id"], robot=robot)
    await browser.im.wait_for(lambda: len(browser.im.posts) == 3)
    for order in ({"as": "bob"}, {"as": "alice", "fault": "none"}):
        status, _ = await browser.call("POST", f"/api/messages/{said['id']}/again", order)
        assert status in (400, 404)


async def test_a_deleted_message_is_gone_for_everybody_and_nobody_tells_the_webhook(browser: Browser) -> None:
    said = await browser.say("hello")
    assert (await browser.call("DELETE", f"/api/messages/{said['id']}"))[0] == 200
    await browser.until("gone", id=said["id"])
    assert (await browser.state())["messages"] == []
    assert browser.im.chat("alice", "helper") == []
    assert len(browser.webhook.received) == 1
    assert (await browser.call("DELETE", f"/api/messages/{said['id']}"))[0] == 404


async def test_a_cleared_chat_is_empty_here_and_goes_on(browser: Browser) -> None:
    said = await browser.say("hello")
    await browser.until("message", id=said["id"], status="waiting")
    assert (await browser.call("DELETE", CHAT))[1] == {"cleared": 1}
    await browser.until("gone", id=said["id"])
    assert len(browser.im.chat("alice", "helper")) == 1
    later = await browser.say("and now?")
    await browser.until("message", id=later["id"], status="waiting")
    assert [message["id"] for message in (await browser.state())["messages"]] == [later["id"]]


async def test_a_reply_to_what_was_cleared_away_belongs_to_it(browser: Browser) -> None:
    first = await browser.say("hello")
    await browser.until("message", id=first["id"], status="waiting")
    await reply(browser, "hi", "r1")
    await browser.until("message", id=first["id"], status="answered")
    said = await browser.say("and now?")
    await browser.until("message", id=said["id"], status="waiting")
    await browser.call("DELETE", CHAT)
    await reply(browser, "later", "r2")
    event = await browser.until("message", text="later")
    assert event["message"]["reply_to"] == said["id"]


async def test_what_was_deleted_is_in_no_scenario(browser: Browser) -> None:
    said = await browser.say("hello")
    later = await browser.say("and now?")
    await browser.until("message", id=later["id"], status="waiting")
    await browser.call("DELETE", f"/api/messages/{said['id']}")
    await browser.until("gone", id=said["id"])
    async with browser.session.get(f"{browser.url}/api/scenario?chat=alice|helper") as response:
        toml = await response.text()
    assert toml.count("say = ") == 1
    assert 'say = "and now?"' in toml


async def test_a_group_that_ends_is_nobodys_and_its_id_is_not_given_again(browser: Browser) -> None:
    group = {"name": "Trip", "members": ["alice", "helper"]}
    _, team = await browser.call("POST", "/api/teams", group)
    url = f"/api/teams/{team['tid']}"
    assert (await browser.call("DELETE", url))[0] == 200
    await browser.until("team", team={**team, "members": []})
    assert (await browser.state())["teams"] == []
    assert (await browser.call("DELETE", url))[0] == 404
    assert (await browser.call("PUT", url, group))[0] == 404
    _, other = await browser.call("POST", "/api/teams", group)
    assert other["tid"] != team["tid"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/bots/nobody", 404),
        ("GET", "/api/requests/99", 404),
        ("GET", "/api/templates?as=alice&to=nobody", 400),
        ("GET", "/api/log?after=x", 400),
    ],
)
async def test_what_is_not_there_is_refused(browser: Browser, method: str, path: str, status: int) -> None:
    assert (await browser.call(method, path))[0] == status


async def test_a_card_tells_what_the_bot_is_told_and_what_is_left_of_its_limits() -> None:
    bot = Bot.model_validate(
        {
            "accid": "helper",
            "name": "Helper",
            "system_prompt": "You are Helper.",
            "tools": ("now",),
            "limits": {"per_sender": {"minute": 3, "day": 5}, "per_bot": {"tokens_per_day": 100}},
        }
    )
    tables, table = MemoryTables(), limits_table(day_of(NOW))
    await tables.create_table(table)
    mine: dict[str, int | str] = {
        "minute": NOW // 60_000,
        "in_minute": 1,
        "in_day": 4,
        "tokens": 7,
        "writer": "w",
    }
    rows = [Insert(sender_key("alice"), mine), Insert(BOT_KEY, {**mine, "tokens": 120})]
    await tables.write(table, bot_key("helper"), *rows)
    card = await card_of(bot, "alice", MODEL, tables, NOW)
    assert (card["prompt"], card["models"], card["tools"]) == (
        "You are Helper.",
        ["scripted: repeats"],
        ["now"],
    )
    assert ["rewind_messages", "20"] in card["settings"]
    assert [(one["who"], one["what"], one["most"], one["left"]) for one in card["limits"]] == [
        ("per_sender", "minute", 3, 2),
        ("per_sender", "day", 5, 1),
        ("per_bot", "tokens_per_day", 100, 0),
    ]
    elsewhere = await card_of(bot, "alice", MODEL, None, NOW)
    assert elsewhere["limits_note"] == "not_ours"
    assert {one["left"] for one in elsewhere["limits"]} == {None}


def test_the_tokens_of_a_chat_are_those_of_the_models_answers_in_it() -> None:
    story = Story()
    said = story.says("hello")
    trace = story.posted(said)
    turn = answered_turn(story, trace, "h1", 20, reply="r1", covers=["h1"])
    tokens: dict[str, Any] = {"GEN_AI_INPUT_TOKENS": 30, "GEN_AI_OUTPUT_TOKENS": 4}
    story.span(trace, f"{spans.CHAT}scripted", 60, parent=turn, GEN_AI_RESPONSE_MODEL="tiny", **tokens)
    usage = usage_of(story.journal, "alice|helper")
    assert (usage["visible"], usage["calls"], usage["prompt"], usage["completion"]) == (True, 2, 30, 4)
    assert [(one["model"], one["calls"]) for one in usage["models"]] == [("scripted", 1), ("tiny", 1)]
    assert usage_of(story.journal, "bob|helper")["calls"] == 0


def test_what_was_cleared_away_stays_away_after_a_restart(tmp_path: Path) -> None:
    for run in range(2):
        story = Story()
        shown, kept = Shown(story.journal, [HELPER], Deeds()), PageKept(tmp_path)
        kept.restore(story.journal, People([]), shown)
        said = story.says("hello")
        assert len(shown.settle("alice|helper")) == (0 if run else 1)
        kept.cleared(shown.clear("alice|helper"))
        assert shown.settle("alice|helper") == []
        assert said not in shown.messages


def test_lines_of_the_host_are_numbered_and_without_colours() -> None:
    lines = HostLines()
    lines.add("one")
    lines.add("\x1b[31mtwo\x1b[0m")
    assert [(line.number, line.text) for line in lines.after(1)] == [(2, "two")]
