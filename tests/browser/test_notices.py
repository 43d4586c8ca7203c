"""What the page tells beside the chats, and what it says before something goes wrong."""

import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.fixtures import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MOST = 5000


def empty(name: str) -> FilePayload:
    """A file without content, which is not taken."""
    return FilePayload(name=name, mimeType="text/plain", buffer=b"")


async def test_two_notices_stand_beside_each_other_and_go_by_themselves(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.at("attach-input").set_input_files([empty(name) for name in ("a.txt", "b.txt")])
    await expect(ada.at("notice")).to_have_text(["“a.txt” is empty.", "“b.txt” is empty."])
    await expect(ada.at("notice")).to_have_count(0)


async def test_a_notice_that_is_read_stays_and_one_is_closed_alone(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.at("attach-input").set_input_files([empty(name) for name in ("a.txt", "b.txt", "c.txt")])
    await ada.at("notice").nth(1).hover()
    await expect(ada.at("notice")).to_have_text(["“b.txt” is empty."])  # the others went by themselves
    await ada.at("notice-close").click()
    await expect(ada.at("notice")).to_have_count(0)
    await expect(ada.at("composer")).to_be_focused()


async def test_the_rest_is_counted_before_a_message_is_too_long(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    room = ada.page.locator(".composer").get_by_test_id("room")
    await ada.at("composer").fill("x" * (MOST // 2))
    await expect(room).to_be_empty()
    await ada.at("composer").fill("👋" * (MOST - 1))
    await expect(room).to_have_text("1 more character")
    await expect(ada.at("send")).to_be_enabled()
    await ada.at("composer").fill("x" * (MOST + 2))
    await expect(room).to_have_text("2 characters too many: 5000 at most")
    await expect(ada.at("send")).to_be_disabled()
    await ada.at("composer").press("Enter")
    await expect(ada.at("message")).to_have_count(0)


async def test_the_rest_is_counted_where_a_message_is_edited(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    question = await ada.say("short")
    await question.hover()
    await question.get_by_test_id("message-menu").click()
    await ada.page.locator('[data-testid="edit"]:visible').click()
    await ada.at("edit-text").fill("x" * (MOST + 1))
    await expect(ada.at("edit-dialog").get_by_test_id("room")).to_have_text(
        "1 character too many: 5000 at most"
    )
    await expect(ada.at("edit-save")).to_be_disabled()
