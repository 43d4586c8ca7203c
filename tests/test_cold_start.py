"""What the HTTP path may import before its first answer, and that the app is what Azure expects to find."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import EXAMPLE, ROOT

DOOR = {
    *("azure.core", "azure.functions", "azure.storage"),
    *("function_app", "relay"),
    "azure.monitor",  # empty: relay.telemetry looks whether the exporter is below it
    # What azure.functions imports.
    *("markupsafe", "werkzeug"),
    # The queue's SDK. It imports requests for the client that is not async, and cryptography for encrypted messages.
    *(
        "_cffi_backend",
        "certifi",
        "charset_normalizer",
        "cryptography",
        "idna",
        "isodate",
        "requests",
        "urllib3",
    ),
    # The transport of the queue's client.
    *("aiohappyeyeballs", "aiohttp", "aiosignal", "attr", "frozenlist", "multidict", "propcache", "yarl"),
    # Settings, bots.toml and requests are read by it.
    *("annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"),
    "opentelemetry",
}
"""The packages that an acknowledgement may load. Each further one is time that the platform waits, up to 5 seconds."""

IDENTITY = {"azure.identity", "jwt", "msal"}
"""What is loaded as well where storage is opened by the app's identity."""

ANSWERING = "relay.answering"
OF_A_TURN = {ANSWERING, "relay.ports", "relay.outgoing", "relay.model_ports"}
"""What of the relay only a turn needs."""

WATCH = """
import json, sys

importers = {}
SKIPPED = ("importlib", "_frozen_importlib", "relay.sdk")

class Watch:
    def find_spec(self, name, path=None, target=None):
        frame = sys._getframe(1)
        while frame.f_globals.get("__name__", "").startswith(SKIPPED) and frame.f_back:
            frame = frame.f_back
        importers.setdefault(name, frame.f_globals.get("__name__", ""))

sys.meta_path.insert(0, Watch())
"""
"""Notes who asked first for each module that is looked for, and leaves it to the next finder."""

START = "import function_app"

FIRST_ANSWER = """
import asyncio, json, time
import azure.functions as func
import function_app
from relay.signature import sign_inbound

body = json.dumps(dict(
    eventType="1", convType="PERSON", to="helper", fromAccount="alice", fromClientType="IOS", msgType="TEXT",
    body="hello", msgTimestamp=str(int(time.time() * 1000)), msgidClient="c1", msgidServer="1",
)).encode()
headers = sign_inbound("playground-secret", body, int(time.time() * 1000))
request = func.HttpRequest(method="POST", url="/api/webhook", headers=headers, params={}, body=body)
response = asyncio.run(function_app.webhook(request))
print(response.status_code)
"""

BY_IDENTITY = {
    "AzureWebJobsStorage": "",
    "AzureWebJobsStorage__accountName": "account",
    "IDENTITY_ENDPOINT": "http://127.0.0.1:9/identity",
    "IDENTITY_HEADER": "header",
    "IM_MEDIA_HOSTS": "",
}

TAKEN = b"""<?xml version="1.0" encoding="utf-8"?>
<QueueMessagesList><QueueMessage>
<MessageId>1</MessageId><PopReceipt>p</PopReceipt>
<InsertionTime>Fri, 09 Oct 2026 21:04:30 GMT</InsertionTime>
<ExpirationTime>Fri, 16 Oct 2026 21:04:30 GMT</ExpirationTime>
<TimeNextVisible>Fri, 09 Oct 2026 23:29:20 GMT</TimeNextVisible>
</QueueMessage></QueueMessagesList>"""
"""The answer of Put Message, as Microsoft documents it."""


def account(port: int) -> str:
    """The connection string of a storage account on loopback."""
    places = (f"{service}Endpoint=http://127.0.0.1:{port}/account" for service in ("Queue", "Table"))
    return ";".join(["DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5", *places])


@pytest.fixture
def storage() -> Iterator[str]:
    """A queue that takes every message, by its connection string."""

    class Queue(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(TAKEN)))
            self.end_headers()
            self.wfile.write(TAKEN)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Queue) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield account(server.server_address[1])
        server.shutdown()
        thread.join()


def run(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh process with the example's settings, of which some are changed."""
    environ = {
        **os.environ,
        **EXAMPLE,
        "AzureWebJobsStorage": account(9),
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)


def loaded(code: str, **settings: str) -> tuple[str, dict[str, str]]:
    """What a fresh process prints, and every module that it has imported, with the one that asked for it first."""
    there = "{name: asking for name, asking in importers.items() if name in sys.modules}"
    done = run(f"{WATCH}\n{code}\nprint(json.dumps({there}))", **settings)
    assert done.returncode == 0, done.stderr[-2000:]
    *printed, importers = done.stdout.splitlines()
    return "\n".join(printed), json.loads(importers)


def package(module: str) -> str:
    """What a budget names: the package, or its part where many share the name."""
    first, _, rest = module.partition(".")
    return f"azure.{rest.partition('.')[0]}" if first == "azure" and rest else first


def beyond(allowed: set[str], importers: Mapping[str, str]) -> list[str]:
    """A sentence for each package that is imported and not allowed: who asked for it, up to the code itself."""
    sentences: dict[str, str] = {}
    for module in importers:
        name = package(module)
        if name in allowed | {"azure"} | sys.stdlib_module_names or name.startswith("_sysconfigdata"):
            continue
        way = [module]
        while (at := importers.get(way[-1], "__main__")) != "__main__" and at not in way:
            way.append(at)
        sentences.setdefault(name, f"{name} is loaded: {' < '.join(way)}")
    return [*sentences.values()]


def test_a_start_loads_no_further_package() -> None:
    _, importers = loaded(START)
    assert beyond(DOOR, importers) == []
    assert not OF_A_TURN & importers.keys()


def test_a_start_with_an_identity_loads_only_what_gets_its_token() -> None:
    _, importers = loaded(START, **BY_IDENTITY)
    assert beyond(DOOR | IDENTITY, importers) == []


def test_an_acknowledgement_loads_no_further_package(storage: str) -> None:
    status, importers = loaded(FIRST_ANSWER, AzureWebJobsStorage=storage)
    assert status == "200"
    assert beyond(DOOR, importers) == []
    assert not OF_A_TURN & importers.keys()


def test_a_package_beyond_the_budget_is_named_with_who_asked_for_it() -> None:
    _, importers = loaded("import openai")
    sentences = beyond(DOOR, importers)
    assert "openai is loaded: openai" in sentences
    assert [each.endswith(" < openai") for each in sentences if each.startswith("httpx2 ")] == [True]


@pytest.mark.parametrize(
    ("keys", "tables"), [("listen = true", True), ('reply = "response"', False)], ids=["listens", "responds"]
)
def test_where_requests_wait_for_more_it_is_there_at_the_start(
    tmp_path: Path, keys: str, tables: bool
) -> None:
    """Else the first one would wait for its import, and the platform does not wait."""
    bots = tmp_path / "bots.toml"
    bots.write_text(f'[[bots]]\naccid = "helper"\nname = "Helper"\nsystem_prompt = "Help."\n{keys}\n')
    _, importers = loaded(START, RELAY_BOTS_FILE=str(bots))
    assert ANSWERING in importers
    assert ("azure.data.tables" in importers) is tables


def test_the_app_has_three_functions_with_their_bindings() -> None:
    import function_app

    functions = {
        function.get_function_name(): json.loads(function.get_function_json())["bindings"]
        for function in function_app.app.get_functions()
    }
    assert functions.keys() == {"webhook", "answer", "sweep"}
    http, _ = functions["webhook"]
    assert (http["route"], http["authLevel"], http["methods"]) == ("webhook", "FUNCTION", ["POST"])
    (queue,) = functions["answer"]
    assert (queue["queueName"], queue["connection"]) == ("relay-turns", "AzureWebJobsStorage")
    (timer,) = functions["sweep"]
    assert timer["schedule"] == "0 */5 * * * *"


def test_a_bad_setting_stops_the_start_and_is_named() -> None:
    environ = {**os.environ, **EXAMPLE, "IM_REGION": "mars", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", "import function_app"], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "IM_REGION" in done.stderr
    assert "playground-secret" not in done.stderr
