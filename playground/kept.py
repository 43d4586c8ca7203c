"""What ``dev.py play --keep`` keeps from one run to the next, in ``.dev/kept``. Standard library only.

``format.json`` says in which format, who writes there now, and the port of the IM server, which is part of the URL of
everything that was attached. ``im.jsonl``, ``model.jsonl`` and ``page.jsonl`` hold facts, one a line: a process that is
killed leaves at most half a line, which is left out. ``media`` is the IM server's storage, ``storage`` Azurite's.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playground.ports import free_port, port_is_free
from playground.progress import say
from playground.runs import DEV, Process, start_time, write_whole

FOLDER = DEV / "kept"
FORMAT = 1
"""Another one is left aside, not read."""

IDS = ("number", "tid", "accid", "key", "server_id", "id", "at")
"""The first of these that a fact has tells it from others of its kind. The last one counts."""


Fact = tuple[str, dict[str, Any]]
"""Its kind, and its fields."""


class InUse(ValueError):
    """Another playground writes there."""


class Lines:
    """Facts in a file, which were there before and are added.

    Args:
        path: the file; it need not be there.

    Attributes:
        facts: what an earlier run has left, each as it was last, in the order in which they came first.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.facts = _read(path)
        write_whole(path, "".join(map(_line, self.facts)).encode())
        self._path = path

    def add(self, kind: str, fact: Mapping[str, Any]) -> None:
        """Keep a fact; it is with the system before this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line((kind, fact)))


class Kept:
    """The folder, owned by this process.

    Args:
        folder: where it is; made if it is not there.

    Attributes:
        im_port: where the IM server has to listen for what was attached to be found; else a new one is chosen.

    Raises:
        InUse: another playground writes there.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        found = self._format()
        self.im_port = found.get("im_port", 0)
        if not self.im_port or not port_is_free(self.im_port):
            if self.im_port:
                say(
                    f"port {self.im_port} is taken: what was attached in earlier chats is not found this time"
                )
            self.im_port = free_port()
        owner = Process("dev.py", os.getpid(), start_time(os.getpid()) or "")
        folder.mkdir(parents=True, exist_ok=True)
        content = {"format": FORMAT, "im_port": self.im_port, "owner": asdict(owner)}
        write_whole(folder / "format.json", json.dumps(content).encode())

    def __str__(self) -> str:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        size = sum(path.stat().st_size for path in files)
        return f"{self.folder}, {size / 1e6:.1f} MB; dev.py clean removes it"

    def _format(self) -> dict[str, Any]:
        """What ``format.json`` says; a folder that is not understood is put aside."""
        if not self.folder.exists():
            return {}
        try:
            found = json.loads((self.folder / "format.json").read_text(encoding="utf-8"))
            if found["format"] != FORMAT:
                raise ValueError(f"it has format {found['format']}, and this playground writes {FORMAT}")
            owner = Process(**found["owner"])
            im_port = int(found["im_port"])
        except (OSError, ValueError, TypeError, LookupError) as error:
            aside = self.folder.with_name(f"{self.folder.name}-{time.time_ns()}")
            self.folder.rename(aside)
            say(f"what was kept cannot be read ({error}); it was put aside as {aside}, and this begins anew")
            return {}
        if owner.alive() and owner.pid != os.getpid():
            raise InUse(f"{self.folder} is in use by the playground with pid {owner.pid}: end it first")
        return {"im_port": im_port}


def _read(path: Path) -> list[Fact]:
    found: dict[tuple[str, Any], Fact] = {}
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        with contextlib.suppress(ValueError):  # the half of a line that a kill has left
            kind, fact = json.loads(line)
            found[kind, next((fact[name] for name in IDS if name in fact), None)] = (kind, fact)
    return list(found.values())


def _line(fact: tuple[str, Mapping[str, Any]]) -> str:
    return json.dumps(fact) + "\n"
