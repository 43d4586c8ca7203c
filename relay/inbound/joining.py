"""Which bots a notification says have come into a group, and so may greet it.

Source: vendor page DI3OTg5Mjg. Its samples of large groups bear the numbers of ordinary ones, so either is taken for
both.
"""

from __future__ import annotations

from collections.abc import Iterator

from relay.config.bots import Bots
from relay.inbound.routing import TEAMS, Accepted, message_id, message_time
from relay.inbound.strict_json import json_object
from relay.inbound.wire import Inbound
from relay.messages import Message

_INVITED = ("0", "401")
"""Members were added by the sender: ``data.ids``."""

_ADMITTED = ("5", "410")
"""One who had asked was let in by the sender: ``data.id``."""

_ACCEPTED = ("9", "411")
"""The sender has accepted an invitation, which came from ``data.id``."""


def greetings(inbound: Inbound, bots: Bots, *, now: int, clock: int | None) -> list[Accepted]:
    """A message for each bot with a greeting that has come into the group; none for anything else.

    Its sender is the bot: nobody has said anything, and whoever added the bot has nothing of it to erase. ``allow``
    holds for whoever added it.

    Args:
        inbound: the message.
        bots: the bots of this relay.
        now: our clock, Unix milliseconds.
        clock: the signed clock header of the request, None when it has none.

    Raises:
        RequestRefused: 400, when it lacks what identifies it.
    """
    team_kind = TEAMS.get(inbound.conversation)
    if team_kind is None or inbound.kind != "NOTIFICATION" or inbound.input != "copy":
        return []
    found = []
    for accid, inviter in dict(_joined(inbound)).items():
        bot = bots.get(accid)
        if bot is None or not bot.greets or (bot.allow and inviter not in bot.allow):
            continue
        at = message_time(inbound, bot, now, clock)
        if isinstance(at, int):
            message = Message(
                bot=bot.accid,
                sender=bot.accid,
                id=message_id(inbound, inbound.to),
                at=at,
                dated=inbound.time is not None,
                text="",
                team=inbound.to,
                team_kind=team_kind,
                joined=True,
            )
            found.append(Accepted(message, bot))
    return found


def _joined(inbound: Inbound) -> Iterator[tuple[str, str]]:
    """Who has come into the group, and who brought them there; accids in lower case."""
    data = json_object(inbound.attach.get("data")) or {}
    other = _accid(data.get("id"))
    number = str(inbound.attach.get("id"))
    if number in _INVITED:
        ids = data.get("ids")
        yield from ((_accid(accid), inbound.sender) for accid in (ids if isinstance(ids, list) else ()))
    elif number in _ADMITTED:
        yield other, inbound.sender
    elif number in _ACCEPTED:
        yield inbound.sender, other


def _accid(value: object) -> str:
    return str(value).lower() if isinstance(value, str | int) else ""
