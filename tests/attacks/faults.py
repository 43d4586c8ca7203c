"""A bad network around the relay: a proxy before the webhook and before storage, model and IM server spoils requests.

``python -m tests.attacks.faults --schedules 20`` plays random schedules, one after the other, and checks after each
that promises 1 to 4 held; ``--seed N`` plays one of them again. What the next request meets is decided by the seed; the
order in which concurrent requests come is the machine's. The first schedules are part of the tests.

Left alone are the function host's own looks into the queue: a lost answer there hides messages for the platform's fixed
ten minutes, which ``tests/crashes`` covers with the watch.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from playground.im.chats import Delivered, wall_clock_ms
from playground.im_server import ImServer, Said
from playground.model_server import ModelServer
from relay.memory.rows import Entry
from tests.attacks.proxy import Schedule, SpoilingProxy
from tests.crashes.storage import Account, until
from tests.crashes.world import SHORT
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for
from tests.shared_azurite import SharedAzurite

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
turn_seconds = 4
"""

USERS = 5
MESSAGES = 6
HOSTS = 2
RESENDS = (0.3,) * 300
"""The platform's high-guarantee copies, until they are accepted."""

SETTLE_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one schedule.

    Attributes:
        seed: of the schedule.
        met: how many requests met what.
        messages: how many were said.
        problems: broken promises, empty if none.
    """

    seed: int
    met: Counter[tuple[str, str]]
    messages: int
    problems: tuple[str, ...]

    @property
    def spoilt(self) -> int:
        """How many requests were not left alone."""
        return sum(count for (_, what), count in self.met.items() if what != "untouched")


@asynccontextmanager
async def spoilt_world(folder: Path, schedule: Schedule) -> AsyncIterator[tuple[World, Account]]:
    """Two hosts that reach everything by proxies; and a look into storage that goes by none."""
    file = folder / "bots.toml"
    file.write_text(BOTS, encoding="utf-8")
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(SharedAzurite())
        model = await stack.enter_async_context(ModelServer())
        im = await stack.enter_async_context(
            ImServer(app_key=APP_KEY, secret=SECRET, resend_seconds=RESENDS, copy_seconds=5)
        )
        account = await stack.enter_async_context(Account(storage.connection_string))

        async def spoilt(name: str, upstream: str) -> str:
            return (await stack.enter_async_context(SpoilingProxy(name, upstream, schedule))).url

        connection = storage.connection_string
        for part in ("Table", "Queue"):
            origin = origin_of(endpoint_of(connection, part))
            connection = connection.replace(origin, await spoilt(part.lower(), origin))
        environment = settings_for(storage, im, model, file, SHORT) | {
            "AzureWebJobsStorage": connection,
            "IM_API_URL": await spoilt("im", im.url),
            "RELAY_MODEL_URL": await spoilt("model", model.url) + "/v1",
        }
        world = World(storage, im, model, environment, stack)
        logs = [str(folder / f"host-{number}.log") for number in range(HOSTS)]
        await asyncio.gather(*(world.start_host("--log", log) for log in logs))
        webhook = await spoilt("webhook", world.hosts[0].url)
        im.webhook = f"{webhook}/api/webhook?code=any"
        yield world, account


async def survive(folder: Path, seed: int) -> Outcome:
    """Let users chat while requests are spoilt, then heal the network and look at what is there."""
    schedule = Schedule(seed)
    pace = random.Random(seed)  # noqa: S311 - no secret
    users = [f"user-{number}" for number in range(USERS)]
    async with spoilt_world(folder, schedule) as (world, account):

        async def chat(user: str) -> list[Said]:
            said: list[Said] = []
            for number in range(MESSAGES):
                # Never two in one millisecond: their order would be anybody's.
                at = max(wall_clock_ms(), said[-1].message.at + 1 if said else 0)
                message = await world.im.say(user, f"{user} says {number:02d}", at=at, post=False)
                said.append(message)
                posting.append(asyncio.create_task(world.im.deliver(message)))
                if pace.random() < 0.5:  # half of the messages come in bursts
                    await world.im.wait_for(lambda: len(shown(world, user)) >= 1, SETTLE_SECONDS)
            return said

        posting: list[asyncio.Task[Said]] = []
        said = [message for found in await asyncio.gather(*map(chat, users)) for message in found]
        await asyncio.gather(*posting)
        schedule.heal()

        async def settled() -> bool:
            entries = await account.entries()
            texts = [entry for entry in entries if entry.kind == "text"]
            open_ones = [e for e in entries if e.state in ("waiting", "stored")]
            return len(texts) >= len(said) and not open_ones

        await until(settled, "every message answered and every reply sent", SETTLE_SECONDS)
        before = [message.server_id for user in users for message in shown(world, user)]
        for message in said:  # one more copy of each: nothing may come of it
            await world.im.deliver(message)

        async def drained() -> bool:
            return await account.visible() == 0

        await until(drained, "no visible queue message", SETTLE_SECONDS)
        entries = await account.entries()
        problems = [*wrong_messages(world, said, entries), *_wrong_prompts(world, users)]
        after = [message.server_id for user in users for message in shown(world, user)]
        if before != after:
            problems.append(f"promise 1: {len(after) - len(before)} more messages after copies of all")
        return Outcome(seed, schedule.met, len(said), tuple(problems))


def shown(world: World, user: str) -> list[Delivered]:
    """What a user has seen of the bot, in order."""
    return [message for message in world.im.chat(user, "helper") if message.sender == "helper"]


def wrong_messages(world: World, said: Sequence[Said], entries: Sequence[Entry]) -> list[str]:
    """Promises 1 to 3: each message has one stored reply, shown once, in the chat of its sender."""
    problems = []
    replies = {entry.key: entry for entry in entries if entry.kind == "reply"}
    rows = Counter((entry.sender, entry.text) for entry in entries if entry.kind == "text")
    covering = {(entry.sender, entry.text): entry.reply for entry in entries if entry.kind == "text"}
    for message in said:
        who = (message.message.sender, message.message.text)
        if rows[who] != 1:
            problems.append(f"promise 1: {rows[who]} rows of one message of {who[0]}")
            continue
        reply = replies.get(covering[who])
        if reply is None:
            problems.append(f"promise 2: a message of {who[0]} has no reply")
            continue
        times = sum(m.client_id == reply.client_id for m in shown(world, who[0]))
        if times != 1:
            problems.append(f"promise 1: a reply was shown {times} times to {who[0]}")
        if reply.excluded:
            problems.append(f"promise 2: a failure text instead of an answer for {who[0]}: {reply.cause}")
    ids = {reply.client_id for reply in replies.values()}
    strangers = [m for user in {s.message.sender for s in said} for m in shown(world, user)]
    problems += ["promise 1: a message that no reply row knows" for m in strangers if m.client_id not in ids]
    return problems


def _wrong_prompts(world: World, users: Sequence[str]) -> list[str]:
    """Promises 3 and 4: what the model was given is in time order, without repetition, and holds every reply so far."""
    problems, seen = [], set()
    for request in world.model.requests:
        key = json.dumps(request.body, sort_keys=True)
        if key in seen:  # a retry, or a duplicate of the network's
            continue
        seen.add(key)
        texts = [message["content"] for message in request.messages if message["role"] == "user"]
        answers = [message["content"] for message in request.messages if message["role"] == "assistant"]
        user = next(user for user in users if texts[-1].startswith(user))
        if len(set(texts)) != len(texts):
            problems.append(f"promise 4: a message is twice in a prompt of {user}")
        descents = sum(later < earlier for earlier, later in pairwise(texts))
        if descents > 1:  # one is the step from the window to a batch that is older than its end
            problems.append(f"promise 4: a prompt of {user} is not in time order")
        known = [message.text for message in shown(world, user) if message.at < request.at]
        if missing := set(known) - set(answers):
            problems.append(f"promise 4: {len(missing)} earlier replies are not in a prompt of {user}")
    return problems


def endpoint_of(connection: str, part: str) -> str:
    return dict(pair.split("=", 1) for pair in connection.split(";") if pair)[f"{part}Endpoint"]


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def main() -> None:
    """Play schedules and print what became of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=20)
    parser.add_argument("--seed", type=int, help="only this one")
    args = parser.parse_args()
    seeds = [args.seed] if args.seed is not None else list(range(args.schedules))
    broken, met, messages = 0, Counter[tuple[str, str]](), 0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            outcome = asyncio.run(survive(Path(folder), seed))
        broken += bool(outcome.problems)
        met += outcome.met
        messages += outcome.messages
        print(
            f"seed {seed}: {outcome.messages} messages, {outcome.spoilt} of {outcome.met.total()} spoilt",
            end="",
        )
        print(": held" if not outcome.problems else "\n  " + "\n  ".join(outcome.problems), flush=True)
    kinds = sorted({what for _, what in met})
    print(f"\n{'':>10}", *(f"{kind:>24}" for kind in kinds))
    for name in sorted({name for name, _ in met}):
        print(f"{name:>10}", *(f"{met[name, kind]:>24}" for kind in kinds))
    print(f"\n{len(seeds)} schedules, {messages} messages, {broken} schedules with a broken promise")
    raise SystemExit(broken > 0)


if __name__ == "__main__":
    main()
