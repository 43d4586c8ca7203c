"""The inspector shows the rounds of tool calls: by mouse and keyboard, wide and on a phone, light and dark."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.fixtures import Visit
from tests.browser.process import playing
from tests.browser.test_inspector import step
from tests.browser.test_looks import PHONE
from tests.browser.views import look_at
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STORY = """
title = "An order is looked up, another one cancelled"

[[script]]
when = "Where is my order"
reply = "Let me look."
call = "order"
arguments = { number = 1042 }

[[script]]
when = "Cancel"
call = "cancel_order"
arguments = { number = 1042 }

[[steps]]
as = "alice"
to = "shop"
say = "Where is my order?"
expect = { contains = "shipped" }

[[steps]]
say = "Cancel it, please"
expect = { contains = "Cancel order 1042?" }
"""

ORDER, CANCEL = "Where is my order?", "Cancel it, please"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home() -> AsyncIterator[str]:
    """The page of a playground of its own, in which alice has asked for an order and wants to cancel it."""
    with playing() as playground:
        playground.wait_until_ready()
        await playground.tell(STORY)
        yield playground.url


async def alice(visit: Visit, **options: Any) -> Visitor:
    """Alice, after her story."""
    visitor = await visit(accid="alice", **options)
    await visitor.open_chat("Shop")
    return visitor


async def inspect(ada: Visitor, text: str) -> Locator:
    """Open the inspector on what somebody has said; gives it once the whole way is there."""
    inspector = await ada.inspect(await ada.said(ada.accid, text))
    await expect(step(inspector, "round").first).to_be_visible()
    await expect(inspector.locator(".total")).to_contain_text("Done")
    return inspector


async def test_a_round_shows_the_call_and_its_result_between_the_requests_to_the_model(
    visit: Visit,
) -> None:
    ada = await alice(visit)
    inspector = await inspect(ada, ORDER)
    await expect(step(inspector, "round", "ok")).to_contain_text("the model said “Let me look.”")
    await expect(step(inspector, "tool", "ok")).to_contain_text('{"number": 1042} → {"number":1042')
    kinds = [await one.get_attribute("data-kind") for one in await inspector.get_by_test_id("step").all()]
    order = [kind for kind in kinds if kind in ("model", "round", "tool", "reply")]
    assert order == ["model", "round", "tool", "model", "reply"], await inspector.inner_text()


async def test_the_details_of_a_call_open_by_keyboard(visit: Visit) -> None:
    ada = await alice(visit)
    inspector = await inspect(ada, ORDER)
    await step(inspector, "tool").locator("summary").first.focus()
    await ada.page.keyboard.press("Enter")
    result = inspector.locator(".detail").filter(has_text="Result, as the model reads it")
    await expect(result).to_contain_text('"state": "shipped"')
    await expect(inspector.locator(".detail").filter(has_text="Idempotency key")).to_be_visible()


async def test_a_question_waits_and_a_yes_is_seen_to_have_answered_it(visit: Visit) -> None:
    ada = await alice(visit)
    inspector = await inspect(ada, CANCEL)
    await expect(step(inspector, "tool", "waiting")).to_contain_text("asked first")
    await ada.at("rows-tab").click()
    row = ada.at("row", kind="reply").filter(has_text="asks first")
    await expect(row.locator('[data-testid="row-call"]')).to_contain_text("cancel_order")

    await ada.at("timeline-tab").click()
    await ada.ask("Yes")
    inspector = await inspect(ada, "Yes")
    await expect(step(inspector, "tool", "ok")).to_contain_text("the user said yes")
    inspector = await inspect(ada, CANCEL)
    await expect(step(inspector, "tool", "ok")).to_contain_text("the user said “Yes”")


async def test_the_rows_tab_shows_the_calls_of_a_round(visit: Visit) -> None:
    ada = await alice(visit)
    await inspect(ada, ORDER)
    await ada.at("rows-tab").click()
    row = ada.at("row", kind="round", current="true")
    await expect(row.locator('[data-testid="row-call"]')).to_contain_text("shipped")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tools-wide", {}),
        ("tools-dark", {"color_scheme": "dark"}),
        ("tools-phone", PHONE),
        ("tools-phone-dark", {**PHONE, "color_scheme": "dark"}),
    ],
)
async def test_rounds_have_no_barriers_and_do_not_scroll_sideways(
    name: str, options: dict[str, Any], visit: Visit
) -> None:
    ada = await alice(visit, **options)
    inspector = await inspect(ada, ORDER)
    await step(inspector, "tool").locator("summary").first.click()
    await look_at(ada.page, name)
    await ada.at("rows-tab").click()
    await expect(ada.at("row", kind="round").first).to_be_visible()
    await look_at(ada.page, f"{name}-rows")
