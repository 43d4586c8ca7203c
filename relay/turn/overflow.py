"""A prompt that is longer than the model's context: how much of it has to go, in characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

from relay.errors import ModelOverflow
from relay.frozen import replaced
from relay.memory.rows import WINDOW_WORDS_MAX_CHARS, Entry
from relay.ports import Prompt
from relay.texts import Texts

CUT = "\n[cut here: the file goes on]"
"""Behind words of a file that are not all of them."""

RESULT_CUT = "\n[cut here: the result goes on]"

RESULT_LEAST_CHARS = 500
"""Results of tools are not cut further than this."""

FILL = 0.9
"""How much of what fits is used: characters per token differ from one message to the next."""


def characters_too_many(prompt: Prompt, overflow: ModelOverflow) -> int:
    """About how many characters of the prompt have to go; 0 when the server did not tell its limit."""
    if not (overflow.prompt_tokens and overflow.excess_tokens):
        return 0
    fits = 1 - overflow.excess_tokens / overflow.prompt_tokens
    return math.ceil(_characters(prompt) * (1 - fits * FILL))


def is_too_long(said: str, prompt: Prompt, excess: int) -> bool:
    """Whether a shorter message could pass: if not, it is the system prompt, the context or the room for the answer."""
    return excess < len(said) if excess else len(said) * 2 > _characters(prompt)


def shortened(window: Sequence[Entry], excess: int) -> tuple[Entry, ...]:
    """The window without its oldest messages: those that hold the excess, or half of it when that is not known."""
    characters = excess or sum(entry.length for entry in window) // 2
    for first, entry in enumerate(window):
        characters -= entry.length
        if characters <= 0:
            return tuple(window[first + 1 :])
    return ()


def with_less_words(batch: Sequence[Entry], excess: int) -> tuple[Entry, ...] | None:
    """The batch without the excess in the words of its longest file, or without half of them; None without long ones.

    The rows keep what was read.
    """
    longest = max(batch, key=lambda entry: len(entry.words))
    length = len(longest.words)
    if length <= WINDOW_WORDS_MAX_CHARS:
        return None
    kept = max(WINDOW_WORDS_MAX_CHARS, length - excess if excess else length // 2)
    cut = replaced(longest, words=longest.words[:kept] + CUT)
    return tuple(cut if entry is longest else entry for entry in batch)


def too_long(texts: Texts, said: str, excess: int) -> str:
    """What the user reads whose message alone is too long."""
    if not excess:
        return texts.too_long.say(said, length=len(said))
    return texts.too_long_by.say(said, excess=_rounded_up(excess))


def _characters(prompt: Prompt) -> int:
    said = sum(
        len(said.content) + sum(len(call.arguments) for call in said.calls) for said in prompt.messages
    )
    return said + sum(len(each.description) + len(str(each.parameters)) for each in prompt.functions)


def _rounded_up(number: int) -> int:
    """To two digits: it is an estimate."""
    unit: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // unit) * unit
