"""A chat of the page as a scenario file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from playground.control import Control
from playground.faults import FAULTS
from playground.im.attach import attachment_of
from playground.im.chats import Delivered
from playground.model_server import ModelRequest
from playground.page.deeds import Deed, Sending
from playground.page.fetches import transcript
from playground.page.guard import ApiError
from playground.page.journal import Journal, trace_of
from playground.page.media import key_of
from playground.page.page import Page
from playground.page.retelling import Retelling, Saying, Thinking, outcome_of
from playground.page.standing import standing_of
from playground.page.words import say
from playground.scenario.media import KINDS, data_url, heard_md5s, read
from playground.scenario.save import to_toml
from relay.attachments import Attachment


async def chat_as_scenario(page: Page, chat: str) -> str:
    """A chat as a scenario file; its expectations are what happened.

    Raises:
        ApiError: nothing was said there.
    """
    journal, im = page.journal, (await page.parts()).im
    shown = page.shown.messages
    messages = [message for message in journal.first.values() if message.chat == chat]
    asking = [message for message in messages if message.origin == "user" and message.server_id in shown]
    if not asking:
        raise ApiError(404, "not_found", say("nothing was said in this chat"))
    said, remarks = list[Saying](), list[str]()
    for message in asking:
        medium, missing = await _medium(page, message, im)
        if missing:
            remarks.append(f"Left out: {missing}.")
        else:
            posts = journal.posts_of(message.server_id)
            how = page.deeds.sent.get(message.client_id) or Sending.seen_in(posts)
            said.append(Saying(message, how, posts, medium))
    ids = {one.message.server_id for one in said}
    answered = journal.answers

    def is_expected(reply: Delivered) -> bool:
        """Of the page, or taken back since; and of nothing that is not in the file."""
        to = answered.get(reply.server_id, [])
        seen = reply.server_id in shown or journal.messages[reply.server_id].changed == "deleted"
        return reply.origin != "user" and seen and (not to or any(own in ids for own in to))

    replies = [reply for reply in messages if is_expected(reply)]
    first = asking[0]
    tid = first.to if first.team_kind else ""
    deeds, members, lasting = _deeds(page, ids, tid, first.at)
    requests = list(_thinking(page, ids, said, deeds, lasting))
    scripted = page.model.kind == "scripted"
    retelling = Retelling(said, replies, deeds, requests, answered, scripted)
    waiting = [one.message for one in said if _waits(journal, one)]
    remarks += [f"Not answered yet when this was saved: {message.text or 'a message'}" for message in waiting]
    before = [{"on": lasting}] if lasting else []
    remarks += [
        f"Answered together, as they came in the same moment; played, maybe one by one: {texts}"
        for texts in retelling.chances()
    ]
    return to_toml(
        f"The group {page.people.teams[tid].name}" if tid else f"{first.sender} and {first.to}",
        [*before, *retelling.tell()],
        groups={tid: members} if tid else {},
        script=retelling.script(),
        remarks=remarks,
        unfinished=bool(waiting),
    )


def _deeds(page: Page, ids: set[str], tid: str, begin: int) -> tuple[list[Deed], Sequence[str], list[str]]:
    """What was done in a chat, or to all of them while it was had; the group's first members; what was on before."""
    everything, lasting = page.deeds.all, list[str]()
    last = max((page.journal.first[own].at for own in ids), default=begin)
    found: list[Deed] = []
    for deed in everything:
        match deed.what:
            case "recall" | "edit" if deed.about in ids:
                found.append(deed)
            case "members" if deed.about == tid:
                found.append(deed)
            case "on" if deed.at < begin:
                lasting.append(deed.about)
            case "off" if deed.at < begin:
                lasting.remove(deed.about)
            case "on" | "off" | "down" | "up" if deed.at >= begin:
                found.append(deed)
    chats = {page.journal.first[own].chat for own in ids}
    ends = max([last, *(reply.at for reply in page.journal.first.values() if reply.chat in chats)])
    found = [
        deed for deed in found if deed.at <= ends or deed.what in ("recall", "edit", "members", "down", "up")
    ]
    groups = [deed for deed in found if deed.what == "members"]
    if not groups:
        return found, page.people.teams[tid].members if tid else (), lasting
    if any(bot.greeting for bot in page.roster):
        return found, groups[0].members[:1], lasting
    found.remove(groups[0])
    return found, groups[0].members, lasting


def _thinking(
    page: Page, ids: set[str], said: Sequence[Saying], deeds: Sequence[Deed], lasting: Sequence[str]
) -> Iterator[Thinking]:
    """What the model was asked about a chat, and which fault of the model hit each request."""
    journal, kills = page.journal, [deed.at for deed in deeds if deed.what == "down"]
    requests = [one for one in journal.requests.values() if not one.is_audio]
    own = [one for one in requests if journal.owner_of(trace_of(one.headers)) in ids]
    armed, on = list[str](), [name for name in lasting if FAULTS[name].group == "Model"]
    events: list[Saying | Deed | ModelRequest] = [*said, *deeds, *own]
    for event in sorted(events, key=lambda one: one.at):
        if isinstance(event, Saying):
            armed = [*reversed([name for name in event.how.faults if FAULTS[name].group == "Model"]), *armed]
        elif isinstance(event, Deed):
            if event.what == "on" and FAULTS[event.about].group == "Model":
                on.insert(0, event.about)
            elif event.what == "off" and event.about in on:
                on.remove(event.about)
        else:
            end = inf if event.milliseconds is None else event.at + event.milliseconds
            kill = next((kill for kill in kills if event.at < kill < end), None)
            faults = (armed.pop(0),) if armed else tuple(on[:1])
            about = journal.owner_of(trace_of(event.headers)) or ""
            yield Thinking(event, about, end if kill is None else kill, kill is not None, faults)


def _waits(journal: Journal, saying: Saying) -> bool:
    own = saying.message.server_id
    queued = any(outcome_of(post.body)[0] == "queued" for post in saying.posts) or not saying.posts
    standing = standing_of(journal, own, journal.replies_to(own))
    return queued and not standing.final


async def _medium(page: Page, message: Delivered, im: Control) -> tuple[dict[str, Any], str]:
    """The keys of a step that attaches the same; else why there is no such step."""
    attachment = attachment_of(message)
    if attachment is None:
        return {}, ""
    if attachment.kind == "location":
        return {"location": f"{attachment.title},{attachment.latitude},{attachment.longitude}"}, ""
    key = next((key for key, kind in KINDS.items() if kind == attachment.kind), None)
    if key is None:
        return {}, attachment.described()
    found = await im.media(key_of(attachment.url) or "-")
    if found is None:
        return {}, f"{attachment.described()}, which is no longer stored"
    content_type, content = found
    step: dict[str, Any] = {key: data_url(content, content_type, attachment.name)}
    if key == "voice" and (words := _heard(page.journal, content)):
        step["words"] = words
    measures = _measures(attachment)
    if measures != dict(read(key, step[key], "", None).measures):
        step["measures"] = measures
    if frame := page.deeds.frames.get(attachment.url):
        step["frame"] = data_url(frame, "image/png", "")
    return step, ""


def _measures(attachment: Attachment) -> dict[str, int]:
    known = {
        "width": attachment.width,
        "height": attachment.height,
        "milliseconds": attachment.milliseconds,
    }
    return {name: value for name, value in known.items() if value}


def _heard(journal: Journal, content: bytes) -> str:
    """What was heard in a recording, as far as that was asked."""
    known = heard_md5s(content)
    for asked in journal.requests.values():
        if asked.is_audio and asked.status == 200 and asked.body.get("file", {}).get("md5") in known:
            return transcript(asked)
    return ""
