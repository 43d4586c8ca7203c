"""Load: 1,000 conversations in bursts for five minutes, over two processes, while 10 % of the model's answers fail.

``python -m bench.load [--conversations N] [--minutes M]``. Prints what was lost or repeated, the percentiles of the
acknowledgement, of the wait in the queue and of the reply beyond the model's own time, and the memory of the processes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from playground.azurite import Azurite
from playground.im.chats import wall_clock_ms
from playground.im_server import ImServer, Said
from playground.model_server import ModelServer, Reply
from relay.memory.rows import Entry
from tests.attacks.faults import shown, wrong_messages
from tests.attacks.proxy import Schedule, Spoiling, SpoilingProxy
from tests.crashes.storage import Account
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
"""

HOSTS = 2
MODEL_SECONDS = 0.8
"""How long the model takes for every answer."""

MODEL_FAULTS: dict[Spoiling, float] = {
    "throttled": 0.04,
    "unavailable": 0.02,
    "dropped": 0.01,
    "reset": 0.02,
    "truncated": 0.01,
}

BURSTS = 1
"""Bursts of each conversation: eight messages a second in all, which two cores carry, the world around it too."""

BURST_SIZES = (1, 2, 2, 3, 4)
PACE_SECONDS = 0.4
"""Between two messages of a burst, on average."""

RESENDS = (1.0,) * 60
DRAIN_SECONDS = 300
SAMPLE_SECONDS = 10


async def run(folder: Path, conversations: int, minutes: float) -> None:
    """Build the world, load it, let it drain, print."""
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    schedule = Schedule(seed=1, rates=MODEL_FAULTS)
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(Azurite(in_memory=True))
        model = await stack.enter_async_context(ModelServer())
        model.when("", Reply(seconds=MODEL_SECONDS))
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET, resend_seconds=RESENDS))
        proxy = await stack.enter_async_context(SpoilingProxy("model", model.url, schedule))
        account = await stack.enter_async_context(Account(storage.connection_string))
        more = {"RELAY_MODEL_URL": f"{proxy.url}/v1"}
        world = World(storage, im, model, settings_for(storage, im, model, bots, more), stack)
        logs = [folder / f"host-{number}.log" for number in range(HOSTS)]
        await asyncio.gather(*(world.start_host("--log", str(log)) for log in logs))
        samples: list[list[int]] = []
        memory = asyncio.create_task(sample([host.pid for host in world.hosts], samples))
        started = time.monotonic()
        users = [f"user-{number:04d}" for number in range(conversations)]
        seconds = minutes * 60
        found = await asyncio.gather(*(talk(world, user, seconds) for user in users))
        said = [message for messages in found for message in messages]
        talked = time.monotonic() - started
        lost: list[str] = []
        try:
            await drained(account)
        except TimeoutError as error:
            lost.append(str(error))
        memory.cancel()
        entries = await account.entries()
        print(f"{len(said)} messages of {conversations} users in {talked:.0f} s", end="")
        print(f", drained after {time.monotonic() - started:.0f} s")
        print("model:", ", ".join(f"{count} {what}" for (_, what), count in sorted(schedule.met.items())))
        problems = lost + wrong_messages(world, said, entries)
        print(f"lost or repeated: {len(problems)}", *problems[:10], sep="\n  ")
        report(world, said, entries, [log.read_text(encoding="utf-8") for log in logs])
        print_memory(samples)


async def talk(world: World, user: str, seconds: float) -> list[Said]:
    """One user's bursts, spread over the time."""
    pace = random.Random(user)  # noqa: S311 - no secret
    begins = sorted(pace.uniform(0, seconds) for _ in range(BURSTS))
    said: list[Said] = []
    posting = []
    started = time.monotonic()
    for begin in begins:
        await asyncio.sleep(max(0, begin - (time.monotonic() - started)))
        for _ in range(pace.choice(BURST_SIZES)):
            at = max(wall_clock_ms(), said[-1].message.at + 1 if said else 0)
            message = await world.im.say(user, f"{user} says {len(said):02d}", at=at, post=False)
            said.append(message)
            posting.append(asyncio.create_task(world.im.deliver(message)))
            await asyncio.sleep(pace.expovariate(1 / PACE_SECONDS))
    await asyncio.gather(*posting)
    return said


async def drained(account: Account) -> None:
    """Wait until every message is answered and every reply sent."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while any(entry.state in ("waiting", "stored") for entry in await account.entries()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not drained within {DRAIN_SECONDS} s")
        await asyncio.sleep(2)


async def sample(pids: Sequence[int], samples: list[list[int]]) -> None:
    """Write down the resident kilobytes of each host, a row every SAMPLE_SECONDS, for ever."""
    while True:
        samples.append([resident_kilobytes(pid) for pid in pids])
        await asyncio.sleep(SAMPLE_SECONDS)


def resident_kilobytes(pid: int) -> int:
    """Memory of a process."""
    return int(
        subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
        ).stdout
    )


def report(world: World, said: Sequence[Said], entries: Sequence[Entry], logs: Sequence[str]) -> None:
    """Print the percentiles."""
    acknowledged = [post.milliseconds for message in said for post in message.posts if post.status == 200]
    queued = [int(ms) for log in logs for ms in re.findall(r"turn done .*? queued_ms=(\d+)", log)]
    shown_at = {
        reply.client_id: reply.at
        for user in {message.message.sender for message in said}
        for reply in shown(world, user)
    }
    replies = {entry.key: entry.client_id for entry in entries if entry.kind == "reply"}
    beyond = [
        shown_at[replies[entry.reply]] - entry.at - MODEL_SECONDS * 1000
        for entry in entries
        if entry.kind == "text" and replies.get(entry.reply) in shown_at
    ]
    print(f"{'ms':>36} {'n':>6} {'p50':>8} {'p99':>8} {'max':>8}")
    for name, values in (
        ("acknowledgement", acknowledged),
        ("wait in the queue", queued),
        ("reply beyond the model's own time", beyond),
    ):
        ordered = sorted(values)
        p50, p99 = (ordered[int((len(ordered) - 1) * share)] for share in (0.5, 0.99))
        print(f"{name:>36} {len(ordered):>6} {p50:>8.0f} {p99:>8.0f} {ordered[-1]:>8.0f}")


def print_memory(rows: Sequence[Sequence[int]]) -> None:
    """Print the hosts' memory over time."""
    shown_rows = [rows[len(rows) * part // 6] for part in range(6)] + [rows[-1]]
    for number in range(len(rows[0])):
        megabytes = " ".join(f"{row[number] / 1024:.0f}" for row in shown_rows)
        print(f"memory of process {number + 1}, MB, from start to end: {megabytes}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), args.conversations, args.minutes))


if __name__ == "__main__":
    main()
