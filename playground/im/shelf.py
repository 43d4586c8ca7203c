"""Something that lies in the platform's storage, and how it outlives the process: a file each, in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from playground.runs import write_whole


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that lies here.

    Attributes:
        content_type: what its sender says it is.
        frame: of a film that nothing here decodes, its first picture; empty for none.
    """

    content: bytes
    content_type: str
    frame: bytes = b""

    @property
    def size(self) -> int:
        """Bytes that are kept of it."""
        return len(self.content) + len(self.frame)


def keep_medium(folder: Path, key: str, item: Stored) -> None:
    """Keep one: a line with its type and the length of its frame, the frame, the content."""
    folder.mkdir(parents=True, exist_ok=True)
    head = json.dumps({"content_type": item.content_type, "frame": len(item.frame)})
    write_whole(folder / key, head.encode() + b"\n" + item.frame + item.content)


def kept_media(folder: Path) -> dict[str, Stored]:
    """What is kept, the oldest first; what was being written when the process ended is not there."""
    if not folder.is_dir():
        return {}
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return {path.name: _read(path) for path in files if path.suffix != ".new"}


def _read(path: Path) -> Stored:
    head, _, content = path.read_bytes().partition(b"\n")
    said = json.loads(head)
    return Stored(content[said["frame"] :], said["content_type"], content[: said["frame"]])
