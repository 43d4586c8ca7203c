"""What is to be known of a bot: what it is told, what it remembers, whom it answers how often, what it can do."""

from __future__ import annotations

from typing import Any

from playground.page.parts import ModelLabel
from playground.page.words import say
from relay.clock import MINUTE_MS
from relay.config.bot import Bot, Rate
from relay.errors import StorageUnavailable
from relay.keys import BOT_KEY, bot_key, day_of, limits_table, sender_key
from relay.memory.counts import Count
from relay.ports import Tables

SHOWN_KEYS = (
    "reply",
    "stream",
    "rewind_messages",
    "rewind_minutes",
    "context_characters",
    "max_message_age_minutes",
    "turn_seconds",
    "answer_within_minutes",
    "kinds",
    "commands",
    "group_memory",
    "listen",
)


async def card_of(
    bot: Bot, sender: str, model: ModelLabel, tables: Tables | None, now: int
) -> dict[str, Any]:
    """The card of a bot as a user sees it.

    Args:
        bot: the bot.
        sender: accid of the user, whose own limits are shown.
        model: what answers where the bot names none.
        tables: where the counts are; None when they cannot be read.
        now: Unix milliseconds.
    """
    keys = bot.model_dump(mode="json", include=set(SHOWN_KEYS))
    return {
        "accid": bot.accid,
        "name": bot.name,
        "aliases": list(bot.aliases),
        "enabled": bot.enabled,
        "prompt": bot.system_prompt,
        "models": [str(one) for one in bot.deployments] or [say(model.label)],
        "tools": [*bot.tools, *(["draw"] if bot.draw else []), *(str(one) for one in bot.server_tools)],
        "functions": sorted(bot.functions),
        "settings": [[name, _in_words(keys[name])] for name in SHOWN_KEYS],
        **await _limits(bot, sender, tables, now),
    }


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _limits(bot: Bot, sender: str, tables: Tables | None, now: int) -> dict[str, Any]:
    """``limits``: who, what, how many at most and how many are left; ``limits_note``: why they are not known."""
    if bot.limits is None:
        return {"limits": [], "limits_note": ""}
    limits, note = bot.limits, ""
    mine, all_ = Count(), Count()
    if tables is None:
        note = "not_ours"
    else:
        table, partition = limits_table(day_of(now)), bot_key(bot.accid)
        try:
            mine = Count.from_row(await tables.get(table, partition, sender_key(sender)))
            all_ = Count.from_row(await tables.get(table, partition, BOT_KEY))
        except StorageUnavailable:
            note = "unavailable"
    minute = now // MINUTE_MS
    rows = [
        *_rate("per_sender", limits.per_sender, mine.at(minute), known=not note),
        *_rate("per_bot", limits.per_bot, all_.at(minute), known=not note),
    ]
    return {"limits": rows, "limits_note": note}


def _rate(who: str, rate: Rate | None, count: Count, *, known: bool) -> list[dict[str, Any]]:
    if rate is None:
        return []
    used = {"minute": count.in_minute, "day": count.in_day, "tokens_per_day": count.tokens}
    return [
        {"who": who, "what": what, "most": most, "left": max(most - used[what], 0) if known else None}
        for what, most in rate.model_dump().items()
        if most is not None
    ]
