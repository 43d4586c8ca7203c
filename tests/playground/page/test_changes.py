"""What becomes of messages once they were sent: edited, recalled, streamed, deleted."""

from typing import Any

from relay.signature import sign_outbound
from tests.playground.page.conftest import Browser


async def chunk(
    browser: Browser, text: str, index: int, server_id: int | None = None, *, finish: int = 0
) -> int:
    """The bot adds to a stream message, as the relay would; gives the message's id."""
    message = {
        "message_type": 0,
        "message_client_id": "s1",
        **({} if server_id is None else {"message_server_id": server_id}),
        "attachment": {"text": text, "index": index, "finish": finish},
    }
    answer = await api(browser, "POST", "actions/stream_message", {"message": message})
    return int(answer["data"]["message_server_id"])


async def api(browser: Browser, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
    signed = sign_outbound("key", "secret", "nonce", browser.im.chats.now() // 1000)
    url = f"{browser.im.url}/im/v2/conversations/helper%7C1%7Calice/messages/{path}"
    async with browser.session.request(method, url, json=body, params=query, headers=signed) as response:
        answer: dict[str, Any] = await response.json()
    assert answer["code"] == 200, answer
    return answer


async def test_a_user_edits_and_the_webhook_hears_of_it(browser: Browser) -> None:
    said = await browser.say("at nine")
    own = said["id"]
    status, _ = await browser.call("PUT", f"/api/messages/{own}/text", {"as": "alice", "text": "at ten"})
    assert status == 200
    await browser.until("message", id=own, text="at ten", changed="edited")
    await browser.im.wait_for(lambda: len(browser.webhook.received) == 2)
    assert "at ten" in str(browser.webhook.bodies[-1])


async def test_a_user_recalls_and_nothing_waits_for_an_answer_any_more(browser: Browser) -> None:
    said = await browser.say("secret")
    await browser.until("message", id=said["id"], status="waiting")
    status, _ = await browser.call("POST", f"/api/messages/{said['id']}/recall", {"as": "alice"})
    assert status == 200
    await browser.until("message", id=said["id"], text="(recalled)", changed="recalled", status="ignored")
    status, _ = await browser.call("POST", f"/api/messages/{said['id']}/recall", {"as": "alice"})
    assert status == 404


async def test_nobody_changes_what_another_has_written(browser: Browser) -> None:
    said = await browser.say("hello")
    url = f"/api/messages/{said['id']}"
    for method, path, body in (
        ("POST", f"{url}/recall", {"as": "bob"}),
        ("PUT", f"{url}/text", {"as": "bob", "text": "bye"}),
        ("POST", "/api/messages/17/recall", {"as": "alice"}),
    ):
        assert (await browser.call(method, path, body))[0] == 404
    (shown,) = (await browser.state())["messages"]
    assert shown["text"] == "hello"


async def test_a_reply_grows_and_its_question_waits_until_it_has_ended(browser: Browser) -> None:
    said = await browser.say("hello")
    await browser.until("message", id=said["id"], status="waiting")
    begun = await chunk(browser, "Hel", 0)
    await browser.until("message", origin="bot", text="Hel", growing=True)
    assert (await browser.state())["messages"][0]["status"] == "waiting"
    await chunk(browser, "lo!", 1, begun, finish=1)
    await browser.until("message", origin="bot", text="Hello!", growing=False)
    await browser.until("message", id=said["id"], status="answered")


async def test_what_is_deleted_without_a_trace_is_gone_and_has_answered_nothing(browser: Browser) -> None:
    said = await browser.say("hello")
    await browser.until("message", id=said["id"], status="waiting")
    begun = str(await chunk(browser, "Hel", 0, finish=1))
    await browser.until("message", id=said["id"], status="answered")
    at = browser.im.chats.find(begun)
    assert at is not None
    await api(browser, "DELETE", begun, type="3", from_id="helper", create_time=str(at.at))
    await browser.until("gone", id=begun)
    state = await browser.state()
    assert [message["id"] for message in state["messages"]] == [said["id"]]
