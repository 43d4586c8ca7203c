"""What happened, as the parts of the stack tell it, and what belongs together.

One message of a user is posted to the webhook once or several times; each request has a trace of its own, and the
spans of that trace are what the relay did with it. A message that was answered together with another one also belongs
to the trace of the turn that answered it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from playground.im.api import ApiCall
from playground.im.attach import attachment_of
from playground.im.chats import Delivered, wall_clock_ms
from playground.im.copies import Post
from playground.im.storage import Fetch
from playground.model_server import ModelRequest
from playground.page.spans import SpanFact
from relay import spans
from relay.config.bot import Bot
from relay.keys import parts_of_key
from relay.memory.rows import Entry

_MESSAGE = TypeAdapter(Delivered)
_POST = TypeAdapter(Post)
_CALL = TypeAdapter(ApiCall)
_REQUEST = TypeAdapter(ModelRequest)
_FETCH = TypeAdapter(Fetch)


class Journal:
    """Everything that is known, and the joins.

    Attributes:
        bots: the configured bots.
        first: every message as it was first said, and whole, by server id; one that has grown, at the time of its end.
        messages: every message of every chat by server id, in order of delivery; also those that were deleted.
        posts: the requests to the webhook by number.
        calls: the calls of the IM API by number.
        requests: the requests to the model by number.
        fetches: the requests for media by number.
        media: which message carries what lies at a URL.
        spans: the relay's spans by id.
        rows: stored rows of rounds of tool calls, by key: see :mod:`playground.page.round_rows`.
        rounds_told: keys of the rounds that the relay's spans tell of.
        kills: when the function host was killed, Unix milliseconds.
        answers: which messages each message of a bot answers: see :mod:`playground.page.answers`.
        spans_from: from when on the relay's spans can be expected to come, Unix milliseconds; None while none has.
    """

    def __init__(self, bots: Iterable[Bot] = (), *, spans_visible: bool = True) -> None:
        self.bots = bots
        self.messages: dict[str, Delivered] = {}
        self.first: dict[str, Delivered] = {}
        self.posts: dict[int, Post] = {}
        self.calls: dict[int, ApiCall] = {}
        self.requests: dict[int, ModelRequest] = {}
        self.fetches: dict[int, Fetch] = {}
        self.media: dict[str, str] = {}
        self.spans: dict[str, SpanFact] = {}
        self.rows: dict[str, Entry] = {}
        self.rounds_told: set[str] = set()
        self.kills: list[int] = []
        self.answers: dict[str, list[str]] = {}
        self.spans_from: float | None = 0 if spans_visible else None
        self._grown: set[str] = set()
        self._owners: dict[str, str] = {}
        self._posts_of: defaultdict[str, dict[int, Post]] = defaultdict(dict)
        self._traces_by_hash: dict[str, str] = {}
        self._by_trace: defaultdict[str, dict[str, SpanFact]] = defaultdict(dict)
        self._stores: dict[str, SpanFact] = {}
        self._sends: defaultdict[str, list[SpanFact]] = defaultdict(list)

    def add(self, fact: Mapping[str, Any]) -> set[str]:
        """Take a fact of the IM emulator's or the model server's record.

        Returns:
            The ids of the users' messages that it is about, as far as that is known by now.
        """
        fields = dict(fact)
        match fields.pop("kind"):
            case "message":
                message = _MESSAGE.validate_python(fields)
                self.messages[message.server_id] = message
                if not message.finished:
                    self._grown.add(message.server_id)
                elif not message.changed and message.server_id not in self.first:
                    grown = message.server_id in self._grown
                    self.first[message.server_id] = replace(message, at=wall_clock_ms()) if grown else message
                if (attachment := attachment_of(message)) and attachment.url:
                    self.media[attachment.url] = message.server_id
                return {message.server_id}
            case "post":
                post = _POST.validate_python(fields)
                self.posts[post.number] = post
                if post.server_id:
                    self._posts_of[post.server_id][post.number] = post
                    self._owners[trace_of(post.headers)] = post.server_id
                return {post.server_id}
            case "call":
                call = _CALL.validate_python(fields)
                self.calls[call.number] = call
                return self._about(span.trace for span in self._sends.get(client_id_of(call), ()))
            case "fetch":
                fetch = _FETCH.validate_python(fields)
                self.fetches[fetch.number] = fetch
                return {self.media[fetch.url]} if fetch.url in self.media else set()
            case _:
                request = _REQUEST.validate_python(fields)
                self.requests[request.number] = request
                return self._about([trace_of(request.headers)])

    def add_spans(self, found: Iterable[SpanFact]) -> set[str]:
        """Take spans of the relay; returns the ids of the users' messages that they are about."""
        found = list(found)
        if self.spans_from is None:
            self.spans_from = min((span.at for span in found), default=None)
        for span in found:
            self.spans[span.id] = span
            self._by_trace[span.trace][span.id] = span
            if span.name == spans.WEBHOOK and spans.MESSAGE in span.attributes:
                self._traces_by_hash[span.attributes[spans.MESSAGE]] = span.trace
            elif span.name == spans.STORE:
                self._stores[span.attributes[spans.REPLY]] = span
            elif span.name.startswith(spans.TOOL):
                self.rounds_told.add(str(span.attributes.get(spans.ROW, "")))
            elif span.name == spans.IM_SEND:
                self._sends[span.attributes[spans.IM_CLIENT_ID]].append(span)
        return self._about(span.trace for span in found)

    @property
    def spans_visible(self) -> bool:
        """Whether the relay's spans come here."""
        return self.spans_from is not None

    def sees_into(self, message: str) -> bool:
        """Whether spans have come about a message, or can be expected to."""
        if self.spans_from is None:
            return False
        came = any(trace in self._by_trace for trace in self.own_traces_of(message))
        return came or self.spans_from <= self.messages[message].at

    def _about(self, traces: Iterable[str]) -> set[str]:
        return {message for trace in set(traces) for message in self.messages_of(trace)}

    def messages_of(self, trace: str) -> set[str]:
        """The messages that a trace tells about: of the request that began it, and those that its turn answered."""
        own = {self._owners[trace]} if trace in self._owners else set()
        stored = (span for span in self.spans_of(trace) if span.name == spans.STORE)
        return own | {message for span in stored for message in self.covered_by(span)}

    def spans_of(self, trace: str) -> list[SpanFact]:
        """The spans of a trace, in order of their begin."""
        return sorted(self._by_trace.get(trace, {}).values(), key=lambda span: span.at)

    def posts_of(self, message: str) -> list[Post]:
        """The requests to the webhook about a message, in order."""
        return list(self._posts_of.get(message, {}).values())

    def own_traces_of(self, message: str) -> list[str]:
        """The traces of a message's own requests."""
        return [trace_of(post.headers) for post in self.posts_of(message)]

    def traces_of(self, message: str) -> list[str]:
        """The traces that tell about a message: of its own requests, then of turns that answered it with others."""
        own = self.own_traces_of(message)
        others = [span.trace for span in self._stores.values() if message in self.covered_by(span)]
        return list(dict.fromkeys([*own, *others]))

    def owner_of(self, trace: str) -> str | None:
        """The message whose request began a trace."""
        return self._owners.get(trace)

    def covered_by(self, store: SpanFact) -> list[str]:
        """The messages that a stored reply answers."""
        known = map(self.message_of, store.attributes.get(spans.COVERS, ()))
        return [message for message in known if message]

    def batch_of(self, window: SpanFact) -> list[str]:
        """The messages that were found to be answered now when the memory was read; none for another span."""
        rows = (event.attributes for event in window.events if event.name == spans.WINDOW_ROW)
        keys = (str(row[spans.ROW]) for row in rows if row[spans.FATE] == "batch")
        known = (self.message_of(parts_of_key(key)[0]) for key in keys)
        return [message for message in known if message]

    def message_of(self, message_hash: str) -> str | None:
        """The message that a hash in a span or a row's key stands for."""
        return self._owners.get(self._traces_by_hash.get(message_hash, ""))

    def replies_to(self, message: str) -> list[str]:
        """The bot's messages that answer a user's message, in order."""
        return [reply for reply, answered in self.answers.items() if message in answered]

    def store_of(self, reply: str) -> SpanFact | None:
        """Where the reply whose first part has this client id was stored."""
        return self._stores.get(reply)

    def sends_of(self, client_id: str) -> list[SpanFact]:
        """Where the relay sent the message with this client id."""
        return self._sends.get(client_id, [])

    def ancestors(self, span: SpanFact) -> Iterable[SpanFact]:
        """The span's parent, its parent, and so on, as far as they have ended."""
        parent = self.spans.get(span.parent)
        while parent is not None:
            yield parent
            parent = self.spans.get(parent.parent)


def trace_of(headers: Mapping[str, str]) -> str:
    """Trace id in a W3C ``traceparent``; empty when there is none."""
    parts = headers.get("traceparent", "").split("-")
    return parts[1] if len(parts) == 4 else ""


def parent_in(headers: Mapping[str, str]) -> str:
    """Id of the span that a request came from; empty when it does not tell."""
    parts = headers.get("traceparent", "").split("-")
    return parts[2] if len(parts) == 4 else ""


def client_id_of(call: ApiCall) -> str:
    """The id that the caller gave the message; empty in the v1 API, which has none."""
    message = call.body.get("message")
    return str(message.get("message_client_id", "")) if isinstance(message, dict) else ""
