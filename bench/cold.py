"""``python -m bench.cold``: from the start of a process to its first acknowledgement, and to its first reply.

Each start is a fresh process that does what Azure's worker does with the app: it imports ``function_app`` on an event
loop, hands ``webhook`` one signed request, and ``answer`` the message that it has queued. Azurite, the model and the IM
server are real servers beside it. Beside the relay, in turn with it:

- the floor: a script that imports at its top what an acknowledgement cannot do without (``azure.functions``, the
  queue's SDK with its transport, pydantic with one small model; with an identity, ``azure.identity``), puts two
  messages, and does nothing else;
- ``azure.functions`` alone, imported;
- the relay with everything imported at the top; a revision before; and either one without compiled bytecode of its own,
  as it comes to a new instance.

CPU is that of the process with its threads, user and system, from its start on; what it spends on taking the message
from the queue, which is the host's work, is left out. The middle of the runs; the first of each is left out. Before
every start, the pages of the packages' files leave the file cache, except those that another process has mapped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.ours import message_copy
from bench.turn import BOTS, copy_of
from playground.azurite import ACCOUNT, Azurite
from playground.im_server import ImServer
from playground.loopback import serving
from playground.model_server import ModelServer
from playground.runs import ROOT
from tests.attacks.door import identity_endpoint
from tests.certificates import make_certificate
from tests.conftest import EXAMPLE
from tests.scenarios.world import APP_KEY, SECRET

BEFORE = "609b1da"
"""The last revision whose start imported all that answers."""

TELL = """
import asyncio, json, os, sys, time
def tell(spared=0.0):
    print(time.process_time() - spared, time.monotonic(), flush=True)
given = json.loads(sys.stdin.readline())
"""

OURS = (
    TELL
    + """
async def main():
    import azure.functions as func
    import function_app
    headers, body = given["headers"], given["body"].encode()
    request = func.HttpRequest(method="POST", url="/api/webhook", headers=headers, params={}, body=body)
    response = await function_app.webhook(request)
    assert response.status_code == 200, response.get_body()
    tell()
    began, found = time.process_time(), []
    while not found:
        taken = await function_app.relay.queues.receive("relay-turns", 600)
        found = [each for each in taken if given["sender"] in each.text]
    message = func.QueueMessage(id=found[0].receipt.id, body=found[0].text)
    spared = time.process_time() - began
    await function_app.answer(message)
    tell(spared)
    os._exit(0)
asyncio.run(main())
"""
)

EAGER = (
    "import azure.data.tables.aio, azure.identity.aio, azure.storage.queue.aio, openai, httpx2, markdown_it\n"
)
"""The SDKs; the rest of the relay follows by ``relay.answering``."""

FUNCTIONS = TELL + "import azure.functions\ntell()\n"

FLOOR = (
    TELL
    + """
import azure.functions as func
from azure.storage.queue.aio import QueueClient
from pydantic import BaseModel, Field, SecretStr
IDENTITY
class Settings(BaseModel):
    connection: SecretStr = Field(alias="AzureWebJobsStorage")
    queue: str = Field(alias="AzureWebJobsStorage__queueServiceUri")
async def main():
    settings = Settings.model_validate(dict(os.environ))
    request = func.HttpRequest(method="POST", url="/", headers=given["headers"], params={}, body=given["body"].encode())
    text = request.get_body().decode()
    client = CLIENT
    for _ in range(2):
        await client.send_message(text, visibility_timeout=600)
    func.HttpResponse("{}", mimetype="application/json")
    tell()
    os._exit(0)
asyncio.run(main())
"""
)
BY_STRING = FLOOR.replace("IDENTITY", "").replace(
    "CLIENT",
    'QueueClient.from_connection_string(settings.connection.get_secret_value(), "relay-turns", retry_total=0)',
)
BY_IDENTITY = FLOOR.replace("IDENTITY", "from azure.identity.aio import ManagedIdentityCredential").replace(
    "CLIENT",
    'QueueClient(settings.queue, "relay-turns", credential=ManagedIdentityCredential(), retry_total=0)',
)


@dataclass(frozen=True, slots=True)
class Start:
    """One kind of start.

    Attributes:
        name: its row.
        code: what the process runs.
        settings: its environment, over the example's.
        tree: where the relay is.
    """

    name: str
    code: str
    settings: Mapping[str, str]
    tree: Path = ROOT

    async def run(self) -> list[tuple[float, float]]:
        """Milliseconds of CPU and on the clock, from the start of a process to each of the moments it tells."""
        sender = uuid.uuid4().hex
        headers, body = message_copy("helper", sender, uuid.uuid4().int % 10**15, SECRET)
        given = {"headers": headers, "body": body.decode(), "sender": sender}
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", self.code),
            cwd=self.tree,
            env={
                **os.environ,
                **EXAMPLE,
                **self.settings,
                "PYTHONPATH": str(self.tree),
                "PYTHONSAFEPATH": "1",
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate(json.dumps(given).encode() + b"\n")
        if process.returncode:
            raise RuntimeError(f"the child failed: {self.name}")
        told = [[float(figure) for figure in line.split()] for line in printed.decode().splitlines()]
        return [(cpu * 1000, (at - began) * 1000) for cpu, at in told]


def files(*folders: Path) -> list[Path]:
    """All files below some folders."""
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def forget(paths: list[Path]) -> None:
    """Have the system drop the pages of files from its cache (posix_fadvise(2)); no process needs any right for it."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def fresh(folder: Path) -> Path:
    """The app as it lies on a new instance: Azure compiles the packages that it installs, and not the app."""
    for name in ("function_app.py", "host.json", "tools.py"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "relay", folder / "relay", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def starts(
    plain: Mapping[str, str], managed: Mapping[str, str], folder: Path, revision: str
) -> Iterator[Start]:
    """The rows of the table, in order."""
    before = copy_of(revision, folder / "before")
    (folder / "fresh").mkdir()
    uncompiled = {**plain, "PYTHONDONTWRITEBYTECODE": "1"}
    yield Start("azure.functions alone", FUNCTIONS, plain)
    for word, settings, floor in (("string", plain, BY_STRING), ("identity", managed, BY_IDENTITY)):
        yield Start(f"{word}: floor", floor, settings)
        yield Start(f"{word}: relay", OURS, settings)
        yield Start(f"{word}: before", OURS, settings, before)
    yield Start("string: all at the top", f"{EAGER}import relay.answering\n{OURS}", plain)
    yield Start("string: relay, no bytecode", OURS, uncompiled, fresh(folder / "fresh"))
    yield Start("string: before, no bytecode", OURS, uncompiled, copy_of(revision, folder / "before-fresh"))


async def measure(runs: int, revision: str, folder: Path, stack: AsyncExitStack) -> None:
    """Start each kind in turn and print the table."""
    bots = folder / "bots.toml"
    bots.write_text(BOTS, encoding="utf-8")
    certificate, key = make_certificate(folder)
    secured = ("--oauth", "basic", "--cert", str(certificate), "--key", str(key))
    plain = await stack.enter_async_context(Azurite())
    tls = await stack.enter_async_context(Azurite(options=secured))
    model = await stack.enter_async_context(ModelServer())
    im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
    tokens = await stack.enter_async_context(serving(identity_endpoint()))
    common = {
        "IM_APP_KEY": APP_KEY,
        "IM_APP_SECRET": SECRET,
        "IM_API_URL": im.url,
        "IM_MEDIA_HOSTS": "",
        "RELAY_MODEL_URL": f"{model.url}/v1",
        "RELAY_BOTS_FILE": str(bots),
        "AzureWebJobsStorage__queueServiceUri": "",
    }
    by_string = {**common, "AzureWebJobsStorage": plain.connection_string}
    by_identity = {
        **common,
        "AzureWebJobsStorage": "",
        "AzureWebJobsStorage__queueServiceUri": f"https://127.0.0.1:{tls.queue_port}/{ACCOUNT}",
        "AzureWebJobsStorage__tableServiceUri": f"https://127.0.0.1:{tls.table_port}/{ACCOUNT}",
        "IDENTITY_ENDPOINT": f"{tokens}/identity",
        "IDENTITY_HEADER": "header",
        "SSL_CERT_FILE": str(certificate),
    }
    kinds = [*starts(by_string, by_identity, folder, revision)]
    cached = files(Path(sysconfig.get_path("purelib")), *{kind.tree / "relay" for kind in kinds})
    found: dict[str, list[list[tuple[float, float]]]] = {kind.name: [] for kind in kinds}
    for kind in sorted(kinds, key=lambda kind: "floor" in kind.name):  # the relay makes the queue
        await kind.run()
    for _ in range(runs):
        for kind in kinds:
            forget(cached)
            found[kind.name].append(await kind.run())
    print(
        f"{'':<28} {'acknowledged: CPU':>18} {'clock':>6} {'of floor':>9} {'replied: CPU':>13} {'clock':>6}"
    )
    for kind in kinds:
        told = [
            [statistics.median(each) for each in zip(*moment, strict=True)]
            for moment in zip(*found[kind.name], strict=True)
        ]
        word = kind.name.partition(":")[0]
        ratio = ""
        if floors := found.get(f"{word}: floor"):
            pairs = zip(found[kind.name], floors, strict=True)
            ratio = f"{statistics.median(ours[0][0] / floor[0][0] for ours, floor in pairs):.2f}"
        cells = f"{told[0][0]:>18.0f} {told[0][1]:>6.0f} {ratio:>9}"
        if len(told) > 1:
            cells += f" {told[1][0]:>13.0f} {told[1][1]:>6.0f}"
        print(f"{kind.name:<28} {cells}")


async def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--against", default=BEFORE, help="the revision before")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            await measure(arguments.runs, arguments.against, Path(folder), stack)


if __name__ == "__main__":
    asyncio.run(main())
