"""200 copies of one message, 20 at a time, over two processes, one killed and restarted midway, across midnight UTC.

``python -m bench.copies [--runs N]``. The clocks of relay and IM platform are ahead, so that midnight comes after half
of the copies. The process that is killed is the one that asks the model.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from playground.im.chats import wall_clock_ms
from playground.im_server import Delivery
from playground.model_server import Reply
from relay.clock import DAY_MS
from relay.keys import day_of
from tests.crashes.points import DURING_MODEL
from tests.crashes.storage import until
from tests.crashes.world import crash_world

AT_A_TIME = 20
ROUNDS = 10
BEFORE_MIDNIGHT_MS = 20_000
"""For starting the hosts and half of the rounds."""


async def run(folder: Path) -> str:
    """One run; a row of the table."""
    ahead_ms = DAY_MS - wall_clock_ms() % DAY_MS - BEFORE_MIDNIGHT_MS
    async with crash_world(folder, hosts=2, ahead_ms=ahead_ms) as world:
        first_day = day_of(world.im.chats.now())
        world.model.next(Reply(hold=True))
        said = await world.im.say("alice", "hello", post=False)
        started = time.monotonic()

        async def copies() -> None:
            half = Delivery(copies=AT_A_TIME // 2)
            await asyncio.gather(*(world.deliver_by(host, said, half) for host in world.hosts))

        async def midnight() -> bool:
            return day_of(world.im.chats.now()) > first_day

        for _ in range(ROUNDS // 2):
            await copies()
        await world.model.wait_for_held(seconds=30)
        assert day_of(world.im.chats.now()) == first_day, "the first half took too long"
        world.points.order(DURING_MODEL)
        await world.bury()
        await world.start_host()
        await until(midnight, "midnight")
        for _ in range(ROUNDS // 2):
            await copies()
        await world.im.wait_for(lambda: bool(world.texts()), 60)
        answered = time.monotonic() - started

        async def all_finish() -> bool:
            await world.let_ten_minutes_pass()
            return await world.account.queued() == 0

        await until(all_finish, "an empty queue", 120)
        accepted = sum(post.status == 200 for post in said.posts)
        stored = len(await world.account.replies())
        calls = len(world.model.requests)
        return f"{len(said.posts):>7} {accepted:>9} {stored:>7} {len(world.texts()):>8} {calls:>6} {answered:>9.1f}"


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    print(f"{'copies':>7} {'accepted':>9} {'stored':>7} {'visible':>8} {'model':>6} {'answer s':>9}")
    for number in range(parser.parse_args().runs):
        with tempfile.TemporaryDirectory() as folder:
            print(asyncio.run(run(Path(folder) / str(number))), flush=True)


if __name__ == "__main__":
    main()
