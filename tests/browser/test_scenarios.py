"""A chat is saved as a file, and the file played in a stack of its own: as it was, otherwise, not to its end."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.fixtures import Visit
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


PLAYED_MS = 90_000
"""A whole stack starts first, on a busy machine."""


async def replay(visitor: Visitor, file: Path) -> list[str | None]:
    """Play a file; gives for each step whether it went as expected: ``true`` or ``false``."""
    await visitor.at("scenario-file").set_input_files(file)
    await expect(visitor.at("scenario-result")).to_contain_text("Your chats stay as they are")
    await expect(visitor.at("scenario-verdict")).to_be_visible(timeout=PLAYED_MS)
    return [await step.get_attribute("data-ok") for step in await visitor.at("scenario-step").all()]


async def test_a_saved_chat_replays_as_it_was(visit: Visit, tmp_path: Path) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.ask('a "quoted" line\nand another 👋')
    await ada.ask("good bye")
    await ada.at("menu").click()
    async with ada.page.expect_download() as saving:
        await ada.at("scenario-save").click()
    file = tmp_path / "chat.toml"
    await (await saving.value).save_as(file)
    assert 'expect = "You said: good bye"' in file.read_text(encoding="utf-8")

    outcome = await replay(ada, file)
    assert len(outcome) >= 2
    assert set(outcome) == {"true"}
    await ada.page.keyboard.press("Escape")
    await expect(ada.at("message").filter(has_text="good bye")).to_have_count(2)


async def test_a_replay_that_goes_otherwise_says_where(visit: Visit, tmp_path: Path) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    file = tmp_path / "other.toml"
    file.write_text(
        f'title = "other"\n[[steps]]\nas = "{ada.accid}"\nto = "helper"\nsay = "hello"\nexpect = "Good evening"\n'
    )
    assert "false" in await replay(ada, file)
    await expect(ada.at("scenario-step", ok="false").first).to_contain_text("You said: hello")


async def test_a_scenario_is_cancelled_and_another_one_played(visit: Visit, tmp_path: Path) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    file = tmp_path / "slow.toml"
    file.write_text(
        'title = "slow"\n[[script]]\nseconds = 300\n'
        '[[steps]]\nto = "helper"\nsay = "hello"\nexpect = { replies = 1, within = 300 }\n'
    )
    await ada.at("scenario-file").set_input_files(file)
    await expect(ada.at("scenario-step").first).to_be_visible(timeout=PLAYED_MS)
    await ada.at("scenario-cancel").click()
    await expect(ada.at("scenario-result")).to_be_hidden()


async def test_a_file_that_is_no_scenario_is_refused_in_plain_words(visit: Visit, tmp_path: Path) -> None:
    ada = await visit(but="status of 400")
    await ada.open_chat("Helper")
    file = tmp_path / "broken.toml"
    file.write_text('title = "broken"\n[[steps]]\nsays = "hello"\n')
    await ada.at("scenario-file").set_input_files(file)
    await expect(ada.at("notice").or_(ada.at("scenario-result")).filter(has_text="say").first).to_be_visible()
