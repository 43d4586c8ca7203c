"""The inspector tells the whole way of a message, the rows it left, and how the relay coped with faults."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.fixtures import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def step(inspector: Locator, kind: str, status: str | None = None) -> Locator:
    """The steps of a kind, and of a status."""
    of_status = f'[data-status="{status}"]' if status else ""
    return inspector.locator(f'[data-testid="step"][data-kind="{kind}"]{of_status}')


async def test_a_timeline_shows_the_whole_way(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    inspector = await ada.inspect(await ada.ask("hello"))
    for kind in ("request", "answer", "queue", "turn", "window", "model", "store", "im", "reply"):
        await expect(step(inspector, kind).first).to_be_visible()
        await expect(step(inspector, kind).first).to_have_attribute("data-status", "ok")


async def test_the_window_shows_what_the_bot_remembers(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.ask("my cat is called Miso")
    await ada.ask("she is three")
    inspector = await ada.inspect(await ada.ask("how old is she?"))
    await step(inspector, "window").locator("summary").first.click()
    entries = inspector.locator('[data-testid="window-entry"][data-fate="sent"]:visible')
    await expect(entries.filter(has_text="my cat is called Miso")).to_have_count(2)  # asked, and answered
    await expect(entries.filter(has_text="how old is she?").first).to_be_visible()


async def test_a_bots_message_leads_to_the_timeline_of_the_question(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    question = await ada.ask("whose way is this?")
    await (await ada.said("helper", "whose way is this?")).click()
    await expect(ada.at("inspector")).to_have_attribute(
        "data-message", await question.get_attribute("data-id") or "none"
    )


async def test_a_throttled_model_is_seen_and_so_is_what_happened_then(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.open_faults()
    await ada.switch_on("model-429")
    await expect(ada.at("faults-banner")).to_be_visible()
    await ada.page.keyboard.press("Escape")
    question = await ada.ask("are you busy?")
    await expect(ada.at("faults-banner")).to_be_hidden()  # it was for one message
    await expect(question.get_by_test_id("fault-tag")).to_have_text(["Model: Throttled (429)"])
    await expect((await ada.ask("and now?")).get_by_test_id("fault-tag")).to_have_count(0)
    inspector = await ada.inspect(question)
    throttled = inspector.locator('[data-testid="step"][data-kind="model"]').filter(has_text="429").last
    await expect(throttled).to_be_visible()
    await expect(step(inspector, "reply", "ok")).to_be_visible()


async def test_the_time_of_what_is_still_under_way_goes_on(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.open_faults()
    await ada.switch_on("model-slow")
    await ada.page.keyboard.press("Escape")
    inspector = await ada.inspect(await ada.say("take your time"))
    await expect(inspector.locator(".total")).to_contain_text("Still under way")
    for seconds in ("2", "3", "4"):
        await expect(ada.at("spent")).to_have_text(re.compile(rf"^{seconds}\.\d s$"))
    await expect(inspector.locator(".total")).to_contain_text("Done")


async def test_a_step_that_is_opened_at_the_edge_is_seen(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    inspector = await ada.inspect(await ada.ask("what is below?"))
    await expect(inspector.locator(".total")).to_contain_text("Done")
    last = step(inspector, "reply")
    await last.locator("summary").scroll_into_view_if_needed()
    await last.locator("summary").click()
    await expect(last.locator(".step-details")).to_be_in_viewport(ratio=0.95)


async def test_the_steps_of_an_answer_in_the_response_are_seen(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Echo")
    inspector = await ada.inspect(await ada.ask("what happens in the request?"))
    for kind in ("lease", "window", "model", "store"):
        await expect(step(step(inspector, "answer"), kind)).to_be_visible()


async def test_ten_deliveries_are_ten_requests_and_one_reply(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.open_faults()
    await ada.switch_on("deliver-ten")
    await ada.page.keyboard.press("Escape")
    inspector = await ada.inspect(await ada.ask("once, please"))
    await expect(step(inspector, "answer")).to_have_count(10)
    await expect(step(inspector, "reply")).to_have_count(1)
    await expect(ada.at("message", sender="helper")).to_have_count(1)


async def test_a_forged_signature_is_refused(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.open_faults()
    await ada.switch_on("bad-signature")
    await ada.page.keyboard.press("Escape")
    question = await ada.say("trust me")
    await expect(question).to_have_attribute("data-status", "refused")
    inspector = await ada.inspect(question)
    await expect(step(inspector, "answer", "error")).to_contain_text("401")


async def test_a_fault_stays_until_it_is_switched_off(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.open_faults()
    await ada.switch_on("deliver-twice", "on")
    await ada.page.keyboard.press("Escape")
    for text in ("first", "second"):
        inspector = await ada.inspect(await ada.ask(text))
        await expect(step(inspector, "answer")).to_have_count(2)
    await ada.at("faults-off").click()
    await expect(ada.at("faults-banner")).to_be_hidden()
    inspector = await ada.inspect(await ada.ask("third"))
    await expect(step(inspector, "reply")).to_have_count(1)
    await expect(step(inspector, "answer")).to_have_count(1)


async def test_a_killed_host_is_seen_to_go_and_come_back_and_the_message_is_answered(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.open_faults()
    await ada.at("host-kill").click()
    state = ada.at("faults-panel").locator('[data-testid="host-state"]')
    await expect(state).to_have_attribute("data-state", "down")
    await expect(state).to_have_attribute("data-state", "running")
    await ada.page.keyboard.press("Escape")
    await ada.ask("still there?")


async def test_a_message_over_the_limit_is_not_called_answered(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Strict")
    await ada.ask("the first one")
    question = await ada.say("one too many")
    await expect(question).to_have_attribute("data-status", "limited")
    await expect(question.get_by_test_id("status")).to_contain_text("Over the limit")


async def test_a_message_whose_turn_was_killed_counts_down_until_it_is_answered(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    panel = await ada.open_faults()
    await ada.switch_on("model-slow")
    await ada.page.keyboard.press("Escape")
    question = await ada.say("will you come back?")
    inspector = await ada.inspect(question)
    await expect(step(inspector, "model").first).to_be_visible()
    await ada.open_faults()
    await panel.get_by_test_id("host-kill").click()
    await ada.page.keyboard.press("Escape")
    again = question.get_by_test_id("again")
    await expect(again).to_have_text(re.compile(r"answered again in about \d\d s$"))
    seconds = int(re.findall(r"\d+", await again.inner_text())[0])
    fewer = "|".join(str(number) for number in range(10, seconds))
    await expect(again).to_have_text(re.compile(rf"about ({fewer}) s$"))
    await expect(ada.at("typing")).to_have_count(0)
    await expect(question).to_have_attribute("data-status", "answered", timeout=90_000)
    await expect(again).to_have_count(0)


async def test_the_stored_rows_are_shown_with_when_they_expire(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.inspect(await ada.ask("remember me"))
    await ada.at("rows-tab").click()
    await expect(ada.at("row", kind="text").filter(has_text="remember me")).to_be_visible()
    await expect(ada.at("row", kind="reply").filter(has_text="remember me")).to_be_visible()
    await expect(ada.at("row-table").first).to_have_attribute("data-name", re.compile(r"^relayhistory\d{8}$"))
    await expect(ada.at("row-table").first).to_contain_text(re.compile(r"\d+ (days?|hours?)"))


async def test_the_request_can_be_copied_as_curl(visit: Visit) -> None:
    ada = await visit(permissions=["clipboard-read", "clipboard-write"])
    await ada.open_chat("Helper")
    await ada.inspect(await ada.ask("copy me"))
    await ada.at("copy-curl").click()
    await ada.page.wait_for_function("navigator.clipboard.readText().then(text => text.startsWith('curl '))")
    copied = await ada.page.evaluate("navigator.clipboard.readText()")
    assert "copy me" in copied
    assert "--data-binary" in copied
