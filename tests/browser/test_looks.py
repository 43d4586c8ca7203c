"""How the page looks: pictures, both widths, both themes, and no barrier that axe-core calls serious."""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, expect

from playground.runs import ROOT
from tests.browser.barriers import barriers
from tests.browser.fixtures import Visit
from tests.browser.pictures import KEPT_AS, indexed_png, take
from tests.browser.process import playing
from tests.browser.views import BLANK_COLOURS, look_at
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STORY = Path(__file__).with_name("picture.toml")
README_PICTURE = ROOT / "docs" / "playground.png"
README_PICTURE_MAX_BYTES = 150_000
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
CHINESE: dict[str, Any] = {"locale": "zh-CN"}
DARK: dict[str, Any] = {"color_scheme": "dark"}


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


async def _writing(visitor: Visitor) -> None:
    await visitor.at("composer").fill("x" * 4990 + " and it is too long.")
    await visitor.at("attach-input").set_input_files(
        FilePayload(name="empty.txt", mimeType="text/plain", buffer=b"")
    )
    await expect(visitor.at("notice")).to_be_visible()


async def _refused(visitor: Visitor) -> None:
    await visitor.become("bob")
    await visitor.open_chat("Echo")
    await visitor.open_faults()
    await visitor.switch_on("bad-signature")
    await visitor.page.keyboard.press("Escape")
    question = await visitor.say("Is this seat taken?")
    await expect(question).to_have_attribute("data-status", "refused")
    await expect(question.get_by_test_id("fault-tag")).to_be_visible()


async def _limited(visitor: Visitor) -> None:
    await visitor.become("bob")
    await visitor.open_chat("Strict")
    first = await visitor.say("One question")
    await expect(first).to_have_attribute("data-status", re.compile("answered|limited"))
    question = await visitor.say("And another one")
    await expect(question).to_have_attribute("data-status", "limited")


View = Callable[[Visitor], Awaitable[None]]

VIEWS: dict[str, View] = {
    "chat": _chat,
    "inspector": _inspector,
    "rows": _rows,
    "faults": _faults,
    "writing": _writing,
    "refused": _refused,
    "limited": _limited,
}

LOOKS = {"phone": PHONE, "zh": CHINESE, "dark": DARK}

EVERY = ["-".join([view, *chosen]) for view in VIEWS for n in range(4) for chosen in combinations(LOOKS, n)]

USUAL = [
    *VIEWS,
    *("chat-dark", "inspector-dark", "faults-dark", "refused-dark", "writing-dark"),
    *("chat-phone", "inspector-phone", "faults-phone", "limited-phone", "chat-phone-dark"),
    *("chat-zh", "inspector-zh", "rows-zh", "faults-zh-dark"),
    *("chat-phone-zh", "faults-phone-zh", "writing-phone-zh", "inspector-phone-zh-dark"),
]
"""Every view in one look at least, and every look; all of them where the pictures are to be kept."""


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


@pytest.mark.parametrize("name", EVERY if KEPT_AS else USUAL)
async def test_a_view_has_no_barriers_does_not_scroll_sideways_and_is_not_blank(
    name: str, visit: Visit
) -> None:
    view, *looks = name.split("-")
    visitor = await alice(visit, **{key: value for look in looks for key, value in LOOKS[look].items()})
    await VIEWS[view](visitor)
    await look_at(visitor.page, name)


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
    png = indexed_png(picture.png)
    assert (picture.width, picture.height) == (1280, 800)
    assert picture.colours > BLANK_COLOURS
    assert len(png) < README_PICTURE_MAX_BYTES
    if os.environ.get("UPDATE_README_SCREENSHOT") == "1":
        README_PICTURE.write_bytes(png)
