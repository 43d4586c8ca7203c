"""Memory of a process in which many turns show large pictures at once, beside the same turns with words alone.

``python -m bench.media [--turns 16] [--quality 70]``. A storage without transforms serves one photo of 21 megapixels:
every turn fetches it whole and has it made smaller in a child process. Whole turns run, over the in-memory doubles of
storage, queue, model and IM server. Azure's smallest instance has 512 MB for the host, the worker and this.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from playground.ports import free_port
from relay.app import Relay
from relay.attachments import Attachment
from relay.config.bots import bots_in
from relay.config.settings import load_settings
from relay.messages import Message, Turn
from tests.doubles import ManualClock, MemoryQueues, MemoryTables, RecordingMessenger, ScriptedModel
from tests.mistakes import GOOD_SETTINGS

SIDE = 4600
BOT = {"accid": "helper", "name": "Helper", "system_prompt": "x", "gather_seconds": 0}


async def run(turns: int, url: str) -> list[int]:
    """Answer so many messages of as many people at once; how many pictures each of them was answered with."""
    clock = ManualClock()
    model = ScriptedModel(default="ok")
    relay = Relay(
        load_settings({**GOOD_SETTINGS, "IM_MEDIA_HOSTS": url.split("/")[2] if url else ""}),
        bots_in({"bots": [BOT]}, "bots.toml"),
        clock=clock,
        tables=MemoryTables(),
        queues=MemoryQueues(clock),
        model=model,
        im=RecordingMessenger(now=clock.now),
    )

    def turn(number: int) -> str:
        attached = Attachment("picture", url=url).to_json() if url else ""
        message = Message("helper", f"user{number}", f"c:{number}", clock.now(), "what is this?")
        if url:
            message = Message(
                *("helper", f"user{number}", f"c:{number}", clock.now(), "what is this?"),
                medium="picture",
                attached=attached,
            )
        return Turn(message, clock.now()).to_json()

    await asyncio.gather(*(relay.answer(turn(number), 1) for number in range(turns)))
    return [sum(len(said.pictures) for said in prompt.messages) for prompt in model.prompts]


def measure(turns: int, url: str) -> None:
    """One measurement, in a process of its own; prints pictures, seconds, and peaks of memory in MB."""
    began = time.monotonic()
    shown = asyncio.run(run(turns, url))
    seconds = time.monotonic() - began
    print(f"{sum(shown)} {seconds:.1f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")


def measured(*arguments: str) -> list[str]:
    """The figures of one measurement."""
    command = [sys.executable, "-m", "bench.media", "--measure", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def child_peak(photo: Path) -> int:
    """MB that one decode takes. Its parent is a small process: a child's figure begins with its parent's."""
    script = (
        "import resource, subprocess, sys\n"
        f"with open({str(photo)!r}, 'rb') as photo:\n"
        "    subprocess.run([sys.executable, '-m', 'relay.media.reading', 'picture'], stdin=photo,"
        " stdout=subprocess.DEVNULL, check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return int(run.stdout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.media", description=__doc__)
    parser.add_argument("--turns", type=int, default=16, help="at once (default: %(default)s)")
    parser.add_argument(
        "--quality", type=int, default=70, help="of the photo as a JPEG (default: %(default)s)"
    )
    parser.add_argument("--measure", nargs="?", const="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure is not None:
        measure(args.turns, args.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        from PIL import Image  # only here: its memory is not to be measured

        photo = Path(folder, "photo")
        Image.effect_noise((SIDE, SIDE), 60).convert("RGB").save(photo, "JPEG", quality=args.quality)
        port = free_port()
        url = f"http://127.0.0.1:{port}/photo"
        server = subprocess.Popen(
            [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not is_up(url):
                time.sleep(0.05)
            print(f"{args.turns} turns at once, a photo of {photo.stat().st_size / 1e6:.1f} MB each")
            for name, target in (("words alone", ""), ("with the photo", url)):
                shown, seconds, peak = measured(target, "--turns", str(args.turns))
                print(f"{name:15} pictures shown {shown:>2}  {seconds:>5} s  peak {peak:>4} MB")
            print(f"{'a child':15} one at a time {' ':13} peak {child_peak(photo):>4} MB")
        finally:
            server.terminate()
            server.wait()


def is_up(url: str) -> bool:
    """Whether the storage answers."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=1):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
