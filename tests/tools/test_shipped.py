"""The tools that ship."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relay.config.bot import Painter
from relay.errors import MediumRefused, ModelUnavailable, RelayError
from relay.outgoing import Picture, Place
from relay.ports import FunctionCall
from relay.tools import Call, Result, Tool, run_call
from relay.tools.shipped import drawing, shipped
from tests.doubles import MemoryPictures
from tests.kit import RelayKit

BY = Painter(model="gpt-image-2")


async def run(tool: Tool, text: str, call: Call | None = None) -> Result:
    return await run_call(
        tool, FunctionCall("1", tool.name, text), call or Call(), seconds=5, characters=1000
    )


async def test_now_is_the_time_in_the_zone_of_whoever_asks() -> None:
    result = await run(shipped()["now"], '{"zone": "Asia/Shanghai"}')
    day, rest = result.text.split(", ")
    told = datetime.strptime(rest[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) - timedelta(hours=8)
    assert rest[19:] == " Asia/Shanghai (UTC+0800)"
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)
    assert day == f"{told + timedelta(hours=8):%A}"


async def test_now_without_a_zone_is_utc() -> None:
    assert (await run(shipped()["now"], "{}")).text.endswith(" UTC (UTC+0000)")


@pytest.mark.parametrize("zone", ["Rome", "../../etc/passwd", "", "/etc/localtime", "Europe", "a\\u0000b"])
async def test_a_zone_that_there_is_not_is_told(zone: str) -> None:
    result = await run(shipped()["now"], f'{{"zone": "{zone}"}}')
    assert (result.text, result.outcome) == (
        "There is no time zone of this name. Accepted: IANA names, such as Europe/Rome.",
        "error",
    )


async def test_a_place_is_sent() -> None:
    result = await run(shipped()["send_place"], '{"latitude": 41.9, "longitude": 12.5, "title": "Rome"}')
    assert result.media == (Place(41.9, 12.5, "Rome"),)


async def test_a_place_off_the_map_is_told() -> None:
    result = await run(shipped()["send_place"], '{"latitude": 91, "longitude": 12.5}')
    assert result.outcome == "bad_arguments"
    assert "latitude: Input should be less than or equal to 90" in result.text


async def test_a_picture_is_made_uploaded_and_sent() -> None:
    uploaded: list[str] = []
    sizes: list[int] = []

    async def upload(content: bytes, content_type: str) -> str:
        uploaded.append(content_type)
        sizes.append(len(content))
        return "https://nim-nosdn.example.com/1"

    pictures = MemoryPictures()
    result = await run(drawing(pictures, BY), '{"prompt": "a cat"}', Call(_upload=upload))
    assert (pictures.drawn, uploaded) == (["a cat"], ["image/jpeg"])
    picture = Picture("https://nim-nosdn.example.com/1", ext="jpeg", size=sizes[0], width=12, height=8)
    assert result == Result("(sent to the user with your answer: picture)", (picture,))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MediumRefused("400 moderation_blocked"), "refuses this one: 400 moderation_blocked."),
        (ModelUnavailable("429"), "does not answer now."),
    ],
)
async def test_a_picture_that_is_not_made_is_told_to_the_model(error: RelayError, text: str) -> None:
    result = await run(drawing(MemoryPictures(failure=error), BY), '{"prompt": "a cat"}')
    assert result.outcome == "error"
    assert text in result.text


async def test_where_nothing_is_drawn_the_tool_says_so() -> None:
    assert await run(drawing(None, BY), '{"prompt": "a cat"}') == Result(
        "No pictures can be made here.", outcome="error"
    )


def test_a_user_asks_for_a_picture_and_gets_it(relay: RelayKit) -> None:
    relay.configure_bot(draw={"model": "gpt-image-2"})
    relay.model.script.call("draw", prompt="a cat on a roof")
    relay.model.script.append("Here is your cat.")
    relay.post("Draw me a cat on a roof")
    (picture,) = relay.sent
    assert isinstance(picture, Picture)
    assert (picture.width, picture.height, picture.url in relay.im.uploads) == (12, 8, True)
    assert relay.replies == ["Here is your cat."]
    assert relay.pictures.drawn == ["a cat on a roof"]


def test_what_may_not_be_drawn_is_said_by_the_bot(relay: RelayKit) -> None:
    relay.configure_bot(draw={"model": "gpt-image-2"})
    relay.pictures.failure = MediumRefused("HTTP 400 moderation_blocked")
    relay.model.script.call("draw", prompt="something else")
    relay.model.script.append("I may not draw that.")
    relay.post("Draw me something else")
    assert (relay.sent, relay.replies) == ([], ["I may not draw that."])
    assert "refuses this one: HTTP 400 moderation_blocked" in relay.model.prompts[-1].messages[-1].content
