"""How things stand with a user's message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from playground.im.copies import Post
from playground.page.journal import Journal
from playground.page.wording import ENDED_WITHOUT_ANSWER, IGNORED, NO_ANSWER, OUTCOMES, REFUSED
from playground.page.words import Said
from relay import spans
from relay.texts import RELAYS_OWN

Status = Literal["sending", "waiting", "answered", "limited", "ignored", "refused", "failed"]
UNREAD_REPLY = (
    "the bot replies in the webhook's answer, which the platform only reads from the chatbot webhook; "
    "choose that input for this bot"
)

FAILURE_TEXTS = frozenset((RELAYS_OWN.failed.en, RELAYS_OWN.failed.zh))


NO_REASON = Said("")

LIMITED = "the bot said so, without asking the model"


@dataclass(frozen=True, slots=True)
class Standing:
    """A status, and the reason for a status that is not the hoped-for one."""

    status: Status
    reason: Said = NO_REASON

    @property
    def final(self) -> bool:
        """True when nothing more will happen."""
        return self.status not in ("sending", "waiting")


def standing_of(journal: Journal, message: str, replies: list[str]) -> Standing:
    """How things stand with a message; ``replies`` are the ids of the bot's messages that answer it."""
    if any(journal.messages[reply].text in FAILURE_TEXTS for reply in replies):
        return Standing("failed", Said("the relay gave up and told the user so"))
    if any(journal.messages[reply].finished for reply in replies):
        return Standing("limited", Said(LIMITED)) if _is_limited(journal, message) else Standing("answered")
    if journal.messages[message].changed == "recalled":
        return Standing("ignored", Said("recalled before it was answered"))
    posts = journal.posts_of(message)
    standings = [answer_means(post) for post in posts if post.ended]
    if accepted := next((found for found in standings if found.status == "waiting"), None):
        return _ended_without_reply(journal, message) or accepted
    if len(standings) < len(posts) or not posts:
        return Standing("sending")
    return next((found for found in standings if found.status == "ignored"), standings[-1])


def answer_means(post: Post) -> Standing:
    """What the webhook's answer to one request means for the message."""
    if post.status is None:
        why = Said(NO_ANSWER[post.failure]) if post.failure in NO_ANSWER else post.failure
        return Standing("failed", Said("the webhook gave no answer: {why}", {"why": why}))
    if post.status == 200:
        reason = _field(post.body, "reason")
        if _field(post.body, "status") == "ignored":
            return Standing("ignored", Said(IGNORED[reason]) if reason in IGNORED else _theirs(reason))
        if post.input == "copy" and post.reply():
            return Standing("failed", Said(UNREAD_REPLY))
        return Standing("waiting")
    if post.status in REFUSED:
        detail = _field(post.body, "detail") if post.status != 401 else ""
        return Standing("refused", _theirs(detail) if detail else Said(REFUSED[post.status]))
    why = _field(post.body, "detail") or Said("no reason")
    return Standing(
        "failed", Said("the webhook answered {status}: {why}", {"status": post.status, "why": why})
    )


def _is_limited(journal: Journal, message: str) -> bool:
    """Whether a message was one too many for the limits of its bot."""
    told = (span for trace in journal.own_traces_of(message) for span in journal.spans_of(trace))
    return any(span.name == spans.LIMITS and span.attributes.get(spans.OUTCOME) == "limited" for span in told)


def _ended_without_reply(journal: Journal, message: str) -> Standing | None:
    for trace in journal.traces_of(message):
        for span in journal.spans_of(trace):
            if span.name == spans.TURN and span.attributes.get(spans.OUTCOME) in ENDED_WITHOUT_ANSWER:
                return Standing("failed", Said(OUTCOMES[span.attributes[spans.OUTCOME]]))
            if span.name == spans.IM_SEND and span.attributes.get(spans.ERROR_TYPE) == "ImRejected":
                return Standing("failed", Said("the IM server refused the reply"))
    return None


def _theirs(words: str) -> Said:
    """What the webhook says itself."""
    return Said("{words}", {"words": words})


def _field(body: str, name: str) -> str:
    try:
        value = json.loads(body).get(name, "")
    except (ValueError, AttributeError):
        return ""
    return str(value)
