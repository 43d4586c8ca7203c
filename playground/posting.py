"""``dev.py post``: a message as a user's, signed as the IM platform signs, and what comes of it.

Without ``--url`` it goes the whole way through the local stack that runs, whose IM emulator signs and posts it and
shows the reply. With ``--url`` an emulator of its own, in this process, posts it to that webhook; the reply of a bot is
then seen in the app only, unless it comes in the response.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import mimetypes
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from playground.im.attach import attach_of
from playground.im.copies import Post
from playground.im_control import Arrival, ControlError, ImControl
from playground.im_server import ImServer
from playground.local_settings import setting
from playground.page.posts import as_curl, mask_key
from playground.running import running_stack
from playground.stack import APP_KEY
from playground.steps import SetupFailed
from relay.errors import RequestRefused
from relay.im.uploads import size_of_picture
from relay.inbound import wire
from relay.inbound.routing import identities
from relay.messages import message_hash

PATIENCE_SECONDS = 60.0
"""For the webhook's answer, which may have slept, and for the reply."""

MORE_SECONDS = 1.0
"""For further parts of a reply."""

NO_STACK = (
    "no local stack runs in this checkout: start `python3 dev.py play`, or `python3 dev.py services` with a function "
    "host beside it; or name a webhook with --url"
)

Tell = Callable[[str], None]


def post(options: argparse.Namespace) -> int:
    """Post what the options name, and print what came of it.

    Returns:
        0 when the webhook took it, and in the local stack a reply came; else 1.

    Raises:
        SetupFailed: it cannot be posted; nothing was.
    """
    content = _content(options.file) if options.file else None
    if options.url:
        return asyncio.run(to_url(options, content, _secret(options), print))
    stack = running_stack()
    if not stack:
        raise SetupFailed(NO_STACK)
    return asyncio.run(to_stack(stack, options, content, print))


async def to_stack(stack: str, options: argparse.Namespace, content: bytes | None, tell: Tell) -> int:
    """Have the emulator of a stack post it, and wait for the reply; ``stack`` is that emulator's URL."""
    picture = _picture(options.picture) if options.picture else None
    async with aiohttp.ClientSession() as session:
        im = ImControl(session, stack)
        try:
            _, mark = await im.events(0, seconds=0)
            if content is not None:
                made = await im.post(content)
            else:
                if options.team:
                    await im.join_team(options.team, [options.sender, options.bot])
                attach = await _stored(im, picture) if picture else None
                made = await im.say_message(options.sender, options.text, **_arguments(options, attach))
            place = _tell(made, tell)
            if place is None or not _is_taken(made):
                return 0 if made.status == 200 and place is None else 1
            return await _replies(im, mark, place, tell)
        except ControlError as error:
            raise SetupFailed(str(error)) from None


async def to_url(options: argparse.Namespace, content: bytes | None, secret: str, tell: Tell) -> int:
    """Sign and post it from here, with the App Secret of the webhook's IM app."""
    async with ImServer(
        app_key=setting("IM_APP_KEY", APP_KEY),
        secret=secret,
        webhook=options.url,
        copy_seconds=PATIENCE_SECONDS,
        chatbot_seconds=PATIENCE_SECONDS,
    ) as im:
        if content is None:
            if options.team:
                im.create_team(options.team, [options.sender.lower(), options.bot])
            arguments = _arguments(options, _linked(options.picture) if options.picture else None)
            said = await im.say(options.sender, options.text, post=not options.curl, **arguments)
            made = im.prepared(said) if options.curl else said.posts[-1]
        else:
            made = im.prepared(content) if options.curl else await im.post(content)
        if options.curl:
            tell(as_curl(made))
            return 0
        _tell(made, tell)
        if reply := made.reply():
            tell(f"reply    {reply}")
        return 0 if _is_taken(made) else 1


def _arguments(options: argparse.Namespace, attach: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the platform is told beside sender and text."""
    robot = {"topic": options.topic, "function": options.function, "custom": options.context}
    # In a group the client names the bot, so that the text needs no mention.
    where = {"team": options.team, "account": options.bot} if options.team else {"to": options.bot}
    medium = {"msg_type": "PICTURE", "attach": attach} if attach else {}
    return {
        **where,
        **medium,
        "input": options.input,
        **{name: value for name, value in robot.items() if value},
    }


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SetupFailed(f"--file: {path}: {error.strerror or 'cannot be read'}") from None


def _secret(options: argparse.Namespace) -> str:
    if options.secret:
        return getpass.getpass("App Secret: ")
    if secret := setting("IM_APP_SECRET", ""):
        return secret
    raise SetupFailed(
        "IM_APP_SECRET is set neither in the environment nor in local.settings.json; --secret - asks for it"
    )


def _picture(named: str) -> Path | str:
    """A file of this machine that is there, or an address."""
    if named.startswith("https://"):
        return named
    if not (path := Path(named)).is_file():
        raise SetupFailed(f"--picture: there is no file {path}")
    return path


async def _stored(im: ImControl, picture: Path | str) -> dict[str, Any]:
    """``attach`` of a picture, once the emulator's storage has it."""
    if isinstance(picture, str):
        return _linked(picture)
    content = await asyncio.to_thread(picture.read_bytes)
    width, height = size_of_picture(content)
    kind = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
    stored = await im.store(content, kind)
    return attach_of("picture", stored, name=picture.name, content_type=kind, width=width, height=height)


def _linked(picture: str) -> dict[str, Any]:
    if not picture.startswith("https://"):
        raise SetupFailed("--picture: with --url nobody keeps a file of this machine; give an https address")
    return attach_of("picture", {"url": picture}, name=picture.rpartition("/")[2])


def _tell(made: Post, tell: Tell) -> wire.Inbound | None:
    """Print the webhook's answer and what the message is called; returns what was posted, None for no message."""
    answer = f"{made.status} in {made.milliseconds:.0f} ms  {made.body}"
    if made.status is None:
        answer = f"no answer ({made.failure}); does anything listen at {mask_key(made.url)}?"
    tell(f"webhook  {answer}")
    try:
        place = wire.read(json.loads(made.request))
        ids = identities(place.sender, place.client_id, place.server_id)
    except (ValueError, AttributeError, RecursionError, RequestRefused):
        return None
    if not ids:
        return None
    tell(f"message  {message_hash(ids[0])}")
    return place


def _is_taken(made: Post) -> bool:
    """Whether a bot will answer, or has."""
    return made.status == 200 and '"ignored"' not in made.body


async def _replies(im: ImControl, mark: int, place: wire.Inbound, tell: Tell) -> int:
    """Wait for what comes to the place of the message that is not its sender's."""

    def is_reply(arrival: Arrival) -> bool:
        here = arrival.to == place.to if arrival.group else arrival.to == place.sender
        return here and arrival.sender != place.sender

    seconds, found = PATIENCE_SECONDS, False
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                arrivals, mark = await im.events(mark, seconds=seconds)
                for arrival in filter(is_reply, arrivals):
                    found, seconds = True, MORE_SECONDS
                    tell(f"reply    {arrival.text}")
                if found and not arrivals:
                    return 0
    except TimeoutError:
        if not found:
            print(f"no reply within {PATIENCE_SECONDS:.0f} s", file=sys.stderr)
        return 0 if found else 1
