"""The whole way of one message, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from playground.im.copies import Post
from playground.page import steps
from playground.page.calls import call_step, request_step
from playground.page.journal import Journal, client_id_of, trace_of
from playground.page.posts import as_curl, mask_key, oddity
from playground.page.span_steps import clock_time
from playground.page.spans import SpanFact
from playground.page.standing import Standing, answer_means, standing_of
from playground.page.steps import Step
from playground.page.turns import TurnSteps
from playground.page.wording import count
from relay import spans

NO_SPANS = "What the relay does inside is not visible: its spans do not come here."
LATE_MS = 1000
"""A message that is posted later than this is worth a word."""

QUEUED = "The message is safely queued; the platform is told so and does not send it again."


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is known of a message's way.

    Attributes:
        message: its id.
        complete: True when nothing more will come.
        curl: the first request to the webhook as a command.
        missing: what cannot be seen.
        steps: in order.
    """

    message: str
    complete: bool
    curl: str | None
    missing: tuple[str, ...]
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        """The timeline for the page."""
        return {
            "message": self.message,
            "complete": self.complete,
            "curl": self.curl,
            "missing": list(self.missing),
            "steps": [step.as_json() for step in self.steps],
        }


def timeline_of(journal: Journal, message: str) -> Timeline:
    """The timeline of a user's message."""
    posts = journal.posts_of(message)
    replies = journal.replies_to(message)
    standing = standing_of(journal, message, replies)
    inside = list(_inside(journal, message)) if journal.spans_visible else list(_outside(journal, message))
    later = [*inside, *_kills(journal, message), *_replies(journal, replies)]
    waiting = _waiting(journal, message, later) if standing.status == "waiting" else []
    return Timeline(
        message,
        complete=standing.final and _all_told(journal, message, replies),
        curl=as_curl(posts[0]) if posts else None,
        missing=() if journal.spans_visible else (NO_SPANS,),
        steps=(*_requests(journal, message), *steps.in_order(later), *waiting),
    )


def _requests(journal: Journal, message: str) -> Iterator[Step]:
    """What was posted to the webhook, and its answers; further copies of the same are folded into one step."""
    posts = journal.posts_of(message)
    if posts and (late := posts[0].at - journal.messages[message].at) > LATE_MS:
        said = "the platform kept the message back, or posted a later one first"
        yield Step("note", "Posted late", journal.messages[message].at, late, "warn", said)
    for post in posts[:1]:
        yield from _exchange(journal, post)
    if more := posts[1:]:
        title = f"The same message again, {count(len(more), 'time')}"
        both = len({post.input for post in posts}) > 1
        said = "by the other input" if both else "the platform may deliver a message more than once"
        inside = steps.in_order(step for post in more for step in _exchange(journal, post))
        yield Step("request", title, more[0].at, None, "warn", said, (), inside)


def _exchange(journal: Journal, post: Post) -> Iterator[Step]:
    kind = {"copy": "message copy", "chatbot": "chatbot webhook"}[post.input]
    odd = oddity(post)
    said = f"{kind}, {len(post.request.encode(errors='replace'))} bytes, to {mask_key(post.url)}"
    details = (steps.headers(post.headers), steps.body("Body", post.request))
    summary = f"{odd}; {said}" if odd else said
    yield Step("request", "Signed request", post.at, None, "warn" if odd else "ok", summary, details)
    if post.ended:
        yield _answer(journal, post)


def _answer(journal: Journal, post: Post) -> Step:
    means = answer_means(post)
    title = f"Webhook answered {post.status}" if post.status else "No answer of the webhook"
    made = TurnSteps(journal, trace_of(post.headers))
    return Step(
        "answer",
        title,
        post.at,
        post.milliseconds,
        _STATUS.get(means.status, "error"),
        _meaning(post, means),
        (steps.body("Body", post.body),) if post.body else (),
        steps.in_order(step for span in made.webhooks() for step in made.inside(span)),
    )


_STATUS: dict[str, steps.Status] = {"waiting": "ok", "ignored": "warn"}


def _meaning(post: Post, means: Standing) -> str:
    if means.status != "waiting":
        return f"{means.status}: {means.reason}"
    return "The reply is in this answer." if post.reply() else QUEUED


def _inside(journal: Journal, message: str) -> Iterator[Step]:
    """What the relay did, from its spans: the message's own traces, and the turn of another that answered it too."""
    own: list[Step] = []
    taken: list[SpanFact] = []
    for trace_id in journal.traces_of(message):
        made = TurnSteps(journal, trace_id)
        turns = [*made.turns(), *_unfinished(journal, made.unfinished())]
        if journal.owner_of(trace_id) == message:
            own += turns
            taken += made.webhooks()
        else:
            yield from (replace(turn, title=f"{turn.title}, with another message") for turn in turns)
    if own and taken:
        yield _queue_wait(taken[0], steps.in_order(own)[0])
    yield from _folded(own) if len(taken) > 1 else own


def _queue_wait(taken: SpanFact, turn: Step) -> Step:
    """Between the end of the request and the first turn."""
    ms = max(0.0, turn.at - taken.until)
    return Step("queue", "Waited in the queue", taken.until, ms, summary="until the function host took it")


def _folded(turns: Sequence[Step]) -> Iterator[Step]:
    """The turns, those of further copies that had nothing to do in one step."""
    idle = [turn for turn in turns if turn.status != "error" and not _works(turn)]
    yield from (turn for turn in turns if turn not in idle)
    if idle:
        said = "these found the conversation busy, or the message answered: nothing was said twice"
        title = f"{count(len(idle), 'turn')} of the other deliveries"
        yield Step("turn", title, idle[0].at, None, "ok", said, (), steps.in_order(idle))


def _works(turn: Step) -> bool:
    return any(step.kind in ("model", "store", "im") for step in turn.children)


def _unfinished(journal: Journal, work: Sequence[Step]) -> Iterator[Step]:
    """Work whose turn never said how it ended: cut off by a kill of the host, or still under way."""
    cut = {kill: [step for step in work if step.at < kill] for kill in sorted(journal.kills)}
    left = list(work)
    for kill, before in cut.items():
        died = [step for step in before if step in left]
        left = [step for step in left if step not in died]
        if died:
            said = "the function host was killed; what was stored stays, what was not is done again"
            ms = kill - died[0].at
            yield Step("turn", "Turn: broken off", died[0].at, ms, "error", said, (), tuple(died))
    if left:
        yield Step("turn", "Turn under way", left[0].at, None, "waiting", "", (), tuple(left))


def _outside(journal: Journal, message: str) -> Iterator[Step]:
    """Without spans: what the other sides saw, matched by time and chat."""
    began = journal.messages[message].at
    replies = [journal.messages[reply] for reply in journal.replies_to(message)]
    if not replies:
        return
    text = journal.messages[message].text
    for asked in journal.requests.values():
        said = str(asked.body["messages"][-1].get("content", ""))
        if began <= asked.at <= replies[-1].at and text in said:
            yield request_step(asked)
    sent = {reply.server_id for reply in replies}
    ids = {reply.client_id for reply in replies}
    for call in journal.calls.values():
        if call.server_id in sent or client_id_of(call) in ids:
            yield call_step(call)


def _replies(journal: Journal, replies: Sequence[str]) -> Iterator[Step]:
    for reply in map(journal.messages.__getitem__, replies):
        said = f"{reply.sender}, {count(len(reply.text), 'character')}"
        yield Step(
            "reply", "Reply in the chat", reply.at, summary=said, details=(steps.text("Text", reply.text),)
        )


def _kills(journal: Journal, message: str) -> Iterator[Step]:
    """The host's deaths while the message was on its way."""
    began = journal.messages[message].at
    ended = max((journal.messages[reply].at for reply in journal.replies_to(message)), default=None)
    for kill in journal.kills:
        if kill >= began and (ended is None or kill <= ended):
            said = "SIGKILL, as when an instance crashes; it is started again after two seconds"
            yield Step("note", "Function host killed", kill, None, "error", said)


def _waiting(journal: Journal, message: str, so_far: Sequence[Step]) -> list[Step]:
    """What it waits for, after everything that has happened."""
    visible = _watch_visible_at(journal, message)
    latest = max((step.at for step in so_far), default=journal.messages[message].at)
    if journal.kills and visible and latest <= journal.kills[-1]:
        said = (
            f"its watch, a copy on the queue, becomes visible at {clock_time(visible)} and takes it up again"
        )
        return [Step("note", "Waiting for the watch", latest, None, "waiting", said)]
    if so_far and so_far[-1].status == "waiting":
        return []
    return [Step("note", "Waiting for the reply", latest, None, "waiting", "the turn is queued or under way")]


def _watch_visible_at(journal: Journal, message: str) -> float | None:
    """When the delayed copy that the webhook queued can be seen."""
    for trace_id in journal.traces_of(message):
        made = TurnSteps(journal, trace_id)
        for webhook in made.webhooks():
            for put in made.delayed(webhook):
                return put.at + float(put.attributes[spans.QUEUE_DELAY]) * 1000
    return None


def _all_told(journal: Journal, message: str, replies: Sequence[str]) -> bool:
    """Whether the spans of the turn that sent the replies have come; they come a moment after it."""
    sent = [journal.messages[reply] for reply in replies]
    if not journal.spans_visible or all(reply.origin == "response" for reply in sent):
        return True
    traces = (journal.spans_of(trace) for trace in journal.traces_of(message))
    turns = (span for trace in traces for span in trace if span.name == spans.TURN)
    return any(turn.until >= sent[-1].at for turn in turns)
