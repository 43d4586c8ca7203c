"""The Markdown that is taken for Markdown in a model's reply: a markdown-it parser that loses no word."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from relay.im.emphasis import emphasis

_OFF = (
    *("code", "html_block", "lheading", "reference"),  # blocks
    *("entity", "html_inline", "newline"),  # in a line
)

_ESCAPED = "*_`#~>|"
"""Behind a backslash these are characters. Before anything else it stays: paths, formulas."""

_FORMULA = re.compile(
    r"\$\$[^$]{1,1000}\$\$"
    r"|\$(?!\s)[^$\n]{1,300}(?<!\s)\$(?![0-9A-Za-z])"
    r"|\\\((?:(?!\\\)).){1,300}\\\)"
    r"|\\\[(?:(?!\\\]).){1,1000}\\\]",
    re.DOTALL,
)
_ADDRESS = re.compile(r"://(?:(?!\*\*)[!#$%&'*+,\-./0-9:;=?@A-Z_a-z~])+")
_DESTINATION = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|www\.|[^\s]*/|#")


class _Parser(MarkdownIt):
    """Takes any address for a link that looks like one, as it is written; ``f[0](x)`` is none."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser's own name
        return _DESTINATION.match(url) is not None

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link


def parser() -> MarkdownIt:
    """CommonMark and tables, without what would change or swallow text."""
    markdown = _Parser("commonmark").enable("table").disable(_OFF)
    markdown.inline.ruler.at("emphasis", emphasis)
    markdown.inline.ruler.at("escape", _escape)
    markdown.inline.ruler.before("escape", "formula", _formula)
    markdown.inline.ruler.before("escape", "address", _address)
    return markdown


def _escape(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\\" or state.pos + 1 >= state.posMax:
        return False
    following = state.src[state.pos + 1]
    if following == "\n" or following.isalnum():
        return False
    return _verbatim(state, silent, 2, following if following in _ESCAPED else f"\\{following}")


def _formula(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] in "$\\" and _found(state, silent, _FORMULA, "")


def _address(state: StateInline, silent: bool) -> bool:
    """The rest of a bare address, whose underscores and asterisks are its own."""
    return state.src[state.pos] == ":" and _found(state, silent, _ADDRESS, "*_~.,:;!?'")


def _found(state: StateInline, silent: bool, pattern: re.Pattern[str], behind: str) -> bool:
    found = pattern.match(state.src, state.pos, state.posMax)
    text = found[0].rstrip(behind) if found and behind else found[0] if found else ""
    return bool(text) and _verbatim(state, silent, len(text), text)


def _verbatim(state: StateInline, silent: bool, length: int, text: str) -> bool:
    if not silent:
        state.pending += text
    state.pos += length
    return True
