from __future__ import annotations

import re
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.im.plain_text import HEADERS_MAX_CHARS, plain_text

UNMARKED = [
    "2 * 3 * 4 = 24",
    "2*3*4=24",
    "x**2 + y**2",
    "138****1234",
    "(a)*(b)*(c)",
    "(*) and (*)",
    "snake_case, a_b_c, _",
    "__init__.py",
    "file_globs* and other*",
    "*.py, src/* and **/*.md",
    "*args, **kwargs",
    "1) one\n2) two",
    "3. three\n10. ten",
    "- a\n  - b\n+ c",
    "> quoted\n> twice",
    "  two spaces\n        eight\n\ttab",
    "\u3000\u3000第一段，全角标点：“你好”（世界）！\n\u3000\u3000第二段……——。",
    "emoji 👩‍👩‍👧 🇻🇳 *️⃣",
    "https://example.com/_a_/b_c_d?x=*y*",
    "see https://example.com/**",
    "$x_1$, $a_{1}*b*c$ and $$\\sum_{i} x_i * y_i$$",
    "\\(a_1*b*c\\) and \\[x *y* z\\]",
    "C:\\Users\\new_folder, \\\\server\\share",
    "f[0](x), list[str](), call[name](event)",
    "[1]: https://example.com",
    "[1] and [text] and ![",
    "a < b > c & d &amp; e, <br>, <b>bold</b>",
    "Title\n=====",
    "#tag, C#, # ",
    "*",
    "`",
    "```",
    "|x| and |y|",
    "a | b\nc | d",
    "~~gone~~ and ~5",
    "line\r\nline\r\n",
    " \n\n  \n",
    "",
]


@pytest.mark.parametrize("text", UNMARKED)
def test_a_text_without_markdown_is_not_touched(text: str) -> None:
    assert plain_text(text) == text


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# Title\n\n## Part **two** ##\ntext", "Title\n\nPart two\ntext"),
        ("**bold**, *it*, _it_, __b c__, ***both***", "bold, it, it, b c, both"),
        ("**注意：**请看“*这里*”，请**“重点”**是", "注意：请看“这里”，请“重点”是"),
        ("*two\nlines*", "two\nlines"),
        ("[page](https://e.com/a_b) end", "page (https://e.com/a_b) end"),
        ("[https://e.com/](https://e.com) [e.com](https://www.e.com/)", "https://e.com/ e.com"),
        ("<https://e.com/x_y> <a@e.com> [a@e.com](mailto:a@e.com)", "https://e.com/x_y a@e.com a@e.com"),
        (
            "![a cat](https://e.com/c.png) ![](https://e.com/d.png)",
            "a cat (https://e.com/c.png) https://e.com/d.png",
        ),
        ("[![b](https://e.com/i)](https://e.com/l)", "b (https://e.com/i) (https://e.com/l)"),
        ("**https://e.com/a_b**: so", "https://e.com/a_b: so"),
        ("* one\n  * two **x**\n* three", "• one\n  • two x\n• three"),
        ("1. **One**: a\n   more\n2. _Two_", "1. One: a\n   more\n2. Two"),
        ("> **q**\n> - *s*\nlazy `c`", "> q\n> - s\nlazy c"),
        ("a\n***\nb\n---\nc\n\n_ _ _", "a\n———\nb\n———\nc\n\n———"),
        ("call `a*b*` or ``x ` y``", "call a*b* or x ` y"),
        ("a\\*b\\*, 1 \\# 2, snake\\_case", "a*b*, 1 # 2, snake_case"),
        ("\t**tab**\n\t  more", "\ttab\n\t  more"),
        ("**a**\r\n\r\n# b\r\n", "a\r\n\r\nb\r\n"),
    ],
)
def test_marks_are_made_readable(markdown: str, shown: str) -> None:
    assert plain_text(markdown) == shown


def test_code_stays_as_it_is_without_its_fences() -> None:
    code = "# no heading\ndef f(*a, **b):\n    return __a__ * [b](c)"
    assert plain_text(f"So:\n```python\n{code}\n```\nThat **is** all.") == f"So:\n\n{code}\n\nThat is all."
    assert plain_text(f"~~~\n{code}") == code
    assert plain_text("1. a\n   ```\n   x*y*z\n   ```\n2. b") == "1. a\n\n   x*y*z\n\n2. b"
    assert plain_text("> ```\n> x\n> ```") == ">\n> x\n>"


def test_a_table_has_a_line_for_each_cell() -> None:
    table = "| City | Temp: |\n|---|:-:|\n| **Hanoi** | 30<br>31 | windy |\n| Hue | |\n\nafter"
    assert plain_text(table) == "City: Hanoi\nTemp: 30 / 31\nwindy\n\nCity: Hue\nTemp: –\n\nafter"
    assert plain_text("城市|温度\n-|-\n河内|30") == "城市：河内\n温度：30"
    assert plain_text("- so\n  | a | b |\n  |---|---|\n  | 1 | 2 |") == "- so\n  a: 1\n  b: 2"
    assert plain_text("| a | b |\n|---|---|") == "a, b"


def test_the_headers_of_a_large_table_are_told_once() -> None:
    table = f"| {'h' * 100} | i |\n|---|---|\n" + "| 1 | 2 |\n" * (HEADERS_MAX_CHARS // 100)
    shown = plain_text(table)
    assert shown.startswith(f"{'h' * 100}, i\n1, 2\n1, 2\n")
    assert len(shown) < len(table)


def test_what_would_leave_nothing_is_shown_as_it_is() -> None:
    assert plain_text("```\n```") == "```\n```"


WORDS = st.sampled_from(
    [
        "word",
        "snake_case",
        "Größe",
        "你好",
        "全角，标点。",
        "2 * 3",
        "2*3*4",
        "x_1",
        "👍",
        "https://e.com/a_b_c",
        "3.5",
        "(see",
    ]
)
PROSE = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


@given(
    st.lists(st.one_of(PROSE, st.sampled_from(["", "  ", "1) ", "- x", "\tx"])), max_size=8).map("\n".join)
)
def test_prose_is_not_touched(text: str) -> None:
    assert plain_text(text) == text


SPANS = st.one_of(
    PROSE,
    PROSE.map("**{}**".format),
    PROSE.map("*{}*".format),
    PROSE.map("[{}](https://e.com/p)".format),
    PROSE.map("![{}](https://e.com/p.png)".format),
)
LINES = st.lists(SPANS, min_size=1, max_size=3).map(" ".join)
BLOCKS = st.one_of(
    LINES,
    LINES.map("## {}".format),
    LINES.map("* {0}\n* {0}\n    * {0}".format),
    LINES.map("1. {0}\n2. {0}".format),
    LINES.map("> {0}\n> {0}".format),
    LINES.map("| {0} | b |\n|---|---|\n| {0} | c |".format),
    PROSE.map("```\n{}\n```".format),
    st.just("***"),
)
DOCUMENTS = st.lists(BLOCKS, max_size=6).map("\n\n".join)


@given(DOCUMENTS)
def test_another_pass_changes_nothing(text: str) -> None:
    shown = plain_text(text)
    assert plain_text(shown) == shown


@given(DOCUMENTS)
def test_no_word_is_lost_and_no_mark_is_left(text: str) -> None:
    shown = plain_text(text)
    assert set(re.findall(r"[^\W_]+", text)) <= set(re.findall(r"[^\W_]+", shown))
    assert "**" not in shown
    assert "](" not in shown
    assert "```" not in shown


@given(st.text(alphabet="ab12*_[]()!>-+|.\\: \n\r\t\u3000中，", max_size=60))
def test_no_character_of_a_word_is_lost_whatever_the_marks(text: str) -> None:
    def characters(said: str) -> Counter[str]:
        return Counter(char for char in said if char.isalnum())

    assert characters(text) <= characters(plain_text(text))


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    assert bool(plain_text(text).strip()) == bool(text.strip())


@pytest.mark.parametrize(
    "marks",
    [
        "*",
        "[",
        "![",
        "> ",
        "- ",
        "`",
        "*a ",
        "_a_",
        "**a*",
        "[a](b/",
        "`a``b",
        "|a",
        "<a@",
        "\\(",
        "$a",
        "a\n- ",
    ],
)
def test_hostile_marks_take_no_more_time_than_words(marks: str) -> None:
    text = marks * 10_000
    started = time.process_time()
    plain_text(text)
    assert time.process_time() - started < 10  # seconds; it takes less than one
