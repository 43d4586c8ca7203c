"""What the tests of the page see with: errors, foreign requests, barriers, colours. On pages that have them."""

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.barriers import barriers
from tests.browser.pictures import indexed_png, read
from tests.browser.watch import Watch

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOME = "http://page.test"


async def complaints_about(browser: Browser, script: str) -> list[str]:
    """What is noticed while a page runs a script; no request leaves the browser."""

    async def answer(route: Route) -> None:
        body = f"<title>loading</title><script>document.title = 'ran'; {script}</script>"
        await route.fulfill(content_type="text/html", body=body, headers={"Access-Control-Allow-Origin": "*"})

    async with await browser.new_context() as context:
        await context.route("**/*", answer)
        watch = Watch(context, HOME)
        page = await context.new_page()
        await page.goto(f"{HOME}/")
        await expect(page).to_have_title("ran")
        await page.evaluate("fetch('/last')")  # what the script caused is told before
        return watch.complaints


async def test_a_quiet_page_is_no_reason_to_complain(browser: Browser) -> None:
    assert await complaints_about(browser, "console.log('well'); fetch('/api/state')") == []


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("console.error('broken')", "console: broken"),
        ("console.warn('odd')", "console: odd"),
        ("throw new Error('thrown')", "uncaught: thrown"),
        ("fetch('http://elsewhere.test/font')", "request to another host: http://elsewhere.test/font"),
        ("fetch('http://page.test.elsewhere/')", "request to another host: http://page.test.elsewhere/"),
    ],
)
async def test_a_page_that_misbehaves_is_noticed(browser: Browser, script: str, complaint: str) -> None:
    (noticed,) = await complaints_about(browser, script)
    assert noticed.startswith(complaint)


async def shown(browser: Browser, html: str) -> Page:
    """A page with this content."""
    context = await browser.new_context(viewport={"width": 300, "height": 200})
    page = await context.new_page()
    await page.set_content(f"<html lang=en><title>page</title><main><h1>Page</h1>{html}</main></html>")
    return page


async def test_a_picture_without_a_description_is_a_barrier(browser: Browser) -> None:
    page = await shown(browser, "<img src=''>")
    (barrier,) = await barriers(page)
    assert barrier.startswith("image-alt (critical)")
    await page.context.close()


async def test_a_plain_page_has_no_barriers(browser: Browser) -> None:
    page = await shown(browser, "<p>text</p>")
    assert await barriers(page) == []
    await page.context.close()


async def test_a_picture_is_small_with_a_palette_and_still_the_same(browser: Browser) -> None:
    page = await shown(browser, "<p style='background: #fc0; color: #036'>👋 hello</p>")
    png = await page.screenshot()
    picture = read(png)
    smaller = indexed_png(png)
    again = read(smaller)
    assert (again.width, again.height) == (picture.width, picture.height) == (300, 200)
    assert 20 < again.colours <= 256
    assert len(smaller) < len(png)
    await page.context.close()


async def test_a_blank_page_has_one_colour(browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 300, "height": 200})
    page = await context.new_page()
    assert read(await page.screenshot()).colours == 1
    await context.close()
