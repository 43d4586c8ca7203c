"""A reply that is streamed beside one that is not: when the user sees its first words, and when all of it.

``python -m bench.streaming [--rounds N]``. The scripted model writes 400 tokens at 40 a second; both bots are asked at
the same time, in one function host, over Azurite and the IM emulator. Times count from the model's first token.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from playground.azurite import Azurite
from playground.im.chats import Delivered, wall_clock_ms
from playground.im_server import ImServer
from playground.model.script import CHARS_PER_TOKEN
from playground.model_server import ModelServer, Reply
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for

TOKENS = 400
TOKENS_PER_SECOND = 40
SEEN_SECONDS = 60

BOTS = """
[[bots]]
accid = "whole"
name = "Whole"
system_prompt = "You are Whole."

[[bots]]
accid = "streamed"
name = "Streamed"
system_prompt = "You are Streamed."
stream = true
"""

ANSWER = ("It opens at nine o'clock, and closes at six. " * TOKENS)[: TOKENS * CHARS_PER_TOKEN - 1] + "."


@dataclass(frozen=True, slots=True)
class Seen:
    """When a user saw a reply, in milliseconds from the model's first token, and what showing it took.

    Attributes:
        first: something of it was there.
        whole: all of it was.
        calls: of the IM server API.
    """

    first: int
    whole: int
    calls: int


async def watch(world: World, bot: str, user: str) -> Seen:
    """Ask a bot, and look at what it shows."""

    def shown() -> list[Delivered]:
        return [said for said in world.im.chat(user, bot) if said.sender == bot]

    await world.im.say(user, f"when? asks {user} of {bot}", to=bot)
    await world.im.wait_for(lambda: bool(shown()), SEEN_SECONDS)
    first = wall_clock_ms()
    await world.im.wait_for(lambda: "".join(said.text for said in shown()) == ANSWER, SEEN_SECONDS)
    await world.im.wait_for(lambda: shown()[-1].finished, SEEN_SECONDS)
    whole = wall_clock_ms()
    (asked,) = (r for r in world.model.requests if f"{user} of {bot}" in str(r.body["messages"][-1]))
    calls = [call for call in world.im.calls if f"{bot}|1|{user}/" in call.path]
    return Seen(first - asked.at, whole - asked.at, len(calls))


async def measure(folder: Path, rounds: int) -> dict[str, list[Seen]]:
    """Each round asks both bots at once; the round before the first makes the connections."""
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(Azurite())
        model = await stack.enter_async_context(ModelServer())
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
        world = World(storage, im, model, settings_for(storage, im, model, bots, {}), stack)
        await world.start_host()
        model.when("when?", Reply(ANSWER, tokens_per_second=TOKENS_PER_SECOND))
        seen: dict[str, list[Seen]] = {"whole": [], "streamed": []}
        for number in range(rounds + 1):
            found = await asyncio.gather(*(watch(world, bot, f"user-{number}") for bot in seen))
            if number:
                for bot, one in zip(seen, found, strict=True):
                    seen[bot].append(one)
        return seen


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(measure(Path(folder), args.rounds))
    print(f"{TOKENS} tokens at {TOKENS_PER_SECOND} a second; ms from the model's first token")
    print(f"{'':<12} {'whole':>8} {'streamed':>8} {'ratio':>6}  of each round")
    for figure in ("first", "whole", "calls"):
        pairs = [
            (getattr(one, figure), getattr(other, figure)) for one, other in zip(*seen.values(), strict=True)
        ]
        whole, streamed = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(other / one for one, other in pairs)
        print(f"{figure:<12} {whole:>8.0f} {streamed:>8.0f} {ratio:>6.2f}  {pairs}")


if __name__ == "__main__":
    main()
