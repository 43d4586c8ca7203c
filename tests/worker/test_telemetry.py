"""What reaches Application Insights from Microsoft's worker library with the settings of production."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from importlib import import_module

import pytest
import pytest_asyncio

from relay import spans
from tests.scenarios.world import SECRET
from tests.worker.ingestion import Envelope
from tests.worker.watched import HOST_SPAN, HOST_TRACE, PRIVATE, Watched, settings_of_production, watching

pytestmark = [pytest.mark.worker, pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    async with watching(tmp_path_factory.mktemp("telemetry")) as one:
        yield one


async def test_a_turn_is_one_tree_of_spans_each_of_which_arrives_once(watched: Watched) -> None:
    found = watched.arrived.spans()
    ids = Counter(span["id"] for span in found)
    assert set(ids.values()) == {1}
    assert {span["tags"]["ai.operation.id"] for span in found} == {HOST_TRACE}
    roots = [span for span in found if span["tags"]["ai.operation.parentId"] not in ids]
    assert [(root["name"], root["tags"]["ai.operation.parentId"]) for root in roots] == [
        (spans.WEBHOOK, HOST_SPAN)
    ]
    assert below(found, spans.WEBHOOK) == {"queues.send": 2, spans.TURN: 1}
    steps = dict.fromkeys((spans.CLAIM, spans.LEASE, spans.WINDOW, spans.STORE, spans.DELIVER), 1)
    assert below(found, spans.TURN) == steps | {"chat scripted": 1, "tables.delete": 1, "queues.delete": 1}


def below(found: list[Envelope], name: str) -> Mapping[str, int]:
    """The children of the one span with a name."""
    (parent,) = [span["id"] for span in found if span["name"] == name]
    return Counter(span["name"] for span in found if span["tags"]["ai.operation.parentId"] == parent)


async def test_each_line_arrives_once_beside_its_span_and_the_host_gets_none(watched: Watched) -> None:
    lines = [line for line in watched.arrived.of("MessageData") if "severityLevel" in line]
    assert [line["message"].split(" bot=")[0] for line in lines] == ["queued", "turn done"]
    (turn,) = [span["id"] for span in watched.arrived.spans() if span["name"] == spans.TURN]
    assert lines[1]["tags"]["ai.operation.parentId"] == turn
    assert "turn done" not in watched.log.read_text(encoding="utf-8")


async def test_the_alerts_find_the_line_of_a_turn_where_they_look(watched: Watched) -> None:
    """``AppTraces`` holds what is sent as MessageData, its column ``Message`` the field ``message``."""
    (done,) = [line for line in watched.arrived.lines() if line.startswith("turn done")]
    assert all(re.search(rf"{name}_ms=\d+", done) for name in ("queued", "model", "send"))


async def test_metrics_have_the_names_of_the_conventions_and_few_words(watched: Watched) -> None:
    found = watched.arrived.metrics()
    model = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai"}
    for name in ("operation.duration", "operation.time_to_first_chunk", "token.usage"):
        properties, point = found[f"gen_ai.client.{name}"][0]
        assert properties.items() >= model.items()
        assert point["value"] > 0
    tokens = {each["gen_ai.token.type"]: point["value"] for each, point in found["gen_ai.client.token.usage"]}
    assert tokens.keys() == {"input", "output"}
    assert [(each["relay.outcome"], point["value"]) for each, point in found["relay.turn.replies"]] == [
        ("answered", 1)
    ]
    assert "relay.queue.wait" in found
    assert "relay.turn.duration" in found


async def test_no_library_is_instrumented_that_the_exporter_knows(watched: Watched) -> None:
    known = import_module("azure.monitor.opentelemetry._constants")._ALL_SUPPORTED_INSTRUMENTED_LIBRARIES
    off = settings_of_production()["OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"]
    assert sorted(off.split(",")) == sorted(known)


async def test_an_ignored_message_is_counted_and_is_no_span(watched: Watched) -> None:
    counted = [each for each, _ in watched.arrived.metrics()["relay.webhook.duration"]]
    assert [each["relay.reason"] for each in counted if each["relay.outcome"] == "ignored"] == ["unknown_bot"]
    assert watched.arrived.span_names()[spans.WEBHOOK] == 1


async def test_nothing_private_leaves_and_nothing_private_is_kept_on_disk(watched: Watched) -> None:
    everything = watched.everything()
    assert "turn done" in watched.stored()
    assert [mark for mark in (*PRIVATE, SECRET, "popreceipt", "AccountKey") if mark in everything] == []
    urls = set(re.findall(r"https?://[^\s\"']*", json.dumps(watched.arrived.envelopes) + watched.stored()))
    assert urls == set()
