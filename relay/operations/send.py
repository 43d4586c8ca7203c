"""``python -m relay send``: sends messages as a bot, by hand.

What is to be sent is read and checked as a whole before anything leaves; files of this machine are uploaded before the
first message goes out. Nothing is stored: a bot does not remember what it was made to say.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

from relay.config.bots import Bot, Bots
from relay.config.settings import Settings
from relay.errors import ConfigError, ImError
from relay.im.requests import UPLOAD_MAX_BYTES
from relay.im.split import split
from relay.im.uploads import UploadKind, size_of_picture, upload
from relay.operations.check import configured
from relay.operations.messenger import messenger
from relay.outgoing import Custom, File, Medium, Picture, Place, Tip, Video, Voice, extension_of
from relay.ports import Messenger, Outgoing

HELP = "send messages as a bot, by hand"

DESCRIPTION = """\
Sends texts, pictures, recordings, files, places and messages of the app's own kind as a bot, to a person or a group, in
the order in which they are named. All of it is read and checked before anything leaves. Nothing is stored: the bot
does not remember it."""

EXAMPLES = """\
examples:
  python -m relay send --bot helper --team 42 --picture way.png --location "31.2397,121.4998,The Bund"
  python -m relay send --bot helper --to alice --text 'We are back.'"""

EXIT_CODES = """\
exit codes:
  0  all is sent
  1  something did not go out, and is named
  2  the command or a setting is wrong, and nothing was sent"""

UPLOAD_SECONDS = 90.0
SEND_SECONDS = 20.0

SENT, REFUSED, WRONG = 0, 1, 2
"""Exit codes: all is sent; something did not go out; the command is wrong and nothing was sent."""

FILES: tuple[UploadKind, ...] = get_args(UploadKind)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that the command names."""

    kind: str
    value: str
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of this machine that is to be sent."""

    kind: UploadKind
    name: str
    content: bytes
    milliseconds: int


Prepared = tuple[str, str | Medium | Upload]
"""A kind, and what is sent of it."""


class _InOrder(argparse.Action):
    """Keeps what is to be sent in the order in which it is named."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        pieces: list[Piece] = [*(getattr(namespace, "pieces", None) or ())]
        if self.dest != "duration":
            pieces.append(Piece(self.dest, values))
        elif not pieces or pieces[-1].kind not in ("audio", "video"):
            parser.error("--duration: stands behind the --audio or --video that it is about")
        else:
            pieces[-1] = replace(pieces[-1], milliseconds=values)
        namespace.pieces = pieces


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--bot", required=True, metavar="ACCID", help="who sends: a bot of the bots file")
    receiver = parser.add_mutually_exclusive_group(required=True)
    receiver.add_argument("--to", metavar="ACCID", help="to a person")
    receiver.add_argument("--team", metavar="ID", help="to a group")
    for name, metavar, said in (
        ("text", "TEXT", "a text; one that is too long becomes several"),
        ("picture", "FILE|URL", "a picture of this machine, or where it is (https)"),
        ("audio", "FILE|URL", "a recording"),
        ("video", "FILE|URL", "a video"),
        ("file", "FILE|URL", "any other file"),
        ("location", "LAT,LNG,TITLE", "a place, in degrees; one in the south: --location=-33.9,151.2,Sydney"),
        ("custom", "JSON", "a message of the app's own kind"),
        ("tip", "TEXT", "a grey line"),
    ):
        parser.add_argument(f"--{name}", action=_InOrder, metavar=metavar, help=said)
    parser.add_argument(
        "--duration", action=_InOrder, type=int, metavar="MS", help="of the --audio or --video before it"
    )
    parser.set_defaults(pieces=[])


def send(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Send what the options name, and print what became of it; returns the exit code."""
    try:
        settings, bots = configured(environ)
        bot = _bot(bots, options.bot)
        prepared = list(_prepared(options.pieces))
    except ConfigError as error:
        print("Wrong, see python3 dev.py check:", *error.problems, sep="\n  ")
        return WRONG
    except ValueError as error:
        print(error)
        return WRONG
    to = options.team or options.to.lower()
    return asyncio.run(_send_all(settings, bot, to, bool(options.team), prepared))


def _bot(bots: Bots, accid: str) -> Bot:
    bot = bots.get(accid)
    if bot is None:
        known = [bot.accid for bot in bots]
        close = get_close_matches(accid.lower(), known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
        raise ValueError(f"--bot: {accid} is not in the bots file; {hint}")
    return bot


def _prepared(pieces: Sequence[Piece]) -> Iterator[Prepared]:
    if not pieces:
        raise ValueError("nothing to send; name a --text, --picture, --audio, --video, --file, …")
    for piece in pieces:
        try:
            yield from ((piece.kind, what) for what in _read(piece))
        except ValueError as wrong:
            raise ValueError(f"--{piece.kind}: {wrong}") from None


def _read(piece: Piece) -> Iterator[str | Medium | Upload]:
    kind, value = piece.kind, piece.value
    if kind == "text":
        if not value.strip():
            raise ValueError("is blank")
        yield from split(value)
    elif kind == "tip":
        yield Tip(value)
    elif kind == "location":
        yield _place(value)
    elif kind == "custom":
        try:
            data = json.loads(value)
        except ValueError as error:
            raise ValueError(f"is not JSON: {error}") from None
        yield Custom(data)
    elif value.startswith(("https://", "http://")):
        yield _at(kind, value, piece.milliseconds)
    else:
        yield _file(kind, Path(value), piece.milliseconds)


def _place(value: str) -> Place:
    latitude, _, rest = value.partition(",")
    longitude, _, title = rest.partition(",")
    try:
        return Place(float(latitude), float(longitude), title.strip())
    except ValueError as error:
        said = str(error) if str(error).startswith("Place") else "is not LAT,LNG,TITLE"
        raise ValueError(f'{said}; for example --location "31.2397,121.4998,The Bund"') from None


def _at(kind: str, url: str, milliseconds: int) -> Medium:
    path = urlsplit(url).path
    ext, name = extension_of(path), unquote(path.rpartition("/")[2], errors="replace")
    match kind:
        case "picture":
            return Picture(url, name=name, ext=ext)
        case "audio":
            return Voice(url, milliseconds, ext=ext)
        case "video":
            return Video(url, milliseconds, name=name, ext=ext)
        case _:
            return File(url, name or "file", ext=ext)


def _file(kind: str, path: Path, milliseconds: int) -> Upload:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or 'cannot be read'}") from None
    if not content:
        raise ValueError(f"{path}: is empty")
    if len(content) > UPLOAD_MAX_BYTES:
        raise ValueError(
            f"{path}: has {len(content)} bytes, and the platform takes {UPLOAD_MAX_BYTES};"
            " put it elsewhere and name its URL"
        )
    if kind == "picture" and size_of_picture(content) == (0, 0):
        raise ValueError(f"{path}: is no PNG, JPEG, GIF or WebP; send it with --file")
    return Upload(next(each for each in FILES if each == kind), path.name, content, milliseconds)


async def _send_all(
    settings: Settings, bot: Bot, to: str, is_team: bool, prepared: Sequence[Prepared]
) -> int:
    kind = ""
    async with messenger(settings) as im:
        try:
            ready: list[tuple[str, str | Medium]] = []
            for kind, what in prepared:
                ready.append((kind, await _uploaded(im, what) if isinstance(what, Upload) else what))
            for kind, content in ready:
                outgoing = Outgoing(
                    bot=bot.accid,
                    to=to,
                    text=content if isinstance(content, str) else "",
                    client_id=str(uuid.uuid4()),
                    team_kind="team" if is_team else None,
                    moderate=bot.moderate_replies,
                    medium=None if isinstance(content, str) else content,
                )
                sent = await im.send(outgoing, seconds=SEND_SECONDS)
                print(f"{kind:<9} sent as {sent.server_id or outgoing.client_id}", flush=True)
        except ImError as error:
            print(f"{kind:<9} NOT SENT: {error.cause}")
            return REFUSED
    return SENT


async def _uploaded(im: Messenger, file: Upload) -> Medium:
    medium = await upload(
        im,
        file.content,
        kind=file.kind,
        name=file.name,
        milliseconds=file.milliseconds,
        seconds=UPLOAD_SECONDS,
    )
    size = f", {medium.width} x {medium.height}" if isinstance(medium, Picture) else ""
    print(f"{file.kind:<9} {file.name}: {len(file.content)} bytes{size}", flush=True)
    return medium
