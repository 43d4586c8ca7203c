"""Which bot answers a message, or why none does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from relay.attachments import Attachment, MediumKind
from relay.clock import MINUTE_MS
from relay.config.bots import Bot, Bots
from relay.errors import RequestRefused
from relay.inbound.addressing import find_mention, strip_mention
from relay.inbound.wire import Inbound
from relay.keys import SERVER_ID_DIGITS
from relay.messages import Message, TeamKind

CLOCK_TOLERANCE_MS = 5 * MINUTE_MS
"""How far ahead of our clock a message may be, and how far off the clock header when that dates it."""

ID_MAX_CHARS = 256
"""Longer message ids are hashed."""

Reason = Literal[
    "event",
    "own_message",
    "kind",
    "blocked",
    "not_addressed",
    "unknown_bot",
    "not_allowed",
    "too_old",
    "bad_time",
]
"""Why a request is ignored; checked in this order."""

MEDIA: dict[str, MediumKind] = {
    "PICTURE": "picture",
    "AUDIO": "audio",
    "VIDEO": "video",
    "FILE": "file",
    "LOCATION": "location",
    "CUSTOM": "custom",
    "TIPS": "tip",
}
TEAMS: dict[str, TeamKind] = {"TEAM": "team", "SUPER_TEAM": "super_team"}
SERVER_API = ("REST", "32")
"""``fromClientType`` of what came through the server API: bots, ours and others'. Answering would loop."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message to answer, and the bot that does, with the override of the message's function merged in."""

    message: Message
    bot: Bot


def route(inbound: Inbound, bots: Bots, *, now: int, clock: int | None) -> Accepted | Reason:
    """Decide about one copy or chatbot message.

    Args:
        inbound: the message.
        bots: the bots of this relay.
        now: our clock, Unix milliseconds.
        clock: the signed clock header of the request, None when it has none (unsigned local play).

    Raises:
        RequestRefused: 400, when a message for a bot lacks what identifies it.
    """
    # Nearly every copy is between two people: the cheap checks come first, and the text is read last.
    if bots.get(inbound.sender) is not None or inbound.client in SERVER_API:
        return "own_message"
    team_kind = TEAMS.get(inbound.conversation)
    chat = team_kind is not None or inbound.conversation == "PERSON"
    medium = MEDIA.get(inbound.kind)
    if not chat or (medium is None and (inbound.kind != "TEXT" or not inbound.text.strip())):
        return "kind"
    if inbound.antispam or inbound.blacklist:
        return "blocked"
    addressed = _addressed_in_team(inbound, bots) if team_kind else _addressed_in_private(inbound, bots)
    if isinstance(addressed, str):
        return addressed
    base, text = addressed
    if not base.enabled:
        return "unknown_bot"
    if base.allow and inbound.sender not in base.allow:
        return "not_allowed"
    bot = base.for_function(inbound.function)
    if (medium or "text") not in bot.kinds:
        return "kind"
    at = message_time(inbound, bot, now, clock)
    if isinstance(at, str):
        return at
    team = (inbound.team or inbound.to) if team_kind else None
    if team == "":
        raise RequestRefused(400, "bad_request", "tid: is missing")
    message = Message(
        bot=bot.accid,
        sender=inbound.sender,
        id=message_id(inbound, team or bot.accid),
        at=at,
        dated=inbound.time is not None,
        text=text,
        team=team,
        team_kind=team_kind or "team",
        nick=inbound.nick,
        function=inbound.function,
        topic=inbound.topic,
        custom=inbound.custom,
        source="chatbot" if inbound.input == "chatbot" else "copy",
        server_id=inbound.server_id[: SERVER_ID_DIGITS + 1],
        medium=medium or "",
        attached=Attachment.read(medium, inbound.attach).to_json() if medium else "",
        member=base.group_memory == "member" and team is not None,
        listens=base.listen and team is not None,
        acts=bot.acts,
    )
    return Accepted(message, bot)


def _addressed_in_private(inbound: Inbound, bots: Bots) -> tuple[Bot, str] | Reason:
    # The platform ignores robotInfo.account in a private chat. It counts only where nothing else names a bot.
    target = inbound.bot or inbound.to or inbound.account
    if not target:
        raise RequestRefused(400, "bad_request", "to: is missing, and no other field names the bot")
    bot = bots.get(target)
    return (bot, inbound.text) if bot else "unknown_bot"


def _addressed_in_team(inbound: Inbound, bots: Bots) -> tuple[Bot, str] | Reason:
    accid = inbound.account or inbound.bot
    if not accid:
        return find_mention(inbound.text, bots) or "not_addressed"
    bot = bots.get(accid)
    return (bot, strip_mention(inbound.text, bot)) if bot else "unknown_bot"


def message_time(inbound: Inbound, bot: Bot, now: int, clock: int | None) -> int | Reason:
    """The time of the message: its own, else the request's. Both are signed: this is what bounds replay."""
    if inbound.time is None:
        received = now if clock is None else clock
        return received if abs(received - now) <= CLOCK_TOLERANCE_MS else "bad_time"
    if now - inbound.time > bot.max_message_age_minutes * MINUTE_MS:
        return "too_old"
    return inbound.time if inbound.time - now <= CLOCK_TOLERANCE_MS else "bad_time"


def identities(sender: str, client_id: str, server_id: str) -> tuple[str, ...]:
    """What a message with these ids is known by: the first, else the next; none when it has no ids."""
    known = [f"c:{sender}:{client_id}"] if client_id else []
    known += [f"s:{server_id}"] if server_id not in ("", "0") else []
    return tuple(map(_bounded, known))


def message_id(inbound: Inbound, target: str) -> str:
    """The id of a message: the same on every delivery, by either input."""
    known = identities(inbound.sender, inbound.client_id, inbound.server_id)
    if known:
        return known[0]
    if inbound.time is not None:
        said = (
            (inbound.text, json.dumps(inbound.attach, sort_keys=True)) if inbound.attach else (inbound.text,)
        )
        return "h:" + _sha256("\n".join((inbound.sender, target, str(inbound.time), *said)))
    raise RequestRefused(400, "bad_request", "msgidClient: is missing, as are msgidServer and msgTimestamp")


def _bounded(identity: str) -> str:
    return identity if len(identity) <= ID_MAX_CHARS else identity[:2] + _sha256(identity)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
