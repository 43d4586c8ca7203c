"""``dev.py play``: starts the stack and opens the chat."""

from __future__ import annotations

import asyncio
import secrets
import sys
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

import aiohttp

from playground.im_control import ImControl
from playground.local_settings import setting
from playground.ports import EXAMPLE_PORTS
from playground.processes import interrupt_on_signals
from playground.runs import log_folder
from playground.stack import APP_KEY, APP_SECRET, MODEL_LABELS, Host, Model, Stack
from playground.terminal import Person, Terminal
from relay.bot import Bot
from relay.bots import load_bots
from relay.errors import ConfigError
from relay.settings import APP_FOLDER


def play(model: Model, host: Host | None, webhook: str | None) -> int:
    """Start the stack and chat until the user ends it; returns the exit code."""
    interrupt_on_signals()
    try:
        bots = tuple(load_bots(APP_FOLDER / setting("RELAY_BOTS_FILE", "bots.toml")))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    print("Starting …", file=sys.stderr, flush=True)
    try:
        with _stack(model, host, webhook) as stack:
            print(_banner(stack, model, bots), flush=True)
            asyncio.run(_chat(stack, Person(bots)))
    except KeyboardInterrupt:
        print()
    return 0


def _stack(model: Model, host: Host | None, webhook: str | None) -> Stack:
    logs = log_folder("play")
    if webhook is None:
        return Stack(model=model, host=host, logs=logs, app_secret=secrets.token_hex(16))
    return Stack(
        model=model,
        host=None,
        webhook=webhook,
        ports=EXAMPLE_PORTS,
        logs=logs,
        app_key=setting("IM_APP_KEY", APP_KEY),
        app_secret=setting("IM_APP_SECRET", APP_SECRET),
    )


async def _chat(stack: Stack, person: Person) -> None:
    async with aiohttp.ClientSession() as session:
        im, echo = ImControl(session, stack.im_url), not sys.stdin.isatty()
        terminal = Terminal(im, person, sys.stdout, stack.functions, echo)
        await terminal.run(_typed_lines(sys.stdin.fileno()))


async def _typed_lines(descriptor: int) -> AsyncIterator[str]:
    """Lines as they are typed. A thread reads them, since no system lets a loop wait for every kind of input."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        # A file object of its own: closing the shared one at exit would wait for the read that is under way.
        typed = open(descriptor, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            for line in iter(typed.readline, ""):
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _banner(stack: Stack, model: Model, bots: Iterable[Bot]) -> str:
    log = stack.functions.log if stack.functions else None
    rows: list[tuple[str, str]] = [
        ("Bots", ", ".join(f"{bot.name} ({bot.accid})" for bot in bots)),
        ("Model", MODEL_LABELS[model]),
        ("Webhook", stack.webhook),
        ("Log", str(log or stack.logs)),
    ]
    return "\n".join(
        [
            *(f"{name:<8} {value}" for name, value in rows),
            "Write a message. :help for more, :quit to end.",
            "",
        ]
    )
