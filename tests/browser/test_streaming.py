"""A reply that is streamed: seen in the middle of it, at its end, and gone when it is taken back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from playground.model_server import ModelServer, Reply
from tests.browser.fixtures import Visit
from tests.browser.process import playing
from tests.browser.test_looks import PHONE
from tests.browser.views import look_at

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BOTS = Path(__file__).with_name("streaming.toml")

QUESTION = "One free day in Lisbon! What should I see?"
BEGUN = """Lovely choice! Here is a day on foot:

1. **Morning**: up through *Alfama* to the Castelo, before the crowds.
2. **Noon**: grilled sardines in a tasca"""
REST = """ near Sé.
3. **Sunset**: the terrace of Miradouro da Graça."""
SHOWN_OF_IT = "grilled sardines"
TOKENS = len(BEGUN) // 4


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> AsyncIterator[ModelServer]:
    """The model that the playground's settings name."""
    async with ModelServer() as server:
        yield server


@pytest.fixture(scope="module")
def home(model: ModelServer) -> Any:
    """The page of a playground with a bot that streams."""
    settings = {"RELAY_MODEL_URL": f"{model.url}/v1", "RELAY_MODEL_NAME": "scripted"}
    with playing("settings", BOTS, settings) as playground:
        playground.wait_until_ready()
        yield playground.url


@pytest.mark.parametrize(("name", "options"), [("streaming-wide", {}), ("streaming-phone", PHONE)])
async def test_a_reply_is_seen_to_grow_and_then_to_end(
    visit: Visit, model: ModelServer, name: str, options: dict[str, Any]
) -> None:
    model.when(QUESTION, Reply(BEGUN + REST, hold_after=(TOKENS,)), times=1)
    ada = await visit(**options)
    await ada.open_chat("Helper")
    question = await ada.say(QUESTION)
    reply = await ada.said("helper", SHOWN_OF_IT)
    await expect(reply).to_have_attribute("data-growing", "true")
    await expect(reply).not_to_contain_text("Sunset")
    await expect(question).to_have_attribute("data-status", "waiting")
    await expect(ada.at("typing")).to_have_count(0)
    await look_at(ada.page, name)

    model.release()
    await expect(reply).to_have_attribute("data-growing", "false")
    await expect(reply).to_contain_text("Graça")
    await expect(question).to_have_attribute("data-status", "answered")
    await expect(ada.at("message", sender="helper")).to_have_count(1)


async def test_what_was_begun_and_is_taken_back_is_gone_from_the_page(
    visit: Visit, model: ModelServer
) -> None:
    model.when("and if it rains?", Reply(BEGUN, hold_after=(TOKENS,), finish_reason="content_filter"))
    ada = await visit()
    await ada.open_chat("Helper")
    question = await ada.say("and if it rains?")
    begun = await ada.said("helper", SHOWN_OF_IT)
    await expect(begun).to_have_attribute("data-growing", "true")
    model.release()
    await expect(question).to_have_attribute("data-status", "answered")
    await expect(ada.at("message", sender="helper")).to_have_count(1)
    await expect(ada.at("message", sender="helper")).not_to_contain_text(SHOWN_OF_IT)
