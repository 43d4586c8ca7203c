"""Names of tables, partitions and rows: where a message of a conversation lies.

History is one table per UTC day, so that a day expires by one call. A partition is a conversation. Inside it, keys
sort newest first, because Table Storage returns rows in ascending key order: the newest messages are the first page
of a key range, whatever the age of the conversation.

    d|<hash of message id>                     which row holds this message (dedupe)
    m|<inverted ms>|<server id>|<hash>|1       a message
    m|<inverted ms>|<server id>|<hash>|0       the reply whose newest message that is: right behind it in time
    m|…|<hash>|0r<inverted number>             between the two, a round of tool calls on the way to that reply
    m|…|<hash>|0r<number>.<call>.<count>       what a tool said to the user before there was a reply, likewise inverted

The server id, inverted, orders the messages of one millisecond as the platform did; ``<hash>`` is that of the message
id. A message without a server id lacks that part, as all did once: nothing but the ``d|`` row says where a message is.

Counts for limits are one table per UTC day as well, and a partition is a bot, so that its own count and those of its
senders are written together.

    bot                                        what the bot has been sent
    s|<hash of accid>                          what this sender has written to the bot
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from functools import lru_cache

from relay.clock import DAY_MS
from relay.messages import Message, message_hash

TABLE_PREFIX = "relay"
"""What the names of all tables begin with."""
HISTORY_PREFIX = "relayhistory"
LIMITS_PREFIX = "relaylimits"
LEASE_TABLE = "relayleases"
LEASE_KEY = "lease"
BOT_KEY = "bot"
SERVER_ID_DIGITS = 20
"""Room for any 64-bit number, which the platform's ids are (vendor page DI3OTg5Mjg)."""
ROWS_LOW, ROWS_HIGH = "m|", "m}"
"""The key range of messages and replies; ``}`` follows ``|``."""

NUMBER_MAX = 99
"""Of rounds, their calls, and what a call says."""

_LATEST_MS = 9_999_999_999_999
_LARGEST_ID = 10**SERVER_ID_DIGITS - 1
_IDS = uuid.UUID("6f0ac3f0-3f0c-5c1f-9c35-5b1f5f6c2f11")


def day_of(at_ms: int) -> int:
    """The UTC day of a time, counted from 1970-01-01."""
    return at_ms // DAY_MS


def history_table(day: int) -> str:
    """The history table of a UTC day: ``relayhistoryYYYYMMDD``."""
    return HISTORY_PREFIX + _date(day)


def limits_table(day: int) -> str:
    """The table of a UTC day's counts: ``relaylimitsYYYYMMDD``."""
    return LIMITS_PREFIX + _date(day)


def day_of_table(table: str, prefix: str = HISTORY_PREFIX) -> int | None:
    """The day of a table whose name is the prefix and a date, None for a table of another kind."""
    try:
        parsed = datetime.strptime(table.removeprefix(prefix), "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day_of(int(parsed.timestamp() * 1000))


def conversation_key(message: Message) -> str:
    """The partition of a conversation: one per bot, private peer or group (or member of it), and topic.

    A hash, because accids and topics may hold characters that keys may not (``/ \\ # ?``) and may be long.
    """
    peer = (message.team_kind, message.team) if message.team else ("private", message.sender)
    member = ("member", message.sender) if message.member else ()
    return _partition((message.bot, *peer, *member, message.topic))


@lru_cache(maxsize=1024)
def _partition(names: tuple[str, ...]) -> str:
    return _hash(json.dumps(names), 40)


def message_key(at_ms: int, message_id: str, server_id: str = "") -> str:
    """The row of a message that nobody has claimed yet."""
    order = ""
    if is_server_id(server_id):
        order = f"{_LARGEST_ID - int(server_id):0{SERVER_ID_DIGITS}d}|"
    return f"m|{_LATEST_MS - at_ms:013d}|{order}{message_hash(message_id)}|1"


def is_server_id(text: str) -> bool:
    """Whether it is an id that the platform has given to a message; "0" is that of one which it does not keep."""
    return text.isascii() and text.isdigit() and len(text) <= SERVER_ID_DIGITS and int(text) > 0


def server_id_of(key: str) -> str:
    """Of a message row, or of its reply's: the platform's id of the message; empty when it had none."""
    parts = key.split("|")
    return str(_LARGEST_ID - int(parts[2])) if len(parts) == 5 else ""


def dedupe_key(message_id: str) -> str:
    """The row that says where the message with this id is."""
    return pointer_key(message_hash(message_id))


def pointer_key(name: str) -> str:
    """The row that says where the message is which logs and spans call so."""
    return f"d|{name}"


def reply_key(newest_message_key: str) -> str:
    """The row of the reply whose newest covered message has this key."""
    return newest_message_key[:-1] + "0"


def round_key(newest_message_key: str, number: int) -> str:
    """The row of a round of tool calls, the how-manieth of its reply from 1 on."""
    return f"{reply_key(newest_message_key)}r{_inverted(number)}"


def interim_key(round_key: str, call: int, count: int) -> str:
    """The row of the how-manieth text that a call of a round has said to the user, both counted from 0."""
    return f"{round_key}.{_inverted(call)}.{_inverted(count)}"


def is_of_round(key: str) -> bool:
    """Whether a row stands between a message and its reply."""
    return parts_of_key(key)[1] not in ("0", "1")


def parts_of_key(key: str) -> tuple[str, str]:
    """Of a message or reply row: what stands for the message, and 1 for the message itself, 0 for its reply; more than
    that for what stands between the two.
    """
    *_, message, kind = key.split("|")
    return message, kind


def time_of(key: str) -> int:
    """The time of a message or reply row in Unix milliseconds."""
    return _LATEST_MS - int(key[2:15])


def client_id(conversation: str, *parts: str) -> str:
    """An id for a message of ours that is the same whenever and wherever it is derived."""
    return str(uuid.uuid5(_IDS, "|".join((conversation, *parts))))


def bot_key(accid: str) -> str:
    """The partition of a bot's counts."""
    return _hash(accid, 40)


def sender_key(accid: str) -> str:
    """The row of a sender's count."""
    return f"s|{_hash(accid, 24)}"


def _inverted(number: int) -> str:
    return f"{NUMBER_MAX - number:02d}"


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).strftime("%Y%m%d")


def _hash(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
