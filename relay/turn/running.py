"""One round of tool calls while it runs: each result is on the row before the model sees it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from relay import spans
from relay.config.bots import Bot
from relay.errors import ImError, RowChanged, StorageError, StorageUnavailable
from relay.keys import NUMBER_MAX, client_id, interim_key
from relay.memory.rows import Entry, spread
from relay.tools import Call, Result, Tool, run_call
from relay.turn.layout import in_parts
from relay.turn.round_rows import Round, results_json
from relay.turn.task import Parts, Task

log = logging.getLogger(__name__)

CALLS_MAX = 16
"""Of one round; what the model asks for beyond that is refused as data."""

RESULTS_MAX_CHARS = 200_000
"""Of one round together: the row stays well under an entity's 1 MiB."""

_TOO_MANY = f"Not done: at most {CALLS_MAX} calls at a time."


@dataclass
class Running:
    """The calls of a round that have no result yet.

    Attributes:
        parts, task, bot: who works for whom.
        tools: by their names.
        newest: the newest message that the round is for.
        round: as its row is now.
        is_resumed: whether an earlier turn has begun it.
    """

    parts: Parts
    task: Task
    bot: Bot
    tools: Mapping[str, Tool]
    newest: Entry
    round: Round
    is_resumed: bool = False
    _row: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def run(self, places: Sequence[int]) -> None:
        """Run calls side by side. That one of them could not be noted stops none of the others."""
        ended = await asyncio.gather(*map(self._run, places), return_exceptions=True)
        failures = [failure for failure in ended if failure is not None]
        if failures and all(isinstance(failure, StorageUnavailable) for failure in failures):
            await self._note()  # what has run once should not run again for a moment without storage
            return
        for failure in failures:
            raise failure

    async def _run(self, place: int) -> None:
        asked = self.round.asked[place]
        tool = self.tools.get(asked.call.name)
        with spans.span(spans.TOOL + (tool.name if tool else "unknown")) as span:
            span.set_attributes(
                {spans.ROW: self.round.entry.key, spans.PLACE: place, spans.RESUMED: self.is_resumed}
            )
            if place >= CALLS_MAX:
                result = Result(_TOO_MANY, outcome="refused")
            else:
                result = await run_call(
                    tool,
                    asked.call,
                    self._call(place),
                    seconds=self.bot.tool_seconds,
                    characters=min(self.bot.tool_characters, RESULTS_MAX_CHARS // len(self.round.asked)),
                )
            span.set_attribute(spans.OUTCOME, result.outcome)
        await self.note(place, result)

    async def note(self, place: int, result: Result) -> None:
        """Merge a result onto the row, with what could not be noted before.

        Raises:
            RowChanged: the row is blanked, or gone.
            StorageUnavailable: it is not noted, or not known to be.
        """
        results = list(self.round.results)
        results[place] = result
        self.round = replace(self.round, results=tuple(results))
        await self._note()

    async def _note(self) -> None:
        """Write all results that are known. What somebody else has noted meanwhile stays."""
        history, partition = self.parts.history, self.task.partition
        async with self._row:
            while True:
                values = spread("results", results_json(self.round.results))
                try:
                    entry = await history.change(partition, self.round.entry, **values)
                except RowChanged:
                    current = await history.get(partition, self.round.entry)
                    if current is None or current.forgotten:
                        raise
                    known = zip(self.round.results, Round.of(current).results, strict=True)
                    merged = tuple(mine or theirs for mine, theirs in known)
                    self.round = replace(self.round, entry=current, results=merged)
                else:
                    self.round = replace(self.round, entry=entry)
                    return

    def _call(self, place: int) -> Call:
        newest, message = self.newest, self.task.turn.message
        said = 0

        async def say(text: str) -> None:
            nonlocal said
            said += 1
            await self._say(place, said - 1, text)

        async def upload(content: bytes, content_type: str) -> str:
            return await self.parts.im.upload(content, content_type, seconds=self.bot.tool_seconds)

        return Call(
            sender=newest.sender,
            nick=newest.nick,
            bot=self.bot.accid,
            group=message.team,
            topic=message.topic,
            custom=newest.custom,
            at=newest.at,
            idempotency_key=self.round.asked[place].key,
            _say=say,
            _upload=upload,
        )

    async def _say(self, place: int, count: int, text: str) -> None:
        """Send the user something before there is a reply: stored like one, not remembered, and said once."""
        parts, task, bot = self.parts, self.task, self.bot
        if not text.strip() or count > NUMBER_MAX:
            return
        if bot.reply == "response":
            log.info("a tool says something on the way, which a response cannot show bot=%s", bot.accid)
            return
        key = interim_key(self.round.entry.key, place, count)
        interim = Entry(
            key=key,
            kind="reply",
            state="stored",
            sender=self.round.entry.sender,
            function=self.round.entry.function,
            text=text,
            id=self.round.entry.id,
            client_id=client_id(task.partition, key),
            excluded=True,
        )
        async with self._row:
            try:
                interim, entry = await parts.history.add(
                    task.partition, in_parts(bot, interim), self.round.entry
                )
            except RowChanged:
                log.info("a tool has said this before, or nothing is to be said any more bot=%s", bot.accid)
                return
            self.round = replace(self.round, entry=entry)
        until = min(parts.clock.now() + int(parts.timing.send_seconds * 1000), task.deadline)
        try:
            await parts.delivery.deliver(task.turn, bot, task.partition, interim, until)
        except (ImError, StorageError) as failure:
            log.warning("what a tool says goes out with the next reply bot=%s cause=%s", bot.accid, failure)
