"""The page without a mouse, and with a screen reader's eyes."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.fixtures import Visit
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TABS_MAX = 60


async def tab_to(visitor: Visitor, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until the focus is there."""
    for _ in range(TABS_MAX):
        if await wanted.evaluate("element => element === document.activeElement"):
            return
        await visitor.page.keyboard.press(key)
    pytest.fail(f"{wanted} cannot be reached by {key}")


async def test_a_message_is_sent_and_inspected_by_keyboard_alone(visit: Visit) -> None:
    ada = await visit()
    keyboard = ada.page.keyboard
    await tab_to(ada, ada.at("conversation").filter(has_text="Helper").first)
    await keyboard.press("Enter")
    await tab_to(ada, ada.at("composer"))
    await keyboard.type("no mouse")
    await keyboard.press("Shift+Enter")
    await keyboard.type("two lines")
    await keyboard.press("Enter")
    question = await ada.said(ada.accid, "two lines")
    await expect(question).to_have_attribute("data-status", "answered")

    await tab_to(ada, ada.at("message").last, "Shift+Tab")
    await keyboard.press("ArrowUp")
    await expect(question).to_be_focused()
    await keyboard.press("Enter")
    await expect(ada.at("inspector")).to_be_visible()
    await keyboard.press("Escape")
    await expect(ada.at("inspector")).to_have_count(0)
    await expect(question).to_be_focused()


async def test_escape_closes_one_thing_at_a_press(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.inspect(await ada.ask("what closes first?"))
    await ada.at("options").click()
    await ada.at("option-topic").click()
    await ada.open_faults()
    keyboard = ada.page.keyboard
    await keyboard.press("Escape")
    await expect(ada.at("faults-panel")).to_be_hidden()
    await expect(ada.at("option-topic")).to_be_visible()
    await expect(ada.at("inspector")).to_be_visible()
    await ada.at("emoji").click()
    await expect(ada.at("emoji-picker")).to_be_visible()
    await keyboard.type("tram")
    await keyboard.press("Escape")  # empties the search
    await expect(ada.at("emoji-picker")).to_be_visible()
    await keyboard.press("Escape")
    await expect(ada.at("emoji-picker")).to_be_hidden()
    await ada.at("option-topic").focus()
    await keyboard.press("Escape")
    await expect(ada.at("option-topic")).to_have_count(0)
    await expect(ada.at("inspector")).to_be_visible()
    await keyboard.press("Escape")
    await expect(ada.at("inspector")).to_have_count(0)


async def test_escape_closes_a_dialog_and_leaves_the_inspector(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.inspect(await ada.ask("are you still there?"))
    await ada.at("new-group").click()
    await expect(ada.at("group-dialog")).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(ada.at("group-dialog")).to_be_hidden()
    await expect(ada.at("inspector")).to_be_visible()


async def test_an_emoji_is_chosen_by_keyboard(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.at("composer").focus()
    await tab_to(ada, ada.at("emoji"))
    await ada.page.keyboard.press("Enter")
    await expect(ada.at("emoji-picker")).to_be_visible()
    option = ada.at("emoji-option").first
    await tab_to(ada, option)
    emoji = await option.get_attribute("data-emoji") or "none"
    await ada.page.keyboard.press("Enter")
    await expect(ada.at("composer")).to_have_value(emoji)
    await expect(ada.at("composer")).to_be_focused()


async def test_a_switch_of_a_fault_is_reached_and_the_focus_comes_back(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.at("faults").focus()
    await ada.page.keyboard.press("Enter")
    switch = ada.at("fault", name="deliver-twice")
    await tab_to(ada, switch.locator("input:checked"))
    await ada.page.keyboard.press("ArrowRight")
    await expect(switch).to_have_attribute("data-scope", "next")
    await ada.page.keyboard.press("Escape")
    await expect(ada.at("faults-panel")).to_be_hidden()
    await expect(ada.at("faults")).to_be_focused()


async def test_an_answer_is_announced_politely(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.ask("read this aloud")
    announced = ada.page.locator("[aria-live=polite], [role=log], [role=status]")
    await expect(announced.filter(has_text="You said: read this aloud").first).to_be_attached()
