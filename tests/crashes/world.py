"""A world whose function hosts die at named points, on storage that stays."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp

from playground.azurite import Azurite
from playground.im.chats import Delivered, wall_clock_ms
from playground.im_server import Delivery, ImServer, Said
from playground.model_server import ModelServer
from playground.runs import ROOT
from relay.config.settings import load_settings
from relay.storage.queues import AzureQueues
from relay.sweep import bring_back_abandoned
from tests.crashes.points import Points
from tests.crashes.storage import REST_SECONDS, Account, until
from tests.playground.host.process import HostProcess
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for
from tests.shared_azurite import SharedAzurite

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
turn_seconds = 4
send_links = true
"""

SHORT = {"RELAY_SEND_SECONDS": "2", "RELAY_LEASE_MARGIN_SECONDS": "3"}
"""Settings that tests shorten. With the turn's 4 seconds, which a busy machine needs, a lease lasts for 9."""

LEASE_SECONDS = 9

ROOMY_BOTS = BOTS.replace("turn_seconds = 4", "turn_seconds = 20")
ROOMY = {"RELAY_SEND_SECONDS": "20", "RELAY_LEASE_MARGIN_SECONDS": "24"}
"""Settings for tests in which nobody dies: the times of a turn are no matter."""

HALF_A_MINUTE = 30

DEATH_SECONDS = 60
"""How long a process may take to come to the point at which it is to die."""

STORE_SECONDS = 8.0
"""For a storage call of the test's own process."""

_APP = Path(__file__).parent / "app" / "function_app.py"


@dataclass
class CrashWorld(World):
    """A world of mortal hosts.

    Attributes:
        folder: of the app, the logs and the orders to die.
        points: where the hosts die.
        account: a look into storage.
    """

    folder: Path = field(kw_only=True)
    points: Points = field(kw_only=True)
    account: Account = field(kw_only=True)
    started: int = 0

    async def start_host(self, *arguments: str) -> HostProcess:
        """Start one more host; each has a log file in the folder."""
        self.started += 1
        return await super().start_host("--log", str(self.folder / f"host-{self.started}.log"), *arguments)

    async def start_hosts(self, count: int) -> None:
        """Start several hosts at the same time."""
        await asyncio.gather(*(self.start_host() for _ in range(count)))

    async def bury(self) -> int:
        """Wait until one of the hosts has killed itself; when that was, in Unix milliseconds."""
        ends = {asyncio.create_task(host.ended(DEATH_SECONDS)): host for host in self.hosts}
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            died_at = wall_clock_ms()
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        for task in done:
            code, _ = task.result()
            assert code == -signal.SIGKILL
            self.hosts.remove(ends[task])
        if self.hosts:
            self.im.webhook = self.webhook_of(self.hosts[0])
        return died_at

    async def outlive(self, end: Coroutine[Any, Any, None]) -> int:
        """Replace each host that dies, ten minutes later as the queue sees it, until something has come true.

        Returns:
            How many have died.
        """
        deaths = 0
        ending = asyncio.create_task(end)
        while True:
            burying = asyncio.create_task(self.bury())
            await asyncio.wait([ending, burying], return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                burying.cancel()
                await asyncio.gather(burying, return_exceptions=True)
                ending.result()
                return deaths
            burying.result()
            deaths += 1
            await self.let_ten_minutes_pass()
            await self.start_host()

    async def let_ten_minutes_pass(self) -> None:
        """Show again the queue messages that dead processes held: the platform hides them for ten minutes."""
        await self.account.show(self.points.left_behind())

    async def deliver_by(self, host: HostProcess, said: Said, delivery: Delivery | None = None) -> None:
        """The platform posts a message to this very instance."""
        self.im.webhook = self.webhook_of(host)
        await self.im.deliver(said, delivery)

    def shown(self, user: str = "alice", bot: str = "helper") -> list[Delivered]:
        """What a user has seen of a bot, in order."""
        return [said for said in self.im.chat(user, bot) if said.sender == bot]

    def texts(self, user: str = "alice") -> list[str]:
        """The texts of what a user has seen of the bot; of a picture, its URL."""
        return [said.text or str(json.loads(said.attach)["url"]) for said in self.shown(user)]

    def log(self) -> str:
        """What all hosts have logged."""
        return "".join(path.read_text(encoding="utf-8") for path in self.folder.glob("host-*.log"))

    async def at_rest(self, seconds: float = REST_SECONDS) -> None:
        """Wait until the queue is empty, invisible messages included."""

        async def empty() -> bool:
            return await self.account.queued() == 0

        await until(empty, "an empty queue", seconds)

    async def sweep_elsewhere(self) -> None:
        """Bring back what the host abandoned, in a process that takes no messages and so does not die of them.

        On Flex Consumption a timer has instances of its own.
        """
        queues = AzureQueues(load_settings(self.settings).storage, STORE_SECONDS)
        try:
            await bring_back_abandoned(queues)
        finally:
            await queues.aclose()

    async def sweep(self) -> None:
        """Fire the timer of the first host."""
        url = self.hosts[0].url + "/admin/functions/sweep"
        async with aiohttp.ClientSession() as session, session.post(url) as response:
            assert response.status == 202

    async def waiting(self, count: int, seconds: float = 60) -> None:
        """Wait until so many messages are claimed and not answered."""

        async def enough() -> bool:
            entries = await self.account.entries()
            return sum(entry.kind == "text" and entry.state == "waiting" for entry in entries) >= count

        await until(enough, f"{count} waiting messages", seconds)


@asynccontextmanager
async def crash_world(
    folder: Path,
    *,
    bots: str = BOTS,
    hosts: int = 1,
    on_disk: bool = False,
    dequeues: int | None = None,
    ahead_ms: int = 0,
    now: Callable[[], int] | None = None,
    resend_seconds: Sequence[float] = (),
    settings: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[CrashWorld]:
    """A world in a folder of its own, with so many hosts.

    Args:
        folder: made if it is missing.
        bots: the bots file.
        hosts: how many are started.
        on_disk: storage is an Azurite of the world's own, and survives a restart of it.
        dequeues: ``maxDequeueCount``, if it is not that of host.json.
        ahead_ms: by how much the clocks of relay and IM platform are ahead.
        now: clock of the IM platform, if it is another one.
        resend_seconds: delays of the platform's resends.
        settings: other settings of the hosts.
    """
    app = folder / "app"
    app.mkdir(parents=True)
    shutil.copy(_APP, app)
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    if dequeues is not None:
        host["extensions"]["queues"]["maxDequeueCount"] = dequeues
    (app / "host.json").write_text(json.dumps(host), encoding="utf-8")
    file = folder / "bots.toml"
    file.write_text(bots, encoding="utf-8")
    async with AsyncExitStack() as stack:
        azurite = Azurite(in_memory=False, location=folder / "storage") if on_disk else SharedAzurite()
        storage = await stack.enter_async_context(azurite)
        model = await stack.enter_async_context(ModelServer())
        im = await stack.enter_async_context(
            ImServer(
                app_key=APP_KEY,
                secret=SECRET,
                now=now or (lambda: wall_clock_ms() + ahead_ms),
                resend_seconds=resend_seconds,
            )
        )
        account = await stack.enter_async_context(Account(storage.connection_string))
        crash = {"CRASH_FOLDER": str(folder), "CLOCK_AHEAD_MS": str(ahead_ms)}
        environment = settings_for(storage, im, model, file, {**SHORT, **crash, **settings})
        world = CrashWorld(
            storage,
            im,
            model,
            environment,
            stack,
            app=app,
            folder=folder,
            points=Points(folder),
            account=account,
        )
        await world.start_hosts(hosts)
        yield world
