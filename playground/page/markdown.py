"""What a bot wrote, as HTML that is safe to show: CommonMark with tables, no HTML of the bot's own.

A link opens elsewhere and tells nobody where it came from. An image becomes a link, since the page loads nothing from
other hosts.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

LINK_ATTRIBUTES = {"rel": "noopener noreferrer nofollow", "target": "_blank"}


class _SafeRenderer(RendererHTML):
    """Renders links and images as above; the names are the library's."""

    def link_open(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        """A link that opens in a window of its own."""
        for name, value in LINK_ATTRIBUTES.items():
            tokens[index].attrSet(name, value)
        return self.renderToken(tokens, index, options, env)

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        """A link to the image, with its description as the text; inside another link the text alone."""
        token = tokens[index]
        source = str(token.attrGet("src") or "")
        words = self.renderInlineAsText(token.children, options, env) or source
        if sum(before.nesting for before in tokens[:index] if before.tag == "a"):
            return self.text([Token("text", "", 0, content=f"🖼 {words}")], 0, options, env)
        link = Token("link_open", "a", 1, attrs={"href": source})
        text = Token("text", "", 0, content=f"🖼 {words}")
        return self.link_open([link], 0, options, env) + self.text([text], 0, options, env) + "</a>"

    def td_open(
        self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
    ) -> str:
        """A cell without the style that aligns it: the page's policy allows no inline styles."""
        tokens[index].attrs.pop("style", None)
        return self.renderToken(tokens, index, options, env)

    th_open = td_open


_WEB = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
"""What a link may begin with. One without a scheme would lead into this page."""

_MARKDOWN = MarkdownIt("js-default", {"html": False, "breaks": True}, renderer_cls=_SafeRenderer)
_MARKDOWN.validateLink = lambda url: _WEB.match(url) is not None  # type: ignore[method-assign]


@lru_cache(maxsize=4096)
def to_html(text: str) -> str:
    """Markdown as HTML without scripts, styles, handlers and addresses that are none of the web's."""
    return str(_MARKDOWN.render(text)).strip()
