"""The alerts and the workbook ask what the workspace understands, and find what went wrong."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from relay.config.settings import APP_FOLDER
from tests.infra.kql import QUERIES, RECORDED, Workspace, problems_of, queue_log
from tests.infra.templates import log_alerts, query_of, the

pytestmark = pytest.mark.infra

WRONG = {
    "a table that is not there": ("AppTraces\n", "AppTrace\n", "AppTrace"),
    "a column that is not there": ("where Message startswith", "where Text startswith", "Text"),
    "a function that is none": ("countif(", "count_if(", "count_if"),
    "a column that was not made": ("order by Time asc", "order by Day asc", "Day"),
}
"""Mistakes in up.kql: what stands there, what instead, and the name that is told."""


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def workspace(now: datetime) -> Workspace:
    return Workspace(now)


@pytest.fixture(scope="module")
def said() -> dict[str, list[str]]:
    """What the binder says: of all queries, and of the broken ones, in one start of it."""
    broken = {name: QUERIES["up"].replace(old, new) for name, (old, new, _) in WRONG.items()}
    return problems_of({**QUERIES, **broken})


@pytest.mark.parametrize("name", QUERIES)
def test_microsofts_binder_has_nothing_to_say(name: str, said: dict[str, list[str]]) -> None:
    assert said[name] == []


@pytest.mark.parametrize("name", WRONG)
def test_microsofts_binder_names_what_is_wrong(name: str, said: dict[str, list[str]]) -> None:
    assert any(f"'{WRONG[name][2]}'" in problem for problem in said[name])


def test_what_is_deployed_are_these_queries() -> None:
    """By the committed snapshot, which another test compares with the templates."""
    snapshot = json.loads((APP_FOLDER / "infra" / "main.snapshot.json").read_text(encoding="utf-8"))
    resources = snapshot["predictedResources"]
    asked = [query_of(alert) for alert in log_alerts(resources).values()]
    shown = the(resources, "Insights/workbooks")["properties"]["serializedData"]
    in_workbook = [name for name, query in QUERIES.items() if query.replace("'", "''") in shown]
    assert sorted(in_workbook) == ["cost", "failed", "slow", "slow-why", "throttled", "up"]
    in_alerts = [name for name, query in QUERIES.items() if query in asked]
    assert sorted([*in_workbook, *in_alerts, "one-message"]) == sorted(QUERIES)


def test_whether_it_is_up_shows_in_what_is_taken_and_answered(workspace: Workspace) -> None:
    rows = workspace.ask("up")
    assert sum(row["Taken"] for row in rows) == 7
    assert sum(row["Answered"] for row in rows) == 5


def test_how_slow_it_is_and_where_the_time_goes(workspace: Workspace) -> None:
    rows = workspace.ask("slow")
    assert {row["Bot"] for row in rows} == {"helper"}
    slowest = max(rows, key=lambda row: row["All95"])
    assert slowest["Sent95"] > slowest["Model95"]  # the IM server let replies wait


def test_why_it_is_slow_shows_in_the_calls(workspace: Workspace) -> None:
    first, *_ = workspace.ask("slow-why")
    assert first["Name"] in ("im.send", "relay.deliver")
    assert first["Most"] > 5_000


def test_what_failed_is_told_with_its_message_and_its_cause(workspace: Workspace) -> None:
    failed = {row["What"]: row for row in workspace.ask("failed")}
    assert failed.keys() == {"turn failed", "reply undeliverable"}
    assert failed["reply undeliverable"]["Cause"] == "result code 106403: the receiver has blocked the bot"
    assert re.fullmatch("[0-9a-f]{24}", failed["turn failed"]["MessageId"])


def test_what_a_bot_costs_is_the_sum_of_its_answers(workspace: Workspace) -> None:
    rows = workspace.ask("cost")
    assert {row["Bot"] for row in rows} == {"helper"}
    assert sum(row["Answers"] for row in rows) == 5
    assert min(row["Input"] for row in rows) > 0


def test_who_throttles_is_named(workspace: Workspace) -> None:
    assert {row["Who"] for row in workspace.ask("throttled")} == {"IM server", "model scripted"}


def test_one_message_is_found_by_the_beginning_of_its_name_and_nobody_elses(workspace: Workspace) -> None:
    (undelivered,) = [row for row in workspace.ask("failed") if row["What"] == "reply undeliverable"]
    wanted = QUERIES["one-message"].replace("'MESSAGE'", f"'{undelivered['MessageId'][:8]}'")
    story = workspace.ask(wanted)
    said = [row["Said"].split(" bot=")[0] for row in story]
    assert said[0] == "relay.webhook"
    assert {"queued", "relay.turn", "reply undeliverable", "turn done"} <= set(said)
    assert len(story) < sum(map(len, RECORDED.values())) / 4


def test_a_message_that_waits_for_ten_minutes_fires(workspace: Workspace, now: datetime) -> None:
    put, done = ("PutMessage", 12), ("DeleteMessage", 15)
    workspace.add("StorageQueueLogs", queue_log(now, "relay-turns", ("PutMessage", 16), done))
    assert workspace.ask("oldest-message") == []
    workspace.add("StorageQueueLogs", queue_log(now, "relay-turns", put))
    assert workspace.ask("oldest-message") == [{"Waiting": 1}]


def test_a_record_of_a_failure_fires(workspace: Workspace, now: datetime) -> None:
    workspace.add("StorageQueueLogs", queue_log(now, "relay-turns", ("PutMessage", 1)))
    assert workspace.ask("message-failed") == []
    workspace.add("StorageQueueLogs", queue_log(now, "relay-failed", ("PutMessage", 1)))
    assert workspace.ask("message-failed") == [{"Messages": 1}]


def test_a_poison_message_fires_when_nobody_takes_it_out(workspace: Workspace, now: datetime) -> None:
    taken = (("PutMessage", 40), ("DeleteMessage", 36), ("PutMessage", 5))
    workspace.add("StorageQueueLogs", queue_log(now, "relay-turns-poison", *taken))
    assert workspace.ask("poison-stays") == []
    workspace.add("StorageQueueLogs", queue_log(now, "relay-turns-poison", ("PutMessage", 25)))
    assert workspace.ask("poison-stays") == [{"Staying": 1}]


def test_slow_answers_fire_when_there_are_some(workspace: Workspace, now: datetime) -> None:
    assert workspace.ask("turn-latency") == []
    line = "turn done bot=helper queued_ms=31000 model_ms=900 store_ms=9 send_ms=90"
    workspace.add("AppTraces", [{"TimeGenerated": now, "Message": line}] * 5)
    (fired,) = workspace.ask("turn-latency")
    assert fired["Slow"] > 30_000


def test_the_cap_fires(workspace: Workspace, now: datetime) -> None:
    line = {"TimeGenerated": now, "Category": "Ingestion", "Detail": "OverQuota"}
    workspace.add("_LogOperation", [line, {**line, "Detail": "another thing"}])
    assert [row["Detail"] for row in workspace.ask("log-cap")] == ["OverQuota"]


def test_the_incident_of_the_documents_uses_each_query_that_answers_a_question() -> None:
    document = (APP_FOLDER / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\((?:\.\./infra/queries/)([\w-]+)\.kql\)", document))
    assert named >= {"up", "slow", "slow-why", "failed", "cost", "throttled", "one-message"}
