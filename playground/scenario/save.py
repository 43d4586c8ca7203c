"""Writes a scenario file from what was said in a chat. Its expectations are what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from playground.scenario.media import Key
from playground.scenario.toml import key, literal, prose


@dataclass(frozen=True, slots=True)
class Line:
    """A message of a chat, as it was delivered.

    Attributes:
        sender: accid of the user, or of the bot.
        to: accid of the receiver; unused in a group.
        text: what was said.
        by_bot: True for a bot's message.
        team: id of the group, None in a private chat.
        robot: ``robotInfo`` of a user's message.
        input: what the webhook got: ``copy``, ``chatbot`` or ``both``.
        faults: names of the faults that hit it.
        status: HTTP status of the webhook's answer to a user's message, None if there was none.
        reason: why the webhook ignored it, empty if it did not.
        medium: of a user's message with something beside words: the key and the value of a step.
        beside: the name of the file that has to lie beside the scenario for that; empty for none.
        left_out: what it is, if no step can say it; empty if one can.
    """

    sender: str
    to: str
    text: str
    by_bot: bool = False
    team: str | None = None
    robot: Mapping[str, str] = field(default_factory=dict)
    input: str = "copy"
    faults: Sequence[str] = ()
    status: int | None = 200
    reason: str = ""
    medium: tuple[Key, str] | None = None
    beside: str = ""
    left_out: str = ""


def to_toml(
    title: str,
    lines: Sequence[Line],
    *,
    users: Mapping[str, str] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    model_answers: Iterable[str] = (),
) -> str:
    """A scenario file.

    Args:
        title: what it shows.
        lines: the messages of one or more chats, in order of delivery.
        users: accids and names of users who have a name.
        groups: ids and members of the groups in it.
        model_answers: what the model answered, in order, where it was not the scripted one, which would answer
            the same again.
    """
    head = [f"# {file} has to lie beside this file.\n" for line in lines if (file := line.beside)]
    head += [f"# Left out: {what}.\n" for line in lines if (what := line.left_out)]
    tables = ["".join([*head, f"title = {literal(title)}\n"])]
    if users:
        tables.append(_table("[users]", {accid: literal(name) for accid, name in users.items()}))
    if groups:
        tables.append(_table("[groups]", {tid: literal(list(members)) for tid, members in groups.items()}))
    tables += [_table("[[script]]", {"reply": prose(answer)}) for answer in model_answers]
    tables += _steps([line for line in lines if not line.left_out])
    return "\n".join(tables)


def _steps(lines: Sequence[Line]) -> list[str]:
    """A step for each message of a user, with the reply that follows it; one for each further reply."""
    steps: list[dict[str, str]] = []
    said: Line | None = None
    for line in lines:
        if not line.by_bot:
            steps.append(_saying(line))
            said = line if line.status == 200 and not line.reason else None
        elif said is not None and _answers(line, said):
            steps[-1]["expect"] = _reply(line)
            said = None
        else:
            steps.append({**_place(line), "expect": _reply(line)})
            said = None
    return [_table("[[steps]]", step) for step in steps]


def _saying(line: Line) -> dict[str, str]:
    step = _place(line)
    if line.medium is not None:
        name, value = line.medium
        step[name] = literal(value)
    if line.text or line.medium is None:
        step["say"] = prose(line.text)
    if line.robot:
        step["robot"] = literal(line.robot)
    if line.input != "copy":
        step["input"] = literal(line.input)
    if line.faults:
        step["fault"] = literal(list(line.faults))
    if line.reason:
        step["expect"] = literal({"answer": {"status": "ignored", "reason": line.reason}})
    elif line.status not in (200, None):
        step["expect"] = literal({"status": line.status})
    return step


def _place(line: Line) -> dict[str, str]:
    """Who speaks to whom; of a reply, who is spoken to."""
    if line.team is not None:
        speaker = {} if line.by_bot else {"as": literal(line.sender)}
        return speaker | {"team": literal(line.team)}
    user, bot = (line.to, line.sender) if line.by_bot else (line.sender, line.to)
    return {"as": literal(user), "to": literal(bot)}


def _answers(reply: Line, said: Line) -> bool:
    """True if a reply goes where a message came from."""
    if said.team is not None or reply.team is not None:
        return reply.team == said.team
    return (reply.sender.lower(), reply.to.lower()) == (said.to.lower(), said.sender.lower())


def _reply(line: Line) -> str:
    """The expectation of a reply; in a group it says whose."""
    if line.team is None:
        return prose(line.text)
    return literal({"from": line.sender, "text": line.text})


def _table(header: str, pairs: Mapping[str, str]) -> str:
    return "".join([f"{header}\n", *(f"{key(name)} = {value}\n" for name, value in pairs.items())])
