"""Why the model does not get a row: the relay tells the cut-off and each row's place, the page works out the limit."""

from __future__ import annotations

from playground.page.journal import Journal
from playground.page.spans import SpanEvent
from playground.page.window import window_detail
from playground.page.wording import FATES
from relay import spans
from tests.playground.page.story import BEGAN, HELPER, Story

BRIEF = HELPER.model_copy(update={"rewind_messages": 0})
BOT = HELPER.model_copy(update={"rewind_messages": 2, "functions": {"brief": BRIEF}})
CUTOFF = BEGAN - 60_000


def whys(*fates: tuple[str, int], batch_is_known: bool = True, function: str = "") -> list[str]:
    """What the window says of rows, oldest first, each told by its fate and its age in seconds before the batch."""
    story = Story(Journal([BOT]))
    message = story.says("new")
    trace = story.posted(message, function=function)
    if batch_is_known:
        story.span(trace, spans.WEBHOOK, 1, MESSAGE=f"{0:024x}")
    rows = [
        SpanEvent(
            spans.WINDOW_ROW,
            0,
            {
                spans.ROW: f"m|{8_000_000_000_000 + age:013d}|{place:024x}|1",
                spans.ROLE: "user",
                spans.AT: BEGAN - age * 1000,
                spans.FATE: fate,
            },
        )
        for place, (fate, age) in enumerate([*fates, ("batch", 0)][::-1])
    ]
    span = story.span(trace, spans.WINDOW, 21, events=tuple(rows), CUTOFF=CUTOFF)
    return [str(row["why"]) for row in window_detail(story.journal, span).value][:-1]


def test_what_is_older_than_the_cut_off_is_over_the_minutes() -> None:
    assert whys(("left", 61), ("sent", 60)) == [FATES["over_minutes"], ""]


def test_what_lies_behind_as_many_rows_as_are_kept_is_over_the_messages() -> None:
    told = whys(("left", 5), ("sent", 3), ("sent", 1))
    assert told == [FATES["over_messages"], "", ""]


def test_what_is_left_though_there_was_room_for_a_message_is_over_the_characters() -> None:
    told = whys(("left", 7), ("left", 5), ("sent", 3))
    assert told == [FATES["over_messages"], FATES["over_characters"], ""]


def test_what_may_not_be_used_takes_no_room() -> None:
    told = whys(("left", 9), ("not_usable", 7), ("before_new", 5), ("sent", 3))
    assert told == [FATES["over_characters"], FATES["not_usable"], FATES["before_new"], ""]


def test_the_function_of_the_message_says_how_many_messages_are_kept() -> None:
    assert whys(("left", 5), function="brief") == [FATES["over_messages"]]


def test_where_the_batch_is_not_known_either_limit_may_be_the_one() -> None:
    assert whys(("left", 5), batch_is_known=False) == [FATES["left"]]
