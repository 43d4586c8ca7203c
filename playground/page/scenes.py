"""A chat of the page as a scenario file."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator

from playground.control import Control
from playground.im.attach import attachment_of, said_in
from playground.im.chats import Delivered
from playground.page.fetches import transcript
from playground.page.guard import ApiError
from playground.page.journal import Journal, parent_in
from playground.page.media import key_of
from playground.page.people import People
from playground.page.robot import robot_of
from playground.page.words import say
from playground.scenario.media import KINDS, Key, heard_md5s, written
from playground.scenario.save import Line, to_toml


async def chat_as_scenario(
    journal: Journal,
    people: People,
    chat: str,
    shown: Container[str],
    faults: dict[str, list[str]],
    im: Control,
    *,
    scripted: bool,
) -> str:
    """A chat as a scenario file; its expectations are what happened.

    Args:
        journal: what is known.
        people: users and groups.
        chat: key of the chat.
        shown: ids of the messages that the page shows; others were deleted, or cleared away.
        faults: names of the faults that were on for a message, by its client id.
        im: control interface of the emulator, which keeps what was attached.
        scripted: whether the scripted model answered, which would answer the same again.

    Raises:
        ApiError: nothing was said there.
    """
    messages = [
        message
        for own, message in journal.messages.items()
        if message.chat == chat and own in shown and _can_be_expected(journal, own, shown)
    ]
    if not messages:
        raise ApiError(404, "not_found", say("nothing was said in this chat"))
    first = messages[0]
    team = people.teams[first.to] if first.team_kind else None
    senders = {message.sender for message in messages if message.origin == "user"}
    named = (people.users[accid] for accid in sorted(senders & people.users.keys()))
    return to_toml(
        f"The group {team.name}" if team else f"{first.sender} and {first.to}",
        [await _line(journal, message, faults, im) for message in messages],
        users={user.accid: user.name for user in named if user.name != user.accid},
        groups={team.tid: team.members} if team else {},
        model_answers=() if scripted else [text for one in messages for text in _model_answers(journal, one)],
    )


def _can_be_expected(journal: Journal, message: str, shown: Container[str]) -> bool:
    """Whether the file says, too, what a message of a bot answers."""
    answered = journal.answers.get(message, [])
    return not answered or any(asked in shown for asked in answered)


async def _line(journal: Journal, message: Delivered, faults: dict[str, list[str]], im: Control) -> Line:
    team = message.to if message.team_kind else None
    if message.origin != "user":
        return Line(message.sender, message.to, said_in(message), by_bot=True, team=team)
    posts = journal.posts_of(message.server_id)
    inputs = {post.input for post in posts}
    robot = robot_of(posts) or {}
    medium, beside, left_out = await _medium(journal, message, im)
    return Line(
        message.sender,
        message.to,
        message.text,
        team=team,
        medium=medium,
        beside=beside,
        left_out=left_out,
        robot={name: value for name, value in robot.items() if value},
        input="both" if len(inputs) > 1 else next(iter(inputs), "copy"),
        faults=faults.get(message.client_id, ()),
        status=posts[-1].status if posts else None,
        reason=_reason(posts[-1].body) if posts else "",
    )


async def _medium(
    journal: Journal, message: Delivered, im: Control
) -> tuple[tuple[Key, str] | None, str, str]:
    """The key and value of a step that attaches the same; the file that has to lie beside; why there is no step."""
    attachment = attachment_of(message)
    if attachment is None:
        return None, "", ""
    if attachment.kind == "location":
        return ("location", f"{attachment.title},{attachment.latitude},{attachment.longitude}"), "", ""
    key = next((key for key, kind in KINDS.items() if kind == attachment.kind), None)
    if key is None:
        return None, "", attachment.described()
    found = await im.media(key_of(attachment.url) or "-")
    if found is None:
        return None, "", f"{attachment.described()}, which is no longer stored"
    content_type, content = found
    value = written(key, content, content_type, attachment.name, _heard(journal, content))
    if value is not None:
        return (key, value), "", ""
    name = attachment.name or f"{key}.{attachment.ext or 'bin'}"
    return (key, name), name, ""


def _heard(journal: Journal, content: bytes) -> str:
    """What was heard in a recording, as far as that was asked."""
    known = heard_md5s(content)
    for asked in journal.requests.values():
        if asked.is_audio and asked.status == 200 and asked.body.get("file", {}).get("md5") in known:
            return transcript(asked)
    return ""


def _reason(body: str) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    return str(answer.get("reason", "")) if isinstance(answer, dict) else ""


def _model_answers(journal: Journal, message: Delivered) -> Iterator[str]:
    """What the model said in the turns of a message."""
    spans = {
        span.id for trace in journal.own_traces_of(message.server_id) for span in journal.spans_of(trace)
    }
    for asked in journal.requests.values():
        if asked.status == 200 and not asked.is_audio and parent_in(asked.headers) in spans:
            yield str(json.loads(asked.answer)["choices"][0]["message"]["content"] or "")
