"""What the HTTP path may import before its first answer, and that the app is what Azure expects to find."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import EXAMPLE, ROOT

SLOW = ("openai", "azure.data.tables", "azure.identity", "markdown_it")

FIRST_ANSWER = f"""
import asyncio, json, sys, time
import azure.functions as func
import function_app
from relay.signature import sign_inbound

function_app.relay.settings.storage  # settings are there
from tests.doubles import MemoryQueues
from relay.clock import SystemClock
body = json.dumps(dict(
    eventType="1", convType="PERSON", to="helper", fromAccount="alice", fromClientType="IOS", msgType="TEXT",
    body="hello", msgTimestamp=str(int(time.time() * 1000)), msgidClient="c1", msgidServer="1",
)).encode()
headers = sign_inbound("playground-secret", body, int(time.time() * 1000))
request = func.HttpRequest(method="POST", url="/api/webhook", headers=headers, params={{}}, body=body)
response = asyncio.run(function_app.webhook(request))
print(response.status_code, [name for name in {SLOW!r} if name in sys.modules])
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **EXAMPLE, "AzureWebJobsStorage": NOBODY_LISTENS, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)


NOBODY_LISTENS = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;"
    "QueueEndpoint=http://127.0.0.1:9/devstoreaccount1;TableEndpoint=http://127.0.0.1:9/devstoreaccount1"
)


def test_the_webhook_answers_without_the_slow_libraries() -> None:
    """The real queue client answers here, that nobody listens: 503, and nothing slow was imported for it."""
    done = run(FIRST_ANSWER)
    assert done.stdout.strip() == "503 []", done.stderr


def test_a_relay_with_a_bot_that_listens_has_tables_at_its_start(tmp_path: Path) -> None:
    """Else the first message that it hears would wait for their import, and the platform does not wait."""
    bots = tmp_path / "bots.toml"
    bots.write_text('[[bots]]\naccid = "helper"\nname = "Helper"\nsystem_prompt = "Help."\nlisten = true\n')
    code = f"""
import os, sys
os.environ["RELAY_BOTS_FILE"] = {str(bots)!r}
import function_app
print([name for name in {SLOW!r} if name in sys.modules])
"""
    done = run(code)
    assert done.stdout.strip() == "['azure.data.tables']", done.stderr


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
