"""Cutting replies into messages."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.im.split import TEXT_MAX_CHARS, split

deterministic = settings(
    derandomize=True,
    database=None,
    max_examples=100,
    # Time must not decide: a busy machine is no failure.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def assert_sendable(parts: list[str]) -> None:
    for part in parts:
        assert part.strip()
        assert utf16_length(part) <= TEXT_MAX_CHARS
        assert utf16_length(json.dumps({"msg": part}, ensure_ascii=False)) <= 5000


def without_whitespace(text: str) -> str:
    return re.sub(r"\s", "", text)


def filled(unit: str, chars: int) -> str:
    """``unit`` repeated to exactly so many characters."""
    return (unit * (chars // len(unit) + 1))[:chars]


# --- where prose is cut


def test_a_short_text_is_one_message() -> None:
    assert split("Hello.\n\nHow are you?") == ["Hello.\n\nHow are you?"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", " " * 10_000, "\n" * 10_000])
def test_a_text_without_words_is_no_message(text: str) -> None:
    assert split(text) == []


def test_a_text_of_exactly_the_limit_is_one_message() -> None:
    assert split("x" * TEXT_MAX_CHARS) == ["x" * TEXT_MAX_CHARS]


def test_a_paragraph_is_the_first_choice() -> None:
    first, second = filled("One sentence. ", 2999) + ".", filled("Two words. ", 2999) + "."
    assert split(f"{first}\n\n{second}") == [first, second]


def test_a_paragraph_break_that_would_leave_a_message_nearly_empty_is_passed_over() -> None:
    body = filled("A sentence of some length. ", 5000).rstrip()
    first, second = split(f"Intro.\n\n{body}")
    assert first.startswith("Intro.\n\nA sentence")
    assert first.endswith("length.")
    assert second.startswith("A sentence")


@pytest.mark.parametrize("end", [".", "!", "?", '."', ".**", "?!"])
def test_a_sentence_is_the_second_choice(end: str) -> None:
    first, second = filled("word ", 2999) + end, filled("other word ", 2000).strip()
    assert split(f"{first} {second}\nlast line") == [first, f"{second}\nlast line"]


@pytest.mark.parametrize("end", ["。", "！", "？", "……", "。”"])
def test_chinese_is_cut_after_a_sentence_although_it_has_no_spaces(end: str) -> None:
    first, second = filled("你好世界", 3000) + end, filled("再见", 2000)
    assert split(first + second) == [first, second]


def test_chinese_without_a_sentence_is_cut_after_a_comma() -> None:
    first, second = filled("你好世界", 3000) + "，", filled("再见", 2000)
    assert split(first + second) == [first, second]


def test_chinese_without_punctuation_is_cut_at_the_limit() -> None:
    assert [len(part) for part in split("好" * 9000)] == [4000, 4000, 1000]


def test_a_line_is_the_third_choice_and_the_indent_of_the_next_is_kept() -> None:
    first, second = "- " + filled("item ", 2500).strip(), "  - " + filled("sub item ", 2500).strip()
    assert split(f"{first}\n{second}") == [first, second]


def test_the_number_of_a_list_item_is_no_sentence() -> None:
    items = [f"{number}. {filled('item ', 995).strip()}" for number in range(1, 7)]
    for part in split("\n".join(items)):
        assert re.match(r"\d\. item", part)
        assert part.endswith(("item", "ite", "it", "i"))


def test_a_word_is_the_fourth_choice() -> None:
    parts = split(filled("abcdefg ", 10_000))
    assert_sendable(parts)
    assert all(set(part.split()) == {"abcdefg"} for part in parts)


def test_spaces_at_a_cut_are_dropped() -> None:
    assert split("a" * 3999 + " " * 100 + "b") == ["a" * 3999, "b"]


# --- what counts as one character


CLUSTERS = {
    "skin tone": "\U0001f44d\U0001f3fd",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "accent": "e\u0301",
    "variation": "\u2764\ufe0f",
    "flag": "\U0001f1e9\U0001f1ea",
    "flag of tags": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e007f",
    "surrogates": "\ud83d\udc4b",
}


@pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS)
def test_what_is_drawn_as_one_character_is_not_parted(cluster: str) -> None:
    parts = split("x" + cluster * 3000)
    assert "".join(parts) == "x" + cluster * 3000
    for part in parts:
        assert part.removeprefix("x") == cluster * (len(part.removeprefix("x")) // len(cluster))


def test_an_emoji_counts_as_the_two_units_that_the_platform_sees() -> None:
    assert [len(part) for part in split("👋" * 3000)] == [2000, 1000]


def test_marks_without_end_are_cut_after_all() -> None:
    assert_sendable(split("a" + "\u0301" * 9000))


@pytest.mark.parametrize("char", ['"', "\\", "\x01"])
def test_what_json_escapes_counts_escaped(char: str) -> None:
    parts = split(char * 4000)
    assert len(parts) > 1
    assert_sendable(parts)
    assert "".join(parts) == char * 4000


# --- code blocks


def code(lines: int, fence: str = "```", info: str = "python") -> str:
    return "\n".join([f"{fence}{info}", *(f"    print({number:05})" for number in range(lines)), fence])


@pytest.mark.parametrize("fence", ["```", "~~~", "`````", "  ```"])
def test_a_code_block_that_fits_is_not_cut(fence: str) -> None:
    block = code(150, fence)
    prose = filled("Some prose. ", 2000).strip()
    assert split(f"{prose}\n\n{block}\n\n{prose}") == [prose, block, prose]


def test_blank_lines_in_a_code_block_are_no_paragraphs() -> None:
    block = "```\n" + "line\n\n" * 500 + "```"
    prose = filled("Some prose. ", 2000).strip()
    assert split(f"{prose}\n{block}") == [prose, block]


def test_a_longer_block_is_cut_at_lines_and_every_piece_is_a_block() -> None:
    block = code(900)
    parts = split(f"Look:\n{block}\nDone.")
    assert parts[0] == "Look:"
    assert parts[-1].endswith("\n```\nDone.")
    pieces = [*parts[1:-1], parts[-1].removesuffix("\nDone.")]
    assert len(pieces) > 3
    assert_sendable(parts)
    inside = [piece.removeprefix("```python\n").removesuffix("\n```") for piece in pieces]
    assert "\n".join(["```python", *inside, "```"]) == block


def test_a_line_of_code_that_is_too_long_is_cut_within() -> None:
    parts = split("```\n" + "x" * 9000 + "\n```")
    assert_sendable(parts)
    assert all(re.fullmatch(r"```\nx+\n```", part) for part in parts)
    assert sum(part.count("x") for part in parts) == 9000


def test_a_blank_line_before_a_line_that_is_too_long_makes_no_empty_block() -> None:
    parts = split("```\n\n" + "x" * 9000 + "\n```")
    assert_sendable(parts)
    assert all("x" in part for part in parts)


def test_a_block_that_is_never_closed_is_reopened_all_the_same() -> None:
    text = "```sql\n" + "select 1;\n" * 900 + "select 2;"
    parts = split(text)
    assert_sendable(parts)
    assert all(part.startswith("```sql\nselect 1;\n") for part in parts)
    assert all(part.endswith("\n```") for part in parts[:-1])
    assert parts[-1].endswith("select 2;")


def test_a_closing_fence_longer_than_the_opening_leaves_no_empty_block_behind() -> None:
    for lines in range(225, 240):
        parts = split(code(lines) + "`" * 17)
        assert_sendable(parts)
        assert sum(part.count("print") for part in parts) == lines
        assert all("print" in part for part in parts)


def test_a_fence_inside_a_longer_fence_closes_nothing() -> None:
    block = "````markdown\n```\n" + "text\n" * 300 + "```\n" + "more text\n" * 100 + "````"
    prose = filled("Some prose. ", 2000).strip()
    assert split(f"{prose}\n{block}") == [prose, block]


def test_inline_code_of_three_backticks_opens_nothing() -> None:
    first, second = "```inline```\n" + filled("word ", 2986).strip(), filled("other ", 2000).strip()
    assert split(f"{first}\n\n{second}") == [first, second]


# --- for every text

ATOMS = ["\n", "\n\n", " ", ". ", "。", "! ", "1. ", "    ", '"', "\\", "\t", "\x00", *CLUSTERS.values()]
runs = st.builds(str.__mul__, st.sampled_from('aé好👋" \n'), st.integers(1, 5000))
pieces = st.one_of(st.sampled_from(ATOMS), st.text(max_size=30), runs)


@deterministic
@given(st.lists(pieces, max_size=12), st.integers(1, 30))
def test_prose_comes_through_whole(units: list[str], repeats: int) -> None:
    text = ("".join(units) * repeats).replace("`", "'").replace("~", "-")  # no code blocks here
    parts = split(text)
    assert_sendable(parts)
    assert without_whitespace("".join(parts)) == without_whitespace(text)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Paragraphs and code blocks of all sizes."""
    line = st.sampled_from(["x = 1", "", "    return x", "# 注释", "y" * 300, 'print("\\n")'])
    sections = []
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            fence, info = (
                draw(st.sampled_from(["```", "~~~~"])),
                draw(st.sampled_from(["", "python", "c++ x"])),
            )
            lines = draw(st.lists(line, min_size=1, max_size=8)) * draw(st.integers(1, 150))
            sections.append("\n".join([fence + info, *lines, fence]))
        else:
            sections.append(
                draw(st.sampled_from(["Some words. ", "没有空格。", "word "])) * draw(st.integers(1, 900))
            )
    return "\n\n".join(sections)


def is_fence(line: str) -> bool:
    return line.startswith(("```", "~~~~"))


@deterministic
@given(documents())
def test_every_message_of_a_document_closes_the_blocks_that_it_opens(text: str) -> None:
    parts = split(text)
    assert_sendable(parts)
    for part in parts:
        fences = [line for line in part.split("\n") if is_fence(line)]
        assert len(fences) % 2 == 0
        assert all(
            opening.startswith(closing) for opening, closing in zip(fences[::2], fences[1::2], strict=True)
        )
    assert contents("\n".join(parts)) == contents(text)


def contents(text: str) -> str:
    """A text without its fences and its whitespace."""
    return without_whitespace("".join(line for line in text.split("\n") if not is_fence(line)))


@pytest.mark.parametrize("char", ["!", ".", "。", " ", "\n", "`", "```\n", "~", ")", "🇩", "\u0301", "a b\n"])
def test_hundreds_of_thousands_of_one_character_are_no_trouble(char: str) -> None:
    text = "x" + char * (300_000 // len(char))
    assert_sendable(split(text))
