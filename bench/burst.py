"""Bursts over two processes: 30 messages of one user in a second; 50 users, with one of whom the model hangs.

``python -m bench.burst``. A reply is late when it answers a message that is older than one answered before.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from playground.model_server import Reply
from tests.crashes.world import ROOMY, ROOMY_BOTS, CrashWorld, crash_world

MESSAGES = 30
PACE_SECONDS = 1 / MESSAGES
USERS = 50
HANG_SECONDS = 30

BOTS = ROOMY_BOTS.replace("turn_seconds = 20", "turn_seconds = 90")


async def warm(world: CrashWorld) -> None:
    """Let every connection be made: a cold start is measured elsewhere."""
    await asyncio.gather(*(world.im.say(f"warm-{number}", "hello") for number in range(10)))
    await world.at_rest()


async def one_user(folder: Path) -> str:
    """30 messages in a second; a row of the table."""
    async with crash_world(folder, bots=BOTS, hosts=2, settings=ROOMY) as world:
        await warm(world)
        started = time.monotonic()
        posting = []
        for number in range(MESSAGES):
            said = await world.im.say("alice", f"message {number}", post=False)
            host = world.hosts[number % len(world.hosts)]
            posting.append(asyncio.create_task(world.deliver_by(host, said)))
            await asyncio.sleep(PACE_SECONDS)
        await asyncio.gather(*posting)
        posted = time.monotonic() - started
        await world.at_rest()
        entries = await world.account.entries()
        shown = [said.client_id for said in world.shown()]
        replies = {entry.key: entry for entry in entries if entry.kind == "reply"}
        mine = [entry for entry in entries if entry.sender == "alice" and entry.kind == "text"]
        turn_of = {entry.key: shown.index(replies[entry.reply].client_id) for entry in mine}
        in_time = [turn_of[key] for key in sorted(turn_of, reverse=True)]
        late = sum(turn > min(in_time[place:]) for place, turn in enumerate(in_time))
        last = (world.shown()[-1].at - min(entry.at for entry in mine)) / 1000
        return (
            f"{len(mine):>8} {len(turn_of):>9} {len(shown) - len(set(shown)):>6} {late:>5} {len(shown):>8}"
            f" {posted:>9.1f} {last:>9.1f}"
        )


async def many_users(folder: Path, hangs: bool) -> float:
    """50 users at once, of whom one may wait for the model; seconds until the other 49 had their replies."""
    users = [f"user-{number:02d}" for number in range(USERS - 1)]
    async with crash_world(folder, bots=BOTS, hosts=2, settings=ROOMY) as world:
        await warm(world)
        if hangs:
            world.model.when("from unlucky", Reply(seconds=HANG_SECONDS))
        started = time.monotonic()
        await asyncio.gather(*(world.im.say(user, f"hello from {user}") for user in ("unlucky", *users)))
        await world.im.wait_for(lambda: all(world.texts(user) for user in users), HANG_SECONDS * 4)
        return time.monotonic() - started


def main() -> None:
    """Run the measurements."""
    with tempfile.TemporaryDirectory() as folder:
        row = asyncio.run(one_user(Path(folder) / "one"))
        print(
            f"{'messages':>8} {'answered':>9} {'twice':>6} {'late':>5} {'replies':>8} {'posted s':>9} {'last s':>9}"
        )
        print(row)
        without = asyncio.run(many_users(Path(folder) / "without", hangs=False))
        hanging = asyncio.run(many_users(Path(folder) / "hanging", hangs=True))
        print(
            f"{USERS - 1} of {USERS} users answered: {without:.2f} s; while one hangs: {hanging:.2f} s",
            end="",
        )
        print(f", {hanging / without:.2f} times as long")


if __name__ == "__main__":
    main()
