"""Messages that are edited by the server API (``ModifyMessageRequestV2`` of the vendor's server SDK; v1 has none)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from playground.im.bodies import Exact, PushConfig, RouteConfig
from playground.im.calls import TEXT_MAX_CHARS, Accid, Refused
from playground.im.chats import CONVERSATION_TYPE, Chats, Delivered
from playground.im.dialects import MESSAGE_TYPE, V2

EDIT_GAP_SECONDS = 1
EDIT_DAYS = 7

TOO_OFTEN = 107449
# Documented are the limits, but not what is answered beyond these two; both numbers are a guess.
TOO_OLD, NOT_ALLOWED = 508, 403


class _Edited(Exact):
    """The message, by all that it is known by, and what it says from now on."""

    message_server_id: Annotated[int, Field(gt=0)]
    sender_id: Accid
    receiver_id: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    time: Annotated[int, Field(gt=0)]
    message_type: Literal[0, 1, 2, 3, 4, 6, 10, 100]
    text: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX_CHARS)]


class _AntispamConfig(Exact):
    antispam_enabled: bool = True


class V2EditBody(Exact):
    """Body of ``/im/v2/messages/actions/modifyMsg``, as far as it concerns texts."""

    operator: Accid
    type: Literal[1, 2, 3]
    message: _Edited
    push_config: PushConfig = PushConfig()
    route_config: RouteConfig = RouteConfig()
    antispam_config: _AntispamConfig = _AntispamConfig()


@dataclass
class Edits:
    """What was edited, and when last."""

    chats: Chats
    _last: dict[str, int] = field(default_factory=dict)

    async def edit(self, body: V2EditBody) -> dict[str, Any]:
        """Let a message say something else, and answer. No copy is posted: its sender is a bot.

        Raises:
            Refused: there is no such message, the names do not fit it, it is not the operator's, or an edit comes
                too late or too soon after another.
        """
        named, now = body.message, self.chats.now()
        message = self.chats.find(str(named.message_server_id))
        if message is None:
            raise Refused(V2.message, "no such message")
        if _names(message) != (body.type, named.sender_id, named.receiver_id, named.time, named.message_type):
            raise Refused(414, "the message is another one")
        if message.sender != body.operator:
            raise Refused(NOT_ALLOWED, "only the sender edits a message")
        if now - message.at > EDIT_DAYS * 86_400_000:
            raise Refused(TOO_OLD, f"older than {EDIT_DAYS} days")
        if now - self._last.get(message.server_id, 0) < EDIT_GAP_SECONDS * 1000:
            raise Refused(TOO_OFTEN, f"edited less than {EDIT_GAP_SECONDS} s ago")
        self._last[message.server_id] = now
        edited = V2.success(await self.chats.change(message.server_id, named.text))
        edited["data"] |= {"modify_account_id": body.operator, "modify_time": now}
        return edited


def _names(message: Delivered) -> tuple[int, str, str, int, int]:
    kind, type_ = CONVERSATION_TYPE[message.team_kind], MESSAGE_TYPE[message.msg_type]
    return kind, message.sender, message.to, message.at, type_
