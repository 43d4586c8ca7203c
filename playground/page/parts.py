"""What the page says of the stack, and the interfaces by which the page speaks to the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playground.control import Control
from playground.host_lines import HostLines
from relay.ports import Tables

HostState = Literal["starting", "running", "replacing", "down"]


@dataclass(frozen=True, slots=True)
class ModelLabel:
    """What answers.

    Attributes:
        kind: ``tiny``, ``scripted``, ``settings`` or ``remote``.
        label: the same for the reader.
        visible: whether its requests can be seen.
    """

    kind: str
    label: str
    visible: bool


@dataclass(frozen=True, slots=True)
class HostLabel:
    """What runs the functions."""

    kind: str
    state: HostState
    killable: bool


@dataclass(frozen=True, slots=True)
class FilesLabel:
    """How the bots file and the file of tools stand, which are followed while the playground runs.

    Attributes:
        problems: what is wrong with them, in the words of ``python -m relay check``; the host goes on with what it had.
        for_owner: they have changed, and the function host is to be restarted by its owner.
    """

    problems: tuple[str, ...] = ()
    for_owner: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """The running stack, for the page.

    Attributes:
        im: control interface of the IM emulator.
        model: of the model server; None when the stack did not start the model.
        tables: Table Storage; None when the stack did not start the storage.
        host_lines: what the function host prints; None when the stack did not start it.
    """

    im: Control
    model: Control | None
    tables: Tables | None
    host_lines: HostLines | None = None
