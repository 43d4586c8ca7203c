"""Which lines of a reply are media (``send_links``)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.outgoing import File, Medium, Picture, Video, Voice
from relay.turn.linked_media import LINKS_MAX, Linked, pieces_of

AT = "https://cdn.example.com"


def media_of(text: str) -> list[Medium]:
    return [piece.medium for piece in pieces_of(text) if isinstance(piece, Linked)]


@pytest.mark.parametrize(
    ("line", "medium"),
    [
        (f"![A cat]({AT}/1)", Picture(f"{AT}/1", name="A cat")),
        (f"![]({AT}/a.PNG?w=3)", Picture(f"{AT}/a.PNG?w=3", name="a.PNG", ext="png")),
        (f'![A cat]({AT}/a.webp "Title")', Picture(f"{AT}/a.webp", name="A cat", ext="webp")),
        (f"![A cat](<{AT}/a.gif>)", Picture(f"{AT}/a.gif", name="A cat", ext="gif")),
        (f"![A talk]({AT}/a.mp4)", Video(f"{AT}/a.mp4", name="A talk", ext="mp4")),
        (f"{AT}/a.jpeg", Picture(f"{AT}/a.jpeg", name="a.jpeg", ext="jpeg")),
        (f"  <{AT}/a.mp3>  ", Voice(f"{AT}/a.mp3", ext="mp3")),
        (f"{AT}/a.mov\r", Video(f"{AT}/a.mov", name="a.mov", ext="mov")),
        (f"[Report of May]({AT}/r.pdf)", File(f"{AT}/r.pdf", "Report of May.pdf", ext="pdf")),
        (f"[r.pdf]({AT}/r.pdf)", File(f"{AT}/r.pdf", "r.pdf", ext="pdf")),
        (f"{AT}/%E6%8A%A5%E5%91%8A.xlsx", File(f"{AT}/%E6%8A%A5%E5%91%8A.xlsx", "报告.xlsx", ext="xlsx")),
        (f"{AT}/a_(b).zip", File(f"{AT}/a_(b).zip", "a_(b).zip", ext="zip")),
    ],
)
def test_a_line_that_is_nothing_but_a_link_is_a_medium(line: str, medium: Medium) -> None:
    assert pieces_of(f"Before\n{line}\nafter") == ["Before\n", Linked(medium, line.strip()), "\nafter"]


@pytest.mark.parametrize(
    "text",
    [
        f"See {AT}/a.png",
        f"{AT}/a.png and more",
        f"- {AT}/a.png",
        f"> {AT}/a.png",
        f"    {AT}/a.png",
        f"`{AT}/a.png`",
        f"{AT}/page",
        f"{AT}/page.html",
        f"[A page]({AT}/page)",
        "https://example.com",
        "http://cdn.example.com/a.png",
        "![A cat](http://cdn.example.com/a.png)",
        "![A cat](a.png)",
        "![A cat](data:image/png;base64,AAAA)",
        "![A cat](javascript:alert(1))",
        f"![A cat]({AT}/a.png) ![Another]({AT}/b.png)",
        "https:///a.png",
        "https://cdn.example.com:x/a.png",
        f"{AT}/{'a' * 2048}.png",
        "",
        "Nothing at all",
    ],
)
def test_anything_else_stays_text(text: str) -> None:
    assert media_of(f"Before\n{text}\nafter") == []
    assert "".join(str(piece) for piece in pieces_of(text)) == text


def test_nothing_in_a_code_block_is_touched() -> None:
    code = f"```md\n![A cat]({AT}/a.png)\n{AT}/b.pdf\n```"
    assert pieces_of(f"Write:\n{code}\n") == [f"Write:\n{code}\n"]
    assert media_of(f"{code}\n\n{AT}/c.png\n\n~~~\n{AT}/d.png") == [
        Picture(f"{AT}/c.png", name="c.png", ext="png")
    ]


def test_more_links_than_a_reply_may_have_stay_text() -> None:
    lines = [f"{AT}/{number}.png" for number in range(LINKS_MAX + 3)]
    *media, rest = pieces_of("\n".join(lines))
    assert len(media) == LINKS_MAX
    assert str(rest).split() == lines[LINKS_MAX:]


def test_media_side_by_side_have_no_empty_text_between_them() -> None:
    assert len(pieces_of(f"{AT}/a.png\n\n{AT}/b.png\n")) == 2


def test_a_name_is_cut_to_what_the_platform_takes() -> None:
    (medium,) = media_of(f"![{'n' * 300}]({AT}/1)")
    assert isinstance(medium, Picture)
    assert medium.name == "n" * 255


@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(
                [f"{AT}/a.png", f"![x]({AT}/1)", f"[y]({AT}/b.pdf)", "```", "~~~", "", f" <{AT}/c.mp3>", "\r"]
            ),
        ),
        max_size=20,
    )
)
def test_no_word_of_any_text_is_lost_or_moved(lines: list[str]) -> None:
    text = "\n".join(lines)
    pieces = pieces_of(text)
    whole = "".join(piece if isinstance(piece, str) else piece.line for piece in pieces)
    assert "".join(whole.split()) == "".join(text.split())
    assert sum(isinstance(piece, Linked) for piece in pieces) <= LINKS_MAX


def test_a_text_of_links_in_code_is_read_once() -> None:
    text = f"```\n{AT}/a.png\n```\n" * 3000 + "(" * 20_000
    assert media_of(text) == []
