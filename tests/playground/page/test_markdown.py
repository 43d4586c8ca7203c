"""What a bot writes cannot do anything to the page."""

import pytest

from playground.page.markdown import to_html


def test_markdown_becomes_html() -> None:
    assert to_html("**bold** and `code`") == "<p><strong>bold</strong> and <code>code</code></p>"


def test_a_line_break_stays_one() -> None:
    assert to_html("one\ntwo") == "<p>one<br>\ntwo</p>"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick='x()'>b</b>",
        "<iframe src=/>",
    ],
)
def test_html_is_shown_as_text(text: str) -> None:
    html = to_html(text)
    assert "<script" not in html
    assert "<img" not in html
    assert "<b " not in html
    assert "<iframe" not in html
    assert "&lt;" in html


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "blob:http://127.0.0.1:8765/x",
        "chrome://settings",
        "//evil.example/x",
        "/api/state",
        "?as=bob",
    ],
)
def test_a_dangerous_address_is_no_link(address: str) -> None:
    assert "<a" not in to_html(f"[click]({address})")
    assert "<a" not in to_html(f"![click]({address})")
    assert "<a" not in to_html(f"<{address}>")


def test_a_link_opens_elsewhere_and_tells_nobody() -> None:
    assert to_html("[x](https://example.com)") == (
        '<p><a href="https://example.com" rel="noopener noreferrer nofollow" target="_blank">x</a></p>'
    )


def test_an_image_is_a_link_so_that_nothing_is_loaded() -> None:
    html = to_html('![a "cat"](https://example.com/cat.png)')
    assert "<img" not in html
    assert 'href="https://example.com/cat.png"' in html
    assert "a &quot;cat&quot;</a>" in html


def test_a_quote_in_an_address_stays_inside_it() -> None:
    html = to_html('![x](https://example.com/"onmouseover="alert(1))')
    assert 'onmouseover="' not in html


def test_a_table_has_no_styles_of_its_own() -> None:
    html = to_html("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert "<td>1</td>" in html
    assert "style" not in html


def test_a_code_block_keeps_its_language_and_its_text() -> None:
    html = to_html("```html\n<b>&amp;</b>\n```")
    assert html == '<pre><code class="language-html">&lt;b&gt;&amp;amp;&lt;/b&gt;\n</code></pre>'


def test_an_image_in_a_link_is_the_text_of_that_link() -> None:
    html = to_html("[![a cat](https://example.com/cat.png)](https://example.com)")
    assert html.count("<a ") == 1
    assert 'href="https://example.com"' in html
    assert "a cat</a>" in html
