"""What a server API call may say, and the result codes that refuse it (protocols v1 and v2)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from playground.im.chats import CONVERSATION_TYPE, TeamKind
from playground.im.contents import CAPTION_MAX_CHARS, wrong_with

TEXT_MAX_CHARS = 5000
UPLOAD_MAX_CHARS = 15_000_000
FORCE_PUSH_MAX = 100
TEXT_TYPES = {"0": "TEXT", "10": "TIPS"}
MSG_TYPES = {
    "1": "PICTURE",
    "2": "AUDIO",
    "3": "VIDEO",
    "4": "LOCATION",
    "6": "FILE",
    "100": "CUSTOM",
} | TEXT_TYPES


class Refused(Exception):
    """The server API's definite no.

    Attributes:
        code: result code (docs Tk5ODIzNjk for v1, the SDK's enumeration for v2).
        reason: the answer's ``desc`` or ``msg``.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Send:
    """A message that a call asks to deliver.

    Attributes:
        text: of whatever is no text, the words that go with it.
        attach: of whatever is no text, its content: JSON.
        client_id: v2's ``message_client_id``; empty where the caller gave none.
        routed: True unless the caller switched the copy to the app server off.
        chunk: set in a call of the stream API; ``text`` is then that chunk's.
        stream_id: server id of the stream message that the chunk continues, None for its first chunk.
        quoted: the message that it answers, None for none.
    """

    sender: str
    to: str
    team_kind: TeamKind | None
    msg_type: str
    text: str
    attach: str = ""
    client_id: str = ""
    mentions: tuple[str, ...] = ()
    routed: bool = True
    chunk: Chunk | None = None
    stream_id: str | None = None
    quoted: ThreadMessage | None = None


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        raise ValueError("is not JSON") from None


Accid = Annotated[str, StringConstraints(min_length=1, max_length=32, to_lower=True)]


class V1Form(BaseModel):
    """Form of ``msg/sendMsg.action`` (docs DQ2NTg4ODE, TYzMDE4NzI); fields that change nothing here are ignored."""

    sender: Accid = Field(alias="from")
    to: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    ope: Literal["0", "1"]
    type: Literal["0", "1", "2", "3", "4", "6", "10", "100"]
    body: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX_CHARS)]
    msgDesc: Annotated[str, StringConstraints(max_length=CAPTION_MAX_CHARS)] = ""  # noqa: N815 (the wire's name)
    option: Annotated[dict[str, bool], BeforeValidator(_json)] = Field(default_factory=dict)
    forcepushlist: Annotated[list[str], BeforeValidator(_json)] = Field(default_factory=list)

    def send(self) -> Send:
        """The message; the kind of a group is looked up later, v1 does not name it.

        Raises:
            Refused: 414 for a body that is not what its type needs, 811 for too many mentions.
        """
        try:
            body = json.loads(self.body)
        except ValueError:
            raise Refused(414, "body is not JSON") from None
        text, attach = self.msgDesc, ""
        if self.type in TEXT_TYPES:
            match body:
                case {"msg": str(text)} if text:
                    pass
                case _:
                    raise Refused(414, "body has no msg")
        elif wrong := wrong_with(self.type, body):
            raise Refused(414, wrong)
        else:
            attach = self.body
        if len(self.forcepushlist) > FORCE_PUSH_MAX:
            raise Refused(811, "forcepushlist is too long")
        return Send(
            sender=self.sender,
            to=self.to if self.ope == "1" else self.to.lower(),
            team_kind="team" if self.ope == "1" else None,
            msg_type=MSG_TYPES[self.type],
            text=text,
            attach=attach,
            mentions=tuple(self.forcepushlist),
            routed=self.option.get("route", True),
        )


class _V2(BaseModel):
    """Strict types; fields that change nothing here are ignored."""

    model_config = ConfigDict(strict=True)


class PushConfig(_V2):
    """``push_config``: whom to notify in a group."""

    push_forcepush_ids: list[str] = Field(default_factory=list)


class RouteConfig(_V2):
    """``route_config``: whether the app server gets a copy."""

    route_enabled: bool = True


class ThreadMessage(_V2):
    """A message of a thread (``ThreadMessage`` of the vendor's server SDK)."""

    model_config = ConfigDict(strict=True, extra="forbid")

    sender_id: Accid
    receiver_id: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    create_time: Annotated[int, Field(gt=0)]
    message_server_id: Annotated[int, Field(gt=0)]
    message_client_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ThreadConfig(_V2):
    """``thread_config``: the first message of the thread, and the one that is answered."""

    model_config = ConfigDict(strict=True, extra="forbid")

    thread_root: ThreadMessage
    thread_reply: ThreadMessage


class V2Message(_V2):
    """``message`` of a v2 call."""

    message_type: Literal[0, 1, 2, 3, 4, 6, 10, 100] = 0
    text: str = ""
    attachment: dict[str, Any] = Field(default_factory=dict)
    message_client_id: Annotated[str, StringConstraints(max_length=64)] = ""


class Chunk(_V2):
    """``attachment`` of a stream message: one piece of its text."""

    text: str = ""
    index: Annotated[int, Field(ge=0)]
    finish: Literal[0, 1] = 0


class V2StreamMessage(_V2):
    """``message`` of a stream message; the first chunk has no server id yet."""

    message_client_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    message_server_id: int | str | None = None
    attachment: Chunk


class UploadForm(BaseModel):
    """Form of ``msg/upload.action`` (doc zQyNDM0NzE)."""

    content: str
    type: Annotated[str, StringConstraints(max_length=128)] = ""
    ishttps: Literal["true", "false"] = "false"
    expireSec: Annotated[int, Field(ge=86400)] | None = None  # noqa: N815 (the wire's name)
    tag: Annotated[str, StringConstraints(max_length=32)] = ""

    def bytes(self) -> bytes:
        """What is to be kept.

        Raises:
            Refused: 414, the content is empty, too long, or not base64.
        """
        if not self.content:
            raise Refused(414, "content is empty")
        if len(self.content) > UPLOAD_MAX_CHARS:
            raise Refused(414, f"content has more than {UPLOAD_MAX_CHARS} characters")
        try:
            return base64.b64decode(self.content, validate=True)
        except ValueError:
            raise Refused(414, "content is not base64") from None


class V2Body(_V2):
    """Body of ``/im/v2/conversations/{id}/messages`` (doc TEzMDQwODc)."""

    message: V2Message
    push_config: PushConfig = PushConfig()
    route_config: RouteConfig = RouteConfig()
    thread_config: ThreadConfig | None = None

    def send(self, conversation: Conversation) -> Send:
        """The message.

        Raises:
            Refused: 414 for a text that is empty or too long and a content that is not what its type needs, 107316 for
                too many mentions.
        """
        kind, text, attach = str(self.message.message_type), self.message.text, ""
        least, most = int(kind in TEXT_TYPES), TEXT_MAX_CHARS if kind == "0" else CAPTION_MAX_CHARS
        if not least <= len(text) <= most:
            raise Refused(414, f"text must have {least} to {most} characters")
        if kind not in TEXT_TYPES:
            if wrong := wrong_with(kind, self.message.attachment):
                raise Refused(414, wrong)
            attach = json.dumps(self.message.attachment, ensure_ascii=False)
        if len(self.push_config.push_forcepush_ids) > FORCE_PUSH_MAX:
            raise Refused(107316, "push_forcepush_ids is too long")
        return Send(
            sender=conversation.sender,
            to=conversation.to,
            team_kind=conversation.team_kind,
            msg_type=MSG_TYPES[kind],
            text=text,
            attach=attach,
            client_id=self.message.message_client_id,
            mentions=tuple(self.push_config.push_forcepush_ids),
            routed=self.route_config.route_enabled,
            quoted=self.thread_config.thread_reply if self.thread_config else None,
        )


class V2StreamBody(_V2):
    """Body of ``…/messages/actions/stream_message`` (doc TgyMTY2NzE)."""

    message: V2StreamMessage
    route_config: RouteConfig = RouteConfig()
    thread_config: ThreadConfig | None = None

    def send(self, conversation: Conversation) -> Send:
        """The chunk as a message. Only what the chat shows in the end is of interest, so no copy is routed."""
        server_id = self.message.message_server_id
        return Send(
            sender=conversation.sender,
            to=conversation.to,
            team_kind=conversation.team_kind,
            msg_type="TEXT",
            text=self.message.attachment.text,
            client_id=self.message.message_client_id,
            routed=False,
            chunk=self.message.attachment,
            stream_id=None if server_id is None else str(server_id),
            quoted=self.thread_config.thread_reply if self.thread_config else None,
        )


@dataclass(frozen=True, slots=True)
class Conversation:
    """A v2 conversation id: ``sender|1|receiver``, ``sender|2|tid`` or ``sender|3|tid``."""

    sender: str
    team_kind: TeamKind | None
    to: str

    @classmethod
    def parse(cls, conversation_id: str) -> Conversation:
        """Read an id that is no longer percent-encoded.

        Raises:
            Refused: 414, it is not one.
        """
        parts = conversation_id.split("|")
        kinds = {str(number): kind for kind, number in CONVERSATION_TYPE.items()}
        if len(parts) != 3 or not parts[0] or not parts[2] or parts[1] not in kinds:
            raise Refused(414, "conversation_id is not sender|type|receiver")
        sender, kind, to = parts[0].lower(), kinds[parts[1]], parts[2]
        return cls(sender, kind, to if kind else to.lower())
