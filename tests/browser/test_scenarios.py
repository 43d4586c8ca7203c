"""A chat is saved as a file, and the file replayed: here, and where something is different."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.fixtures import Visit
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def replay(visitor: Visitor, file: Path) -> list[str | None]:
    """Replay a file; gives for each step whether it went as expected: ``true`` or ``false``."""
    await visitor.at("scenario-file").set_input_files(file)
    await expect(visitor.at("scenario-result")).to_be_visible()
    await expect(visitor.at("scenario-step").first).to_be_visible()
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


async def test_a_replay_that_goes_otherwise_says_where(visit: Visit, tmp_path: Path) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    file = tmp_path / "other.toml"
    file.write_text(
        f'title = "other"\n[[steps]]\nas = "{ada.accid}"\nto = "helper"\nsay = "hello"\nexpect = "Good evening"\n'
    )
    assert "false" in await replay(ada, file)
    await expect(ada.at("scenario-step", ok="false").first).to_contain_text("You said: hello")


async def test_a_file_that_is_no_scenario_is_refused_in_plain_words(visit: Visit, tmp_path: Path) -> None:
    ada = await visit(but="status of 400")
    await ada.open_chat("Helper")
    file = tmp_path / "broken.toml"
    file.write_text('title = "broken"\n[[steps]]\nsays = "hello"\n')
    await ada.at("scenario-file").set_input_files(file)
    await expect(ada.at("notice").or_(ada.at("scenario-result")).filter(has_text="say").first).to_be_visible()
