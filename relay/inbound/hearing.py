"""Which bots listen in a group to a message that is for none of them."""

from __future__ import annotations

from relay.attachments import Attachment
from relay.config.bots import Bots
from relay.inbound.routing import MEDIA, TEAMS, message_id, message_time
from relay.inbound.wire import Inbound
from relay.keys import SERVER_ID_DIGITS
from relay.messages import Message


def heard(inbound: Inbound, bots: Bots, *, now: int, clock: int | None) -> list[Message]:
    """The message as each bot that listens hears it; none when nobody does.

    The platform copies every message of every group. Where it says who is in the group (up to 200 members, vendor page
    DI3OTg5Mjg), a bot that is not there does not hear it.

    Args:
        inbound: a message of a group that is not addressed to a bot, and that would be answered if it were.
        bots: the bots of this relay.
        now: our clock, Unix milliseconds.
        clock: the signed clock header of the request, None when it has none.

    Raises:
        RequestRefused: 400, when it lacks what identifies it.
    """
    team_kind, medium = TEAMS.get(inbound.conversation), MEDIA.get(inbound.kind)
    team = inbound.team or inbound.to
    if team_kind is None or not team or inbound.time is None:
        return []
    messages = []
    for bot in bots:
        if not (bot.enabled and bot.listen) or (medium or "text") not in bot.kinds:
            continue
        if bot.allow and inbound.sender not in bot.allow:
            continue
        if inbound.members is not None and bot.accid not in inbound.members:
            continue
        at = message_time(inbound, bot, now, clock)
        if isinstance(at, int):
            message = Message(
                bot=bot.accid,
                sender=inbound.sender,
                id=message_id(inbound, team),
                at=at,
                text=inbound.text,
                team=team,
                team_kind=team_kind,
                nick=inbound.nick,
                server_id=inbound.server_id[: SERVER_ID_DIGITS + 1],
                medium=medium or "",
                attached=Attachment.read(medium, inbound.attach).to_json() if medium else "",
            )
            messages.append(message)
    return messages
