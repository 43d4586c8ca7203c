"""One's own messages: changed and taken back on the page, with a mouse, without one, on a phone."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.barriers import barriers
from tests.browser.fixtures import Visit
from tests.browser.test_keyboard import tab_to
from tests.browser.test_looks import PHONE
from tests.browser.visitor import Visitor
from tests.crashes.storage import until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def stored(visitor: Visitor, bubble: Locator, text: str) -> None:
    """Wait until the relay's row of a message says this."""
    own = await bubble.get_attribute("data-id") or "none"

    async def says() -> bool:
        found = await (await visitor.page.request.get(f"{visitor.home}/api/messages/{own}/rows")).json()
        rows = [row for table in found["tables"] for row in table["rows"]]
        return any(own in row["about"] and row["kind"] == "text" and row["text"] == text for row in rows)

    await until(says, f"a row that says {text!r}")


async def test_a_recalled_message_leaves_the_chat_and_the_memory_of_the_bot(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    secret = await ada.ask("the code is 1234")
    await secret.hover()
    await secret.get_by_test_id("message-menu").click()
    await secret.get_by_test_id("recall").click()
    recalled = await ada.said(ada.accid, "(recalled)")
    await expect(recalled).to_have_attribute("data-changed", "recalled")
    await recalled.hover()
    await recalled.get_by_test_id("message-menu").click()
    await expect(recalled.get_by_test_id("copyId")).to_be_visible()
    await expect(recalled.get_by_test_id("recall")).to_have_count(0)
    await ada.page.keyboard.press("Escape")
    await expect(ada.at("message", sender=ada.accid).filter(has_text="1234")).to_have_count(0)

    await stored(ada, recalled, "")
    inspector = await ada.inspect(await ada.ask("what is the code?"))
    told = inspector.locator('[data-testid="window-entry"][data-fate="sent"]')
    await expect(told.filter(has_text="what is the code?").first).to_be_attached()
    await expect(told.filter(has_text="1234")).to_have_count(0)


async def test_an_edited_message_is_remembered_as_edited_by_keyboard_alone(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.at("composer").focus()
    keyboard = ada.page.keyboard
    question = await ada.ask("the meeting is at nine")
    await tab_to(ada, ada.at("message").last, "Shift+Tab")
    await keyboard.press("ArrowUp")
    await expect(question).to_be_focused()
    await tab_to(ada, question.get_by_test_id("message-menu"))
    await keyboard.press("Enter")
    await tab_to(ada, question.get_by_test_id("edit"))
    assert await barriers(ada.page) == []
    await keyboard.press("Enter")
    await expect(ada.at("edit-text")).to_be_focused()
    assert await barriers(ada.page) == []
    await keyboard.press("ControlOrMeta+a")
    await keyboard.type("the meeting is at ten")
    await tab_to(ada, ada.at("edit-save"))
    await keyboard.press("Enter")
    await expect(ada.at("edit-dialog")).to_be_hidden()
    edited = await ada.said(ada.accid, "at ten")
    await expect(edited).to_have_attribute("data-changed", "edited")
    await expect(edited).to_be_focused()

    await stored(ada, edited, "the meeting is at ten")
    inspector = await ada.inspect(await ada.ask("when is it?"))
    told = inspector.locator('[data-testid="window-entry"][data-fate="sent"]')
    await expect(told.filter(has_text="at ten")).to_have_count(1)
    await expect(told.filter(has_text="at nine")).to_have_count(0)


async def test_on_a_phone_the_menu_of_a_message_is_there_and_within_the_screen(visit: Visit) -> None:
    ada = await visit(**PHONE)
    await ada.open_chat("Helper")
    question = await ada.ask("hi")
    await question.get_by_test_id("message-menu").click()
    for item in ("edit", "recall"):
        await expect(question.get_by_test_id(item)).to_be_in_viewport(ratio=1)
    assert await barriers(ada.page) == []


async def test_nobody_changes_what_another_has_written(visit: Visit) -> None:
    ada, bob = await visit("Ada"), await visit("Bob")
    await ada.open_chat(bob.name)
    said = await ada.say("hello Bob")
    await bob.open_chat(ada.name)
    seen = await bob.said(ada.accid, "hello Bob")
    await seen.hover()
    await seen.get_by_test_id("message-menu").click()
    await expect(seen.get_by_test_id("copyText")).to_be_visible()
    for own in ("edit", "recall", "again"):
        await expect(seen.get_by_test_id(own)).to_have_count(0)
    url = f"{ada.home}/api/messages/{await said.get_attribute('data-id')}/recall"
    assert (await bob.page.request.post(url, data={"as": bob.accid})).status == 404
