"""What was posted to the webhook about a message, and what it answered."""

from __future__ import annotations

from collections.abc import Iterator

from playground.im.copies import Post
from playground.page import steps
from playground.page.journal import Journal, trace_of
from playground.page.posts import mask_key, oddity
from playground.page.standing import UNREAD_REPLY, Standing, answer_means
from playground.page.steps import Step
from playground.page.turns import TurnSteps
from playground.page.words import Said, count, say

LATE_MS = 1000
"""A message that is posted later than this is worth a word."""

QUEUED = "The message is safely queued; the platform is told so and does not send it again."
BY_BOTH = "by the other input"
AGAIN = "the platform may deliver a message more than once"
INPUTS = {
    "copy": "message copy, {bytes} bytes, to {url}",
    "chatbot": "chatbot webhook, {bytes} bytes, to {url}",
}
READ_ELSEWHERE = "The platform reads no reply here; the answer to the chatbot request carries it, too."

IN_ANSWER = "The reply is in this answer."
MEANINGS = {
    "ignored": "ignored: {reason}",
    "refused": "refused: {reason}",
    "failed": "failed: {reason}",
}

_STATUS: dict[str, steps.Status] = {"waiting": "ok", "ignored": "warn"}


def requests(journal: Journal, message: str) -> Iterator[Step]:
    """The requests to the webhook with its answers; further ones about the same message are folded into one step."""
    posts = journal.posts_of(message)
    if posts and (late := posts[0].at - journal.messages[message].at) > LATE_MS:
        said = say("the platform kept the message back, or posted a later one first")
        yield Step("note", say("Posted late"), journal.messages[message].at, late, "warn", said)
    both = len({post.input for post in posts}) > 1
    for post in posts[:1]:
        yield from _exchange(journal, post, both=both)
    if more := posts[1:]:
        title = say("The same message again, {times}", times=count(len(more), "time"))
        said = say(BY_BOTH if both else AGAIN)
        inside = steps.in_order(step for post in more for step in _exchange(journal, post, both=both))
        yield Step("request", title, more[0].at, None, "warn", said, (), inside)


def _exchange(journal: Journal, post: Post, *, both: bool) -> Iterator[Step]:
    odd = oddity(post)
    size = len(post.request.encode(errors="replace"))
    said = say(INPUTS[post.input], bytes=size, url=mask_key(post.url))
    details = (steps.headers(post.headers), steps.body(say("Body"), post.request))
    summary = say("; ").join(filter(None, [odd, said]))
    yield Step("request", say("Signed request"), post.at, None, "warn" if odd else "ok", summary, details)
    if post.ended:
        yield _answer(journal, post, both=both)


def _answer(journal: Journal, post: Post, *, both: bool) -> Step:
    means = answer_means(post)
    status, summary = _STATUS.get(means.status, "error"), _meaning(post, means)
    if both and means.reason == Said(UNREAD_REPLY):
        status, summary = "warn", say(READ_ELSEWHERE)
    title = (
        say("Webhook answered {status}", status=post.status)
        if post.status
        else say("No answer of the webhook")
    )
    made = TurnSteps(journal, trace_of(post.headers))
    return Step(
        "answer",
        title,
        post.at,
        post.milliseconds,
        status,
        summary,
        (steps.body(say("Body"), post.body),) if post.body else (),
        steps.in_order(step for span in made.webhooks() for step in made.inside(span)),
    )


def _meaning(post: Post, means: Standing) -> str:
    if means.status != "waiting":
        return say(MEANINGS[means.status], reason=means.reason)
    return say(IN_ANSWER if post.reply() else QUEUED)
