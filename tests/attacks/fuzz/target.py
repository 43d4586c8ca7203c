"""What is attacked: the app's own HTTP trigger over in-memory doubles, and everything that an answer must keep to."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

import azure.functions as func

from relay.config.settings import load_settings
from relay.errors import ModelBlocked, ModelUnavailable
from relay.messages import QUEUE_MESSAGE_MAX_BYTES, Turn
from relay.outbox import FAILED, TURNS
from relay.ports import Insert, Merge
from relay.texts import RELAYS_OWN
from tests.attacks.fuzz import answers
from tests.attacks.fuzz.attack import SECRET, Attack
from tests.attacks.fuzz.journal import Journal
from tests.attacks.fuzz.messages import BOTS, PLANTED
from tests.conftest import EXAMPLE
from tests.doubles import MemoryTables
from tests.doubles.model import Say
from tests.kit import RelayKit

CPU_MAX_MS = 250
"""Of the whole process for one request; a genuine one takes less than one."""

PROPERTY_MAX_BYTES = 64 * 1024

FUNCTION_KEY = "funct10n-key-of-the-url"
MODEL_SAYS = "Yes 🙂 replied-w0rds"
PREVIOUS_SECRET = "5ecret-before-the-rotation"
MODEL_KEY = "m0del-key-of-the-app"
UNSPEAKABLE = (PLANTED, "replied-w0rds", SECRET, PREVIOUS_SECRET, MODEL_KEY, FUNCTION_KEY)
"""What neither a log line nor (but for the reply) an answer may hold; in lower case."""

_MODEL: dict[str, Callable[[], Say]] = {
    "answers": lambda: MODEL_SAYS,
    "blocks": lambda: ModelBlocked("the content filter"),
    "fails": lambda: ModelUnavailable("HTTP 503"),
}
"""What the model does. An error is made anew each time, since one that is raised again keeps all its tracebacks."""

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack came to.

    Attributes:
        row: of the answer table; empty when the answer is not in it.
        answer: status and body.
        cpu_ms: processor time that the process took for it.
        problems: what must not be, in words; empty when all is well.
    """

    row: str
    answer: tuple[int, bytes]
    cpu_ms: float
    problems: tuple[str, ...]


class DoesNotFit(Exception):
    """A row that Table Storage would refuse."""


class StrictTables(MemoryTables):
    """Refuses a property that Table Storage would refuse: over 64 KiB of UTF-16 (Azure: Table service data model)."""

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        """Apply all changes, if Azure would."""
        for name, value in (pair for change in changes for pair in change.values.items()):
            if isinstance(value, str) and len(value.encode("utf-16-le")) > PROPERTY_MAX_BYTES:
                raise DoesNotFit(name)
        return await super().write(table, partition, *changes)


class Target:
    """The relay under attack, inside ``with``. Every request meets empty storage, so its number alone reproduces it."""

    def __init__(self) -> None:
        self._journal = Journal(UNSPEAKABLE)

    def __enter__(self) -> Self:
        import function_app  # reads its settings as it is imported: tests.conftest has set them by now

        self._app = function_app
        secrets = {
            "IM_APP_SECRET": SECRET,
            "IM_APP_SECRET_PREVIOUS": PREVIOUS_SECRET,
            "RELAY_MODEL_KEY": MODEL_KEY,
        }
        with ExitStack() as stack:
            stack.callback(setattr, function_app, "relay", function_app.relay)
            self._kit = RelayKit(load_settings(EXAMPLE | secrets))
            self._kit.tables = StrictTables()
            self._kit.configure(BOTS)
            self._runner = stack.enter_context(asyncio.Runner())
            self._runner.get_loop()  # says at DEBUG which selector it uses, before anything listens
            stack.enter_context(self._journal)
            # A full collection takes as long as this process is large, which is no fault of a request.
            gc.freeze()
            stack.callback(gc.unfreeze)
            self._leave = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.close()

    def post(self, attack: Attack) -> Outcome:
        """Post it to the app's ``webhook``, and look at the answer, the queue and the log."""
        self._prepare(attack)
        request = func.HttpRequest(
            method="POST",
            url=f"https://relay.example/api/webhook?code={FUNCTION_KEY}",
            headers={**attack.headers, "x-functions-key": FUNCTION_KEY},
            params={"code": FUNCTION_KEY},
            body=attack.body,
        )
        started = time.process_time_ns()
        try:
            response = self._runner.run(self._app.webhook(request))
        except Exception as error:
            return Outcome("", (500, b""), _ms_since(started), (_unhandled(error), *self._journal.problems()))
        cpu_ms = _ms_since(started)
        status, body = int(response.status_code), response.get_body()
        row, problems = "", []
        try:
            row = answers.row_of(status, body)
            problems += [*_wrong_row(attack, row), *self._wrong_queue(row, body), *_spoken(row, body)]
        except answers.NotInTable as error:
            problems.append(f"not in the answer table: {error}")
        if response.mimetype != "application/json":
            problems.append(f"an answer of type {response.mimetype}")
        if cpu_ms > CPU_MAX_MS:
            problems.append(f"took {cpu_ms:.0f} ms of processor time")
        if row in (answers.QUEUED, answers.ACKNOWLEDGED) and not problems:
            problems += self._unanswered(attack)
        if row == answers.NOTED and not problems:
            problems += self._not_carried_out()
        return Outcome(row, (status, body), cpu_ms, (*problems, *self._journal.problems()))

    def _prepare(self, attack: Attack) -> None:
        kit = self._kit
        kit.tables.tables.clear()
        kit.tables.calls.clear()
        kit.queues.queues.clear()
        kit.model.prompts.clear()
        kit.im.attempts.clear()
        kit.im.shown.clear()
        kit.model.default = _MODEL[attack.model]()
        kit.tables.down = kit.queues.down = attack.storage_down
        kit.clock.set(attack.now)
        self._journal.lines.clear()

    def _wrong_queue(self, row: str, body: bytes) -> Iterator[str]:
        """A turn is on the queue, behind its watch, when the answer says so; and only then."""
        queued = self._kit.queues.texts(TURNS)
        promised = row == answers.REPLY and answers.reply_text(body) in (
            RELAYS_OWN.thinking.en,
            RELAYS_OWN.thinking.zh,
        )
        expected = 2 if promised or row in (answers.QUEUED, answers.ACKNOWLEDGED) else 0
        # A change has no watch; several may come at once, and one that was made by somebody else is none.
        if len(queued) != expected and row != answers.NOTED:
            yield f"{len(queued)} messages on the queue, not {expected}"
        if self._kit.queues.texts(FAILED):
            yield "a message on the poison queue"
        if self._kit.tables.tables and row not in (answers.REPLY, answers.HEARD):
            yield "the webhook has written to a table"
        if row == answers.HEARD and not self._kit.tables.rows("text"):
            yield "heard, and not kept"
        turns = [Turn.from_json(text) for text in queued]
        if len({turn.message for turn in turns}) > 1 and row != answers.NOTED:
            yield "the watch is of another message"
        if any((turn.change is None) == (row == answers.NOTED) for turn in turns):
            yield "a message is taken for its change"
        for text in queued:
            yield from _unfit(text)

    def _unanswered(self, attack: Attack) -> Iterator[str]:
        """What was accepted can be answered: the app's ``answer`` shows a reply to the message."""
        message = self._kit.queues.texts(TURNS)[-1]
        try:
            self._runner.run(self._app.answer(func.QueueMessage(id="1", body=message.encode())))
        except Exception as error:
            yield _unhandled(error)
        else:
            if Turn.from_json(message).message.staff:
                if self._kit.im.attempts or not self._kit.tables.rows("reply"):
                    yield "a person in the bot's place was answered, or is not remembered"
            elif not self._kit.im.shown and attack.model != "fails":
                yield "accepted, and not answered"

    def _not_carried_out(self) -> Iterator[str]:
        """What was noted can be carried out, and makes nobody say anything."""
        for change in self._kit.queues.texts(TURNS):
            try:
                self._runner.run(self._app.answer(func.QueueMessage(id="1", body=change.encode())))
            except Exception as error:
                yield _unhandled(error)
        if self._kit.im.attempts or self._kit.queues.texts(FAILED):
            yield "a change was answered, or given up"


def _ms_since(started_ns: int) -> float:
    return (time.process_time_ns() - started_ns) / 1e6


def _unhandled(error: Exception) -> str:
    return f"unhandled {type(error).__name__}: {error}"


def _wrong_row(attack: Attack, row: str) -> Iterator[str]:
    expected = attack.expected
    if expected is not None and row != expected:
        yield f"answered as {row}, documented is {expected}"
    elif row == answers.UNAUTHORIZED and attack.signed:
        yield "a valid signature was refused"
    elif (row == answers.UNAVAILABLE) > attack.storage_down:
        yield "storage is well, and blamed"


def _spoken(row: str, body: bytes) -> Iterator[str]:
    said = body.decode()
    if row == answers.REPLY:
        said = said.replace(json.dumps(MODEL_SAYS, ensure_ascii=False), "")
    if any(word in said.lower() for word in UNSPEAKABLE):
        yield "the answer quotes the request, or a secret"


def _unfit(text: str) -> Iterator[str]:
    """Queue Storage takes XML of at most 64 KiB (Azure: Put Message)."""
    if _NOT_IN_XML.search(text):
        yield "a queue message with characters that XML does not have"
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(escaped.encode()) > QUEUE_MESSAGE_MAX_BYTES:
        yield "a queue message over 64 KiB"
