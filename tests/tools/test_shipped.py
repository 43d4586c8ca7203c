"""The tools that ship."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from relay.config.bot import Painter
from relay.errors import MediumRefused, ModelUnavailable
from relay.outgoing import Picture, Place
from relay.ports import FunctionCall
from relay.tools import Call, Result, Tool, run_call
from relay.tools.shipped import drawing, shipped

BY = Painter(model="gpt-image-2")


def jpeg(width: int = 12, height: int = 8) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height)).save(content, "JPEG")
    return content.getvalue()


class Pictures:
    """A server of pictures: what it was asked, and what it says."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Painter]] = []

    async def draw(self, prompt: str, by: Painter) -> bytes:
        self.asked.append((prompt, by))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


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
    uploaded: list[tuple[bytes, str]] = []

    async def upload(content: bytes, content_type: str) -> str:
        uploaded.append((content, content_type))
        return "https://nim-nosdn.example.com/1"

    pictures = Pictures(jpeg())
    result = await run(drawing(pictures, BY), '{"prompt": "a cat"}', Call(_upload=upload))
    assert pictures.asked == [("a cat", BY)]
    assert uploaded == [(jpeg(), "image/jpeg")]
    picture = Picture("https://nim-nosdn.example.com/1", ext="jpeg", size=len(jpeg()), width=12, height=8)
    assert result == Result("(sent to the user with your answer: picture)", (picture,))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MediumRefused("400 moderation_blocked"), "refuses this one: 400 moderation_blocked."),
        (ModelUnavailable("429"), "does not answer now."),
    ],
)
async def test_a_picture_that_is_not_made_is_told_to_the_model(error: Exception, text: str) -> None:
    result = await run(drawing(Pictures(error), BY), '{"prompt": "a cat"}')
    assert result.outcome == "error"
    assert text in result.text


async def test_where_nothing_is_drawn_the_tool_says_so() -> None:
    assert await run(drawing(None, BY), '{"prompt": "a cat"}') == Result(
        "No pictures can be made here.", outcome="error"
    )
