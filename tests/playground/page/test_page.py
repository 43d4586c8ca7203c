"""What the page says of what cannot be seen."""

from playground.page.page import Page
from playground.page.parts import HostLabel, ModelLabel
from playground.page.spans import SpanFact
from playground.page.words import Said
from relay import spans
from relay.config.bots import Bots
from tests.playground.page.story import BEGAN, HELPER


async def test_the_first_span_takes_away_what_was_said_of_them_and_lets_the_browser_look_again() -> None:
    host = HostLabel("remote", "running", killable=False)
    model = ModelLabel("scripted", "scripted", visible=True)
    page = Page(Bots([HELPER]), model, host, invisible=["the one"], without_spans=Said("the other"))
    assert page.state()["invisible"] == ["the one", "the other"]
    for number in range(2):
        page.receive_spans([SpanFact("a" * 32, f"{number:016x}", "", spans.SWEEP, BEGAN, 1)])
    assert page.state()["invisible"] == ["the one"]
    events = page.events.follow(0)
    assert b'"type": "reset"' in await anext(line async for line in events if b"data" in line)
    assert page.events.seq == 1  # once is enough
    await events.aclose()
    await page.aclose()
