"""The stored rows of rounds of tool calls: read for a timeline, and what they say for the tab of the rows."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from playground.page.journal import Journal
from playground.page.robot import profile_for, robot_of
from relay import spans
from relay.keys import day_of, history_table, is_of_round, reply_key, time_of
from relay.memory.rows import Entry
from relay.ports import Tables
from relay.tools import Result
from relay.turn.round_rows import Asked, Round

ROWS_READ = 200
"""Of one day: those between the oldest and the newest of the messages that were to be answered together."""


def may_call(journal: Journal, message: str) -> bool:
    """Whether a message is for a bot that has tools."""
    robot = robot_of(journal.posts_of(message))
    bot = profile_for(journal.messages[message], robot, journal.bots)
    return bot is not None and bool(bot.tools or bot.draw)


async def read_rounds(journal: Journal, message: str, partition: str, tables: Tables) -> None:
    """Read the rounds on the way to a message's reply, and the question that may have come of one, into the journal.

    Raises:
        StorageUnavailable: it does not answer.
    """
    by_table: defaultdict[str, list[str]] = defaultdict(list)
    for key in answered_with(journal, message):
        by_table[history_table(day_of(time_of(key)))].append(key)
    for table, keys in by_table.items():
        page = await tables.page(table, partition, reply_key(min(keys)), max(keys), ROWS_READ)
        found = map(Entry.from_row, page.rows)
        journal.rows |= {one.key: one for one in found if _is_of_rounds(one) or one.key in journal.rows}


def _is_of_rounds(entry: Entry) -> bool:
    return is_of_round(entry.key) or bool(entry.pending)


def answered_with(journal: Journal, message: str) -> set[str]:
    """Keys of the messages that were to be answered together with one, its own among them."""
    found: set[str] = set()
    for trace in journal.traces_of(message):
        for span in journal.spans_of(trace):
            if message in journal.batch_of(span):
                rows = [event.attributes for event in span.events if event.name == spans.WINDOW_ROW]
                found |= {str(row[spans.ROW]) for row in rows if row[spans.FATE] == "batch"}
    return found


def calls_of(entry: Entry) -> list[dict[str, Any]]:
    """The calls of a row for the page: those of a round, or the one that a reply asks the user about."""
    if entry.forgotten:
        return []
    if entry.kind == "round":
        stored = Round.of(entry)
        return [_shown(*both) for both in zip(stored.asked, stored.results, strict=True)]
    if entry.pending:
        pending = json.loads(entry.pending)
        return [_shown(Asked.of(pending["calls"][pending["place"]]), None)]
    return []


def _shown(asked: Asked, result: Result | None) -> dict[str, Any]:
    return {
        "name": asked.call.name,
        "arguments": asked.call.arguments,
        "result": result.text if result else None,
        "outcome": result.outcome if result else "",
    }
