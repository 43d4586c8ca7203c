"""Broken bodies are refused with the place of the fault, and never quoted."""

from __future__ import annotations

import pytest

from relay.errors import RequestRefused
from relay.inbound.strict_json import json_object, parse_object


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body is not JSON at line 1, column 1"),
        (b'{"a":\n secret}', "the body is not JSON at line 2, column 2"),
        (b'{"a":1} secret', "the body is not JSON at line 1, column 9"),
        (b'{"a":"\xff"}', "the body is not UTF-8 at byte 7"),
        ('{"a":1}'.encode("utf-16"), "the body is not UTF-8 at byte 1"),
        (b'{"a":NaN}', "the body is not JSON: it holds NaN, Infinity or a number of thousands of digits"),
        (
            b'{"a":-Infinity}',
            "the body is not JSON: it holds NaN, Infinity or a number of thousands of digits",
        ),
        (
            b'{"a":' + b"9" * 5000 + b"}",
            "the body is not JSON: it holds NaN, Infinity or a number of thousands of digits",
        ),
        (b"[" * 60_000, "the body is nested too deeply"),
        (b'[{"a":1}]', "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
        (b'"{}"', "the body must be a JSON object"),
    ],
)
def test_a_broken_body_is_refused(body: bytes, detail: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        parse_object(body)
    assert (refused.value.status, refused.value.word, refused.value.detail) == (400, "bad_request", detail)


def test_a_byte_order_mark_is_tolerated() -> None:
    assert parse_object(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_of_a_repeated_key_the_last_counts() -> None:
    assert parse_object(b'{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize("value", [{"a": 1}, '{"a":1}', ' {"a":1}'])
def test_an_object_may_come_inside_a_string(value: object) -> None:
    assert json_object(value) == {"a": 1}


@pytest.mark.parametrize("value", [None, "", "text", "[1]", "{", '{"a":NaN}', 7, [1], '{"a":' * 20_000])
def test_anything_else_is_no_object(value: object) -> None:
    assert json_object(value) is None
