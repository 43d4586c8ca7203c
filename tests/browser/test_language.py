"""The page in the language of the browser."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.fixtures import Visit

ENGLISH_SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_chinese_browser_sees_chinese_on_the_main_views(visit: Visit) -> None:
    ada = await visit(locale="zh-CN")
    await expect(ada.page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(ada.page.get_by_role("heading", name="会话", exact=True)).to_be_visible()
    await expect(ada.at("new-group")).to_have_text("新建群")
    await ada.open_chat("Helper")
    await expect(ada.at("composer")).to_have_attribute("placeholder", "发消息给 Helper")
    question = await ada.ask("你好")
    await expect(question.locator('[data-testid="status"]')).to_have_text("已回复")
    await expect(ada.page.locator(".day")).to_have_text("今天")

    inspector = await ada.inspect(question)
    await expect(ada.at("timeline-tab")).to_have_text("时间线")
    await expect(inspector.locator(".total")).to_contain_text("已完成，用时")
    await ada.at("rows-tab").click()
    await expect(ada.at("row-table").first).to_contain_text("后连同所有行一起删除")

    panel = await ada.open_faults()
    await expect(panel.get_by_role("heading", name="制造故障")).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await ada.at("options").click()
    await expect(ada.page.get_by_label("自定义内容")).to_be_visible()


async def test_what_the_server_tells_a_chinese_browser_is_chinese(visit: Visit) -> None:
    ada = await visit(locale="zh-CN")
    await ada.open_chat("Helper")
    panel = await ada.open_faults()
    await expect(panel).to_contain_text("回调同时收到两次同一条消息；只回答一次。")
    await ada.switch_on("bad-signature")
    await expect(ada.at("faults-banner")).to_contain_text("签名错误")
    await ada.page.keyboard.press("Escape")
    question = await ada.say("相信我")
    await expect(question.locator(".reason")).to_have_text("签名缺失或错误；内容完全没有读取")
    assert ENGLISH_SENTENCE.findall(await panel.inner_text()) == []

    inspector = await ada.inspect(await ada.ask("这是怎么回答的？"))
    await expect(inspector.get_by_test_id("step").filter(has_text="会话中的回复")).to_be_visible()
    assert ENGLISH_SENTENCE.findall(await inspector.inner_text()) == []


async def test_another_language_is_chosen_and_kept_by_the_browser(visit: Visit) -> None:
    ada = await visit()
    await expect(ada.page.locator("html")).to_have_attribute("lang", "en")
    await ada.at("language", language="zh").click()
    await expect(ada.at("new-group")).to_have_text("新建群")
    await ada.page.reload()
    await expect(ada.at("new-group")).to_have_text("新建群")
    await ada.at("language", language="en").click()
    await expect(ada.at("new-group")).to_have_text("New group")


async def test_what_was_being_written_is_still_there_in_another_language(visit: Visit) -> None:
    ada = await visit()
    await ada.at("composer").fill("half a quest")
    await ada.at("language", language="zh").click()
    await expect(ada.at("new-group")).to_have_text("新建群")
    await expect(ada.at("composer")).to_have_value("half a quest")


async def test_a_browser_of_a_language_that_the_page_has_not_sees_english(visit: Visit) -> None:
    ada = await visit(locale="fr-FR")
    await expect(ada.at("new-group")).to_have_text("New group")
