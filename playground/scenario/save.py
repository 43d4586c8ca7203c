"""Writes a scenario file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playground.scenario.toml import key, literal, prose

PROSE = ("say", "expect", "reply")
"""Keys whose texts stand line by line."""


def to_toml(
    title: str,
    steps: Sequence[Mapping[str, Any]],
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    script: Sequence[Mapping[str, Any]] = (),
    remarks: Sequence[str] = (),
    unfinished: bool = False,
) -> str:
    """A scenario file.

    Args:
        title: what it shows.
        steps: tables of its steps.
        groups: ids and members of the groups in it.
        script: tables of the rules of the scripted model.
        remarks: sentences for its reader.
        unfinished: whether something is still to come when it ends.
    """
    head = [f"# {' '.join(remark.split())}\n" for remark in remarks]
    more = ["unfinished = true\n"] if unfinished else []
    tables = ["".join([*head, f"title = {literal(title)}\n", *more])]
    if groups:
        tables.append(_table("[groups]", {tid: list(members) for tid, members in groups.items()}))
    tables += [_table("[[script]]", rule) for rule in script]
    tables += [_table("[[steps]]", step) for step in steps]
    return "\n".join(tables)


def _table(header: str, values: Mapping[str, Any]) -> str:
    lines = (f"{key(name)} = {_value(name, value)}\n" for name, value in values.items())
    return "".join([f"{header}\n", *lines])


def _value(name: str, value: Any) -> str:
    return prose(value) if name in PROSE and isinstance(value, str) else literal(value)
