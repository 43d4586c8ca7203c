"""The fields of one message, whichever input it came by. Nothing here knows the bots or the time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from relay.errors import RequestRefused
from relay.inbound import chatbot
from relay.inbound.strict_json import json_object

TIME_MAX_DIGITS = 13
"""A time in Unix milliseconds has 13 digits until the year 2286."""

SENDER_MAX_CHARS = 256
"""Documented are 64 (vendor page DI3OTg5Mjg). What is stored beside a message must fit a property of its row."""

NICK_MAX_CHARS = 255
"""As documented there. A longer display name is cut: it is no reason to refuse what was said."""

FUNCTION_MAX_CHARS = 1024
"""Longer names are cut; the ``ext`` of a message, in which it may travel, is no longer than this."""

COPY_FIELDS: Mapping[str, tuple[str, ...]] = {
    "sender": ("fromAccount",),
    "nick": ("fromNick",),
    "client": ("fromClientType",),
    "conversation": ("convType",),
    "to": ("to",),
    "kind": ("msgType",),
    "text": ("body",),
    "attach": ("attach",),
    "client_id": ("msgidClient",),
    "server_id": ("msgidServer",),
    "time": ("msgTimestamp",),
    "members": ("tMembers",),
    "antispam": ("antispam",),
    "blacklist": ("blacklist",),
}
"""Field of :class:`Inbound` → its name in a message copy (vendor page DI3OTg5Mjg). The copy documents no
robot fields, so those come from the sender's ``ext``."""

Input = Literal["copy", "chatbot", "callback", "event"]

_COPY_REQUIRED = ("conversation", "to", "sender", "kind")
_CHATBOT_REQUIRED = ("sender",)
_SURROGATE = re.compile("[\ud800-\udfff]")

Found = dict[str, tuple[str, Any]]
"""Field of a model → the wire name it was found under, and its value."""

Model = TypeVar("Model", bound=BaseModel)


def _text(value: object) -> str:
    # Ids are strings in the copy and numbers elsewhere. A bool is an int to Python alone.
    if isinstance(value, str):
        # Half a surrogate pair is legal JSON, but no store, log or model takes it.
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise PydanticCustomError("text", "must be a string or a whole number")


def _lower(value: object) -> str:
    return _text(value).lower()


def _sender(value: object) -> str:
    accid = _lower(value)
    if len(accid) > SENDER_MAX_CHARS:
        raise PydanticCustomError("sender", f"must be at most {SENDER_MAX_CHARS} characters")
    return accid


def _upper(value: object) -> str:
    return _text(value).upper()


def _cut_to(chars: int) -> BeforeValidator:
    return BeforeValidator(lambda value: _text(value)[:chars])


def _milliseconds(value: object) -> int:
    digits = _text(value)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= TIME_MAX_DIGITS):
        raise PydanticCustomError(
            "time", f"must be a time in Unix milliseconds, at most {TIME_MAX_DIGITS} digits"
        )
    return int(digits)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, (str, int)):
        raise PydanticCustomError("flag", 'must be a boolean, or "true" or "false"')
    return str(value).lower() in ("true", "1")


def _content(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    try:
        return _text(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        raise PydanticCustomError("content", "is nested too deeply") from None


def _accids(value: object) -> frozenset[str] | None:
    # "[a, b]" in a string that is no JSON, and whatever else it may be one day: then nobody knows the members.
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        value = value[1:-1].split(",")
    if not isinstance(value, list):
        return None
    return frozenset(accid for item in value if (accid := str(item).strip().strip('"').lower()))


Text = Annotated[str, BeforeValidator(_text)]
Lower = Annotated[str, BeforeValidator(_lower)]
Sender = Annotated[str, BeforeValidator(_sender)]
Upper = Annotated[str, BeforeValidator(_upper)]
Milliseconds = Annotated[int, BeforeValidator(_milliseconds)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Content = Annotated[str, BeforeValidator(_content)]


class Inbound(BaseModel):
    """One request in canonical fields; what it did not say is empty.

    Attributes:
        input: ``copy`` or ``chatbot``: a message; ``callback``: the platform asks for permission (third-party
            callback); ``event``: any other copy. The last two fill no other field.
        conversation: PERSON, TEAM, SUPER_TEAM, CUSTOM_PERSON, CUSTOM_TEAM, or what the platform invents next.
        sender: accid, lower case.
        nick: the sender's display name.
        client: what the message was sent from: AOS, IOS, WEB, REST…, or the number of it.
        to: accid of the receiver in a private chat, id of the group otherwise; as it came.
        team: id of the group where the request has a field of its own for it.
        bot: accid of the bot where the request has a field of its own for it, lower case.
        kind: TEXT, PICTURE, NOTIFICATION…
        text: the text of the message; of a medium, its caption.
        attach: what came with the message, as it was sent; empty for what is no object.
        client_id: the sender's id of the message.
        server_id: the platform's id of the message; "0" when it is not stored.
        time: Unix milliseconds, None when the message has no time.
        members: accids of everybody in the group, lower case; None where that is not told.
        antispam: moderation blocked it.
        blacklist: the receiver blocked the sender.
        account: ``robotInfo.account``: the bot that is meant in a group, lower case.
        function: ``robotInfo.function``.
        topic: ``robotInfo.topic``.
        custom: ``robotInfo.customContent``; JSON when it was not a string.
    """

    model_config = ConfigDict(frozen=True)

    input: Input
    conversation: Upper = ""
    sender: Sender = ""
    nick: Annotated[str, _cut_to(NICK_MAX_CHARS)] = ""
    client: Upper = ""
    to: Text = ""
    team: Text = ""
    bot: Lower = ""
    kind: Upper = ""
    text: Text = ""
    attach: Annotated[Mapping[str, Any], BeforeValidator(lambda value: json_object(value) or {})] = Field(
        default_factory=dict
    )
    client_id: Text = ""
    server_id: Text = ""
    time: Milliseconds | None = None
    members: Annotated[frozenset[str] | None, BeforeValidator(_accids)] = None
    antispam: Flag = False
    blacklist: Flag = False
    account: Lower = ""
    function: Annotated[str, _cut_to(FUNCTION_MAX_CHARS)] = ""
    topic: Text = ""
    custom: Content = ""


def read(body: Mapping[str, Any]) -> Inbound:
    """The fields of a request.

    A third-party callback is known by its numeric ``eventType``; a copy's is a string, "1" for a message.

    Raises:
        RequestRefused: 400, naming the field that is missing or has the wrong type, and what is accepted.
    """
    event = body.get("eventType")
    if isinstance(event, (int, float)) and not isinstance(event, bool):
        return Inbound(input="callback")
    if event is not None and not isinstance(event, str):
        raise _bad("eventType: must be a string or a number")
    if chatbot.recognises(body):
        return _read_chatbot(body)
    if event != "1":
        return Inbound(input="event")
    return _inbound("copy", find(body, COPY_FIELDS) | _robot_in_ext(body), COPY_FIELDS, _COPY_REQUIRED)


def _read_chatbot(body: Mapping[str, Any]) -> Inbound:
    found = {
        field: (name, _in_words(name, value)) for field, (name, value) in find(body, chatbot.FIELDS).items()
    }
    if not found.keys() & chatbot.ROBOT_FIELDS.keys():
        found |= _robot_in_ext(body)
    found.setdefault("conversation", ("convType", "TEAM" if "team" in found else "PERSON"))
    found.setdefault("kind", ("msgType", "TEXT"))
    return _inbound("chatbot", found, chatbot.FIELDS, _CHATBOT_REQUIRED)


def _in_words(name: str, value: object) -> object:
    words = chatbot.VALUES.get(name)
    return words.get(str(value), value) if words and isinstance(value, (str, int)) else value


def _inbound(
    source: Input, found: Found, fields: Mapping[str, tuple[str, ...]], required: Iterable[str]
) -> Inbound:
    return validated(Inbound, found | {"input": ("", source)}, fields, required)


def validated(
    model: type[Model], found: Found, fields: Mapping[str, tuple[str, ...]], required: Iterable[str]
) -> Model:
    """What was found, as a model.

    Raises:
        RequestRefused: 400, naming the fields that are missing or have the wrong type.
    """
    missing = [fields[field][0] for field in required if field not in found]
    if missing:
        raise _bad("; ".join(f"{name}: is missing" for name in missing))
    values = {field: value for field, (_, value) in found.items()}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_context=False, include_url=False)
        named = [f"{found[str(problem['loc'][0])][0]}: {problem['msg']}" for problem in problems]
        raise _bad("; ".join(named)) from None


def find(body: Mapping[str, Any], fields: Mapping[str, tuple[str, ...]]) -> Found:
    """For each field the first of its names that has a value. Null and "" are none: SDKs fill in either."""
    found: Found = {}
    for field, names in fields.items():
        for name in names:
            value = _inside(body, name) if "." in name else body.get(name)
            if value is not None and value != "":
                found[field] = (name, value)
                break
    return found


def _inside(body: Mapping[str, Any], name: str) -> Any:
    outer, _, inner = name.partition(".")
    value = body.get(outer)
    return None if value in (None, "") else _object(outer, value).get(inner)


def _object(name: str, value: object) -> dict[str, Any]:
    # The vendor likes objects inside strings; both are accepted.
    parsed = json_object(value)
    if parsed is None:
        raise _bad(f"{name}: must be an object")
    return parsed


def _robot_in_ext(body: Mapping[str, Any]) -> Found:
    """The robot's fields from the sender's extension, which is any text of the app's own: what in it is not
    meant for us is no error."""
    ext = json_object(body.get("ext"))
    if ext is None:
        return {}
    ours = {
        key: value for key in ("robotInfo", "robotConfig") if (value := json_object(ext.get(key))) is not None
    }
    found = find(ours, chatbot.ROBOT_FIELDS)
    return {field: (f"ext.{name}", value) for field, (name, value) in found.items()}


def _bad(detail: str) -> RequestRefused:
    return RequestRefused(400, "bad_request", detail)
