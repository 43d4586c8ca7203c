"""What the relay tells OpenTelemetry: one trace per message, the names of relay/spans.py, and nobody's words."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from relay import spans
from relay.config.settings import load_settings
from relay.errors import ModelUnavailable
from relay.signature import sign_inbound
from tests.conftest import EXAMPLE
from tests.kit import RelayKit
from tests.tracing import Finished, finished_spans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def finished() -> Finished:
    found = finished_spans()
    found.clear()
    return found


def post_traced(relay: RelayKit, text: str) -> None:
    body = json.dumps(relay.copy(text)).encode()
    secret = relay.settings.im_app_secret.get_secret_value()
    headers = {**sign_inbound(secret, body, relay.clock.now()), "traceparent": PARENT}
    assert relay.post_raw(body, headers).status_code == 200


def fates_of(window: ReadableSpan) -> list[Any]:
    """What became of each row that was read, oldest first."""
    return [event.attributes[spans.FATE] for event in window.events if event.attributes]


def test_a_message_is_one_trace_from_the_request_to_the_reply(relay: RelayKit, finished: Finished) -> None:
    post_traced(relay, "hello")
    (webhook,) = finished.named(spans.WEBHOOK)
    (turn,) = finished.named(spans.TURN)
    assert webhook.parent is not None
    assert turn.parent is not None
    assert f"{webhook.context.trace_id:032x}" == TRACE
    assert turn.parent.span_id == webhook.context.span_id
    steps = [span for span in finished.all() if span.parent and span.parent.span_id == turn.context.span_id]
    assert [step.name for step in steps] == [
        spans.CLAIM,
        spans.LEASE,
        spans.WINDOW,
        spans.STORE,
        spans.DELIVER,
    ]
    assert {span.context.trace_id for span in finished.all()} == {webhook.context.trace_id}


def test_a_later_attempt_belongs_to_the_same_trace(relay: RelayKit, finished: Finished) -> None:
    relay.model.script.append(ModelUnavailable("HTTP 500"))
    post_traced(relay, "hello")
    relay.settle()
    first, second = finished.named(spans.TURN)
    assert first.attributes is not None
    assert second.attributes is not None
    assert first.context.trace_id == second.context.trace_id
    assert (first.attributes[spans.OUTCOME], first.attributes[spans.ERROR_TYPE]) == (
        "retried",
        "ModelUnavailable",
    )
    assert (second.attributes[spans.OUTCOME], second.attributes[spans.ATTEMPT]) == ("answered", 1)


def test_the_window_says_which_rows_the_model_gets_and_which_it_does_not(
    relay: RelayKit, finished: Finished
) -> None:
    relay.configure('[[bots]]\naccid = "helper"\nname = "H"\nsystem_prompt = "x"\nrewind_messages = 2\n')
    relay.post("first message")
    relay.wait(1)
    relay.post("second message")
    relay.wait(1)
    finished.clear()
    relay.post("third message")
    (window,) = finished.named(spans.WINDOW)
    assert fates_of(window) == ["left", "left", "sent", "sent", "batch"]


def test_the_window_is_told_as_the_answered_message_has_it_not_the_one_that_came(
    relay: RelayKit, finished: Finished
) -> None:
    relay.configure(
        '[[bots]]\naccid = "helper"\nname = "H"\nsystem_prompt = "x"\n'
        '[bots.functions.translate]\nsystem_prompt = "y"\nrewind_messages = 0\n'
    )
    relay.post("first message")
    relay.wait(1)
    relay.post("second message", run=False)
    (second,) = (turn.message for turn in relay.waiting if turn.watch)
    asyncio.run(relay.app.answering.claims.claim(second, "text"))
    relay.clock.advance(1)
    relay.post_chatbot("third message", function="translate", run=False)
    (third,) = (turn for turn in relay.waiting if turn.watch and turn.message.function)
    finished.clear()
    asyncio.run(relay.app.answer(third.to_json()))
    for_second, for_third = finished.named(spans.WINDOW)
    assert fates_of(for_second) == ["sent", "sent", "batch", "not_usable"]
    assert fates_of(for_third) == ["left"] * 4 + ["batch"]


def test_the_window_is_told_to_its_newest_row_however_many_there_are(
    relay: RelayKit, finished: Finished
) -> None:
    """OpenTelemetry keeps 128 events of a span."""
    relay.configure('[[bots]]\naccid = "helper"\nname = "H"\nsystem_prompt = "x"\nrewind_messages = 200\n')
    for n in range(70):
        relay.post(f"message {n}")
        relay.wait(1)
    finished.clear()
    relay.post("the last one")
    (window,) = finished.named(spans.WINDOW)
    assert fates_of(window) == ["sent"] * 127 + ["batch"]


def test_a_refused_request_says_why(relay: RelayKit, finished: Finished) -> None:
    relay.post_raw(b'{"eventType":"1"}', {"CheckSum": "wrong"})
    (webhook,) = finished.named(spans.WEBHOOK)
    assert webhook.attributes is not None
    assert webhook.attributes[spans.HTTP_STATUS] == 401
    assert webhook.attributes[spans.OUTCOME] == "unauthorized"


def test_no_span_holds_what_was_said(relay: RelayKit, finished: Finished) -> None:
    relay.model.default = lambda prompt: "the answer is forty-two point five"
    relay.post("my passport is number AB-4711-XY", nick="Alice Liddell")
    relay.post("/forget")
    told = "".join(span.to_json() for span in finished.all())
    assert spans.STORE in told
    for words in ("passport", "AB-4711-XY", "forty-two", "Liddell", EXAMPLE["IM_APP_SECRET"]):
        assert words not in told


def test_the_names_of_the_table_are_all_there_are() -> None:
    documented = spans.__doc__ or ""
    names = [spans.WEBHOOK, spans.TURN, spans.SWEEP, spans.CLAIM, spans.LEASE, spans.WINDOW, spans.STORE]
    names += [spans.DELIVER, spans.LIMITS, f"{spans.TABLES}OPERATION", f"{spans.QUEUES}OPERATION"]
    names += [f"{spans.CHAT}MODEL", spans.IM_SEND, spans.MEDIUM]
    names += [f"{spans.TRANSCRIBE}MODEL", f"{spans.SPEAK}MODEL", f"{spans.DRAW}MODEL"]
    names += [f"{spans.TOOL}NAME"]
    in_table = [line.split("``")[1] for line in documented.splitlines() if line.startswith("``")]
    assert sorted(in_table) == sorted(names)


def test_without_a_collector_no_sdk_is_imported() -> None:
    code = (
        "import sys; from relay.telemetry import export_spans; from relay.config.settings import load_settings;"
        f"export_spans(load_settings({EXAMPLE!r})); print('opentelemetry.sdk' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_a_collector_is_a_url() -> None:
    settings = load_settings({**EXAMPLE, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318/"})
    assert settings.otlp_endpoint == "http://127.0.0.1:4318"
