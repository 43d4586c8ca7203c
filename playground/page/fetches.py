"""What the relay did with media in a turn: what it fetched from the storage, what it had transcribed and spoken.

Neither the storage nor the audio endpoints are told of the turn, unless a request carries its trace: then time tells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from playground.im.storage import Fetch
from playground.model_server import ModelRequest
from playground.page import steps
from playground.page.journal import Journal, trace_of
from playground.page.media import attachment_of
from playground.page.steps import Step
from playground.page.wording import MODEL_STATUS

SLACK_MS = 5
"""The clocks of two processes on one machine: one of whole milliseconds."""

FORMS = {"imageView": "made smaller", "audioTrans": "as MP3", "vframe": "its first picture"}
"""The storage's transforms."""

STORAGE_STATUS = {403: "it may not be read", 404: "it is no longer there", 302: "it leads elsewhere"}


def media_steps(journal: Journal, chat: str, begin: float, end: float, trace: str = "") -> Iterator[Step]:
    """What happened with the media of one chat in this time, Unix milliseconds."""
    for fetch in journal.fetches.values():
        message = journal.messages.get(journal.media.get(fetch.url, ""))
        if message is not None and message.chat == chat and begin - SLACK_MS <= fetch.at <= end + SLACK_MS:
            yield _fetched(journal, fetch)
    for asked in journal.requests.values():
        own = trace_of(asked.headers)
        within = begin - SLACK_MS <= asked.at <= end + SLACK_MS
        if asked.is_audio and within and own in ("", trace):
            yield sound_step(asked)


def sound_step(asked: ModelRequest) -> Step:
    """One request to an audio endpoint."""
    spoken = asked.path.endswith("/speech")
    title = f"{'Speech' if spoken else 'Transcription'} asked: {asked.body.get('model', '')}"
    status: steps.Status = "ok" if asked.status == 200 else "error"
    if asked.status == 200:
        summary = "a sound was made of the words" if spoken else f"heard: {transcript(asked)}"
    elif asked.milliseconds is None:
        status, summary = "waiting", "not answered yet"
    else:
        why = _refusal(asked) or MODEL_STATUS.get(asked.status or 0, "it was refused")
        summary = f"{asked.status or 'the connection was cut'}: {why}"
    details = [steps.Detail("Request", "json", asked.body), steps.headers(asked.headers)]
    details += [steps.body("Response", asked.answer)] if asked.answer else []
    return Step("media", title, asked.at, asked.milliseconds, status, summary, tuple(details))


def _fetched(journal: Journal, fetch: Fetch) -> Step:
    attachment = attachment_of(journal.messages[journal.media[fetch.url]])
    kind = attachment.kind if attachment else "file"
    form = FORMS.get(fetch.form.partition("&")[0], "")
    status: steps.Status = "ok" if fetch.status == 200 else "error"
    said = [form]
    if fetch.status is None:
        status = "waiting"
        said.append("not answered yet")
    elif fetch.status == 200:
        said += [fetch.content_type, f"{fetch.bytes} bytes"]
    else:
        said.append(f"{fetch.status}: {STORAGE_STATUS.get(fetch.status, 'the storage refused')}")
    asked = steps.code("Asked for", f"GET {fetch.url}{f'?{fetch.form}' if fetch.form else ''}")
    return Step(
        "media",
        f"Fetched from the storage: {'voice message' if kind == 'audio' else kind}",
        fetch.at,
        fetch.milliseconds,
        status,
        ", ".join(filter(None, said)),
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
