"""What a user's message says about the bot it is for."""

from __future__ import annotations

import json
from collections.abc import Iterable

from playground.im.chats import Delivered
from playground.im.copies import Post
from relay.config.bot import Bot
from relay.inbound.addressing import find_mention

ROBOT_FIELDS = ("function", "topic", "customContent", "account")


def robot_of(posts: Iterable[Post]) -> dict[str, str] | None:
    """``robotInfo`` as the requests to the webhook carry it, in a field of its own or in ``ext``; None without one."""
    for post in posts:
        body = json.loads(post.request)
        carriers = (body, json.loads(body.get("ext") or "{}"))
        for info in (carrier.get("robotInfo") for carrier in carriers):
            if info:
                return {name: str(info.get(name, "")) for name in ROBOT_FIELDS}
    return None


def bot_for(message: Delivered, robot: dict[str, str] | None, bots: Iterable[Bot]) -> str | None:
    """Accid of the bot that a user's message is for, None when it is for none."""
    accids = {bot.accid for bot in bots}
    if message.team_kind is None:
        return message.to if message.to in accids else None
    named = (robot or {}).get("account", "").lower()
    if named in accids:
        return named
    mention = find_mention(message.text, bots)
    return mention[0].accid if mention else None


def profile_for(message: Delivered, robot: dict[str, str] | None, bots: Iterable[Bot]) -> Bot | None:
    """The bot that a user's message is for, as its ``robotInfo.function`` overrides it; None when it is for none."""
    accid = bot_for(message, robot, bots)
    function = (robot or {}).get("function", "")
    return next((bot.for_function(function) for bot in bots if bot.accid == accid), None)
