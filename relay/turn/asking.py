"""From a plan to a reply: ask the model, or say plainly why there is no answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace

from relay.config.bots import Bot
from relay.errors import MediumError, ModelBlocked, ModelOverflow, ModelRejected, NoTimeForCalls
from relay.frozen import replaced
from relay.keys import client_id
from relay.memory.rows import REPLY_MAX_CHARS, Entry
from relay.memory.window import Plan
from relay.outgoing import Medium
from relay.ports import ChatModel, Clock, Completion, Media
from relay.texts import Text, Texts
from relay.turn.overflow import (
    RESULT_LEAST_CHARS,
    characters_too_many,
    is_too_long,
    shortened,
    too_long,
    with_less_words,
)
from relay.turn.prompt import Sight, build_prompt
from relay.turn.rounds import Question, Rounds
from relay.turn.sights import sights_of
from relay.turn.sources import sources_note

log = logging.getLogger(__name__)

Refusal = ModelBlocked | ModelRejected

CUT_MARK = "…"
"""Behind a reply that ends before the model was done."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply that is ready to be stored.

    Attributes:
        reply: the row.
        outcome: ``answered``, or why it is not an answer: ``blocked``, ``refused``, ``declined``, ``unfinished``,
            ``empty``, ``too_long``.
        window: how many earlier messages the model was given.
        exclude_batch: the messages it answers must not enter the window either.
        refused: rows of the window without which the model answered; which of them it was is not known yet.
        refusal: what it said to all of them.
        tool_calls: names of the tools that the model's server ran, once for each call.
        unseeable: keys of the rows whose pictures the model has refused.
        media: what is shown behind the text. Not remembered: the text is.
    """

    reply: Entry
    outcome: str
    window: int
    exclude_batch: bool = False
    refused: tuple[Entry, ...] = ()
    refusal: Refusal | None = None
    tool_calls: tuple[str, ...] = ()
    unseeable: frozenset[str] = frozenset()
    media: tuple[Medium, ...] = ()


async def ask(
    model: ChatModel,
    media: Media,
    clock: Clock,
    bot: Bot,
    partition: str,
    plan: Plan,
    *,
    group: bool,
    deadline: int,
    heard: Callable[[str], None] | None = None,
    rounds: Rounds | None = None,
) -> Draft:
    """Ask the model about a batch; again with less of the window, or without it, if it refuses both together.

    What was said earlier must not block the chat for ever. Of a history that is too long the oldest part is left out,
    this time. One that is refused, by a filter or for whatever reason, is left out as a whole, and
    :func:`relay.turn.search.refused_rows` looks for the row afterwards. What is refused without history, too, is the
    message or the place, and the place's answer to the simplest prompt tells which.

    Args:
        model: the chat model.
        media: what was sent beside words.
        clock: wall clock.
        bot: whose prompt and limits.
        partition: the conversation.
        plan: batch and window.
        group: whether several people write in the conversation.
        deadline: when the answer must be there, Unix milliseconds.
        heard: told of the answer as it comes.
        rounds: what it may ask of tools, and has asked so far; None where the bot has none.

    Raises:
        NoTimeForCalls, RowChanged, LeaseEnded, StorageUnavailable: see :class:`relay.turn.rounds.Rounds`.
        ModelUnavailable: there is no answer now.
        ModelRejected: one of several messages is refused, or the prompt is too long whatever is left out.
    """

    def left() -> float:
        return max(0.1, (deadline - clock.now()) / 1000)

    if rounds is not None:
        plan = replace(plan, batch=await rounds.resume(plan))
        if rounds.question is not None:
            return _asking_back(bot, partition, plan, rounds, rounds.question)
    sights = await sights_of(media, bot, plan.window, plan.batch, seconds=left())
    window, suspects = plan.window, plan.window[:0]
    refusal: Refusal | None = None
    at_fault: set[Hashable] = set()
    result_characters: int | None = None
    while True:
        if rounds is not None and rounds.done and clock.now() >= deadline:
            raise NoTimeForCalls("the calls of the last round took the rest of the turn")
        prompt = build_prompt(
            bot,
            window,
            plan.batch,
            group=group,
            partition=partition,
            sights=sights,
            rounds=rounds.done if rounds else (),
            functions=rounds.functions if rounds else (),
            may_call=rounds.may_call if rounds else True,
            result_characters=result_characters,
        )
        began = clock.now()
        try:
            only = refusal.place if refusal else None
            completion = await model.complete(
                prompt, seconds=left(), only=only, without=at_fault, heard=_behind(rounds, heard)
            )
        except ModelOverflow as overflow:
            excess = characters_too_many(prompt, overflow)
            batch_keys = {entry.key for entry in plan.batch}
            if sights.keys() - batch_keys:  # pictures of earlier go before their words
                sights = {key: sight for key, sight in sights.items() if key in batch_keys}
                continue
            if not window:
                if (results := _less_of_results(rounds, result_characters)) is not None:
                    result_characters = results
                    continue
                if less := with_less_words(plan.batch, excess):
                    plan = replace(plan, batch=less)
                    continue
                if len(plan.batch) > 1 or not is_too_long(plan.batch[0].text, prompt, excess):
                    raise
                text = too_long(bot.texts, plan.batch[0].text, excess)
                return Draft(_plain(partition, plan, text), "too_long", window=0, exclude_batch=True)
            first = len(window) == len(plan.window)
            window = shortened(window, excess) if first else ()
            log.info("prompt too long conversation=%s window=%d/%d", partition, len(window), len(plan.window))
        except (ModelBlocked, ModelRejected) as refused:
            if isinstance(refused, ModelRejected) and refused.about_tools:
                at_fault.add(refused.place)  # no message is to blame, and no history
                window, refusal = plan.window, None
            elif window:
                window, suspects, refusal = (), window, refused
            elif isinstance(refused, ModelBlocked):
                return _instead(partition, plan, "blocked", bot.texts.blocked)
            elif not await model.takes_anything(
                refused.place, seconds=left(), tools=bot.server_tools, functions=prompt.functions
            ):
                at_fault.add(refused.place)
                window, refusal = plan.window, None
            elif len(plan.batch) > 1:
                raise
            else:
                log.error(
                    "the model refuses a message: %s; it leaves the memory conversation=%s",
                    refused.cause,
                    partition,
                )
                return _instead(partition, plan, "refused", bot.texts.refused)
        else:
            if rounds is not None and completion.calls and rounds.may_call:
                rounds.model_ms = clock.now() - began
                plan = replace(plan, batch=await rounds.run(plan.batch, completion))
                if rounds.question is not None:
                    return _asking_back(bot, partition, plan, rounds, rounds.question)
                continue
            if rounds is not None:
                completion = rounds.whole(completion)
            draft = replace(
                _draft(bot, partition, plan, completion, rounds.media if rounds else ()),
                tool_calls=completion.tool_calls,
                unseeable=_unseeable(plan, sights, completion),
            )
            draft = _with_line(draft, _about_media(bot, plan, sights, completion))
            if refusal is None:
                return replace(draft, window=len(window))
            return replace(draft, refused=suspects, refusal=refusal)


def _behind(rounds: Rounds | None, heard: Callable[[str], None] | None) -> Callable[[str], None] | None:
    """What is heard, behind what was said beside calls before."""
    if heard is None or rounds is None or not rounds.said:
        return heard
    before = rounds.said

    def heard_behind(text: str) -> None:
        heard(f"{before}\n\n{text}")

    return heard_behind


def _less_of_results(rounds: Rounds | None, characters: int | None) -> int | None:
    """Where the results of tools are cut for a prompt that is still too long; None when they cannot be the reason."""
    if rounds is None:
        return None
    longest = max(
        (len(result.text) for round in rounds.done for result in round.results if result), default=0
    )
    so_far = longest if characters is None else min(longest, characters)
    return max(RESULT_LEAST_CHARS, so_far // 2) if so_far > RESULT_LEAST_CHARS else None


def _asking_back(bot: Bot, partition: str, plan: Plan, rounds: Rounds, question: Question) -> Draft:
    """The user is asked before a tool does something. What is to be done lies in the row of the question."""
    said = plan.batch[-1].text
    how = bot.texts.confirm_in_group if rounds.in_group else bot.texts.confirm
    text = how.say(said, question=question.text, minutes=bot.confirm_minutes, name=bot.name)
    so_far = rounds.whole(Completion(""))
    text = "\n\n".join(filter(None, (so_far.text, text)))
    reply = Entry.reply_to(plan.batch, text[:REPLY_MAX_CHARS], _reply_id(partition, plan))
    reply = replaced(reply.with_usage(so_far), pending=question.pending)
    return Draft(reply, "asked", window=len(plan.window), media=question.media)


def _draft(
    bot: Bot, partition: str, plan: Plan, completion: Completion, media: tuple[Medium, ...] = ()
) -> Draft:
    """The reply that a completion is, with the media that tools have made, or a plain text where it is none."""
    texts, said = bot.texts, plan.batch[-1].text
    text = completion.text.strip()
    if completion.ended == "declined" and text:
        # The model's own words, shown once. Remembered, they would have it decline what is harmless, too.
        declined = _plain(partition, plan, text[:REPLY_MAX_CHARS])
        return Draft(declined.with_usage(completion), "declined", window=0, exclude_batch=True)
    if not text and not media:
        was_cut = completion.ended == "cut"
        outcome, why = ("unfinished", texts.unfinished) if was_cut else ("empty", texts.empty)
        if outcome == "unfinished":
            log.warning(
                "the model used up its tokens without a word bot=%s; raise max_reply_tokens", bot.accid
            )
        plain = _plain(partition, plan, why.say(said))
        return Draft(plain.with_usage(completion), outcome, window=0)
    if text and (completion.ended == "cut" or len(text) > REPLY_MAX_CHARS):
        text = text[: REPLY_MAX_CHARS - len(CUT_MARK)].rstrip() + CUT_MARK
    note = sources_note(completion.sources, text, texts.sources.say(said))
    reply = replaced(Entry.reply_to(plan.batch, text, _reply_id(partition, plan)), note=note)
    return Draft(reply.with_usage(completion), "answered", window=0, media=media)


def _unseeable(plan: Plan, sights: Mapping[str, Sight], completion: Completion) -> frozenset[str]:
    """The pictures that the model has refused: those that are new, since it took the earlier ones; else all of them."""
    if completion.unseen != "refused":
        return frozenset()
    shown = {key for key, sight in sights.items() if isinstance(sight, str)}
    return frozenset(shown & {entry.key for entry in plan.batch} or shown)


def _about_media(bot: Bot, plan: Plan, sights: Mapping[str, Sight], completion: Completion) -> Text | None:
    """What the user is told beside the answer: what the bot could not see, hear or open of what was just sent."""
    sent = [sights[entry.key] for entry in plan.batch if entry.key in sights]
    was_shown = any(isinstance(sight, str) for sight in sent)
    if completion.unseen == "blind" and was_shown:
        return bot.texts.cannot_see
    is_refused = completion.unseen == "refused" and was_shown
    if (
        is_refused
        or any(isinstance(sight, MediumError) for sight in sent)
        or any(entry.medium == "file" and entry.unread in ("gone", "late") for entry in plan.batch)
    ):
        return bot.texts.cannot_open
    if any(entry.medium == "audio" and not entry.words for entry in plan.batch):
        return bot.texts.did_not_hear if bot.transcribe else bot.texts.does_not_listen
    return None


def _with_line(draft: Draft, line: Text | None) -> Draft:
    """An answer with a line below it that is not remembered; plain texts of ours stay as they are."""
    if line is None or draft.reply.excluded:
        return draft
    told = line.say(draft.reply.text)
    note = "\n\n".join(filter(None, (told, draft.reply.note)))
    return replace(draft, reply=replaced(draft.reply, note=note))


def _instead(partition: str, plan: Plan, outcome: str, why: Text) -> Draft:
    """A plain text in the place of an answer; what it is about does not stay in the memory."""
    text = why.say(plan.batch[-1].text)
    return Draft(_plain(partition, plan, text), outcome, window=0, exclude_batch=True)


def failure_text(texts: Texts, partition: str, entry: Entry, cause: str) -> Entry:
    """The reply for a message that is given up; its cause goes to the poison queue with it."""
    text = texts.failed.say(entry.text)
    reply = Entry.reply_to([entry], text, client_id(partition, entry.id, "failed"))
    return replaced(reply, excluded=True, cause=cause)


def _plain(partition: str, plan: Plan, text: str) -> Entry:
    """A reply that the model will not see again."""
    return replaced(Entry.reply_to(plan.batch, text, _reply_id(partition, plan)), excluded=True)


def _reply_id(partition: str, plan: Plan) -> str:
    return client_id(partition, plan.batch[-1].id, "reply")
