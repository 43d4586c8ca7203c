"""What a console sends beside plain messages, as bodies to send as they are or changed.

Each names what the webhook is promised to answer, which the page shows beside it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playground.im.chats import Delivered, Team
from playground.im.copies import RobotInfo, chatbot_request, edit_copy, message_copy, recall_copy
from playground.im.notices import notice
from relay.clock import MINUTE_MS
from relay.config.bot import Bot

AHEAD_MINUTES = 10
OLD_CLOCK_MINUTES = 60
TOO_LARGE_CHARS = 70_000
CALLBACK_P2P, CALLBACK_TEAM = 1, 2
"""``eventType`` of a third-party callback: a number, with other meanings than in a copy (doc jI3ODc2ODE)."""

GIVEN = {"edit": "a changed text", "callback": "hello", "message": "hello"}


@dataclass(frozen=True, slots=True)
class Template:
    """Something to send.

    Attributes:
        name: what the page knows its words by.
        body: as it goes out.
        expected: what the webhook answers: a status, and the ``status`` or ``reason`` of its body.
        clock_minutes: how far the signature's clock is ahead.
    """

    name: str
    body: str
    expected: str
    clock_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the templates are for.

    Attributes:
        sender: accid of the user who acts.
        to: the other side of a private chat, or the id of the group.
        team: the group; None in a private chat.
        bot: the bot that the chat is with, or the group's first; None without one.
        message: the message that is taken back or changed; None for one that nobody has sent.
        now: Unix milliseconds.
    """

    sender: str
    to: str
    team: Team | None
    bot: Bot | None
    message: Delivered | None
    now: int

    def says(self, *, at: int = 0, text: str = GIVEN["message"]) -> Delivered:
        """A new message of the user, so many milliseconds ahead."""
        return Delivered(
            sender=self.sender,
            to=self.to,
            team_kind=self.team.kind if self.team else None,
            text=text,
            client_id=str(uuid.uuid4()),
            server_id=str(self.now * 1_000_000),
            at=self.now + at,
        )


def templates(setting: Setting) -> list[Template]:
    """Everything that can be sent there."""
    return [*_changes(setting), *_events(setting), *_messages(setting), *_broken(setting)]


def _changes(setting: Setting) -> Iterator[Template]:
    about, now = setting.message or setting.says(), setting.now
    heard = "200 noted" if setting.bot else "200 unknown_bot"
    yield Template("recall", _json(recall_copy(about, now)), heard)
    yield Template("edit", _json(edit_copy(about, GIVEN["edit"], now)), heard)
    place = {None: "P2P", "team": "TEAM", "super_team": "SUPERTEAM"}[about.team_kind]
    verdict = {
        "type": f"{place}_MSG_{about.msg_type}",
        "from": about.sender,
        "to": about.to,
        "clientMsgId": about.client_id,
        "serverMsgId": about.server_id,
        "antispam": True,
    }
    yield Template("verdict", _json({"eventType": "20", "objects": json.dumps([verdict])}), heard)


def _events(setting: Setting) -> Iterator[Template]:
    said = setting.says(text=GIVEN["callback"])
    callback = {
        "eventType": CALLBACK_TEAM if setting.team else CALLBACK_P2P,
        "fromAccount": said.sender,
        "fromNick": said.sender,
        "fromClientType": "WEB",
        "to": said.to,
        "msgTimestamp": str(said.at),
        "msgType": said.msg_type,
        "msgidClient": said.client_id,
        "body": said.text,
    }
    yield Template("callback", _json(callback), "200 errCode 0")
    login = {"eventType": "2", "accid": said.sender, "clientType": "WEB", "timestamp": str(said.at)}
    yield Template("login", _json(login), "200 event")
    if team := setting.team:
        left = [setting.bot.accid] if setting.bot else list(team.members[-1:])
        kicked = notice(team, "kicked", said.sender, members=left, server_id=said.server_id, at=said.at)
        yield Template("kicked", _json(kicked), "200 kind")
    notification = {
        "convType": "CUSTOM_TEAM" if setting.team else "CUSTOM_PERSON",
        "msgType": "CUSTOM_TEAM_MSG" if setting.team else "CUSTOM_P2P_MSG",
        "attach": json.dumps({"myKey": "myValue"}),
        "body": "",
    }
    copy = {name: value for name, value in _copy(setting).items() if name != "msgidClient"}
    yield Template("custom_notice", _json(copy | notification), "200 kind")
    yield Template("address", "{}", "200 ok")


def _messages(setting: Setting) -> Iterator[Template]:
    """Messages that a bot must not answer."""
    bot = setting.bot
    yield Template("antispam", _json(_copy(setting) | {"antispam": "true"}), "200 blocked")
    yield Template("blacklist", _json(_copy(setting) | {"blacklist": "true"}), "200 blocked")
    yield Template("by_server", _json(_copy(setting) | {"fromClientType": "REST"}), "200 own_message")
    yield Template("call", _json(_copy(setting) | {"msgType": "NRTC_NETCALL"}), "200 kind")
    if bot:
        old = -(bot.max_message_age_minutes + AHEAD_MINUTES) * MINUTE_MS
        yield Template("too_old", _json(_copy(setting, at=old)), "200 too_old")
        yield Template("bad_time", _json(_copy(setting, at=AHEAD_MINUTES * MINUTE_MS)), "200 bad_time")
        answered = "200 queued" if bot.reply == "send" else "200"
        yield Template("old_clock", _json(_copy(setting)), answered, -OLD_CLOCK_MINUTES)
        robot = RobotInfo(account=bot.accid if setting.team else "")
        request = chatbot_request(setting.says(), robot, bot=bot.accid)
        yield Template("chatbot", _json(request), "200")


def _broken(setting: Setting) -> Iterator[Template]:
    yield Template("not_json", '{"eventType": "1", "body": ', "400")
    yield Template("wrong_type", _json(_copy(setting) | {"msgTimestamp": "yesterday"}), "400")
    yield Template("too_large", _json(_copy(setting) | {"ext": "x" * TOO_LARGE_CHARS}), "413")


def _copy(setting: Setting, *, at: int = 0) -> dict[str, Any]:
    text = GIVEN["message"]
    if setting.team and setting.bot:
        text = f"@{setting.bot.name} {text}"
    return message_copy(setting.says(at=at, text=text), team=setting.team)


def _json(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)
