"""Links in a text: an ``@`` in one is part of an address, and mentions nobody.

A link is known by what makes people's apps turn it blue: a scheme (``https://…``), a host before a slash
(``example.com/…``), a host before a query (``example.com?q=…``), or a path that begins a word and has a second part
(``/api/users?…``, ``./a/b``). One without any of these, such as ``a/@b``, is left to what stands beside the ``@``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relay.inbound.words import UNSPACED

_END = r"""\s<>"`{}|\\^()\[\]\u200b。，、；：！？（）「」『』【】《》〈〉“”‘’…"""
"""No link holds these. Those of ASCII have to be escaped in a URL; the others are what a sentence goes on with."""

# A link that Han text follows without a space ends somewhere in it, and an @ in that text is a mention. A bracket is
# part of the link if it is closed there. Nothing here looks further ahead than to the next bracket or space, and
# nothing is tried twice (*+), so that a hostile text takes no more time than any other.
_REST = rf"(?:(?!(?<=[{UNSPACED}])[@＠])[^{_END}]|\([^{_END}]*+\))*+"
_BEGIN = "|".join(
    (
        r"(?<=[^\W_])://",
        r"[^\W_]\.[^\W\d_]{2,24}(?::\d{1,5})?(?:[/#]|\?(?=[\w.\-%]{1,64}=))",
        rf"(?<![^{_END}])(?:\.{{1,2}}|~)?/[^{_END}@＠/?]*+(?:/|\?(?![@＠]))",
    )
)
_LINK_OR_AT = re.compile(f"(?:{_BEGIN}){_REST}|(?P<at>[@＠])")


def at_signs(text: str) -> Iterator[int]:
    """The index of every ``@`` and ``＠`` that is in no link, in order. Takes time by the length of the text."""
    return (found.start() for found in _LINK_OR_AT.finditer(text) if found["at"])
