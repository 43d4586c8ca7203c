"""A tool: a function that a model may call, marked by ``@tool``."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, TypeVar, overload

from pydantic_core import to_jsonable_python

from relay.errors import ToolsBroken
from relay.ports import Function
from relay.tools import docstring, schema
from relay.tools.call import Call

if TYPE_CHECKING:
    from concurrent.futures import Executor

F = TypeVar("F", bound=Callable[..., Any])

DESCRIPTION_MAX_CHARS = 1024
"""What OpenAI takes of a function's description."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MARK = "__relay_tool__"
_SHOWN_CHARS = 200


@cache
def _threads() -> Executor:
    """For plain functions. They are the tools' own: one that hangs takes none away from the relay."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(max_workers=16, thread_name_prefix="tool")


@dataclass(frozen=True, slots=True)
class Mark:
    """What ``@tool`` was told, and what it found."""

    name: str
    confirm: str | None
    replaces: str


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(*, name: str | None = None, confirm: str | None = None) -> Callable[[F], F]: ...
def tool(
    function: Callable[..., Any] | None = None, /, *, name: str | None = None, confirm: str | None = None
) -> Any:
    """Mark a function as a tool. It stays the function that it is.

    Its annotations and its docstring are what the model is told: the first paragraph, and ``Args:`` in Google's style.

    Args:
        function: ``async def``, or a plain function, which runs in a thread.
        name: for the model, where it is not the function's own.
        confirm: a question that the user is asked first, such as ``Cancel order {order_id}?``; it may name parameters.
    """

    def mark(function: F) -> F:
        if not inspect.isfunction(function):
            raise TypeError("@tool belongs above a function")
        earlier = inspect.unwrap(function).__globals__.get(function.__name__)
        replaces = where(earlier) if marked(earlier) and earlier is not function else ""
        setattr(function, _MARK, Mark(name or function.__name__, confirm, replaces))
        return function

    return mark if function is None else mark(function)


def marked(value: object) -> Mark | None:
    """The mark of a tool; None for everything else."""
    mark = getattr(value, _MARK, None) if inspect.isfunction(value) else None
    return mark if isinstance(mark, Mark) else None


def where(function: Any) -> str:
    """File and line."""
    code = inspect.unwrap(function).__code__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call.

    Attributes:
        name: by which the model calls it.
        function: what the model is told.
        confirm: the question to the user before it runs, with ``{parameters}``; None to run it at once.
        where: file and line, ``tools.py:12``; ``relay`` for what ships.
    """

    name: str
    function: Function
    confirm: str | None
    where: str
    _callable: Callable[..., Any] = field(repr=False)
    _signature: schema.Signature = field(repr=False)

    @classmethod
    def of(cls, function: Callable[..., Any], mark: Mark, place: str) -> Tool:
        """The tool that a marked function is.

        Raises:
            ToolsBroken: with everything that is wrong with it.
        """
        problems = []
        if mark.replaces:
            problems.append(f"is defined a second time, after {mark.replaces}")
        if not _NAME.fullmatch(mark.name):
            problems.append("has no name for a tool; accepted: up to 64 ASCII letters, digits and _")
        try:
            signature = schema.read(function)
        except ValueError as error:
            problems += str(error).split("\n")
        else:
            problems += _wrong_question(mark.confirm, signature.names)
        if problems:
            raise ToolsBroken([f"{place}: {mark.name}: {problem}" for problem in problems])
        description = docstring.first_paragraph(function.__doc__)[:DESCRIPTION_MAX_CHARS]
        told = Function(mark.name, description, signature.schema)
        return cls(mark.name, told, mark.confirm, place, function, signature)

    def arguments(self, text: str) -> Mapping[str, Any]:
        """What the function is called with, of JSON as the model wrote it.

        Raises:
            BadArguments: it does not fit; the message is for the model.
        """
        return self._signature.parse(text)

    def question(self, arguments: Mapping[str, Any]) -> str:
        """The question to the user before the call, of a tool that has one."""
        values = {**self._signature.defaults, **arguments}
        return (self.confirm or "").format_map({name: _shown(value) for name, value in values.items()})

    async def run(self, arguments: Mapping[str, Any], call: Call) -> object:
        """Call the function; whatever it raises goes through."""
        bound = partial(self._callable, **arguments, **dict.fromkeys(self._signature.calls, call))
        if inspect.iscoroutinefunction(self._callable):
            return await bound()
        loop = asyncio.get_running_loop()
        value = await loop.run_in_executor(_threads(), contextvars.copy_context().run, bound)
        return await value if inspect.isawaitable(value) else value

    def __str__(self) -> str:
        """The tool in one line, for people who look at a configuration: ``order(number: integer, gift?: boolean)``."""
        required = self.function.parameters.get("required", ())
        properties = self.function.parameters["properties"].items()
        inside = ", ".join(f"{n}{'' if n in required else '?'}: {_type_of(s)}" for n, s in properties)
        return f"{self.name}({inside})"


def _wrong_question(confirm: str | None, names: list[str]) -> list[str]:
    if confirm is None:
        return []
    if not confirm.strip():
        return ["asks nothing in its confirm"]
    try:
        parts = list(Formatter().parse(confirm))
    except ValueError as error:
        return [f"has a brace too many or too few in its confirm: {error}"]
    wrong = []
    for _, name, style, conversion in parts:
        if name is not None and name not in names:
            accepted = ", ".join(f"{{{each}}}" for each in names) or "none"
            wrong.append(
                f"names {{{name}}} in its confirm, which is none of its parameters; accepted: {accepted}"
            )
        elif style or conversion:
            wrong.append(f"has a format in its confirm, which knows names alone: write {{{name}}}")
    return wrong


def _shown(value: object) -> str:
    """An argument as a user reads it: on one line, and not so long that it would hide the question."""
    plain = to_jsonable_python(value, fallback=str)
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def _type_of(described: Mapping[str, Any]) -> str:
    if "enum" in described:
        return " | ".join(map(str, described["enum"]))
    if "anyOf" in described:
        return " | ".join(map(_type_of, described["anyOf"]))
    if described.get("type") == "array":
        return f"list of {_type_of(described.get('items', {}))}"
    return str(described.get("format") or described.get("type") or "anything")
