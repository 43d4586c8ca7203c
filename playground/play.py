"""``dev.py play``: starts the stack and opens the page, or a chat in the terminal."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import threading
import time
import webbrowser
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress

import aiohttp

from playground.beside import is_local, stack_beside
from playground.im_control import ImControl
from playground.kept import Kept
from playground.local_settings import local_values, setting
from playground.page.parts import HostLabel, ModelLabel
from playground.page.posts import mask_key
from playground.page.server import PageServer
from playground.ports import ANY_PORTS, SPANS_PORT, Ports, port_is_free
from playground.processes import interrupt_on_signals
from playground.progress import say
from playground.reload import FOR_OWNER, TAKEN_ON, Files, app_files, keep_up
from playground.running import announced
from playground.runs import log_folder
from playground.stack import MODEL_LABELS, Host, Model, Stack
from playground.terminal import Person, Terminal
from relay.config.bots import Bot, Bots, load_bots
from relay.config.settings import APP_FOLDER
from relay.errors import ConfigError
from relay.operations import tools

THEIR_MODEL = "the deployed app's"

MODEL_OF_SETTINGS = (
    "What the model is asked and answers is not visible: it is the one of your settings. "
    "With --model tiny or --model scripted it is."
)
ONLY_IM = (
    "What the relay does inside, what the model is asked, and what is stored is not visible: it is the deployed "
    "app's. With the host on this machine it is."
)
NO_SPANS = (
    "What the relay does between the webhook's answer and the reply is not visible: its host sends no spans here. "
    "Set OTEL_EXPORTER_OTLP_ENDPOINT={collector} there, and start it again."
)


def play_in_browser(
    model: Model, host: Host | None, webhook: str | None, *, open_browser: bool = True, keep: bool = False
) -> int:
    """Start the stack and serve the page until the user ends it.

    Returns:
        The exit code: 0 after Ctrl-C, 1 when a part ended by itself or the bots file is wrong.
    """
    began = time.monotonic()
    interrupt_on_signals()
    files = app_files()  # before anybody has read them: what is saved from now on is noticed
    bots = _bots()
    if bots is None:
        return 1
    only_im = webhook is not None and not is_local(webhook)
    kept = Kept() if keep else None
    if kept:
        print(f"Kept     {kept}", flush=True)
    try:
        with _page_server(bots, files, model, host, webhook, only_im=only_im, kept=kept) as server:
            print(f"Page     {server.url}/", flush=True)
            if open_browser and _has_display():
                webbrowser.open(server.url)
            with _stack(model, host, webhook, collector=server.collector, kept=kept) as stack:
                try:
                    server.connect(stack)
                    print(_banner(stack, model, bots, server), flush=True)
                    say(f"Ready after {time.monotonic() - began:.1f} s. Ctrl-C ends it.")
                    with announced(stack.im_url):
                        return _wait(stack)
                finally:
                    server.close()  # before the parts that it listens to
    except KeyboardInterrupt:
        return 0


def play_in_terminal(model: Model, host: Host | None, webhook: str | None) -> int:
    """Start the stack and chat until the user ends it; returns the exit code."""
    interrupt_on_signals()
    files = app_files()
    bots = _bots()
    if bots is None:
        return 1
    print("Starting …", file=sys.stderr, flush=True)
    try:
        with _stack(model, host, webhook) as stack:
            print(_banner(stack, model, bots), flush=True)
            print("Write a message. :help for more, :quit to end.\n", flush=True)
            with announced(stack.im_url):
                asyncio.run(_chat(stack, files, Person(tuple(bots))))
    except KeyboardInterrupt:
        print()
    return 0


def _bots() -> Bots | None:
    """The bots, whose tools are there; None when something is wrong with them, which is said."""
    path = APP_FOLDER / setting("RELAY_BOTS_FILE", "bots.toml")
    try:
        bots = load_bots(path)
        _, problems = tools.load(
            APP_FOLDER / setting("RELAY_TOOLS_FILE", "tools.py"), bots, path.name, local_values()
        )
        if problems:
            raise ConfigError(problems)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None
    return bots


def _stack(
    model: Model, host: Host | None, webhook: str | None, *, collector: str = "", kept: Kept | None = None
) -> Stack:
    logs = log_folder("play")
    if webhook is not None:
        return stack_beside(webhook, model, logs)
    secret = secrets.token_hex(16)
    ports = Ports(im=kept.im_port) if kept else ANY_PORTS
    keep = kept.folder if kept else None
    return Stack(
        model=model, host=host, logs=logs, app_secret=secret, collector=collector, ports=ports, keep=keep
    )


def _page_server(
    bots: Bots,
    files: Files,
    model: Model,
    host: Host | None,
    webhook: str | None,
    *,
    only_im: bool,
    kept: Kept | None,
) -> PageServer:
    label = ModelLabel(model, MODEL_LABELS[model], visible=model != "settings")
    invisible = () if label.visible else (MODEL_OF_SETTINGS,)
    if webhook is None:
        label_of_host = HostLabel(host or "builtin", "starting", killable=True)
        return PageServer(
            bots,
            label,
            label_of_host,
            invisible=invisible,
            files=files,
            keep=kept.folder if kept else None,
        )
    if only_im:
        label, invisible = ModelLabel("remote", THEIR_MODEL, visible=False), ()
    port = SPANS_PORT if port_is_free(SPANS_PORT) else 0
    return PageServer(
        bots,
        label,
        HostLabel("remote", "starting", killable=False),
        invisible=invisible,
        without_spans=ONLY_IM if only_im else NO_SPANS,
        spans_port=port,
        files=files,
    )


def _has_display() -> bool:
    """Whether a browser would open a window; a browser in the terminal would be in the way."""
    windows = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in windows)


def _wait(stack: Stack) -> int:
    """Until Ctrl-C, or until a part ends by itself."""
    while all(child.running for child in stack.children):
        threading.Event().wait(1.0)  # an endless wait would not notice Ctrl-C on Windows
    ended = ", ".join(child.name for child in stack.children if not child.running)
    say(f"error: {ended} ended by itself; see {stack.logs}")
    return 1


async def _chat(stack: Stack, files: Files, person: Person) -> None:
    async with aiohttp.ClientSession() as session:
        im, echo = ImControl(session, stack.im_url), not sys.stdin.isatty()
        terminal = Terminal(im, person, sys.stdout, stack.functions, echo)
        following = asyncio.create_task(keep_up(files, stack, _InTerminal(terminal, stack), asyncio.Lock()))
        try:
            await terminal.run(_typed_lines(sys.stdin.fileno()))
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


class _InTerminal:
    """How the files stand, for a chat in the terminal: one line each time."""

    def __init__(self, terminal: Terminal, stack: Stack) -> None:
        self._terminal, self._stack = terminal, stack

    def wrong(self, problems: Sequence[str]) -> None:
        self._terminal.tell(f"The change is not taken on: {'; '.join(problems)}")

    def replacing(self) -> None:
        pass

    def taken_on(self, bots: Bots) -> None:
        self._terminal.take_on(tuple(bots), self._stack.functions)
        self._terminal.tell(TAKEN_ON if self._stack.functions else FOR_OWNER)


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


def _banner(stack: Stack, model: Model, bots: Iterable[Bot], server: PageServer | None = None) -> str:
    log = stack.functions.log if stack.functions else None
    rows: list[tuple[str, str]] = [
        ("Bots", ", ".join(f"{bot.name} ({bot.accid})" for bot in bots)),
        ("Model", MODEL_LABELS[model] if stack.model_url or model == "settings" else THEIR_MODEL),
        ("Webhook", mask_key(stack.webhook)),
        ("Log", str(log or stack.logs)),
        *([("Spans", server.collector)] if server and stack.storage_runs and not stack.functions else []),
    ]
    return "\n".join(f"{name:<8} {value}" for name, value in rows)
