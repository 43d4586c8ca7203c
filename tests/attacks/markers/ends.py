"""The ways in which what was said ends, and a search for what is left of it."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.attacks.lines import Lines
from tests.attacks.markers.planted import MARK, SETTINGS, Body, Kind
from tests.kit import RelayKit
from tests.operations.operating import OperatorKit
from tests.tracing import finished_spans

End = Callable[[RelayKit, OperatorKit, Body], None]

DAY_SECONDS = 86_400
SENDER = "alice"


def _forget(relay: RelayKit, operator: OperatorKit, body: Body) -> None:
    """The person's own command, wherever they have written."""
    bot = "echo" if body["to"] == "echo" else "helper"
    topic = {"ext": body["ext"].replace("customContent", "_")} if "ext" in body else {}
    if body["convType"] == "TEAM":
        relay.post("@Helper /forget", team=body["to"], **topic)
    else:
        relay.post("/forget", to=bot, **topic)
    relay.settle()


def _delete(relay: RelayKit, operator: OperatorKit, body: Body) -> None:
    """The operator's command."""
    _quietly(operator, "history", "delete", "alice", "--yes")
    relay.settle()


def _recall(relay: RelayKit, operator: OperatorKit, body: Body) -> None:
    """The message is recalled on the platform."""
    relay.recall(body)
    relay.settle()


def _expire(relay: RelayKit, operator: OperatorKit, body: Body) -> None:
    """Its day is over, and every limit."""
    relay.settle()
    relay.clock.advance(4 * DAY_SECONDS)
    relay.sweep()


ENDS: dict[str, End] = {
    "/forget": _forget,
    "history delete": _delete,
    "recall": _recall,
    "expiry": _expire,
}

PLACES = ("tables", "queues", "log", "spans", "export")


@dataclass(frozen=True)
class Found:
    """Where the marker was.

    Attributes:
        before: in tables or queues, before the end.
        after: the places in which it is still.
        named: those of log and spans that name the person.
    """

    before: bool
    after: tuple[str, ...]
    named: tuple[str, ...]


def run(kind: Kind, end: str) -> Found:
    """Have it said, and ended, by a relay of its own that ``function_app`` is then; look for what is left."""
    relay = RelayKit(SETTINGS)
    operator = OperatorKit(relay)
    finished = finished_spans()
    finished.clear()
    with _listening() as lines:
        body = kind.plant(relay)
        before = MARK in _tables(relay) + _queues(relay)
        relay.model.default = "Hi"
        relay.im.default = None
        relay.clock.advance(1)
        ENDS[end](relay, operator, body)
        exported = _quietly(operator, "history", "export", "alice")
        exported += _quietly(operator, "failed", "list")
        exported += _quietly(operator, "usage")
    left = {
        "tables": _tables(relay),
        "queues": _queues(relay),
        "log": "\n".join(lines.texts),
        "spans": "".join(span.to_json() for span in finished.all()),
        "export": exported,
    }
    named = tuple(place for place in ("log", "spans") if SENDER in left[place])
    return Found(before, tuple(place for place, text in left.items() if MARK in text), named)


def _tables(relay: RelayKit) -> str:
    return str(relay.tables.tables)


def _queues(relay: RelayKit) -> str:
    return str([(name, relay.queues.texts(name)) for name in relay.queues.queues])


def _quietly(operator: OperatorKit, *arguments: str) -> str:
    """What a command prints, and says."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        operator.run(*arguments)
    return printed.getvalue() + "\n".join(operator.said)


@contextlib.contextmanager
def _listening() -> Iterator[Lines]:
    lines, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(lines)
        root.setLevel(level)
