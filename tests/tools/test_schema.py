"""Signatures of tools as the JSON schema that a model is told, and what is made of its arguments."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from relay.errors import BadArguments
from relay.tools import Call, tool
from relay.tools.tool import Tool, marked


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    title: str = Field("", description="as on the letter box")


@dataclasses.dataclass
class Item:
    number: int
    pieces: int = 1


class Reply(BaseModel):
    text: str
    replies: list[Reply] = []


def nothing() -> None: ...


def words(city: str) -> None:
    """Find a shop.

    Args:
        city: its name
            in English.
    """


def numbers(count: int, share: float, sure: bool) -> None: ...


def defaults(city: str = "Rome", count: int = 3, note: str | None = None) -> None: ...


def choices(color: Literal["red", "blue"], size: Size = Size.SMALL) -> None: ...


def lists(names: list[str], pairs: dict[str, int]) -> None: ...


def nested(address: Address) -> None: ...


def several(items: list[Item]) -> None: ...


def times(day: date, at: datetime | None = None) -> None: ...


def money(price: Annotated[Decimal, Field(ge=0)]) -> None: ...


def bounds(pieces: Annotated[int, Field(ge=1, le=9, description="how many")], call: Call) -> None:
    """Order.

    Args:
        pieces: this loses against the annotation.
        call: not the model's.
    """


def circle(thread: Reply) -> None: ...


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


REPLY = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "replies": {"type": "array", "items": {"$ref": "#/$defs/Reply"}, "default": []},
    },
    "required": ["text"],
}

SCHEMAS: list[tuple[Callable[..., None], dict[str, Any]]] = [
    (nothing, _object({})),
    (words, _object({"city": {"type": "string", "description": "its name in English."}}, "city")),
    (
        numbers,
        _object(
            {"count": {"type": "integer"}, "share": {"type": "number"}, "sure": {"type": "boolean"}},
            *("count", "share", "sure"),
        ),
    ),
    (
        defaults,
        _object(
            {
                "city": {"type": "string", "default": "Rome"},
                "count": {"type": "integer", "default": 3},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            }
        ),
    ),
    (
        choices,
        _object(
            {
                "color": {"type": "string", "enum": ["red", "blue"]},
                "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
            },
            "color",
        ),
    ),
    (
        lists,
        _object(
            {
                "names": {"type": "array", "items": {"type": "string"}},
                "pairs": {"type": "object", "additionalProperties": {"type": "integer"}},
            },
            *("names", "pairs"),
        ),
    ),
    (
        nested,
        _object(
            {
                "address": {
                    "type": "object",
                    "description": "Where somebody lives.",
                    "properties": {
                        "street": {"type": "string"},
                        "title": {"type": "string", "default": "", "description": "as on the letter box"},
                    },
                    "required": ["street"],
                }
            },
            "address",
        ),
    ),
    (
        several,
        _object(
            {
                "items": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "number": {"type": "integer"},
                            "pieces": {"type": "integer", "default": 1},
                        },
                        "required": ["number"],
                        "additionalProperties": False,
                    },
                }
            },
            "items",
        ),
    ),
    (
        times,
        _object(
            {
                "day": {"type": "string", "format": "date"},
                "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
            },
            "day",
        ),
    ),
    (money, _object({"price": {"type": "number", "minimum": 0}}, "price")),
    (
        bounds,
        _object(
            {"pieces": {"type": "integer", "minimum": 1, "maximum": 9, "description": "how many"}}, "pieces"
        ),
    ),
    (circle, _object({"thread": {"$ref": "#/$defs/Reply"}}, "thread") | {"$defs": {"Reply": REPLY}}),
]


def tool_of(function: Callable[..., Any]) -> Tool:
    mark = marked(tool(function))
    assert mark
    return Tool.of(function, mark, "tools.py:1")


@pytest.mark.parametrize(("function", "schema"), SCHEMAS, ids=[f.__name__ for f, _ in SCHEMAS])
def test_the_schema_of_a_signature(function: Callable[..., None], schema: dict[str, Any]) -> None:
    assert tool_of(function).function.parameters == schema


def test_twelve_signatures_are_shown() -> None:
    assert len({function for function, _ in SCHEMAS}) == 12


def test_the_description_is_the_first_paragraph() -> None:
    def order() -> None:
        """Order what
        is in the basket.

        The model does not read this.
        """

    assert tool_of(order).function.description == "Order what is in the basket."
    assert tool_of(nothing).function.description == ""


def test_parameters_may_have_any_name() -> None:
    def odd(copy: str, model_config: str, _x: int, schema: int, title: str = "t") -> None: ...

    made = tool_of(odd)
    assert [*made.function.parameters["properties"]] == ["copy", "model_config", "_x", "schema", "title"]
    text = '{"copy": "a", "model_config": "b", "_x": 1, "schema": 2}'
    assert made.arguments(text) == {"copy": "a", "model_config": "b", "_x": 1, "schema": 2}


def test_arguments_become_the_types_of_the_signature() -> None:
    assert tool_of(times).arguments('{"day": "2026-11-27"}') == {"day": date(2026, 11, 27)}
    assert tool_of(money).arguments('{"price": 12.30}') == {"price": Decimal("12.3")}
    assert tool_of(choices).arguments('{"color": "red", "size": "large"}')["size"] is Size.LARGE
    assert tool_of(several).arguments('{"items": [{"number": 7}]}') == {"items": [Item(7)]}


def test_no_arguments_at_all_are_an_empty_object() -> None:
    assert tool_of(nothing).arguments("") == {}
    assert tool_of(nothing).arguments(" {} ") == {}


@pytest.mark.parametrize(
    ("function", "text", "complaint"),
    [
        (words, "{}", "city: is missing"),
        (words, '{"town": "Rome", "city": "Rome"}', "town: there is no such argument; accepted: city"),
        (nothing, '{"town": 1}', "town: there is no such argument; accepted: none at all"),
        (choices, '{"color": "green"}', "color: Input should be 'red' or 'blue'"),
        (several, '{"items": [{"number": "x"}]}', "items.0.number: Input should be a valid integer"),
        (words, "[1]", "the arguments: Input should be an object"),
        (words, '{"city": ', "the arguments: Invalid JSON"),
        (words, '{"city": "\\ud800"}', "the arguments: Invalid JSON"),
        (words, '{"city": "\ud800"}', "the arguments: Input should be a valid string"),
        (words, "[" * 100_000, "the arguments: Invalid JSON"),
        (numbers, '{"count": 1, "share": NaN, "sure": true}', "share: Input should be a finite number"),
    ],
)
def test_what_does_not_fit_is_told_by_its_field(
    function: Callable[..., None], text: str, complaint: str
) -> None:
    with pytest.raises(BadArguments) as wrong:
        tool_of(function).arguments(text)
    assert str(wrong.value).startswith(complaint)


def test_what_does_not_fit_is_not_repeated_at_length() -> None:
    with pytest.raises(BadArguments) as wrong:
        tool_of(numbers).arguments('{"count": "' + "secret" * 1000 + '", "' + "x" * 5000 + '": 1}')
    assert "secret" not in str(wrong.value)
    assert len(str(wrong.value)) < 1000
