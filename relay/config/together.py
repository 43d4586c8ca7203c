"""Keys of a bot that are good each by itself, and not together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from relay.config.bot import Bot

CALL_SHARE = 0.7
"""Of the time of a turn, one call of a tool may take so much: a quarter is kept for the model, and some for storage."""


def problems(bot: Bot, keys: Collection[str], changed: Collection[str]) -> Iterator[tuple[str, str]]:
    """The key to look at, and what is wrong with it.

    Args:
        bot: with all layers.
        keys: that the file names for it.
        changed: those of the innermost layer: what others say is told where they say it.
    """
    for key, concerned, wrong in _RULES:
        if concerned.intersection(changed) and (text := wrong(bot, keys)):
            yield key, text


def _answered_in_time(bot: Bot, _: Collection[str]) -> str:
    if bot.answer_within_minutes * 60 >= bot.turn_seconds:
        return ""
    return (
        f"is {bot.answer_within_minutes:g}, but turn_seconds is {bot.turn_seconds:g}; "
        "accepted: turn_seconds / 60 or more"
    )


def _gathered_in_time(bot: Bot, keys: Collection[str]) -> str:
    longest = max(bot.gather_seconds.medium, bot.gather_seconds.text)
    if "gather_seconds" not in keys or longest <= bot.turn_seconds / 4:
        return ""
    return f"is {longest:g}, but turn_seconds is {bot.turn_seconds:g}; accepted: a quarter of it at most"


def _streamed_unmoderated(bot: Bot, _: Collection[str]) -> str:
    if not (bot.stream and bot.moderate_replies):
        return ""
    return "is on beside moderate_replies, but a reply that grows is not moderated; accepted: one of the two"


def _tools_by_responses(bot: Bot, _: Collection[str]) -> str:
    if not bot.server_tools or all(deployment.api != "chat" for deployment in bot.models):
        return ""
    return 'needs the Responses API, but an entry of "models" has api = "chat"; accepted: api = "responses", or none'


def _called_in_time(bot: Bot, keys: Collection[str]) -> str:
    most = bot.turn_seconds * CALL_SHARE
    if not (bot.acts or "tool_seconds" in keys) or bot.tool_seconds <= most:
        return ""
    return (
        f"is {bot.tool_seconds:g}, but turn_seconds is {bot.turn_seconds:g}, of which the model needs some for its "
        f"answer; accepted: at most {most:g}"
    )


def _heard_may_forget(bot: Bot, _: Collection[str]) -> str:
    if not bot.listen or bot.commands:
        return ""
    return 'needs /forget, for those who are heard, but "commands" is false; accepted: one of the two'


def _heard_together(bot: Bot, _: Collection[str]) -> str:
    if not bot.listen or bot.group_memory != "member":
        return ""
    return 'is for what a group says together, but "group_memory" is "member"; accepted: one of the two'


_RULES: tuple[tuple[str, frozenset[str], Callable[[Bot, Collection[str]], str]], ...] = (
    ("answer_within_minutes", frozenset(("turn_seconds", "answer_within_minutes")), _answered_in_time),
    ("gather_seconds", frozenset(("turn_seconds", "gather_seconds")), _gathered_in_time),
    ("tool_seconds", frozenset(("turn_seconds", "tool_seconds", "tools", "draw")), _called_in_time),
    ("server_tools", frozenset(("server_tools", "models")), _tools_by_responses),
    ("stream", frozenset(("stream", "moderate_replies")), _streamed_unmoderated),
    ("listen", frozenset(("listen", "commands")), _heard_may_forget),
    ("listen", frozenset(("listen", "group_memory")), _heard_together),
)
"""The key that a problem names, the keys that it is about, and what is wrong; nothing if they go together."""
