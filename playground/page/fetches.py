"""What the relay did with media in a turn: what it fetched from the storage, what it had transcribed and spoken.

Neither the storage nor the audio endpoints are told of the turn: time tells, and the chat.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from playground.im.attach import attachment_of
from playground.im.storage import Fetch
from playground.model_server import ModelRequest
from playground.page import steps
from playground.page.journal import Journal
from playground.page.spans import SpanFact
from playground.page.steps import Step
from playground.page.wording import MODEL_STATUS
from playground.page.words import listed, say
from relay import spans

SLACK_MS = 5
"""The clocks of two processes on one machine: one of whole milliseconds."""

FORMS = {"imageView": "made smaller", "audioTrans": "as MP3", "vframe": "its first picture"}
"""The storage's transforms."""

PREPARED = {"audio": "Voice message heard", "file": "File read"}
"""What became of a medium before the model was asked, by its kind."""

ASKED = {True: "Speech asked: {model}", False: "Transcription asked: {model}"}
"""What an audio endpoint was asked for: speech, or not."""

MEDIA = {"picture": "picture", "audio": "voice message", "video": "video", "file": "file"}

STORAGE_STATUS = {403: "it may not be read", 404: "it is no longer there", 302: "it leads elsewhere"}


def media_steps(
    journal: Journal, chat: str, begin: float, end: float, told: Sequence[SpanFact] = ()
) -> Iterator[Step]:
    """What happened with the media of one chat in this time, Unix milliseconds, but for what spans tell of."""
    for kind, fetch in _fetches(journal, chat, begin, end):
        if not any(
            _covers(span, fetch.at) and span.attributes.get(spans.MEDIUM_KIND) == kind for span in told
        ):
            yield _fetched(kind, fetch)
    sounds = [span for span in told if is_about_sound(span)]
    for asked in journal.requests.values():
        within = asked.is_audio and _is_within(asked.at, begin, end)
        if within and not any(_covers(span, asked.at) for span in sounds):
            yield sound_step(asked)


def medium_step(journal: Journal, span: SpanFact) -> Step:
    """One recording or file that became words; what was fetched for it is inside."""
    kind = str(span.attributes.get(spans.MEDIUM_KIND, ""))
    cause = str(span.attributes.get(spans.CAUSE, ""))
    owner = journal.messages.get(journal.owner_of(span.trace) or "")
    inside = list(_fetches(journal, owner.chat, span.at, span.until)) if owner else []
    fetched = tuple(_fetched(kind, fetch) for own, fetch in inside if own == kind)
    title = say(PREPARED[kind]) if kind in PREPARED else say("{kind} prepared", kind=kind.capitalize())
    return Step("media", title, span.at, span.ms, "ok", cause, (), fetched)


def sound_span_step(journal: Journal, span: SpanFact) -> Step:
    """One request to a server that hears or speaks: the span says that and how long, the server's record what."""
    path = "/audio/transcriptions" if span.name.startswith(spans.TRANSCRIBE) else "/audio/speech"
    asked = next(
        (one for one in journal.requests.values() if one.path.endswith(path) and _covers(span, one.at)), None
    )
    if asked is not None:
        return replace(sound_step(asked), at=span.at, ms=span.ms)
    model = span.attributes.get(spans.GEN_AI_REQUEST_MODEL, "")
    return Step("media", say(ASKED["speech" in path], model=model), span.at, span.ms)


def is_about_sound(span: SpanFact) -> bool:
    """Whether a span is about a request to a server that hears or speaks."""
    return span.name.startswith((spans.TRANSCRIBE, spans.SPEAK))


def sound_step(asked: ModelRequest) -> Step:
    """One request to an audio endpoint."""
    spoken = asked.path.endswith("/speech")
    title = say(ASKED[spoken], model=asked.body.get("model", ""))
    status: steps.Status = "ok" if asked.status == 200 else "error"
    if asked.status == 200:
        made = say("a sound was made of the words")
        summary = made if spoken else say("heard: {words}", words=transcript(asked))
    elif asked.milliseconds is None:
        status, summary = "waiting", say("not answered yet")
    else:
        known = asked.status in MODEL_STATUS
        usual = say(MODEL_STATUS[asked.status or 0]) if known else say("it was refused")
        status_words = asked.status or say("the connection was cut")
        summary = say("{status}: {why}", status=status_words, why=_refusal(asked) or usual)
    details = [steps.Detail(say("Request"), "json", asked.body), steps.headers(asked.headers)]
    details += [steps.body(say("Response"), asked.answer)] if asked.answer else []
    return Step("media", title, asked.at, asked.milliseconds, status, summary, tuple(details))


def _fetches(journal: Journal, chat: str, begin: float, end: float) -> Iterator[tuple[str, Fetch]]:
    """The requests for what messages of a chat carry, each with the kind of the message."""
    for fetch in journal.fetches.values():
        message = journal.messages.get(journal.media.get(fetch.url, ""))
        if message is not None and message.chat == chat and _is_within(fetch.at, begin, end):
            attachment = attachment_of(message)
            yield (attachment.kind if attachment else ""), fetch


def _covers(span: SpanFact, at: float) -> bool:
    return _is_within(at, span.at, span.until)


def _is_within(at: float, begin: float, end: float) -> bool:
    return begin - SLACK_MS <= at <= end + SLACK_MS


def _fetched(kind: str, fetch: Fetch) -> Step:
    form = fetch.form.partition("&")[0]
    status: steps.Status = "ok" if fetch.status == 200 else "error"
    said = [say(FORMS[form])] if form in FORMS else []
    if fetch.status is None:
        status = "waiting"
        said.append(say("not answered yet"))
    elif fetch.status == 200:
        said += [fetch.content_type, say("{count} bytes", count=fetch.bytes)]
    else:
        known = fetch.status in STORAGE_STATUS
        why = say(STORAGE_STATUS[fetch.status]) if known else say("the storage refused")
        said.append(say("{status}: {why}", status=fetch.status, why=why))
    asked = steps.code(say("Asked for"), f"GET {fetch.url}{f'?{fetch.form}' if fetch.form else ''}")
    return Step(
        "media",
        say("Fetched from the storage: {kind}", kind=say(MEDIA[kind]) if kind in MEDIA else kind),
        fetch.at,
        fetch.milliseconds,
        status,
        listed(said),
        (asked,),
    )


def transcript(asked: ModelRequest) -> str:
    """What was heard."""
    try:
        return str(json.loads(asked.answer)["text"])
    except (ValueError, LookupError, TypeError):
        return asked.answer


def _refusal(asked: ModelRequest) -> str:
    try:
        return str(json.loads(asked.answer)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return ""
