"""Spans: what the relay tells OpenTelemetry about its work, and every name it uses for that.

Only ``opentelemetry-api`` is used here: without an SDK in the process every span is a no-op. A span holds ids, counts,
times and reasons, never what people wrote, and never a secret. One message is one trace: the webhook's span is
the parent of every turn that works on the message, also after a restart, because the context travels through the
queue. The model call follows OpenTelemetry's GenAI conventions.

=====================  ========  =====================================================================================
Span                   Kind      What it covers
=====================  ========  =====================================================================================
``relay.webhook``      server    one request of the IM platform, to its answer; not one that is ignored
``relay.turn``         consumer  one step with one queue message
``relay.sweep``        internal  one run of the timer
``relay.claim``        internal  claiming the message
``relay.limits``       internal  counting it against the limits
``relay.lease``        internal  taking the conversation's lease
``relay.window``       internal  reading the conversation; an event for each row that the model gets or does not get
``relay.store``        internal  storing the reply and marking what it covers
``relay.deliver``      internal  sending a stored reply, all its parts, and marking it
``tables.OPERATION``   client    one call of Table Storage: write, get, page, delete, create, drop, list
``queues.OPERATION``   client    one call of Queue Storage: send, delete, receive, length
``chat MODEL``         client    one request to one deployment
``im.send``            client    one message through the IM server API; an event for each attempt
``relay.medium``       internal  one picture, recording or file: fetching it, and making of it what a model takes
``transcribe MODEL``   client    one recording to one transcription server
``speak MODEL``        client    one text to one server that speaks
``draw MODEL``         client    one description to one server that makes pictures
``execute_tool NAME``  internal  one call of a tool of the bot's
=====================  ========  =====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from relay import keys
from relay.messages import Message, message_hash

Attribute = str | int | float | bool | list[str]

WEBHOOK: Final = "relay.webhook"
TURN: Final = "relay.turn"
SWEEP: Final = "relay.sweep"
CLAIM: Final = "relay.claim"
LIMITS: Final = "relay.limits"
LEASE: Final = "relay.lease"
WINDOW: Final = "relay.window"
STORE: Final = "relay.store"
DELIVER: Final = "relay.deliver"
TABLES: Final = "tables."
QUEUES: Final = "queues."
CHAT: Final = "chat "
IM_SEND: Final = "im.send"
MEDIUM: Final = "relay.medium"
TRANSCRIBE: Final = "transcribe "
SPEAK: Final = "speak "
DRAW: Final = "draw "
TOOL: Final = "execute_tool "

WINDOW_ROW: Final = "relay.window.row"
"""Event of ``relay.window``: one row, with ROW, ROLE, AT and FATE."""
IM_ATTEMPT: Final = "relay.im.attempt"
"""Event of ``im.send``: one request, with CAUSE and IM_MILLISECONDS."""

# What it is about.
BOT: Final = "relay.bot"
CONVERSATION: Final = "relay.conversation"
"""Partition of the conversation: a hash."""
MESSAGE: Final = "relay.message"
"""Hash of the message's id: the third part of its row's key."""
REPLY: Final = "relay.reply"
"""Client id of the reply's first part."""
COVERS: Final = "relay.covers"
"""Hashes of the messages that a reply answers."""

# How it went.
OUTCOME: Final = "relay.outcome"
REASON: Final = "relay.reason"
CAUSE: Final = "relay.cause"
ATTEMPT: Final = "relay.attempt"
WAITS: Final = "relay.waits"
QUEUED_MS: Final = "relay.queued_ms"
FRESH: Final = "relay.fresh"
"""Whether this claim was the message's first."""
TAKEN: Final = "relay.taken"
CRASHES: Final = "relay.crashes"
"""Turns of this conversation that died while they held its lease."""
LEASE_UNTIL: Final = "relay.lease_until"
PARTS: Final = "relay.parts"
SENDER_MINUTE: Final = "relay.limits.sender_minute"
"""Messages of this sender to this bot that its limits have admitted in this minute; the others likewise."""
SENDER_DAY: Final = "relay.limits.sender_day"
BOT_MINUTE: Final = "relay.limits.bot_minute"
BOT_DAY: Final = "relay.limits.bot_day"
LIMITED_UNTIL: Final = "relay.limits.until"
"""When the sender may write again, Unix milliseconds."""

# Media.
MEDIUM_KIND: Final = "relay.medium.kind"

# Window and batch.
ROWS_READ: Final = "relay.window.rows_read"
WINDOW_SENT: Final = "relay.window.sent"
BATCH: Final = "relay.window.batch"
CUTOFF: Final = "relay.window.cutoff"
ROW: Final = "relay.row"
"""Key of a row."""
PLACE: Final = "relay.tool.place"
"""Of a call, its place in its round, from 0; the round's row is ROW."""
RESUMED: Final = "relay.tool.resumed"
"""Whether an earlier turn has begun the round of the call."""
ROLE: Final = "relay.role"
AT: Final = "relay.at"
"""Unix milliseconds."""
FATE: Final = "relay.fate"
"""Whether the row is answered now, or the model gets it: see :data:`relay.memory.window.Fate`."""

# Calls. OpenTelemetry's names where it has them.
HTTP_METHOD: Final = "http.request.method"
HTTP_STATUS: Final = "http.response.status_code"
ERROR_TYPE: Final = "error.type"
SERVER_ADDRESS: Final = "server.address"
DB_SYSTEM: Final = "db.system.name"
DB_OPERATION: Final = "db.operation.name"
DB_TABLE: Final = "db.collection.name"
DB_ROWS: Final = "db.response.returned_rows"
DB_CHANGES: Final = "db.operation.batch.size"
QUEUE_SYSTEM: Final = "messaging.system"
QUEUE_OPERATION: Final = "messaging.operation.name"
QUEUE_NAME: Final = "messaging.destination.name"
QUEUE_DELAY: Final = "relay.queue.delay_seconds"
GEN_AI_OPERATION: Final = "gen_ai.operation.name"
GEN_AI_PROVIDER: Final = "gen_ai.provider.name"
GEN_AI_REQUEST_MODEL: Final = "gen_ai.request.model"
GEN_AI_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
GEN_AI_TEMPERATURE: Final = "gen_ai.request.temperature"
REASONING_EFFORT: Final = "relay.reasoning_effort"
VERBOSITY: Final = "relay.verbosity"
SERVER_TOOLS: Final = "relay.server_tools"
"""The tools that the model's server ran, a name for each call."""
GEN_AI_RESPONSE_MODEL: Final = "gen_ai.response.model"
GEN_AI_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
GEN_AI_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
GEN_AI_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
GEN_AI_CACHED_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
GEN_AI_REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
IM_CLIENT_ID: Final = "relay.im.client_id"
IM_MILLISECONDS: Final = "relay.im.ms"

_tracer = trace.get_tracer("relay")
_propagator = TraceContextTextMapPropagator()


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    attributes: Mapping[str, Attribute] | None = None,
    ends: bool = True,
) -> Iterator[Span]:
    """A span around a piece of work.

    An exception that leaves the block gives the span the status error and the exception's class as ``error.type``;
    its message stays out, since it may be a library's.

    Args:
        name: one of this module's.
        kind: OpenTelemetry's.
        parent: W3C ``traceparent`` of the parent; None for the span that is current. Anything malformed, or
            nothing, begins a new trace.
        attributes: what is known at the start.
        ends: with the block; else the block ends it, or not: a span without an end is told to nobody.
    """
    context = None if parent is None else Context()
    if parent:
        context = _propagator.extract({"traceparent": parent}, context)
    started = _tracer.start_span(
        name,
        context=context,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    )
    if parent is None and started is current():
        yield started  # nobody records: it is the one that is open already
        return
    outer = attach(trace.set_span_in_context(started))
    try:
        yield started
    except BaseException as error:
        if isinstance(error, Exception):
            failed(started, type(error).__name__)
        if not ends:
            started.end()
        raise
    finally:
        detach(outer)
        if ends:
            started.end()


def about(message: Message) -> dict[str, Attribute]:
    """The attributes that say which message a span is about."""
    return {
        BOT: message.bot,
        CONVERSATION: keys.conversation_key(message),
        MESSAGE: message_hash(message.id),
    }


def tell_about(message: Message) -> None:
    """Have the current span say which message it is about, if anybody will read it: the hashes take their time."""
    if (span := current()).is_recording():
        span.set_attributes(about(message))


def failed(started: Span, error_type: str) -> None:
    """Mark a span as failed."""
    started.set_attribute(ERROR_TYPE, error_type)
    started.set_status(Status(StatusCode.ERROR))


def current() -> Span:
    """The span that is open here, a no-op where there is none."""
    return trace.get_current_span()


def traceparent() -> str:
    """W3C ``traceparent`` of the current span, to be handed on; empty when there is no trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent", "")
