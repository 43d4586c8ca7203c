"""Random stories over real Table Storage (Azurite): whatever happens, each message ends answered once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from typing import Any, NoReturn, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from pydantic import SecretStr

from relay.app import Relay
from relay.config.bots import Bots
from relay.config.settings import StorageSettings, load_settings
from relay.errors import ImUnavailable, ModelUnavailable
from relay.keys import client_id, conversation_key, history_table
from relay.memory.rows import Entry
from relay.messages import Message, Turn
from relay.outbox import FAILED, TURNS
from relay.ports import Outgoing, Prompt
from relay.storage.tables import AzureTables
from tests.conftest import EXAMPLE
from tests.doubles import HostKilled, ManualClock, MemoryQueues, RecordingMessenger, ScriptedModel
from tests.exploration.spaces import BOT, LEASE, MIDNIGHT
from tests.shared_azurite import SharedAzurite

pytestmark = pytest.mark.stack

Result = TypeVar("Result")
_names = itertools.count()
_tables: MortalTables
_loop: asyncio.AbstractEventLoop


class MortalTables(AzureTables):
    """Table Storage for a process that may be killed: then it gives no lease back."""

    killed = False

    async def delete(self, table: str, partition: str, key: str, etag: str) -> None:
        """Delete a row, if the process is alive."""
        if self.killed:
            raise HostKilled
        await super().delete(table, partition, key, etag)


def _now(work: Coroutine[Any, Any, Result]) -> Result:
    return _loop.run_until_complete(work)


class Story(RuleBasedStateMachine):
    """Users write, processes die, answers get lost, time passes, midnight comes."""

    def __init__(self) -> None:
        super().__init__()
        self.user = f"user{next(_names)}"
        self.clock = ManualClock(MIDNIGHT - 20_000)
        self.queues = MemoryQueues(self.clock)
        self.model = ScriptedModel(default=lambda prompt: "re: " + prompt.messages[-1].content)
        self.im = RecordingMessenger()
        self.sent: list[Message] = []
        self.app = Relay(
            load_settings(EXAMPLE).model_copy(update=LEASE),
            Bots([BOT]),
            clock=self.clock,
            tables=_tables,
            queues=self.queues,
            model=self.model,
            im=self.im,
            random=lambda: 1.0,
        )

    @rule(text=st.sampled_from(["a", "b", "文字 👋", "/new", "/forget"]), late=st.integers(0, 8000))
    def write(self, text: str, late: int) -> None:
        """The user writes; the message may come late."""
        number = len(self.sent)
        at = self.clock.now() - late
        self._enqueue(Message("helper", self.user, f"c:{self.user}:{number}", at, text))
        self.clock.advance(0.001)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        """The platform delivers a message again."""
        self._enqueue(data.draw(st.sampled_from(self.sent)), again=True)

    @rule(seconds=st.sampled_from([0.5, 1, 5, 20]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    @rule()
    def work(self) -> None:
        """A process takes what is visible."""
        self._run()

    @rule(at=st.sampled_from(["model", "send"]))
    def work_and_die(self, at: str) -> None:
        """A process takes what is visible and dies while it asks the model, or right after the user saw the reply."""

        def die(of_what: Prompt | Outgoing) -> NoReturn:
            if isinstance(of_what, Outgoing):
                self.im.show(of_what)
            _tables.killed = True
            raise HostKilled

        double: Any = self.model if at == "model" else self.im
        double.script.insert(0, die)
        try:
            self._run()
        except HostKilled:
            self.clock.advance(0.001)
        finally:
            _tables.killed = False
            double.script[:] = [each for each in double.script if each is not die]

    @rule()
    def model_fails(self) -> None:
        """The next question goes unanswered."""
        self.model.script = [ModelUnavailable("HTTP 500")]

    @rule()
    def im_fails(self) -> None:
        """The next message is not taken."""
        self.im.script = [ImUnavailable("no answer")]

    def teardown(self) -> None:
        """However it went, it ends well."""
        self.model.script.clear()
        self.im.script.clear()
        for _ in range(500):
            at = self.queues.next_visible_at(TURNS)
            if at is None:
                break
            self.clock.set(max(at, self.clock.now()))
            self._run()
        assert self.queues.texts(TURNS) == []
        if self.sent:
            entries = _now(self._entries())
            self._check(entries)
            # Many deaths, or ten minutes without an answer, end in a failure text and one poison message.
            given_up = sum(1 for entry in entries if entry.cause and entry.state != "closed")
            assert len(self.queues.texts(FAILED)) >= given_up

    def _check(self, entries: list[Entry]) -> None:
        messages = {entry.id: entry for entry in entries if entry.kind != "reply"}
        replies = {entry.key: entry for entry in entries if entry.kind == "reply"}
        assert messages.keys() == {message.id for message in self.sent}
        forgotten = any(message.text == "/forget" for message in self.sent)
        for entry in messages.values():
            assert entry.state == "answered" or (entry.state == "closed" and forgotten)
        assert {entry.reply for entry in messages.values() if entry.reply} == replies.keys()
        partition = conversation_key(self.sent[0])
        confirmed = {client_id(partition, entry.id) for entry in messages.values() if entry.kind != "text"}
        shown = [sent.client_id for sent in self.im.shown]
        sent = {reply.client_id for reply in replies.values() if reply.state == "sent"}
        closed = {reply.client_id for reply in replies.values() if reply.state == "closed"}
        assert len(shown) == len(set(shown))
        assert sent | confirmed <= set(shown) <= sent | confirmed | closed

    async def _entries(self) -> list[Entry]:
        found: list[Entry] = []
        for day in {message.at // 86_400_000 for message in self.sent}:
            page = await _tables.page(history_table(day), conversation_key(self.sent[0]), "m|", "m}", 1000)
            found += map(Entry.from_row, page.rows)
        return found

    def _enqueue(self, message: Message, *, again: bool = False) -> None:
        turn = Turn(message, self.clock.now())
        _now(self.app.outbox.enqueue(turn, self.app.timing.lease_seconds(BOT)))
        if not again:
            self.sent.append(message)

    def _run(self) -> None:
        while taken := _now(self.queues.receive(TURNS, hide_seconds=600)):
            for message in taken:
                _now(self.app.answer(message.text))
                _now(self.queues.delete(TURNS, message.receipt))


@pytest.fixture
def _storage() -> Iterator[None]:
    global _tables, _loop
    _loop = asyncio.new_event_loop()
    with SharedAzurite() as azurite:
        where = StorageSettings(connection_string=SecretStr(azurite.connection_string))
        _tables = MortalTables(where, call_seconds=30)
        yield
        _loop.run_until_complete(_tables.aclose())
    _loop.close()


@pytest.mark.usefixtures("_storage")
def test_every_story_ends_with_each_message_answered_once() -> None:
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
