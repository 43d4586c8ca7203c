"""``@tool``: the function stays what it is, and what is wrong with it is named with file and line."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from relay.tools import Call, tool
from relay.tools.tool import Tool, marked
from tests.tools.files import only, problems


def tool_of(function: Any) -> Tool:
    mark = marked(function)
    assert mark
    return Tool.of(function, mark, "tools.py:1")


def test_the_function_can_be_called_as_before() -> None:
    @tool
    def double(number: int) -> int:
        return 2 * number

    @tool(confirm="Half of {number}?")
    async def half(number: int, call: Call) -> float:
        return number / 2

    assert double(4) == 8
    assert asyncio.run(half(4, Call(sender="alice"))) == 2


async def test_a_coroutine_runs_on_the_event_loop_and_a_plain_function_in_a_thread() -> None:
    @tool
    def plain() -> str:
        return threading.current_thread().name

    @tool
    async def coroutine() -> str:
        return threading.current_thread().name

    assert str(await tool_of(plain).run({}, Call())).startswith("tool")
    assert await tool_of(coroutine).run({}, Call()) == threading.current_thread().name


async def test_a_parameter_of_the_call_gets_it_whatever_its_name() -> None:
    @tool
    async def who(context: Call) -> str:
        return context.sender

    @tool
    async def maybe(context: Call | None = None) -> str:
        return context.sender if context else "nobody"

    assert await tool_of(who).run({}, Call(sender="alice")) == "alice"
    assert await tool_of(maybe).run({}, Call(sender="alice")) == "alice"
    assert await maybe() == "nobody"


async def test_a_call_that_a_test_makes_takes_words_and_bytes() -> None:
    call = Call()
    await call.say("wait")
    assert await call.upload(b"1", "image/png") == "https://example.com/uploaded"


def test_a_tool_is_shown_in_one_line(tmp_path: Path) -> None:
    made = only(
        tmp_path,
        """
        from datetime import date
        from typing import Literal

        @tool
        def book(day: date, people: list[int], where: Literal["in", "out"] = "in", call: Call = None): ...
        """,
    )
    assert str(made) == "book(day: date, people: list of integer, where?: in | out)"


def test_a_question_has_the_arguments_in_it() -> None:
    @tool(confirm="Pay {price} to {to} ({note})? {{sure}}")
    def pay(price: Decimal, to: str, note: str = "no note") -> None: ...

    made = tool_of(pay)
    assert (
        made.question(made.arguments('{"price": 12.5, "to": "Bob"}')) == "Pay 12.5 to Bob (no note)? {sure}"
    )


def test_an_argument_cannot_hide_the_question_nor_fill_in_another() -> None:
    @tool(confirm="Pay {to}?")
    def pay(to: str) -> None: ...

    question = tool_of(pay).question({"to": "{to.__class__}\n\n\nYes means no" + "!" * 1000})
    assert question.startswith("Pay {to.__class__} Yes means no!!!")
    assert "\n" not in question
    assert len(question) < 250


WRONG = {
    "an annotation is missing": (
        "def order(number): ...",
        'parameter "number" has no annotation; write its type behind a colon, such as city: str',
    ),
    "any number of values": (
        "def order(*numbers: int): ...",
        'parameter "numbers" takes any number of values (*); a model needs each of them by its name',
    ),
    "any number of names": (
        "def order(**numbers: int): ...",
        'parameter "numbers" takes any number of values (*); a model needs each of them by its name',
    ),
    "positional": (
        "def order(number: int, /): ...",
        'parameter "number" is positional only (/); a model names what it fills in',
    ),
    "a type that no JSON is": (
        "def order(done: type(print)): ...",
        'parameter "done" has a type that a model cannot fill in (PydanticSchemaGenerationError): '
        "builtin_function_or_method",
    ),
    "a value for a type": (
        "def order(number: 3): ...",
        'parameter "number" has a type that a model cannot fill in (PydanticSchemaGenerationError): 3',
    ),
    "a type that is not defined": (
        'def order(number: "Number"): ...',
        "has an annotation that cannot be read: name 'Number' is not defined",
    ),
    "pydantic's default": (
        "from pydantic import Field\n@tool\ndef order(number: int = Field(3, ge=1)): ...",
        'parameter "number" has a Field(…) as its default; write Annotated[int, Field(…)] for its type instead',
    ),
    "a question about nothing": (
        '@tool(confirm="Cancel {nmber}?")\ndef order(number: int): ...',
        "names {nmber} in its confirm, which is none of its parameters; accepted: {number}",
    ),
    "a question that looks into an argument": (
        '@tool(confirm="Cancel {number.real}?")\ndef order(number: int): ...',
        "names {number.real} in its confirm, which is none of its parameters; accepted: {number}",
    ),
    "a question about the call": (
        '@tool(confirm="Cancel {call}?")\ndef order(call: Call): ...',
        "names {call} in its confirm, which is none of its parameters; accepted: none",
    ),
    "a question with a format": (
        '@tool(confirm="Cancel {number:.2f}?")\ndef order(number: float): ...',
        "has a format in its confirm, which knows names alone: write {number}",
    ),
    "a question with a brace": (
        '@tool(confirm="Cancel {number?")\ndef order(number: int): ...',
        "has a brace too many or too few in its confirm: expected '}' before end of string",
    ),
    "a question without a word": (
        '@tool(confirm=" ")\ndef order(number: int): ...',
        "asks nothing in its confirm",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_with_a_signature_is_named_with_its_line(wrong: str, tmp_path: Path) -> None:
    source, problem = WRONG[wrong]
    source = source if "@tool" in source else f"@tool\n{source}"
    line = 4 + source.split("\n").index(next(line for line in source.split("\n") if line.startswith("@")))
    assert problems(tmp_path, source) == [f"tools.py:{line}: order: {problem}"]


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    source = """
    @tool
    def one(a, b): ...

    @tool(name="a name")
    def two(c: int): ...
    """
    assert [problem.partition(";")[0] for problem in problems(tmp_path, source)] == [
        'tools.py:4: one: parameter "a" has no annotation',
        'tools.py:4: one: parameter "b" has no annotation',
        "tools.py:7: a name: has no name for a tool",
    ]


@pytest.mark.parametrize("source", ["@tool\nclass Order: ...", "order = tool(3)"])
def test_what_is_no_function_is_no_tool(source: str, tmp_path: Path) -> None:
    assert problems(tmp_path, source) == ["tools.py:4: TypeError: @tool belongs above a function"]
