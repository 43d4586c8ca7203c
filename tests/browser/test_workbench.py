"""What one does at the page beside writing: requests of every kind, messages again and gone, whole chats, commands."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.barriers import barriers
from tests.browser.fixtures import Visit
from tests.browser.test_looks import PHONE
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CLIPBOARD: dict[str, Any] = {"permissions": ["clipboard-read", "clipboard-write"]}
CODE = "run this\n```python\nprint('one')\n```"


async def choose(visitor: Visitor, item: str) -> None:
    """Open the chat's menu and choose something."""
    await visitor.at("menu").click()
    await visitor.page.locator("#chat-menu").get_by_test_id(item).click()


async def copied(visitor: Visitor) -> str:
    """What lies in the clipboard, once the page has said so."""
    await expect(visitor.at("said")).not_to_be_empty()
    return str(await visitor.page.evaluate("navigator.clipboard.readText()"))


async def test_what_a_console_sends_is_sent_and_the_webhooks_answer_is_seen(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.ask("the code is 77")
    await choose(ada, "send-else")
    assert await barriers(ada.page) == []
    for template, status, word in (
        ("antispam", 200, '"blocked"'),
        ("callback", 200, '"errCode"'),
        ("too_old", 200, '"too_old"'),
        ("not_json", 400, "bad_request"),
        ("recall", 200, '"noted"'),
    ):
        await ada.at("send-template").select_option(template)
        await expect(ada.at("send-answer")).to_be_empty()
        await ada.at("send-request").click()
        await expect(ada.at("send-answer")).to_contain_text(str(status))
        await expect(ada.at("request-answer")).to_contain_text(word)
    await ada.at("send-template").select_option("login")
    await expect(ada.at("send-answer")).to_be_empty()
    await ada.at("send-headers").fill("X-Own: 1\nAppKey:")
    await ada.at("send-signature").select_option("missing")
    await ada.at("send-request").click()
    await expect(ada.at("send-answer")).to_contain_text("401")
    await ada.page.keyboard.press("Escape")

    await ada.at("requests-tab").click()
    await expect(ada.at("request", kind="callback")).to_be_visible()
    await ada.at("request", kind="event").locator("summary").click()
    await expect(ada.at("request", kind="event")).to_contain_text("X-Own")
    assert await barriers(ada.page) == []
    await ada.page.keyboard.press("Shift+Tab")
    inspector = await ada.inspect(await ada.ask("what is the code?"))
    told = inspector.locator('[data-testid="window-entry"][data-fate="sent"]')
    await expect(told.filter(has_text="what is the code?").first).to_be_attached()
    await expect(told.filter(has_text="77")).to_have_count(0)

    await ada.at("log-tab").click()
    await ada.at("log-message").check()
    await expect(ada.at("log-line").filter(has_text="turn done").first).to_be_visible()
    await ada.at("log-words").fill("no such words")
    await expect(ada.at("log-line")).to_have_count(0)
    assert await barriers(ada.page) == []


async def test_a_message_is_copied_sent_again_changed_and_deleted(visit: Visit) -> None:
    ada = await visit(**CLIPBOARD)
    await ada.open_chat("Helper")
    question = await ada.ask("tell me")
    own = await question.get_attribute("data-id") or ""

    async def do(item: str) -> None:
        bubble = ada.page.locator(f'[data-id="{own}"]')
        await bubble.hover()
        await bubble.get_by_test_id("message-menu").click()
        await bubble.get_by_test_id(item).click()

    await do("copyText")
    assert await copied(ada) == "tell me"
    await expect(ada.at("said")).to_be_empty()
    await do("copyId")
    timeline = await (await ada.page.request.get(f"{ada.home}/api/messages/{own}/timeline")).json()
    assert await copied(ada) == timeline["log_ids"][0]
    await do("reuse")
    await expect(ada.at("composer")).to_have_value("tell me")
    await ada.at("composer").fill("")
    await do("again")
    await expect(ada.at("message", sender=ada.accid)).to_have_count(2)
    await expect(ada.at("message", sender="helper")).to_have_count(2)
    await do("againFault")
    await ada.at("again-fault").select_option("bad-signature")
    await ada.at("again-send").click()
    await expect(ada.at("message", sender=ada.accid, status="refused")).to_have_count(1)
    await do("delete")
    assert await barriers(ada.page) == []
    await ada.at("confirm-yes").click()
    await expect(ada.page.locator(f'[data-id="{own}"]')).to_have_count(0)
    await expect(ada.at("message", sender=ada.accid)).to_have_count(2)


async def test_a_chat_has_topics_a_card_a_transcript_and_an_end_on_a_phone_in_the_dark(visit: Visit) -> None:
    ada = await visit(**PHONE, color_scheme="dark", **CLIPBOARD)
    await ada.open_chat("Helper")
    await ada.ask("hello")
    await choose(ada, "topics")
    await ada.at("topic-name").fill("trips")
    assert await barriers(ada.page) == []
    await ada.at("topic-begin").click()
    picked = ada.at("topic-pick").locator("option:checked")
    await expect(picked).to_have_text("trips")
    await expect(ada.at("message")).to_have_count(0)
    await ada.ask("to Rome")
    await choose(ada, "topics")
    await expect(ada.at("topic")).to_have_count(2)
    await ada.at("topic", topic="trips").get_by_test_id("topic-memory").click()
    await expect(ada.at("row").filter(has_text="to Rome").first).to_be_visible()
    await expect(ada.at("row").filter(has_text="hello")).to_have_count(0)
    await ada.at("inspector-close").click()
    await ada.at("topic-leave").click()
    await expect(ada.at("message")).to_have_count(4)
    await ada.at("topic-pick").select_option("trips")
    await expect(ada.at("message")).to_have_count(2)
    await ada.at("topic-pick").select_option(index=0)
    await expect(ada.at("message")).to_have_count(4)
    assert await barriers(ada.page) == []

    await choose(ada, "card")
    card = ada.at("card-bot")
    await expect(card).to_contain_text("You are a friendly assistant in a chat.")
    await expect(ada.at("usage")).to_be_visible()
    assert await barriers(ada.page) == []
    assert await ada.page.evaluate("document.documentElement.scrollWidth") <= 390
    await ada.page.keyboard.press("Escape")
    await choose(ada, "copy-chat")
    assert "# Helper\n\n**Ada" in await copied(ada)
    async with ada.page.expect_download() as saved:
        await choose(ada, "export-txt")
    download = await saved.value
    assert download.suggested_filename == "Helper.txt"
    assert "Helper: You said: to Rome" in (await download.path()).read_text(encoding="utf-8")
    await choose(ada, "newConversation")
    await ada.said("helper", "start afresh")
    await choose(ada, "clear-chat")
    assert await barriers(ada.page) == []
    await ada.at("confirm-yes").click()
    await expect(ada.at("message")).to_have_count(0)

    group = {"name": "Trip", "members": [ada.accid, "helper"]}
    team = await (await ada.page.request.post(f"{ada.home}/api/teams", data=group)).json()
    await ada.at("back").click()
    await ada.open_chat("Trip")
    await choose(ada, "end-group")
    await ada.at("confirm-yes").click()
    await expect(ada.at("conversation", chat=f"team:{team['tid']}")).to_have_count(0)


async def test_commands_the_last_text_the_search_and_the_keys_by_keyboard_alone(visit: Visit) -> None:
    ada = await visit(**CLIPBOARD)
    await ada.open_chat("Helper")
    keyboard, composer = ada.page.keyboard, ada.at("composer")
    await ada.ask(CODE)
    reply = ada.at("message", sender="helper").last
    await expect(reply.get_by_test_id("code-language")).to_have_text("python")
    await reply.get_by_test_id("code-copy").click()
    await composer.focus()
    await keyboard.press("ArrowUp")
    await expect(composer).to_have_value(CODE)
    await composer.fill("")
    await keyboard.type("/")
    await expect(ada.at("command")).to_have_count(6)
    assert await barriers(ada.page) == []
    await keyboard.type("n")
    await keyboard.press("Enter")
    await expect(composer).to_have_value("/new")
    await keyboard.type("?")
    await expect(composer).to_have_value("/new?")
    await keyboard.press("Backspace")
    await keyboard.press("Enter")
    await ada.said(ada.accid, "/new")

    await keyboard.press("Control+k")
    await keyboard.type("no such words")
    await expect(ada.at("found")).to_have_count(0)
    await keyboard.press("Escape")
    await expect(ada.at("search-words")).to_have_count(0)
    await keyboard.press("Control+k")
    await keyboard.type("print")
    await expect(ada.at("found")).to_have_count(2)
    assert await barriers(ada.page) == []
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    found = ada.at("message", sender=ada.accid).filter(has_text="print")
    await expect(found).to_be_focused()
    await keyboard.press("?")
    await expect(ada.at("keys")).to_be_visible()
    assert await barriers(ada.page) == []
