"""When a message is answered again whose turn a kill broke off."""

from playground.page.watches import again_at
from relay import spans
from tests.playground.page.story import BEGAN, Story


def queued(story: Story) -> tuple[str, str]:
    """A message that was queued with its watch; its id and its trace."""
    message = story.says("hello")
    trace = story.posted(message)
    webhook = story.span(trace, spans.WEBHOOK, 1, 40, MESSAGE="aaa", parent="1" * 16)
    story.span(trace, f"{spans.QUEUES}send", 2, parent=webhook, QUEUE_DELAY=55)
    return message, trace


def test_the_watch_takes_up_what_was_broken_off() -> None:
    story = Story()
    message, trace = queued(story)
    story.span(trace, spans.LEASE, 60, parent="2" * 16)
    assert again_at(story.journal, message) is None  # nobody was killed
    story.journal.kills.append(BEGAN + 100)
    assert again_at(story.journal, message) == BEGAN + 2 + 55_000
    story.span(trace, spans.LEASE, 56_000, parent="3" * 16)
    assert again_at(story.journal, message) is None  # it is being answered


def test_what_no_turn_had_begun_with_is_not_counted_down() -> None:
    story = Story()
    message, _ = queued(story)
    story.journal.kills.append(BEGAN + 100)
    assert again_at(story.journal, message) is None


def test_a_kill_before_a_message_says_nothing_of_it() -> None:
    story = Story()
    story.journal.kills.append(BEGAN - 100)
    message, trace = queued(story)
    story.span(trace, spans.LEASE, 60, parent="2" * 16)
    assert again_at(story.journal, message) is None
