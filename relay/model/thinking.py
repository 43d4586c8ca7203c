"""Thinking that a model server left in the text of an answer: it is not shown, stored, or given to later turns.

Servers that do not know their model's template pass its thinking on as text. Only what *begins* an answer is thinking:
an opening mark with its closing mark behind it; or, where the template wrote the opening mark into the prompt,
everything before a closing mark that stands alone on its line. An answer about such marks is an answer.

The marks are those of the models' chat templates: ``<think>`` in every spelling, ``[THINK]``, ``◁think▷``,
``<|begin_of_thought|>``, and the channels ``<|channel|>analysis<|message|>`` and ``<|channel>thought``.
"""

from __future__ import annotations

import re

_NAMES = r"(?:begin_of_|end_of_|[a-z]+[:_])?(?:think(?:ing)?|thoughts?|reasoning)"
_LEFT, _RIGHT = r"[<\[◁]\|?\s{0,3}", r"\s{0,3}\|?[>\]▷]"
_OPENING = re.compile(rf"{_LEFT}(?!end_of_){_NAMES}{_RIGHT}", re.IGNORECASE)
_CLOSING = re.compile(
    rf"(?<![`'\"]){_LEFT}(?:/\s{{0,3}}(?!end_of_){_NAMES}|end_of_(?:thoughts?|thinking)){_RIGHT}(?![`'\"])",
    re.IGNORECASE,
)
_CHANNEL = re.compile(
    r"(?:<\|start\|>\s*assistant\s*)?<\|channel\|?>\s*(?:analysis|commentary|thought|thinking)\b",
    re.IGNORECASE,
)
_CHANNEL_END = re.compile(
    r"(?:<\|(?:end|return)\|>\s*)?(?:<\|start\|>\s*assistant\s*)?<\|channel\|>\s*final\s*(?:<\|constrain\|>\s*\w+\s*)?"
    r"<\|message\|>|<channel\|>",
    re.IGNORECASE,
)
_MARKS = ((_OPENING, _CLOSING), (_CHANNEL, _CHANNEL_END))
_LAST_TOKEN = re.compile(r"<\|(?:return|end)\|>\s*\Z")
"""Ends the last channel."""

LONGEST_MARK = 64
"""In characters: what begins like a mark and is longer is text."""

_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")


class Thinking:
    """Reads one answer, in one piece or in many, and tells what of it may be shown."""

    def __init__(self) -> None:
        self._text = ""
        self._start = 0  # of what may be shown
        self._at_beginning = True
        self._searched = 0  # how much of the thinking holds no closing mark
        self._in_channels = False
        self._line = 0  # the first line that was not looked at
        self._in_code = False
        self._may_close = True  # a closing mark alone on its line means what stood before it

    def feed(self, piece: str) -> str:
        """More of the answer; returns all that may be shown of it so far.

        That grows, but where a closing mark alone on its line shows that what stood before it was thinking: then it
        begins anew.
        """
        self._text += piece
        if self._at_beginning:
            self._leave_out_what_begins()
        if not self._at_beginning:
            self._look_at_lines()
        return "" if self._at_beginning else self._text[self._start :].lstrip()

    def finish(self, *, cut: bool) -> str:
        """The answer has ended; returns all that is to be shown.

        Args:
            cut: it ended since its tokens were used up: what has begun as thinking was nothing else.
        """
        if self._at_beginning:
            if self._opened() is not None:
                return "" if cut else self._text[self._start :].strip()
            self._end_the_beginning()
            self._look_at_lines()
        shown = self._text[self._start :]
        return (_LAST_TOKEN.sub("", shown) if self._in_channels else shown).strip()

    def _leave_out_what_begins(self) -> None:
        while True:
            rest = self._text[self._start :]
            begun = rest.lstrip()
            if (opened := self._opened()) is not None:
                opening, closing = opened
                closed = closing.search(begun, max(opening, self._searched - 2 * LONGEST_MARK))
                if closed is None:
                    self._searched = len(begun)
                    return  # still thinking
                self._searched = 0
                self._start += len(rest) - len(begun) + closed.end()
                self._may_close = False
                self._in_channels = closing is _CHANNEL_END
            elif final := _CHANNEL_END.match(begun):  # the last channel, and no thinking before it
                self._in_channels = True
                self._start += len(rest) - len(begun) + final.end()
            elif not begun or (begun[0] in "<[◁" and len(begun) < LONGEST_MARK):
                return  # may become an opening mark
            else:
                self._end_the_beginning()
                return

    def _end_the_beginning(self) -> None:
        self._at_beginning = False
        self._line = self._start

    def _opened(self) -> tuple[int, re.Pattern[str]] | None:
        """Where the mark ends that the text begins with, and what closes it."""
        begun = self._text[self._start :].lstrip()
        for opening, closing in _MARKS:
            if mark := opening.match(begun):
                return mark.end(), closing
        return None

    def _look_at_lines(self) -> None:
        while self._may_close and (end := self._text.find("\n", self._line)) >= 0:
            line = self._text[self._line : end]
            alone = _CLOSING.fullmatch(line.strip())
            if alone and not self._in_code:
                if not self._text[end:].strip():
                    return  # nothing to show behind it yet
                self._start, self._may_close = end + 1, False
            elif _OPENING.search(line):
                self._may_close = False
            elif _FENCE.match(line):
                self._in_code = not self._in_code
            self._line = end + 1


def without_thinking(text: str, *, cut: bool) -> str:
    """What is to be shown of a whole answer; empty where it was cut while it was thinking."""
    thinking = Thinking()
    thinking.feed(text)
    return thinking.finish(cut=cut)
