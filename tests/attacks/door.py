"""One fault at a time at the door, and nobody who sends again: does the message get its answer?

``python -m tests.attacks.door`` posts signed messages to the app over real Azurite. While one is taken in, exactly one
call of the door meets one fault: a 503, a reset, an answer that is lost, a stall. The platform does not send again by
default, so each message counts as lost that is not answered with 200, or whose reply is not shown exactly once.

``send`` bots make two calls of the queue; ``response`` bots their calls of table and queue, up to the twelfth; and an
app that opens storage by its identity fetches a token first. For that, Azurite speaks TLS and wants a token
(``--oauth``), in a process of its own, which trusts its certificate.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from aiohttp import web

from playground.azurite import ACCOUNT, Azurite
from playground.loopback import serving
from relay.app import Relay
from relay.config.bots import bots_in
from relay.config.settings import load_settings
from relay.errors import StorageUnavailable
from relay.outbox import TURNS
from relay.ports import Queued
from relay.signature import sign_inbound
from tests.attacks.faults import endpoint_of, origin_of
from tests.attacks.proxy import Schedule, Spoiling, SpoilingProxy
from tests.certificates import make_certificate
from tests.conftest import EXAMPLE, ROOT
from tests.doubles import RecordingMessenger, ScriptedModel

SECRET = EXAMPLE["IM_APP_SECRET"]
FAULTS: Sequence[Spoiling] = ("unavailable", "dropped", "reset", "delayed")
"""A 503; a reset before the request is taken; an answer that is lost; a stall."""

STALL_SECONDS = 4.0
RESPONSE_CALLS = 12
LANES = 2
SETTLE_SECONDS = 240
HIDE_SECONDS = 20

Kind = Literal["send", "response", "identity"]


@dataclass
class OneFault(Schedule):
    """A schedule by which the n-th call from now meets a fault, and no other does."""

    seed: int = 0
    fault: Spoiling = "unavailable"
    left: int = 0

    def arm(self, call: int, fault: Spoiling) -> None:
        self.left, self.fault = call, fault

    def draw(self, upstream: str) -> Spoiling | None:
        self.left -= 1
        if self.left != 0:
            return None
        self.met[upstream, self.fault] += 1
        return self.fault

    def seconds(self) -> float:
        return STALL_SECONDS


@dataclass
class Taken:
    """What became of the messages of one kind.

    Attributes:
        messages: how many were sent.
        spoilt: how many of them met their fault.
        lost: the fault of each that was refused, or not shown exactly once.
        slowest: of the requests, in seconds.
    """

    messages: int = 0
    spoilt: int = 0
    lost: list[str] = field(default_factory=list)
    slowest: float = 0.0


class Door:
    """An app whose storage calls go through a proxy that spoils one of them."""

    def __init__(self, environment: dict[str, str], schedule: OneFault, reply: str) -> None:
        bot = {
            "accid": "helper",
            "name": "Helper",
            "system_prompt": "You are Helper.",
            "reply": reply,
            "turn_seconds": 2,
        }
        settings = load_settings(
            {**EXAMPLE, "RELAY_SEND_SECONDS": "1", "RELAY_LEASE_MARGIN_SECONDS": "9", **environment}
        )
        self.schedule = schedule
        self.im = RecordingMessenger()
        self.app = Relay(
            settings,
            bots_in({"bots": [bot]}, "bots.toml"),
            model=ScriptedModel(default="an answer"),
            im=self.im,
        )
        self.taken = Taken()
        self._said: dict[str, tuple[str, int]] = {}

    async def post(self, fault: str) -> None:
        """One message while its fault is armed."""
        sender = uuid.uuid4().hex
        body = json.dumps(
            {
                "eventType": "1", "convType": "PERSON", "to": "helper", "fromAccount": sender, "fromClientType": "IOS",
                "msgType": "TEXT", "body": "hello", "msgTimestamp": str(int(time.time() * 1000)),
                "msgidClient": sender, "msgidServer": str(uuid.uuid4().int % 10**15),
            }
        ).encode()  # fmt: skip
        began = time.monotonic()
        answer = await self.app.receive(sign_inbound(SECRET, body, int(time.time() * 1000)), body)
        self.taken.slowest = max(self.taken.slowest, time.monotonic() - began)
        self.taken.messages += 1
        self.taken.spoilt = self.schedule.met.total()
        self.schedule.left = 0
        in_response = int("an answer" in json.dumps(answer.body))
        if answer.status == 200:
            self._said[sender] = (fault, in_response)
        else:
            self.taken.lost.append(f"{fault}: {answer.status}")

    async def settle(self) -> None:
        """Answer what is queued, until each message that was taken in has been shown."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            for message in await self._take():
                await self._answer(message)
            if all(self._shown(sender) for sender in self._said):
                break
            await asyncio.sleep(0.1)
        for sender, (fault, _) in self._said.items():
            if self._shown(sender) != 1:
                self.taken.lost.append(f"{fault}: shown {self._shown(sender)} times")

    async def _take(self) -> list[Queued]:
        try:
            return await self.app.queues.receive(TURNS, HIDE_SECONDS)
        except StorageUnavailable:
            return []  # the host looks again

    async def _answer(self, message: Queued) -> None:
        try:
            await self.app.answer(message.text, message.deliveries)
        except StorageUnavailable:
            return  # the host would show it again, as its time out of sight does here
        await self.app.queues.delete(TURNS, message.receipt)

    async def close(self) -> None:
        await self.app.tables.aclose()  # type: ignore[attr-defined]
        await self.app.queues.aclose()  # type: ignore[attr-defined]

    def _shown(self, sender: str) -> int:
        return sum(sent.to == sender for sent in self.im.shown) + self._said[sender][1]


@asynccontextmanager
async def door(kind: Kind, storage: Azurite) -> AsyncIterator[Door]:
    """A door whose storage, or identity endpoint, is behind a spoiling proxy."""
    schedule = OneFault()
    async with AsyncExitStack() as stack:

        async def spoilt(name: str, upstream: str) -> str:
            return (await stack.enter_async_context(SpoilingProxy(name, upstream, schedule))).url

        connection = storage.connection_string
        environment = {}
        if kind == "identity":
            endpoint = await stack.enter_async_context(serving(identity_endpoint()))
            os.environ["IDENTITY_ENDPOINT"] = await spoilt("identity", endpoint) + "/identity"
            os.environ["IDENTITY_HEADER"] = "secret-of-the-sandbox"
            environment = {
                "AzureWebJobsStorage": "",
                "AzureWebJobsStorage__tableServiceUri": f"https://127.0.0.1:{storage.table_port}/{ACCOUNT}",
                "AzureWebJobsStorage__queueServiceUri": f"https://127.0.0.1:{storage.queue_port}/{ACCOUNT}",
            }
        else:
            for part in ("Table", "Queue"):
                origin = origin_of(endpoint_of(connection, part))
                connection = connection.replace(origin, await spoilt(part.lower(), origin))
            environment = {"AzureWebJobsStorage": connection}
        opened = Door(environment, schedule, "response" if kind == "response" else "send")
        try:
            yield opened
        finally:
            await opened.close()


async def attack(kind: Kind, storage: Azurite, messages: int) -> Taken:
    """Post messages one after the other, each with one fault at one call, then see to their answers."""
    calls = {"send": 2, "response": RESPONSE_CALLS, "identity": 1}[kind]
    async with door(kind, storage) as opened:
        await opened.post("no fault")  # tables and queue are there
        await opened.settle()
        for number in range(messages):
            call, fault = number // len(FAULTS) % calls + 1, FAULTS[number % len(FAULTS)]
            if kind == "identity":  # a cold process: its token is not there yet
                async with door(kind, storage) as cold:
                    cold.schedule.arm(call, fault)
                    await cold.post(f"{fault} at the token")
                    cold.schedule.left = 0
                    await cold.settle()
                    merge(opened.taken, cold.taken)
                continue
            opened.schedule.arm(call, fault)
            await opened.post(f"{fault} at call {call}")
        await opened.settle()
        return opened.taken


def merge(into: Taken, other: Taken) -> None:
    into.messages += other.messages
    into.spoilt += other.spoilt
    into.lost += other.lost
    into.slowest = max(into.slowest, other.slowest)


async def run(kind: Kind, messages: int, options: Sequence[str] = ()) -> Taken:
    """Attack over lanes side by side, each with a storage of its own."""
    lanes = min(LANES, messages)
    async with AsyncExitStack() as stack:
        storages = [await stack.enter_async_context(Azurite(options=options)) for _ in range(lanes)]
        shares = [messages // lanes + (lane < messages % lanes) for lane in range(lanes)]
        if kind == "identity":  # the endpoint is named by the environment: one after the other
            found = [await attack(kind, each, share) for each, share in zip(storages, shares, strict=True)]
        else:
            pairs = zip(storages, shares, strict=True)
            found = await asyncio.gather(*(attack(kind, each, share) for each, share in pairs))
    taken = Taken()
    for lane in found:
        merge(taken, lane)
    return taken


def identity_endpoint() -> web.Application:
    """Tokens as Azurite's ``--oauth basic`` takes them: it looks at the claims, not at the signature."""

    async def answer(request: web.Request) -> web.Response:
        now = int(time.time())
        resource = request.query["resource"]
        claims = {
            "aud": resource,
            "iss": "https://sts.windows.net/t/",
            "iat": now,
            "nbf": now,
            "exp": now + 86_400,
        }
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)
        ]
        answer = {
            "access_token": ".".join([*parts, "c2ln"]),
            "expires_on": str(now + 86_400),
            "resource": resource,
        }
        return web.json_response(answer | {"token_type": "Bearer"})

    app = web.Application()
    app.router.add_get("/identity", answer)
    return app


def run_with_identity(messages: int) -> Taken:
    """The same in a process of its own: TLS trusts a certificate that the environment names at its start."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder))
        command = [
            sys.executable,
            "-m",
            "tests.attacks.door",
            "--only",
            "identity",
            "--messages",
            str(messages),
            "--json",
        ]
        environment = {**os.environ, "SSL_CERT_FILE": str(certificate), "DOOR_KEY": str(key)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return Taken(**json.loads(done.stdout.splitlines()[-1]))


def run_identity_here(messages: int) -> Taken:
    options = ["--oauth", "basic", "--cert", os.environ["SSL_CERT_FILE"], "--key", os.environ["DOOR_KEY"]]
    return asyncio.run(run("identity", messages, options))


def main() -> None:
    """Attack each kind of door and print what was lost."""
    logging.getLogger("azure").setLevel(
        logging.CRITICAL
    )  # it is loud about what the proxy makes of its answers
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=480, help="for each kind; of the identity a tenth")
    parser.add_argument("--only", choices=["send", "response", "identity"])
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.json:
        print(json.dumps(vars(run_identity_here(args.messages))))
        return
    lost = 0
    kinds: Sequence[Kind] = [args.only] if args.only else ("send", "response", "identity")
    for kind in kinds:
        taken = (
            run_with_identity(max(4, args.messages // 10))
            if kind == "identity"
            else asyncio.run(run(kind, args.messages))
        )
        lost += len(taken.lost)
        print(
            f"{kind}: {taken.messages} messages, {taken.spoilt} of them with a fault, {len(taken.lost)} lost;"
            f" slowest request {taken.slowest:.1f} s"
        )
        for what, count in sorted(Counter(taken.lost).items()):
            print(f"  {count:>4}  {what}")
    raise SystemExit(lost > 0)


if __name__ == "__main__":
    main()
