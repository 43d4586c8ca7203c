"""A small world whose every step is somebody's choice: two workers, a queue, storage, an IM server, a model.

The relay's own code runs unchanged over the in-memory doubles. Each call of a port first stops at a gate; the
explorer decides who goes on, who is killed, whose call happens but seems to fail, and when time passes.
"""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable, Collection, Coroutine, Generator, Hashable, Iterable, Sequence
from contextvars import Context, Token, copy_context
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from opentelemetry.trace import NonRecordingSpan

from relay.app import Relay
from relay.config.bots import Bot, Bots
from relay.config.settings import Settings
from relay.errors import ImUnavailable, StorageUnavailable
from relay.keys import LEASE_TABLE, client_id, conversation_key
from relay.memory.lease import Leases
from relay.memory.rows import Entry, in_time_order, is_earlier
from relay.messages import Change, Message, Receipt, Turn
from relay.outbox import FAILED, TURNS
from relay.ports import (
    Chunk,
    Completion,
    Function,
    FunctionCall,
    Insert,
    Merge,
    Outgoing,
    Page,
    Prompt,
    Row,
    Sent,
)
from relay.tools import Call, Result
from relay.turn.round_rows import Round
from relay.turn.streaming import KEPT_CHARS
from tests.doubles import ManualClock, MemoryQueues, MemoryTables, RecordingMessenger, ScriptedModel
from tests.exploration.remembered import Memory, Name, pieces, types_in

HIDDEN_SECONDS = 600
"""How long the platform hides the message of a killed worker."""

STEPS_MAX = 600

Verdict = Literal["go", "lost"]
Choice = tuple[str, int] | tuple[str, int, int]


class Killed(BaseException):
    """SIGKILL: nothing of the worker's code runs any more."""


@dataclass
class Worker:
    """A process that handles one queue message at a time.

    Attributes:
        turn: the running coroutine.
        context: of its own, as a task has one: spans are kept in it.
        message_id: the queue message it works on.
        request: id of the message whose HTTP request it answers.
        at: the call that it is about to make.
        memory: all that its turn knows; empty when that is not known yet.
        waiting, replied: what waited, and what had been replied, when it last read the window.
        lease_end: of the lease that its turn took last, Unix milliseconds.
    """

    number: int
    turn: Coroutine[Any, Any, Any] | None = None
    context: Context = field(default_factory=copy_context)
    message_id: str = ""
    request: str = ""
    at: str = ""
    memory: list[Any] = field(default_factory=list)
    dead: bool = False
    waiting: tuple[str, ...] = ()
    replied: tuple[str, ...] = ()
    lease_end: int = 0


@types.coroutine
def _stop(worker: Worker, call: str) -> Generator[str, Verdict, Verdict]:
    if worker.dead:
        raise Killed
    return (yield call)


@dataclass(frozen=True)
class Budget:
    """How much may go wrong in one run.

    Attributes:
        kills: workers killed.
        losses: calls whose answer is lost: they happen, and raise.
        ticks: jumps over the lease time while a turn runs.
    """

    kills: int = 0
    losses: int = 0
    ticks: int = 0


def _without_names(parts: Iterable[Any]) -> int:
    """What things are sorted by that differ in their names alone."""
    return hash(tuple(Name if each.__class__ is Name else each for each in parts))


class World:
    """One run. Deterministic: the same choices lead to the same state."""

    _outside: ClassVar[set[type]] = set()

    def __init__(
        self,
        settings: Settings,
        bot: Bot,
        messages: list[Message],
        budget: Budget,
        *,
        changes: Sequence[tuple[Message, Change]] = (),
        parts: bool = False,
        acts: bool = False,
        workers: int = 2,
    ) -> None:
        self.clock = GatedClock(self, max(message.at for message in messages))
        self.long_replies = parts
        self.tool = GatedTool(self) if acts else None
        self.acted: list[str] = []
        self.tables = GatedTables(self)
        self.queues = GatedQueues(self)
        self.model = GatedModel(self)
        self.im = GatedMessenger(self)
        self.workers = [Worker(number) for number in range(workers)]
        self.current: Worker | None = None
        self.budget = budget
        self.all_goes_well = budget == Budget()
        self.may_stand_still = budget.ticks > 0
        self.troubles = budget.kills + budget.losses
        self.may_give_up = budget.kills > 1  # message and watch both hidden for ten minutes: the failure text
        self.messages = messages
        self.changes = changes
        self.steps = 0
        self._names = itertools.count()
        self.app = Relay(
            settings,
            Bots([bot]),
            clock=self.clock,
            tables=self.tables,
            queues=self.queues,
            model=self.model,
            im=self.im,
            toolbox=self.toolbox,  # type: ignore[arg-type]
            random=lambda: 1.0,
        )
        self.app.answering.leases = Leases(self.tables, self.clock, self.owner)
        self.app.answering.responses._new_request = self.unique_name
        self.lease_seconds = self.app.timing.lease_seconds(bot)
        World._outside = World._outside or types_in(self.app, "relay", WORLD) | set(WORLD)
        self._memory = Memory(World._outside)
        self.requests = list(messages) if bot.reply == "response" else []
        self.responses: dict[str, list[str]] = {message.id: [] for message in messages}
        for message in messages if bot.reply == "send" else []:
            self._now(self.app.outbox.enqueue(Turn(message, self.clock.now()), self.lease_seconds))
        for message, change in changes:
            self._now(self.app.outbox.note(Turn(message, self.clock.now(), change=change)))

    def choices(self) -> list[Choice]:
        """What can happen next; the first is what happens when nothing goes wrong."""
        running = [worker for worker in self.workers if worker.turn is not None]
        idle = [worker for worker in self.workers if worker.turn is None]
        possible: list[Choice] = [("step", worker.number) for worker in running]
        if idle:
            visible = self.queues.visible(self.clock.now())
            possible += [("take", idle[0].number, place) for place in visible]
            possible += [("request", idle[0].number, place) for place in range(len(self.requests))]
        if self.budget.kills:
            possible += [("kill", worker.number) for worker in running]
        if self.budget.losses:
            possible += [("lose", worker.number) for worker in running if worker.at.split()[0] in LOSABLE]
        if self.budget.ticks and running:
            possible.append(("tick", 0))
        if not running and not possible and self.queues.next_visible_at(TURNS) is not None:
            possible.append(("wait", 0))
        return possible

    def choose(self, choice: Choice) -> None:
        """Let it happen."""
        self.steps += 1
        assert self.steps < STEPS_MAX, "a run does not come to an end"
        what, number = choice[0], choice[1]
        worker = self.workers[number]
        if what == "step":
            self._advance(worker, "go")
        elif what == "take":
            self._take(worker, choice[2])  # type: ignore[misc]
        elif what == "request":
            self._request(worker, self.requests.pop(choice[2]))  # type: ignore[misc]
        elif what == "kill":
            self.budget = replace(self.budget, kills=self.budget.kills - 1)
            self._kill(worker)
        elif what == "lose":
            self.budget = replace(self.budget, losses=self.budget.losses - 1)
            self._advance(worker, "lost")
        elif what == "tick":
            self.budget = replace(self.budget, ticks=self.budget.ticks - 1)
            self.clock.advance(self.lease_seconds)
        else:
            at = self.queues.next_visible_at(TURNS)
            assert at is not None
            self.clock.set(max(at, self.clock.now()))

    def state(self) -> int:
        """A hash of everything that decides what can still happen.

        Names that are made on the way count by where they stand, not by how many were made before.
        """
        tables = [
            (table, partition, key, row.etag, sorted(row.values.items()))
            for table, partitions in sorted(self.tables.tables.items())
            for partition, rows in sorted(partitions.items())
            for key, row in sorted(rows.items())
        ]
        queue = [
            pieces(f"{m.text} {m.visible_at} {m.deliveries} {m.id} {m.pop}")
            for m in self.queues.queues.get(TURNS, [])
        ]
        poison = sorted(m.text for m in self.queues.queues.get(FAILED, []))
        shown = sorted((sent.client_id, sent.text) for sent in self.im.shown)
        grown = sorted((str(grown.pieces), grown.is_whole) for grown in self.im._streams.values())
        http = (self.requests, sorted(self.responses.items()))
        rest = (shown, grown, http, sorted(self.acted), self.budget, self.clock.now())
        stored = pieces(str((tables, poison, rest)))
        for worker in self.workers:
            self._remember(worker)
        memories = sorted((worker.memory for worker in self.workers), key=_without_names)
        # Neither whole nor positive: those are values, and objects that came before.
        numbers: dict[Any, float] = {}
        return hash(
            tuple(
                numbers.setdefault(each, -len(numbers) - 0.5) if each.__class__ is Name else each
                for part in (stored, *sorted(queue, key=_without_names), *memories)
                for each in part
            )
        )

    def _remember(self, worker: Worker) -> None:
        """All that decides what a worker can still do, and how that is judged."""
        if worker.turn is None:
            worker.memory = []
        elif not worker.memory:
            judged_by = (worker.message_id, worker.waiting, worker.replied, worker.lease_end)
            worker.memory = self._memory.of((worker.turn, worker.at, worker.request, judged_by))

    def parts_of(self, reply: Entry) -> set[str]:
        """The ids under which a reply's messages are shown."""
        first = reply.client_id
        grown = self.im.posted_as(reply.delivered[0][0]) if reply.delivered else first
        if grown and grown != first:
            return {grown}
        rest = {client_id(first, str(number)) for number in range(1, len(reply.parts))}
        # What /forget blanked does not tell its parts any more.
        shown = {sent.client_id for sent in self.im.shown}
        return (
            {first} | rest | ({client_id(first, str(n)) for n in (1, 2)} & shown if not reply.text else set())
        )

    def started_lines(self) -> set[str]:
        """Messages that were to grow, of which there is a beginning that nobody has gone on with or taken back."""
        grown = self.im._streams.values()
        begun = {one.outgoing.client_id for one in grown if not one.is_whole and len(one.pieces) == 1}
        own_ids = {
            client_id(conversation_key(message), message.id, "stream", str(number))
            for message in self.messages
            for number in range(1, 10)
        }
        posted = own_ids.intersection(self.im._posted) - {edited.client_id for edited in self.im.edits}
        return (begun | posted) & {shown.client_id for shown in self.im.shown}

    def entries(self) -> list[Entry]:
        """Every message and reply of every conversation."""
        return [
            Entry.from_row(row)
            for table, partitions in self.tables.tables.items()
            if table != LEASE_TABLE
            for rows in partitions.values()
            for key, row in rows.items()
            if key.startswith("m|")
        ]

    def owner(self) -> str:
        """Name of whoever takes the lease now."""
        assert self.current is not None
        self.current.lease_end = self.clock.now() + int(self.lease_seconds * 1000)
        return self.unique_name()

    def unique_name(self) -> str:
        """A new name."""
        return f"name-{next(self._names)}"

    def close(self) -> None:
        """End what still runs."""
        for worker in self.workers:
            if worker.turn is not None:
                self._kill(worker)

    def _take(self, worker: Worker, place: int) -> None:
        message = self.queues.queues[TURNS][place]
        message.visible_at = self.clock.now() + HIDDEN_SECONDS * 1000
        message.pop = f"pop-{next(self.queues._ids)}"
        message.deliveries += 1
        worker.turn = self.app.answer(message.text, message.deliveries)
        worker.at = ""
        worker.message_id, worker.request, worker.lease_end = message.id, "", 0
        self._advance(worker, None)

    def _request(self, worker: Worker, message: Message) -> None:
        """The platform posts a message of a ``response`` bot."""
        worker.message_id, worker.request, worker.lease_end = "", message.id, 0
        bot = self.app.bots.get(message.bot)
        assert bot is not None
        worker.turn = self.app._respond(Turn(message, self.clock.now()), bot)
        worker.at = ""
        self._advance(worker, None)

    def _advance(self, worker: Worker, verdict: Verdict | None) -> None:
        assert worker.turn is not None
        self.current, worker.memory = worker, []
        try:
            worker.at = worker.context.run(worker.turn.send, verdict)
        except StopIteration as done:
            if worker.request:
                self.responses[worker.request].append(done.value)
            self._finish(worker)
        except StorageUnavailable:
            self._release(worker)
        finally:
            self.current = None

    def _finish(self, worker: Worker) -> None:
        """The host deletes the message of a turn that returned."""
        waiting = self.queues.queues.setdefault(TURNS, [])
        waiting[:] = [message for message in waiting if message.id != worker.message_id]
        worker.turn, worker.at = None, ""

    def _release(self, worker: Worker) -> None:
        """The host makes the message of a turn that raised visible after its delay."""
        for message in self.queues.queues.get(TURNS, []):
            if message.id == worker.message_id:
                message.visible_at = self.clock.now() + 10_000
        worker.turn, worker.at = None, ""

    def _kill(self, worker: Worker) -> None:
        assert worker.turn is not None
        worker.dead = True
        self.current = worker
        try:
            worker.context.run(worker.turn.close)
        except Killed:
            pass
        finally:
            self.current = None
        worker.dead = False
        worker.turn, worker.at = None, ""

    def _now(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something to its end at once, every gate open."""
        bystander = Worker(-1)
        self.current = bystander
        try:
            work.send(None)
            while True:
                work.send("go")
        except StopIteration as done:
            return done.value
        finally:
            self.current = None

    async def gate(self, call: str) -> Verdict:
        """Stop before a call until the explorer lets it happen."""
        assert self.current is not None, "a call outside of a worker"
        return await _stop(self.current, call)

    def looked(self) -> None:
        """A worker reads the window: what it must then ask the model about."""
        assert self.current is not None
        entries = in_time_order(self.entries())
        forgets = [entry for entry in entries if entry.kind == "forget"]
        self.current.waiting = tuple(
            entry.text
            for entry in entries
            if entry.kind == "text"
            and entry.state == "waiting"
            and not any(is_earlier(entry, mark) and mark.sender == entry.sender for mark in forgets)
        )
        marked = any(entry.kind in ("new", "forget") for entry in entries)
        self.current.replied = (
            ()
            if marked
            else tuple(entry.text for entry in entries if entry.kind == "reply" and not entry.excluded)
        )

    def asking(self) -> None:
        """Promise 3: no two turns whose leases last ask the model at the same time."""
        for other in self.workers:
            at_once = other is not self.current and other.turn is not None and other.at == "model"
            assert not at_once or other.lease_end <= self.clock.now(), "two turns of a conversation at once"

    def storing(self, changes: tuple[Insert | Merge, ...]) -> None:
        """Promise 3: what is to be sent is stored under a lease that lasts."""
        assert self.current is not None
        if any(change.values.get("state") == "stored" for change in changes):
            assert self.current.lease_end > self.clock.now(), "a reply was stored without a lease"

    def sending(self, outgoing: Outgoing) -> None:
        """Promise 1, on v1 too: nothing is sent twice where nothing goes wrong."""
        again = outgoing.client_id in {sent.client_id for sent in self.im.attempts}
        assert not (again and self.all_goes_well), "something was sent twice"

    def asked(self, prompt: Prompt) -> None:
        """Promises 3 and 4: the oldest that waited is asked about first, and no earlier reply is missing."""
        assert self.current is not None
        said = "\n".join(
            message.content for message in prompt.messages
        )  # in a group the texts are inside JSON
        oldest = self.current.waiting[0]
        assert oldest in said, f"{oldest} waited and was passed over"
        for reply in self.current.replied:
            assert reply in said, f"the model was not told of {reply}"

    async def toolbox(self) -> World:
        """Where the relay looks for tools."""
        return self

    def chosen(self, bot: Bot) -> tuple[GatedTool, ...]:
        """The tool that the bot has, in a world with one."""
        return (self.tool,) if self.tool else ()

    def rounds(self) -> list[Round]:
        """What was asked of the tool, as the rows say."""
        return [Round.of(entry) for entry in self.entries() if entry.kind == "round" and entry.calls]

    def acting(self, key: str) -> None:
        """Promise 14: what has a result is not done again, unless by a process that stood still for a whole lease."""
        done = {asked.key for each in self.rounds() for asked, result in each.pairs if result}
        assert key not in done or self.may_stand_still, "a finished call ran again"
        self.acted.append(key)


LOSABLE = {"write", "delete", "send", "show", "stream", "edit", "recall"}
"""Calls whose effect may happen although their answer is lost."""


class GatedClock(ManualClock):
    """A clock whose sleepers wait for the explorer."""

    def __init__(self, world: World, now: int) -> None:
        super().__init__(now)
        self._world = world

    async def sleep(self, seconds: float) -> None:
        await self._world.gate("sleep")
        self.advance(seconds)


class GatedTables(MemoryTables):
    """Tables behind gates."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def write(self, table: str, partition: str, *changes: Insert | Merge) -> list[str]:
        self._world.storing(changes)
        verdict = await self._world.gate(f"write {table} {len(changes)}")
        etags = await super().write(table, partition, *changes)
        self._answer(verdict)
        return etags

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        await self._world.gate(f"get {table}")
        return await super().get(table, partition, key)

    async def page(self, table: str, partition: str, low: str, high: str, limit: int) -> Page:
        await self._world.gate(f"page {table}")
        page = await super().page(table, partition, low, high, limit)
        self._world.looked()
        return page

    async def delete(self, table: str, partition: str, key: str, etag: str) -> None:
        verdict = await self._world.gate(f"delete {table}")
        await super().delete(table, partition, key, etag)
        self._answer(verdict)

    def _answer(self, verdict: Verdict) -> None:
        if verdict == "lost":
            raise StorageUnavailable("the answer was lost")


class GatedQueues(MemoryQueues):
    """Queues behind gates."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self._world = world

    def visible(self, now: int) -> list[int]:
        """Places of the visible messages, one of each text."""
        texts: dict[str, int] = {}
        for place, message in enumerate(self.queues.get(TURNS, [])):
            if message.visible_at <= now:
                texts.setdefault(message.text, place)
        return list(texts.values())

    async def send(
        self, queue: str, text: str, delay_seconds: float = 0, keep_seconds: float | None = None
    ) -> Receipt:
        verdict = await self._world.gate(f"send {queue} {delay_seconds:g}")
        receipt = await super().send(queue, text, delay_seconds, keep_seconds)
        if verdict == "lost":
            raise StorageUnavailable("the answer was lost")
        return receipt

    async def delete(self, queue: str, receipt: Receipt) -> bool:
        await self._world.gate(f"unqueue {queue}")
        return await super().delete(queue, receipt)


class GatedModel(ScriptedModel):
    """A model behind a gate; says which messages it was asked about."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def complete(
        self,
        prompt: Prompt,
        *,
        seconds: float,
        only: Hashable = None,
        without: Collection[Hashable] = (),
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        self._world.asking()
        await self._world.gate("model")
        self._world.asked(prompt)
        if prompt.functions and not any(said.role == "tool" for said in prompt.messages):
            return Completion("", calls=(FunctionCall("call-1", "act", "{}"),))
        text = "re: " + " + ".join(said.content for said in prompt.messages if said.role == "user")
        if self._world.long_replies:
            text = "\n\n".join(f"{text} {number} {'x' * 3000}" for number in range(3))
        if heard is not None:
            text += f" {'.' * KEPT_CHARS}"  # enough for a piece to be shown before the last one
            heard(text)
        return Completion(text)


class GatedTool:
    """A tool that everybody can see at work, behind a gate."""

    name = "act"
    confirm = None
    function = Function("act", "Do something.", {"type": "object", "properties": {}})

    def __init__(self, world: World) -> None:
        self._world = world

    async def run(self, call: Call) -> str:
        await self._world.gate("act")
        self._world.acting(call.idempotency_key)
        return "it was done"


async def run_call(
    tool: GatedTool, asked: FunctionCall, call: Call, *, seconds: float, characters: int
) -> Result:
    """In the place of the relay's own, which needs an event loop."""
    return Result(await tool.run(call))


class GatedMessenger(RecordingMessenger):
    """The IM server behind a gate."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def send(self, outgoing: Outgoing, *, seconds: float) -> Sent:
        self._world.sending(outgoing)
        verdict = await self._world.gate("show")
        sent = await super().send(outgoing, seconds=seconds)
        if verdict == "lost":
            raise ImUnavailable("the answer was lost")
        return sent

    async def stream(self, outgoing: Outgoing, chunk: Chunk, *, seconds: float) -> Sent:
        verdict = await self._world.gate("stream")
        sent = await super().stream(outgoing, chunk, seconds=seconds)
        if verdict == "lost":
            raise ImUnavailable("the answer was lost")
        return sent

    async def edit(self, outgoing: Outgoing, sent: Sent, *, seconds: float) -> None:
        verdict = await self._world.gate("edit")
        await super().edit(outgoing, sent, seconds=seconds)
        if verdict == "lost":
            raise ImUnavailable("the answer was lost")

    async def recall(self, outgoing: Outgoing, sent: Sent, *, silently: bool = False, seconds: float) -> None:
        verdict = await self._world.gate("recall")
        await super().recall(outgoing, sent, silently=silently, seconds=seconds)
        if verdict == "lost":
            raise ImUnavailable("the answer was lost")


WORLD = (
    World,
    Worker,
    GatedClock,
    GatedTables,
    GatedQueues,
    GatedModel,
    GatedTool,
    GatedMessenger,
    Context,
    Token,
    NonRecordingSpan,
)
"""Types of what lies outside of a turn, like the app and its parts: all turns share it, or it makes no difference."""
