"""The bots file is changed while somebody chats, and in the end the playground goes."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.barriers import barriers
from tests.browser.fixtures import Visit
from tests.browser.pictures import take
from tests.browser.process import BOTS, Playground, playing
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(scope="module")
def bots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bots file that a test may change."""
    file = tmp_path_factory.mktemp("bots") / "bots.toml"
    file.write_bytes(BOTS.read_bytes())
    return file


@pytest.fixture(scope="module")
def playground(bots: Path) -> Iterator[Playground]:
    """A playground over that file."""
    with playing(bots=bots) as running:
        running.wait_until_ready()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(playground: Playground) -> AsyncIterator[str]:
    """Its page."""
    yield playground.url


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def write(file: Path, text: str) -> None:
    """As an editor that writes in place."""
    file.write_text(text, encoding="utf-8")


def put_in_place(file: Path, text: str) -> None:
    """As an editor that writes another file, and puts it in the place of the one that there was."""
    draft = file.with_name("draft")
    write(draft, text)
    draft.replace(file)


async def test_a_saved_bots_file_is_there_at_once_and_a_wrong_one_is_said_until_it_is_mended(
    visit: Visit, bots: Path
) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.ask("hello")
    first = read(bots)

    write(bots, first.replace("name =", "nam =", 1))
    banner = ada.at("files-banner")
    await expect(banner).to_contain_text('key "nam": unknown; did you mean "name"?')
    await expect(ada.at("footer-host")).to_have_attribute("data-state", "running")
    await ada.ask("still there?")
    assert await barriers(ada.page) == []
    await take(ada.page, "files-wrong")

    mended = re.sub(r'\[\[bots\]\]\naccid = "translator".*?(?=\[\[bots\]\])', "", first, flags=re.DOTALL)
    put_in_place(bots, mended.replace('"Helper"', '"First Mate"').replace("friendly assistant", "pirate"))
    await expect(ada.at("conversation").filter(has_text="First Mate")).to_have_count(1)
    await expect(banner).to_have_count(0)
    await expect(ada.at("conversation").filter(has_text="Translator")).to_have_count(0)
    await expect(ada.at("message", sender="helper")).to_have_count(2)
    await expect(ada.at("footer-host")).to_have_attribute("data-state", "running")
    inspector = await ada.inspect(await ada.ask("who are you now?"))
    await expect(inspector.locator('[data-testid="window-entry"][data-role="system"]')).to_contain_text(
        "pirate"
    )

    write(bots, first.replace('accid = "helper"', 'accid = "other"').replace('"Helper"', '"Other"'))
    await expect(ada.at("conversation").filter(has_text="Other")).to_have_count(1)
    former = ada.at("conversation").filter(has_text="First Mate")
    await expect(former).to_contain_text("bot, removed")
    await former.click()
    await expect(ada.at("message", sender="helper")).to_have_count(3)


async def test_a_page_whose_playground_has_gone_says_so(
    browser: Browser, playground: Playground, home: str
) -> None:
    async with await browser.new_context() as context:
        alice = Visitor(await context.new_page(), home, "Alice", "alice")
        await alice.arrive()
        await expect(alice.at("footer-host")).to_have_text("Function host: running")
        playground.stop()
        await expect(alice.at("footer-host")).to_have_text("The playground does not answer")
        await expect(alice.at("footer-host")).to_have_attribute("data-state", "gone")
