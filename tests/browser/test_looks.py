"""How the page looks: pictures, both widths, both themes, and no barrier that axe-core calls serious."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from playground.runs import ROOT
from tests.browser.barriers import barriers
from tests.browser.fixtures import Visit
from tests.browser.pictures import take
from tests.browser.process import playing
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STORY = Path(__file__).with_name("picture.toml")
README_PICTURE = ROOT / "docs" / "playground.png"
README_PICTURE_MAX_BYTES = 150_000
BLANK_COLOURS = 20
"""A page with so few has no text on it: the smooth edges of letters alone make more."""

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
CHINESE: dict[str, Any] = {"locale": "zh-CN"}


async def _chat(visitor: Visitor) -> None:
    await expect(visitor.at("composer")).to_be_enabled()


async def _inspector(visitor: Visitor) -> None:
    await visitor.inspect(visitor.at("message", sender=visitor.accid).last)
    await expect(visitor.at("step").first).to_be_visible()


async def _rows(visitor: Visitor) -> None:
    await _inspector(visitor)
    await visitor.at("rows-tab").click()
    await expect(visitor.at("row").first).to_be_visible()


async def _faults(visitor: Visitor) -> None:
    await visitor.open_faults()
    await visitor.switch_on("model-429")


View = Callable[[Visitor], Awaitable[None]]

VIEWS: dict[str, tuple[View, dict[str, Any]]] = {
    "chat": (_chat, {}),
    "inspector": (_inspector, {}),
    "rows": (_rows, {}),
    "faults": (_faults, {}),
    "chat-dark": (_chat, {"color_scheme": "dark"}),
    "inspector-dark": (_inspector, {"color_scheme": "dark"}),
    "faults-dark": (_faults, {"color_scheme": "dark"}),
    "phone": (_chat, PHONE),
    "phone-inspector": (_inspector, PHONE),
    "phone-faults": (_faults, PHONE),
    "phone-dark": (_chat, {**PHONE, "color_scheme": "dark"}),
    "chat-zh": (_chat, CHINESE),
    "inspector-zh": (_inspector, CHINESE),
    "rows-zh": (_rows, CHINESE),
    "faults-zh-dark": (_faults, {**CHINESE, "color_scheme": "dark"}),
    "phone-zh": (_chat, {**PHONE, **CHINESE}),
    "phone-inspector-zh-dark": (_inspector, {**PHONE, **CHINESE, "color_scheme": "dark"}),
    "phone-faults-zh": (_faults, {**PHONE, **CHINESE}),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home() -> AsyncIterator[str]:
    """The page of a playground of its own, in which nothing has happened but the story of the pictures."""
    with playing() as playground:
        playground.wait_until_ready()
        await playground.tell(STORY.read_text(encoding="utf-8"))
        yield playground.url


async def alice(visit: Visit, **options: Any) -> Visitor:
    """Alice, after her story, with the bot that she asked."""
    visitor = await visit(accid="alice", **options)
    await visitor.open_chat("Helper")
    newest = await visitor.said("helper", "day ticket")
    await expect(newest).to_be_in_viewport()
    return visitor


@pytest.mark.parametrize("name", VIEWS)
async def test_a_view_has_no_barriers_does_not_scroll_sideways_and_is_not_blank(
    name: str, visit: Visit
) -> None:
    show, options = VIEWS[name]
    visitor = await alice(visit, **options)
    await show(visitor)
    picture = await take(visitor.page, name)
    size = visitor.page.viewport_size
    assert size is not None
    assert (picture.width, picture.height) == (size["width"], size["height"])
    assert picture.colours > BLANK_COLOURS
    assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert await barriers(visitor.page) == []


async def test_the_list_of_conversations_on_a_phone_has_no_barriers(visit: Visit) -> None:
    visitor = await alice(visit, **PHONE)
    await visitor.at("back").click()
    await expect(visitor.at("conversation").first).to_be_visible()
    await expect(visitor.page.get_by_role("main")).to_have_count(1)
    await take(visitor.page, "phone-list")
    assert await barriers(visitor.page) == []


async def test_the_theme_of_the_system_is_kept_unless_one_is_chosen(visit: Visit) -> None:
    visitor = await visit(accid="alice", color_scheme="dark")
    letters = "getComputedStyle(document.body).color"
    dark = await visitor.page.evaluate(letters)
    await visitor.at("theme").click()
    await expect(visitor.at("theme")).to_have_attribute("data-theme", "light")
    assert await visitor.page.evaluate(letters) != dark
    await visitor.page.reload()
    await expect(visitor.at("theme")).to_have_attribute("data-theme", "light")
    assert await visitor.page.evaluate(letters) != dark


async def test_a_switch_shows_its_place_where_the_system_chooses_the_colours(visit: Visit) -> None:
    visitor = await visit(accid="alice", forced_colors="active")
    await visitor.open_faults()
    await visitor.switch_on("late")
    background = "label => getComputedStyle(label.querySelector('span')).backgroundColor"
    fault = visitor.at("fault", name="late")
    off, once, always = [await label.evaluate(background) for label in await fault.locator("label").all()]
    assert once not in (off, always)
    assert off == always


async def test_at_twice_the_size_nothing_scrolls_sideways(visit: Visit) -> None:
    visitor = await alice(visit, viewport={"width": 640, "height": 400}, device_scale_factor=2)
    assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= 640


async def test_the_picture_of_the_readme_can_be_made(visit: Visit) -> None:
    visitor = await alice(visit)
    await _inspector(visitor)
    await visitor.at("step", kind="model", status="ok").scroll_into_view_if_needed()
    picture = await take(visitor.page, "readme")
    png = picture.indexed_png()
    assert (picture.width, picture.height) == (1280, 800)
    assert picture.colours > BLANK_COLOURS
    assert len(png) < README_PICTURE_MAX_BYTES
    if os.environ.get("UPDATE_README_SCREENSHOT") == "1":
        README_PICTURE.write_bytes(png)
