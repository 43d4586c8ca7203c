"""What people write from a bot's own account: they have taken over from it."""

from __future__ import annotations

from relay.attachments import Attachment
from relay.config.bots import Bots
from relay.inbound.routing import MEDIA, SERVER_API, TEAMS, Accepted, message_id, message_time
from relay.inbound.wire import Inbound
from relay.keys import SERVER_ID_DIGITS
from relay.messages import Message


def taken_over(inbound: Inbound, bots: Bots, *, now: int, clock: int | None) -> Accepted | None:
    """What a person wrote from the account of a bot with ``handover_minutes``; None for anything else.

    Our own replies come through the server API, and a copy that does not say what it was sent from may be one of them.

    Args:
        inbound: the message.
        bots: the bots of this relay.
        now: our clock, Unix milliseconds.
        clock: the signed clock header of the request, None when it has none.

    Raises:
        RequestRefused: 400, when it lacks what identifies it.
    """
    bot = bots.get(inbound.sender)
    if bot is None or not (bot.enabled and bot.handover_minutes) or inbound.input != "copy":
        return None
    if not inbound.client or inbound.client in SERVER_API or inbound.antispam or inbound.blacklist:
        return None
    team_kind, medium = TEAMS.get(inbound.conversation), MEDIA.get(inbound.kind)
    other = inbound.to.lower()
    if team_kind is None and (inbound.conversation != "PERSON" or bots.get(other) is not None):
        return None
    if team_kind is None and bot.allow and other not in bot.allow:
        return None
    if team_kind is not None and bot.group_memory == "member":
        return None  # whom it was written to is not told
    if not other or (medium is None and (inbound.kind != "TEXT" or not inbound.text.strip())):
        return None
    at = message_time(inbound, bot, now, clock)
    if isinstance(at, str):
        return None
    message = Message(
        bot=bot.accid,
        sender=bot.accid if team_kind else other,
        id=message_id(inbound, inbound.to),
        at=at,
        dated=inbound.time is not None,
        text=inbound.text,
        team=inbound.to if team_kind else None,
        team_kind=team_kind or "team",
        topic=inbound.topic,
        server_id=inbound.server_id[: SERVER_ID_DIGITS + 1],
        medium=medium or "",
        attached=Attachment.read(medium, inbound.attach).to_json() if medium else "",
        staff=True,
    )
    return Accepted(message, bot)
