"""One call of a tool: whatever happens in it, there is a result that the model can go on with."""

from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from relay.errors import BadArguments, ToolError
from relay.outgoing import Medium
from relay.ports import FunctionCall
from relay.tools.call import Call
from relay.tools.masking import without_secrets, without_words
from relay.tools.results import cut, told
from relay.tools.tool import Tool

log = logging.getLogger(__name__)

_MESSAGE_CHARS = 300
_LOOKED_AT_CHARS = 4000
_NAME_CHARS = 64

Outcome = Literal["ok", "error", "bad_arguments", "unknown", "late", "refused", "declined"]
"""``unknown``: no tool has this name; ``late``: it took too long; ``refused``: it was not called;
``declined``: the user did not want it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call.

    Attributes:
        text: what the model reads.
        media: what goes to the user with the reply.
        outcome: how it ended.
    """

    text: str
    media: tuple[Medium, ...] = ()
    outcome: Outcome = "ok"


async def run_call(
    tool: Tool | None, asked: FunctionCall, call: Call, *, seconds: float, characters: int
) -> Result:
    """Run what the model has asked for. Never raises for what a tool does: its failure is a result, too.

    Args:
        tool: None when there is none of this name.
        asked: the model's words.
        call: what the tool is told.
        seconds: for the call. A plain function cannot be stopped, and may go on after them.
        characters: of the result's text at most.
    """
    result = await _run(tool, asked, call, seconds)
    return Result(cut(result.text, characters), result.media, result.outcome)


async def _run(tool: Tool | None, asked: FunctionCall, call: Call, seconds: float) -> Result:
    if tool is None:
        return Result(f"There is no tool {asked.name[:_NAME_CHARS]!r}.", outcome="unknown")
    try:
        arguments = tool.arguments(asked.arguments)
    except BadArguments as wrong:
        return Result(f"The arguments do not fit, and nothing was done. {wrong}", outcome="bad_arguments")
    except Exception as error:  # a validator of the users' own
        return _failed(tool, error, asked.arguments, "Nothing was done: its arguments could not be checked")
    running = asyncio.ensure_future(_call(tool, arguments, call))
    try:
        done, _ = await asyncio.wait({running}, timeout=seconds)
    finally:
        running.cancel()  # nothing, once it is done; a function that will not end is not waited for
    if done and not running.cancelled():
        return running.result()
    if done:
        return _failed(tool, asyncio.CancelledError(), arguments)
    log.warning(
        "tool=%s (%s) took longer than its %g s, and the model was told so; make it faster, or raise tool_seconds",
        *(tool.name, tool.where, seconds),
    )
    return Result(
        f"No answer within {seconds:g} seconds: the outcome is unknown, and it may still take effect. Do not call "
        "it again for this; tell the user.",
        outcome="late",
    )


async def _call(tool: Tool, arguments: Any, call: Call) -> Result:
    try:
        value = await tool.run(arguments, call)
    except ToolError as said:
        return Result(without_secrets(str(said)) or "It failed.", outcome="error")
    except (Exception, SystemExit) as error:  # anything at all: it is the users' code
        return _failed(tool, error, arguments)
    try:
        return Result(*told(value))
    except Exception as error:  # what was done is done: the model must not try again
        return _failed(
            tool,
            error,
            arguments,
            f"It was done, but what it returned cannot be read: {type(value).__name__}",
        )


def _failed(tool: Tool, error: BaseException, arguments: Any, words: str = "It failed") -> Result:
    log.error("tool=%s failed at %s", tool.name, _told(tool, error, arguments))
    return Result(f"{words} ({type(error).__name__}).", outcome="error")


def _told(tool: Tool, error: BaseException, arguments: Any) -> str:
    """Where and why a tool failed, on one line, without secrets and without what was said."""
    places = [(Path(f.filename).name, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    own = [place for place in places if place[0] == tool.where.partition(":")[0]]
    shown = dict.fromkeys([*own[:1], *places[-1:]])
    where = " > ".join(f"{file}:{line}" for file, line in shown) or tool.where
    said = " ".join("".join(traceback.format_exception_only(error))[:_LOOKED_AT_CHARS].split())
    return f"{where}: {without_words(without_secrets(said), arguments)[:_MESSAGE_CHARS]}"
