"""One call of a tool: its result, whatever it does."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from relay.outgoing import Medium
from relay.ports import FunctionCall
from relay.tools import Call, Custom, File, Picture, Place, Result, Tool, ToolError, Voice, run_call
from relay.tools import tool as mark_tool
from relay.tools.tool import marked, where

PICTURE = Picture("https://example.com/cat.jpg", name="cat.jpg")


def tool_of(function: Callable[..., Any]) -> Tool:
    mark = marked(mark_tool(function))
    assert mark
    return Tool.of(function, mark, where(function))


async def run(
    function: Callable[..., Any] | None, text: str = "{}", *, seconds: float = 5, characters: int = 1000
) -> Result:
    asked = FunctionCall("call-1", "order", text)
    tool = tool_of(function) if function else None
    return await run_call(tool, asked, Call(sender="alice"), seconds=seconds, characters=characters)


async def returning(value: object, characters: int = 1000) -> Result:
    def order() -> object:
        return value

    return await run(order, characters=characters)


class Shop(BaseModel):
    name: str
    open: bool = True


@dataclass
class Item:
    number: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Rome, Via Appia 1", "Rome, Via Appia 1"),
        ("北京", "北京"),
        ("", "done"),
        (None, "done"),
        (3, "3"),
        (True, "true"),
        ({"name": "北京", "open": [1, 2]}, '{"name":"北京","open":[1,2]}'),
        ([1, "two"], '[1,"two"]'),
        (Shop(name="Rome"), '{"name":"Rome","open":true}'),
        ([Item(1), Item(2)], '[{"number":1},{"number":2}]'),
        ({"day": date(2026, 11, 27), "price": Decimal("1.50")}, '{"day":"2026-11-27","price":"1.50"}'),
        ([], "[]"),
    ],
)
async def test_words_and_whatever_can_be_written_as_json_is_told(value: object, text: str) -> None:
    assert await returning(value) == Result(text)


@pytest.mark.parametrize(
    ("value", "text", "media"),
    [
        (PICTURE, "(sent to the user with your answer: picture, cat.jpg)", (PICTURE,)),
        (
            Place(41.9, 12.5, "Rome"),
            "(sent to the user with your answer: place, Rome (41.9, 12.5))",
            (Place(41.9, 12.5, "Rome"),),
        ),
        (
            ("Here it is.", File("https://example.com/a.pdf", "a.pdf"), {"pages": 3}, None),
            'Here it is.\n(sent to the user with your answer: file, a.pdf)\n{"pages":3}',
            (File("https://example.com/a.pdf", "a.pdf"),),
        ),
        (
            [Voice("https://example.com/a.mp3"), Custom({"offer": 1})],
            "(sent to the user with your answer: recording)\n"
            "(sent to the user with your answer: message of the app)",
            (Voice("https://example.com/a.mp3"), Custom({"offer": 1})),
        ),
    ],
)
async def test_media_go_out_and_the_model_reads_a_line_of_each_without_its_address(
    value: object, text: str, media: tuple[Medium, ...]
) -> None:
    assert await returning(value) == Result(text, media)


async def test_no_more_than_eight_media_go_out_with_a_call() -> None:
    result = await returning([PICTURE] * 9)
    assert len(result.media) == 8
    assert result.text.endswith("(only the first 8 of them: no more go out with one call)")


async def test_a_long_result_is_cut_and_says_so() -> None:
    result = await returning("x" * 500, characters=100)
    assert len(result.text) == 100
    assert result.text.endswith("x… (cut off: 500 characters in all)")
    assert (await returning("x" * 100, characters=100)).text == "x" * 100


async def test_half_a_character_is_made_one_that_can_be_stored() -> None:
    assert (await returning("a\ud800b")).text == "a\ufffdb"
    assert (await returning("\ud83d\ude00")).text == "😀"


async def test_a_tool_that_is_not_there_is_a_result() -> None:
    assert await run(None) == Result("There is no tool 'order'.", outcome="unknown")


async def test_arguments_that_do_not_fit_are_told_and_nothing_runs() -> None:
    def order(number: int) -> None:
        raise AssertionError

    result = await run(order, '{"number": "many"}')
    assert result.outcome == "bad_arguments"
    assert "and nothing was done. number: Input should be a valid integer" in result.text


async def test_what_a_tool_says_itself_is_what_the_model_reads(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "sesame-open")

    def order() -> None:
        raise ToolError("Sold out. (sesame-open)")

    assert await run(order) == Result("Sold out. (***)", outcome="error")
    assert not caplog.records


async def test_an_error_is_told_by_its_type_and_logged_by_its_place(caplog: pytest.LogCaptureFixture) -> None:
    def order(city: str) -> None:
        int("no number\nat all")

    result = await run(order, '{"city": "Rome"}')
    assert result == Result("It failed (ValueError).", outcome="error")
    (line,) = caplog.messages
    assert line.startswith("tool=order failed at test_running.py:")
    assert line.endswith(r": ValueError: invalid literal for int() with base 10: 'no number\nat all'")


async def test_an_error_from_somewhere_deep_names_both_ends(caplog: pytest.LogCaptureFixture) -> None:
    def order() -> None:
        json.loads("{")

    await run(order)
    assert caplog.messages[0].startswith("tool=order failed at test_running.py:")
    assert " > decoder.py:" in caplog.messages[0]


@pytest.mark.parametrize(
    "said",
    [
        "Rome",
        "no shop in ROME",
        "rome-shop 4711",
        "'Via Appia' is closed",
        "北京市没有商店",
        "Dear Bob Smith",
    ],
)
async def test_a_log_holds_nothing_of_the_arguments(said: str, caplog: pytest.LogCaptureFixture) -> None:
    async def order(city: str, number: int, note: str, names: list[str]) -> None:
        raise ValueError(said)

    await run(order, '{"city": "Rome", "number": 4711, "note": "Via Appia, 北京市", "names": ["Bob Smith"]}')
    (line,) = caplog.messages
    assert "***" in line
    for word in ("rome", "4711", "via", "appia", "北京", "bob", "smith"):
        assert word not in line.lower()


async def test_a_log_holds_no_secret(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IM_APP_SECRET", "app-secret-value")
    monkeypatch.setenv("DATABASE", "postgres://shop:sesame1@db/shop")
    monkeypatch.setenv("AzureWebJobsStorage", "AccountName=chats;AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0;A=b")

    def order() -> None:
        raise ValueError("app-secret-value postgres://shop:sesame1@db c2VjcmV0c2VjcmV0c2VjcmV0 chats")

    await run(order)
    assert caplog.messages[0].endswith("ValueError: *** postgres://shop:***@db *** chats")


async def test_a_checker_of_the_users_that_fails_is_a_result(caplog: pytest.LogCaptureFixture) -> None:
    class Number(BaseModel):
        number: int

        def model_post_init(self, context: object) -> None:
            raise RuntimeError(f"no order {self.number}")

    def order(number: Any) -> None: ...

    order.__annotations__["number"] = Number
    result = await run(order, '{"number": {"number": 4711}}')
    assert result.outcome == "error"
    assert result.text == "Nothing was done: its arguments could not be checked (RuntimeError)."
    assert "4711" not in caplog.text


@pytest.mark.parametrize("error", [SystemExit(1), TimeoutError("theirs"), asyncio.CancelledError()])
@pytest.mark.parametrize("is_plain", [True, False])
async def test_no_error_of_a_tool_reaches_the_turn(error: BaseException, is_plain: bool) -> None:
    def plain() -> None:
        raise error

    async def coroutine() -> None:
        raise error

    result = await run(plain if is_plain else coroutine)
    assert result == Result(f"It failed ({type(error).__name__}).", outcome="error")


async def test_what_cannot_be_written_down_has_been_done_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    result = await returning(object())
    assert result.outcome == "error"
    assert result.text.startswith("It was done, but what it returned cannot be read: object")
    circle: list[Any] = []
    circle.append(circle)
    assert (await returning(circle)).outcome == "error"
    assert len(caplog.records) == 2


async def test_a_tool_that_takes_too_long_is_cancelled_and_its_outcome_unknown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended = asyncio.Event()

    async def order() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    result = await run(order, seconds=0.01)
    assert result.outcome == "late"
    assert "the outcome is unknown" in result.text
    assert "raise tool_seconds" in caplog.messages[0]
    await asyncio.wait_for(ended.wait(), 5)


async def test_a_tool_that_does_not_end_when_it_is_told_to_is_not_waited_for() -> None:
    going_on = asyncio.Event()

    async def order() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await going_on.wait()

    assert (await asyncio.wait_for(run(order, seconds=0.01), 5)).outcome == "late"
    going_on.set()


async def test_a_plain_function_that_takes_too_long_goes_on_in_its_thread() -> None:
    go_on, gone_on = threading.Event(), threading.Event()

    def order() -> None:
        go_on.wait(5)
        gone_on.set()

    assert (await run(order, seconds=0.01)).outcome == "late"
    go_on.set()
    assert await asyncio.to_thread(gone_on.wait, 5)


async def test_a_turn_that_is_cancelled_takes_its_call_along() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def order() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    turn = asyncio.create_task(run(order))
    await begun.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    await asyncio.wait_for(ended.wait(), 5)
