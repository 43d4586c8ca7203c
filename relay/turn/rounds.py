"""Tools on the way to a reply: what the model asks for is a row before any of it runs, and so is what came of it.

    completion with calls → row → calls, side by side → each result onto the row → asked again

A turn that is taken up again finds the rows of its batch and goes on from them, instead of asking from the start: what
has a result is never run again. A call that was cut off runs again under the same ``idempotency_key``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace

from relay.config.bots import Bot
from relay.errors import LeaseEnded, NoTimeForCalls
from relay.frozen import replaced
from relay.keys import client_id, round_key
from relay.memory.approval import word_of
from relay.memory.counts import TOKENS_MAX
from relay.memory.rows import COUNTS, Entry
from relay.memory.window import Plan
from relay.messages import message_hash
from relay.outgoing import Medium
from relay.ports import Completion, Function, FunctionCall
from relay.tools import BadArguments, Result, Tool
from relay.turn.round_rows import Asked, Round, result_fields, result_of, results_json
from relay.turn.running import Running
from relay.turn.streaming import Stream
from relay.turn.task import Parts, Task

ARGUMENTS_MAX_CHARS = 20_000

MODEL_SHARE = 0.25
"""Of a turn's time, so much is kept for the model's answer to the results, if nothing tells how long it takes."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the user is asked before a call runs.

    Attributes:
        text: the question, as the tool words it.
        pending: for the reply's row: the round as it is to go on.
        media: what other calls of the round have made meanwhile.
    """

    text: str
    pending: str
    media: tuple[Medium, ...] = ()


@dataclass
class Rounds:
    """The rounds of one batch under the lease.

    Attributes:
        parts, task, bot: who works for whom.
        tools: by their names.
        lease_until: end of the lease, Unix milliseconds.
        newest: the newest message of the batch.
        done: the rounds so far, each with all its results.
        question: what has to be asked before it goes on.
        stream: what shows the answer as it comes, and changes the newest row, too.
        model_ms: how long the model took last, None when it was not asked yet.
    """

    parts: Parts
    task: Task
    bot: Bot
    tools: Mapping[str, Tool]
    lease_until: int
    newest: Entry
    done: list[Round] = field(default_factory=list)
    question: Question | None = None
    stream: Stream | None = None
    model_ms: int | None = None

    @property
    def functions(self) -> tuple[Function, ...]:
        """What the model is told of."""
        return tuple(tool.function for tool in self.tools.values())

    @property
    def may_call(self) -> bool:
        """Whether the model may ask for more."""
        return len(self.done) < self.bot.tool_rounds

    @property
    def said(self) -> str:
        """What the model has said beside its calls: the beginning of the reply."""
        return "\n\n".join(filter(None, (round.entry.text for round in self.done)))

    @property
    def media(self) -> tuple[Medium, ...]:
        """What goes out with the reply."""
        return tuple(medium for round in self.done for medium in round.media)

    @property
    def in_group(self) -> bool:
        """Whether a message has to address the bot."""
        return self.task.turn.message.team is not None

    def whole(self, completion: Completion) -> Completion:
        """An answer behind what was said before its calls, with what all requests on the way to it have cost."""
        rows = [round.entry for round in self.done]
        text = "\n\n".join(filter(None, (self.said, completion.text.strip())))
        return replace(
            completion,
            text=completion.text if completion.ended == "declined" else text,
            model=completion.model or next((row.model for row in reversed(rows) if row.model), ""),
            **{
                name: min(TOKENS_MAX, sum(getattr(each, name) for each in (completion, *rows)))
                for name in COUNTS
            },
        )

    async def resume(self, plan: Plan) -> tuple[Entry, ...]:
        """Go on from the rows: finish the last round, or begin the one that the user has just allowed or refused.

        Returns:
            The batch as its rows are now.

        Raises:
            RowChanged: somebody else has gone on; look again.
            NoTimeForCalls: the rest of the turn is too short.
            LeaseEnded, StorageUnavailable.
        """
        batch = plan.batch
        found = [Round.of(entry) for entry in plan.rounds]
        if plan.question is not None and not found:
            batch, answered = await self._answered(plan.question, batch)
            found = [answered]
        for round in found:
            await self._finish(round, is_resumed=True)
        return batch

    async def run(self, batch: tuple[Entry, ...], completion: Completion) -> tuple[Entry, ...]:
        """Make the model's calls a row, and run them; the batch as its rows are now. Raises as :meth:`resume`."""
        key = round_key(batch[-1].key, len(self.done) + 1)
        asked = tuple(
            Asked(_bounded(call), client_id(self.task.partition, key, str(place)))
            for place, call in enumerate(completion.calls)
        )
        entry = self._row(key, batch, asked, ()).with_usage(completion)
        entry = replaced(entry, text=completion.text.strip())
        batch, entry = await self._insert(batch, entry)
        await self._finish(Round(entry, asked, (None,) * len(asked), completion.reasoning))
        return batch

    async def _answered(self, question: Entry, batch: tuple[Entry, ...]) -> tuple[tuple[Entry, ...], Round]:
        """The round that the user's yes or no lets go on. Taken first, so that no other message takes it as well."""
        answer = batch[0]
        taken_by = message_hash(answer.id)
        if not question.taken_by:
            await self.parts.history.change(self.task.partition, question, taken_by=taken_by)
        pending = json.loads(question.pending)
        asked = [Asked.of(fields) for fields in pending["calls"]]
        results = [result_of(fields) for fields in pending["results"]]
        place = pending["place"]
        if word_of(answer) == "yes":
            asked[place] = replace(asked[place], is_approved=True)
        else:
            results[place] = Result("The user said no. It was not done.", outcome="declined")
        entry = self._row(round_key(answer.key, 1), batch, asked, results)
        batch, entry = await self._insert(batch, entry)
        return batch, Round(entry, tuple(asked), tuple(results))

    def _row(
        self, key: str, batch: Sequence[Entry], asked: Sequence[Asked], results: Sequence[Result | None]
    ) -> Entry:
        newest = batch[-1]
        return Entry(
            key=key,
            kind="round",
            state="stored",
            sender=newest.sender,
            function=newest.function,
            text="",
            id=newest.id,
            covered=tuple(message_hash(entry.id) for entry in batch),
            calls=json.dumps([each.to_fields() for each in asked], ensure_ascii=False),
            results=results_json(results) if any(results) else "",
        )

    async def _insert(self, batch: tuple[Entry, ...], entry: Entry) -> tuple[tuple[Entry, ...], Entry]:
        """The row, if the newest message still waits as it was read: nothing is kept of what was forgotten."""
        if not self.parts.timing.may_store(self.parts.clock.now(), self.lease_until):
            raise LeaseEnded("the lease ended before a round of calls could be stored")
        async with self._newest(batch[-1]) as newest:
            entry, newest = await self.parts.history.add(self.task.partition, entry, newest)
            if self.stream is not None:
                self.stream.entry = newest
        self.newest = newest
        return (*batch[:-1], newest), entry

    def _newest(self, entry: Entry) -> AbstractAsyncContextManager[Entry]:
        """The newest message's row for as long as nothing else changes it."""
        return self.stream.holding() if self.stream is not None else nullcontext(entry)

    async def _finish(self, round: Round, *, is_resumed: bool = False) -> None:
        """Run what has no result yet. One call that needs the user's word becomes a question, others a refusal."""
        now, bot = self.parts.clock.now(), self.bot
        self.question = None
        running = Running(self.parts, self.task, self.bot, self.tools, self.newest, round, is_resumed)
        to_run = [place for place, result in enumerate(round.results) if result is None]
        held = [place for place in to_run if self._needs_word(round.asked[place])]
        to_run = [place for place in to_run if place not in held]
        if to_run and now + bot.tool_seconds * 1000 + self._kept_ms() > self.task.deadline:
            raise NoTimeForCalls("the rest of the turn is too short for a call")
        await running.run(to_run)
        if held:
            for place in held[1:]:
                await running.note(place, Result(_ONE_AT_A_TIME, outcome="refused"))
            self.question = self._question(running.round, held[0])
        self.done.append(running.round)

    def _kept_ms(self) -> float:
        """How long the model's next answer may take."""
        if self.model_ms is None:
            return (self.task.deadline - self.task.started) * MODEL_SHARE
        return self.model_ms

    def _needs_word(self, asked: Asked) -> bool:
        """Whether the user has to allow it first; what cannot run anyway is not asked about."""
        tool = self.tools.get(asked.call.name)
        if tool is None or tool.confirm is None or asked.is_approved:
            return False
        try:
            tool.arguments(asked.call.arguments)
        except BadArguments:
            return False
        return True

    def _question(self, round: Round, place: int) -> Question:
        call = round.asked[place].call
        tool = self.tools[call.name]
        results = [result and replace(result, media=()) for result in round.results]
        pending = {
            "calls": [each.to_fields() for each in round.asked],
            "results": [result_fields(result) for result in results],
            "place": place,
        }
        text = tool.question(tool.arguments(call.arguments))
        return Question(text, json.dumps(pending, ensure_ascii=False), self.media + round.media)


_ONE_AT_A_TIME = "Not done: the user is asked about one thing at a time. Ask for it again after the answer."


def _bounded(call: FunctionCall) -> FunctionCall:
    """Arguments that are too long become none: the model is told what is missing."""
    arguments = call.arguments if len(call.arguments) <= ARGUMENTS_MAX_CHARS else ""
    return FunctionCall(call.id[:64], call.name[:64], arguments)
