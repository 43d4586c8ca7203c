"""JSON as the standard has it: Python's own reader takes more, and fails in more ways."""

from __future__ import annotations

import codecs
import json
from typing import Any, NoReturn

from relay.errors import RequestRefused


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request; a byte order mark is tolerated.

    Raises:
        RequestRefused: 400, saying where the JSON is broken; never quoting it.
    """
    try:
        parsed = _loads(body.removeprefix(codecs.BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        raise _bad(f"the body is not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise _bad(f"the body is not JSON at line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise _bad(
            "the body is not JSON: it holds NaN, Infinity or a number of thousands of digits"
        ) from None
    except RecursionError:
        raise _bad("the body is nested too deeply") from None
    if not isinstance(parsed, dict):
        raise _bad("the body must be a JSON object")
    return parsed


def json_object(value: object) -> dict[str, Any] | None:
    """An object, also when it comes inside a string, as this vendor likes it; None for anything else."""
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            value = _loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_loads = json.JSONDecoder(parse_constant=_no_constant).decode


def _bad(detail: str) -> RequestRefused:
    return RequestRefused(400, "bad_request", detail)
