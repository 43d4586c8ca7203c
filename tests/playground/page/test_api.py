"""The page's interface over a real emulator."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from relay.signature import sign_outbound
from tests.playground.page.conftest import Browser
from tests.playground.receiver import Received


def host(state: str) -> dict[str, Any]:
    return {"kind": "builtin", "state": state, "killable": True}


async def reply(browser: Browser, text: str, client_id: str = "r1") -> None:
    """A bot answers through the server API, as the relay would."""
    signed = sign_outbound("key", "secret", "nonce", browser.im.chats.now() // 1000)
    path = "/im/v2/conversations/helper%7C1%7Calice/messages"
    body = {"message": {"message_type": 0, "text": text, "message_client_id": client_id}}
    async with browser.session.post(browser.im.url + path, json=body, headers=signed) as response:
        assert (await response.json())["code"] == 200


async def test_the_state_names_bots_users_and_what_runs(browser: Browser) -> None:
    await browser.until("host", host=host("running"))
    state = await browser.state()
    assert state["bots"] == [
        {
            "accid": "helper",
            "name": "Helper",
            "aliases": ["小助手"],
            "avatar": None,
            "functions": [],
            "reply": "send",
            "enabled": True,
            "removed": False,
        }
    ]
    assert [user["accid"] for user in state["users"]] == ["alice", "bob", "carol"]
    assert state["teams"] == state["messages"] == state["invisible"] == []
    assert state["model"] == {"kind": "scripted", "label": "scripted", "visible": True}
    assert state["version"]


async def test_a_message_is_there_before_the_webhook_has_answered(browser: Browser) -> None:
    answered = asyncio.Event()

    async def slowly(_: Received) -> web.Response:
        await answered.wait()
        return web.json_response({"status": "queued"})

    browser.webhook.answer = slowly
    said = await browser.say("hello")
    assert (said["status"], said["bot"], said["chat"]) == ("sending", "helper", "alice|helper")
    answered.set()
    await browser.until("message", id=said["id"], status="waiting")


async def test_a_reply_arrives_live_as_safe_html_and_answers_its_message(browser: Browser) -> None:
    said = await browser.say("hello")
    await browser.until("message", id=said["id"], status="waiting")
    await reply(browser, "**hi** <script>")
    event = await browser.until("message", origin="bot", reply_to=said["id"])
    assert event["message"]["html"] == "<p><strong>hi</strong> &lt;script&gt;</p>"
    await browser.until("message", id=said["id"], status="answered")
    await browser.until("timeline", id=said["id"])


async def test_robot_info_and_input_reach_the_webhook(browser: Browser) -> None:
    robot = {"function": "translate", "topic": "t", "customContent": "{}", "account": ""}
    said = await browser.say("hello", robot=robot, input="both")
    await browser.until("message", id=said["id"], status="waiting", robot=robot)
    copy, chatbot = browser.webhook.bodies
    assert '"topic": "t"' in copy["ext"]
    assert chatbot["robotInfo"] == {"function": "translate", "topic": "t", "customContent": "{}"}


async def test_a_group_is_created_changed_and_written_to(browser: Browser) -> None:
    members = ["alice", "bob", "helper"]
    status, team = await browser.call("POST", "/api/teams", {"name": "Trip", "members": members})
    assert (status, team["name"], team["members"]) == (201, "Trip", members)
    said = await browser.say("hi @Helper", team=team["tid"])
    assert (said["chat"], said["bot"]) == (f"team:{team['tid']}", "helper")
    status, team = await browser.call(
        "PUT", f"/api/teams/{team['tid']}", {"name": "Trip", "members": ["bob"]}
    )
    assert (status, team["members"]) == (200, ["bob"])
    await browser.until("team", team=team)
    status, refused = await browser.call(
        "POST", "/api/messages", {"as": "alice", "team": team["tid"], "text": "still here?"}
    )
    assert (status, refused["detail"]) == (409, "the sender is not in the group")


async def test_a_chatbot_request_in_a_group_names_the_mentioned_bot(browser: Browser) -> None:
    _, team = await browser.call("POST", "/api/teams", {"name": "Trip", "members": ["alice", "helper"]})
    await browser.say("hi @Helper", team=team["tid"], input="chatbot")
    await browser.im.wait_for(lambda: len(browser.webhook.received) == 2)
    (request,) = [body for body in browser.webhook.bodies if body["msgType"] == "TEXT"]
    assert request["robotAccid"] == "helper"


async def test_the_webhook_hears_which_bots_are_added_to_a_group(browser: Browser) -> None:
    _, team = await browser.call("POST", "/api/teams", {"name": "Trip", "members": ["alice", "bob"]})
    await browser.call("PUT", f"/api/teams/{team['tid']}", {"name": "Trip", "members": ["alice", "helper"]})
    await browser.im.wait_for(lambda: len(browser.webhook.received) == 2)
    added = [json.loads(body["attach"])["data"]["ids"] for body in browser.webhook.bodies]
    assert sorted(added) == [["bob"], ["helper"]]


async def test_a_group_that_somebody_else_made_is_shown_with_its_people(browser: Browser) -> None:
    await browser.page.parts()
    async with browser.session.post(
        f"{browser.im.url}/_control/teams", json={"tid": "42", "members": ["zoe", "helper"]}
    ) as response:
        assert response.status == 200
    await browser.until("team", team={"tid": "42", "name": "42", "members": ["zoe", "helper"]})
    await browser.until("user", user={"accid": "zoe", "name": "zoe"})


async def test_a_user_gets_an_accid_that_nobody_has(browser: Browser) -> None:
    names = ("Dora", "dora!", "Helper", "小明")
    added = [(await browser.call("POST", "/api/users", {"name": name}))[1] for name in names]
    assert [user["accid"] for user in added] == ["dora", "dora-2", "helper-2", "user"]
    assert added[3]["name"] == "小明"


async def test_a_fault_for_the_next_message_hits_it_and_is_off_again(browser: Browser) -> None:
    status, faults = await browser.call("PUT", "/api/faults/deliver-ten", {"scope": "next"})
    assert status == 200
    assert [fault["name"] for fault in faults if fault["scope"]] == ["deliver-ten"]
    said = await browser.say("hello")
    await browser.until("message", id=said["id"], status="waiting")
    await browser.im.wait_for(lambda: len(browser.webhook.received) == 10)
    assert not [fault for fault in (await browser.state())["faults"] if fault["scope"]]
    await browser.say("again")
    await browser.im.wait_for(lambda: len(browser.im.posts) == 11)


async def test_a_fault_that_stays_on_is_switched_off_by_name_or_with_all(browser: Browser) -> None:
    for name in ("bad-signature", "im-449", "model-500"):
        await browser.call("PUT", f"/api/faults/{name}", {"scope": "on"})
    _, faults = await browser.call("DELETE", "/api/faults/im-449")
    assert {fault["name"]: fault["scope"] for fault in faults if fault["scope"]} == {
        "bad-signature": "on",
        "model-500": "on",
    }
    _, faults = await browser.call("DELETE", "/api/faults")
    assert not [fault for fault in faults if fault["scope"]]


async def test_the_host_is_killed_once(browser: Browser) -> None:
    await browser.until("host")
    assert (await browser.call("POST", "/api/host/kill"))[0] == 202
    await browser.until("host", host=host("down"))
    status, body = await browser.call("POST", "/api/host/kill")
    assert (status, body["error"]) == (409, "not_running")
    assert len(browser.kills) == 1


async def test_the_timeline_of_a_reply_is_that_of_its_question(browser: Browser) -> None:
    said = await browser.say("hello")
    await browser.until("message", id=said["id"], status="waiting")
    await reply(browser, "hi")
    event = await browser.until("message", origin="bot", reply_to=said["id"])
    _, of_reply = await browser.call("GET", f"/api/messages/{event['message']['id']}/timeline")
    _, of_question = await browser.call("GET", f"/api/messages/{said['id']}/timeline")
    assert of_reply == of_question
    assert of_question["message"] == said["id"]
    assert of_question["curl"].startswith("curl -i http://127.0.0.1:")


async def test_rows_that_cannot_be_read_are_told_so(browser: Browser) -> None:
    said = await browser.say("hello")
    status, rows = await browser.call("GET", f"/api/messages/{said['id']}/rows")
    assert status == 200
    assert (rows["partition"], rows["tables"]) == (None, [])
    assert "somebody else's" in rows["note"]


async def test_a_chat_is_saved_as_a_scenario_with_its_fault(browser: Browser) -> None:
    await browser.call("PUT", "/api/faults/deliver-twice", {"scope": "next"})
    said = await browser.say("hello")
    await browser.until("message", id=said["id"], status="waiting")
    async with browser.session.get(f"{browser.url}/api/scenario?chat=alice|helper") as response:
        toml = await response.text()
        assert response.headers["Content-Disposition"].startswith("attachment")
    assert 'say = "hello"' in toml
    assert 'fault = ["deliver-twice"]' in toml


async def test_a_scenario_that_is_none_is_refused_with_its_problems(browser: Browser) -> None:
    status, body = await browser.call("POST", "/api/scenario", {"toml": 'title = "x"\nstep = []'})
    assert (status, body["error"]) == (400, "bad_scenario")
    assert "step" in body["detail"]


async def test_what_is_no_file_at_all_is_refused(browser: Browser) -> None:
    status, body = await browser.call("POST", "/api/scenario", {"file": "x"})
    assert (status, body["detail"]) == (400, "toml: must be the text of a file")


async def test_a_chat_without_messages_is_no_scenario(browser: Browser) -> None:
    assert (await browser.call("GET", "/api/scenario?chat=nobody|helper"))[0] == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"as": "nobody", "to": "helper", "text": "x"}, "unknown_user"),
        ({"as": "alice", "text": "x"}, "bad_request"),
        ({"as": "alice", "to": "helper", "team": "1", "text": "x"}, "bad_request"),
        ({"as": "alice", "to": "helper", "text": ""}, "bad_request"),
        ({"as": "alice", "to": "helper", "text": "x" * 5001}, "bad_request"),
        ({"as": "alice", "to": "helper", "text": "x", "colour": "red"}, "bad_request"),
        ([], "bad_request"),
    ],
)
async def test_a_bad_message_is_refused(browser: Browser, body: Any, error: str) -> None:
    status, answer = await browser.call("POST", "/api/messages", body)
    assert (status, answer["error"]) == (400, error)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/messages/1/timeline", None),
        ("GET", "/api/messages/1/rows", None),
        ("PUT", "/api/faults/none", {"scope": "on"}),
        ("PUT", "/api/teams/none", {"name": "x", "members": ["alice"]}),
        ("POST", "/api/messages", {"as": "alice", "team": "none", "text": "x"}),
    ],
)
async def test_what_is_not_there_is_404(browser: Browser, method: str, path: str, body: Any) -> None:
    status, answer = await browser.call(method, path, body)
    assert (status, answer["error"]) == (404, "not_found")
