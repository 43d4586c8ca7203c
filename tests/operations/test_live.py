"""``relay check --live``: every part really answers, and each one that does not is named with what to do."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from playground.azurite import Azurite
from playground.im_server import ImServer
from playground.loopback import serving
from playground.model_server import Fault, ModelServer, Reply
from playground.ports import free_port
from relay.config.bots import bots_in, load_bots
from relay.config.settings import APP_FOLDER, SETTING_NAMES, Settings, load_settings
from relay.inbound.webhook import TELEMETRY_HEADER
from relay.model.endpoints import endpoints_of
from relay.operations import live
from relay.operations.door import ask_webhook, webhook_fix
from relay.operations.finding import Finding
from relay.operations.fixes import READS, storage_fix
from relay.operations.live import (
    _model_fix,
    ask_all,
    ask_models,
    console_fields,
    questions,
    report,
)
from tests.mistakes import GOOD_SETTINGS
from tests.model.test_drawing import serving_pictures
from tests.model.test_speech import serving_ears
from tests.shared_azurite import SharedAzurite

KEY, SECRET = "app-key", "app-secret"
BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
[bots.functions.french]
model = "mistral"
"""


@dataclass
class Parts:
    """The parts, and the settings that lead to them."""

    model: ModelServer
    im: ImServer
    environ: dict[str, str]

    def write_bots(self, text: str) -> None:
        """Replace the bots file."""
        Path(self.environ["RELAY_BOTS_FILE"]).write_text(text, encoding="utf-8")

    async def findings(self, webhook: str | None = None, **settings: str) -> dict[str, Finding]:
        """What is found, by part."""
        configured = load_settings(self.environ | settings)
        return {
            finding.part: finding
            for finding in await ask_all(configured, load_bots(configured.bots_file), webhook)
        }


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    with SharedAzurite() as running:
        yield running


@pytest.fixture
async def parts(azurite: Azurite, tmp_path: Path) -> AsyncIterator[Parts]:
    file = tmp_path / "bots.toml"
    file.write_text(BOTS, encoding="utf-8")
    async with ModelServer() as model, ImServer(app_key=KEY, secret=SECRET) as im:
        environ = {
            "AzureWebJobsStorage": azurite.connection_string,
            "IM_APP_KEY": KEY,
            "IM_APP_SECRET": SECRET,
            "IM_API_URL": im.url,
            "RELAY_MODEL_URL": model.url + "/v1",
            "RELAY_MODEL_NAME": "scripted",
            "RELAY_BOTS_FILE": str(file),
        }
        yield Parts(model, im, environ)


def asking(model: ModelServer) -> Settings:
    """Settings under which this model answers."""
    return load_settings(GOOD_SETTINGS | {"RELAY_MODEL_URL": model.url + "/v1"})


def failing(findings: dict[str, Finding]) -> dict[str, str]:
    """The parts that fail, with what to do."""
    return {name: finding.fix for name, finding in findings.items() if finding.fix}


@pytest.mark.stack
async def test_a_healthy_stack_answers_in_every_part(parts: Parts) -> None:
    findings = await parts.findings()
    assert failing(findings) == {}
    assert list(findings) == [
        "Table Storage",
        "Queue Storage",
        "Model scripted",
        "Model mistral",
        "IM account helper",
    ]


def test_each_place_is_asked_once_with_each_set_of_parameters(tmp_path: Path) -> None:
    file = tmp_path / "bots.toml"
    more = """
    [[bots]]
    accid = "thinker"
    name = "Thinker"
    system_prompt = "You think."
    models = ["mistral", "deep"]
    reasoning_effort = "high"
    max_reply_tokens = 2000
    [[bots]]
    accid = "other"
    name = "Other"
    system_prompt = "You are another."
    """
    file.write_text(BOTS + more, encoding="utf-8")
    asked = [
        (question.models[0].model if question.models else "", question.max_tokens, question.reasoning_effort)
        for question in questions(load_bots(file))
    ]
    assert asked == [
        ("", 16, None),
        ("mistral", 16, None),
        ("mistral", 2000, "high"),
        ("deep", 2000, "high"),
    ]
    file.write_text(BOTS.replace("[bots.functions.french]\n", ""), encoding="utf-8")
    assert [bool(question.models) for question in questions(load_bots(file))] == [False, True]


@pytest.mark.stack
async def test_a_cap_that_thinking_uses_up_is_found(parts: Parts) -> None:
    parts.write_bots(BOTS + "max_reply_tokens = 50\n")
    parts.model.when("Reply", Reply(text="", finish_reason="length"))
    failed = failing(await parts.findings())
    assert failed == {"Model mistral (max_reply_tokens 50)": "raise max_reply_tokens"}


@pytest.mark.stack
@pytest.mark.parametrize(
    ("status", "said", "fix"),
    [
        (200, "hears", ""),
        (400, "HTTP 400", "this model does not transcribe: name another one in transcribe"),
        (401, "HTTP 401", "the key is not one of this server's"),
        (404, "HTTP 404", "no such deployment or model there"),
    ],
)
async def test_whoever_hears_for_a_bot_is_asked_to(status: int, said: str, fix: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"text": "", "error": {"message": "x"}}, status=status)

    async with ModelServer() as model, serving_ears(answer) as url:
        file = {
            "accid": "helper",
            "name": "Helper",
            "system_prompt": "x",
            "transcribe": {"model": "ears", "url": url},
        }
        bots = bots_in({"bots": [file, {**file, "accid": "other"}]}, "bots.toml")
        (finding,) = [f for f in await ask_models(asking(model), bots, 5) if "ears" in f.part]
    assert finding.part == f"Transcription ears at {url}"
    assert finding.said == said
    assert finding.fix.startswith(fix)
    assert bool(finding.fix) == bool(fix)


@pytest.mark.parametrize(
    ("status", "code", "said", "fix"),
    [
        (400, "", "is there: it refuses to draw nothing", ""),
        (400, "OperationNotSupported", "HTTP 400 OperationNotSupported", "this model does not draw"),
        (401, "", "HTTP 401", "the key is not one of this server's"),
        (404, "DeploymentNotFound", "HTTP 404 DeploymentNotFound", "no such deployment or model there"),
        (200, "", "the answer holds no picture", "this model does not draw"),
    ],
)
async def test_whoever_draws_for_a_bot_is_asked_for_nothing(
    status: int, code: str, said: str, fix: str
) -> None:
    asked: list[dict[str, object]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        refusal = {"message": "x", "code": code or None}
        return web.json_response({"data": []} if status == 200 else {"error": refusal}, status=status)

    async with ModelServer() as model, serving_pictures(answer) as url:
        file = {"accid": "helper", "name": "Helper", "system_prompt": "x"}
        drawing = {**file, "draw": {"model": "brush", "url": url}}
        bots = bots_in({"bots": [drawing, {**drawing, "accid": "other"}]}, "bots.toml")
        (finding,) = [f for f in await ask_models(asking(model), bots, 5) if "brush" in f.part]
    assert (finding.part, finding.said) == (f"Pictures brush at {url}", said)
    assert finding.fix.startswith(fix)
    assert bool(finding.fix) == bool(fix)
    assert [body["prompt"] for body in asked] == [""]


async def test_nothing_is_sent_or_made(parts: Parts) -> None:
    findings = await parts.findings()
    assert parts.im.chat("alice", "helper") == []
    told = "relay-turns: not there yet, relay-failed: not there yet, relay-turns-poison: not there yet"
    assert told in findings["Queue Storage"].said


@pytest.mark.stack
async def test_storage_that_is_away_is_two_findings(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STORAGE_SECONDS", 2.0)
    gone = f"http://127.0.0.1:{free_port()}/devstoreaccount1"
    storage = f"AccountName=devstoreaccount1;AccountKey=a2V5;QueueEndpoint={gone};TableEndpoint={gone}"
    failed = failing(await parts.findings(AzureWebJobsStorage=storage))
    assert list(failed) == ["Table Storage", "Queue Storage"]
    assert "python3 dev.py services" in failed["Queue Storage"]


@pytest.mark.stack
async def test_a_missing_model_is_named(parts: Parts) -> None:
    parts.model.when("Reply", Fault("deployment_not_found"))
    failed = failing(await parts.findings())
    assert list(failed) == ["Model scripted", "Model mistral"]
    assert "no such deployment" in failed["Model mistral"]


@pytest.mark.stack
async def test_a_content_filter_that_refuses_the_question_is_an_answer(parts: Parts) -> None:
    parts.model.when("Reply", Fault("prompt_filtered"))
    assert failing(await parts.findings()) == {}


@pytest.mark.stack
@pytest.mark.parametrize("version", ["v2", "v1"])
@pytest.mark.parametrize("name", ["IM_APP_KEY", "IM_APP_SECRET"])
async def test_a_wrong_key_or_secret_of_the_im_app_is_found(parts: Parts, version: str, name: str) -> None:
    failed = failing(await parts.findings(IM_API_VERSION=version, **{name: "another-one"}))
    assert list(failed) == ["IM account helper"]
    assert "IM_APP_KEY and IM_APP_SECRET" in failed["IM account helper"]


@pytest.mark.stack
@pytest.mark.parametrize("version", ["v2", "v1"])
async def test_a_bot_that_is_not_registered_is_found(parts: Parts, version: str) -> None:
    parts.im.chats.accounts = {"alice"}
    failed = failing(await parts.findings(IM_API_VERSION=version))
    assert failed == {
        "IM account helper": "register this accid in the IM app, or correct it in the bots file"
    }
    parts.im.chats.accounts = {"helper"}
    assert failing(await parts.findings(IM_API_VERSION=version)) == {}


@pytest.mark.stack
async def test_an_im_server_that_is_away_is_found(parts: Parts) -> None:
    failed = failing(await parts.findings(IM_API_URL=f"http://127.0.0.1:{free_port()}"))
    assert failed == {"IM account helper": "is the server of IM_API_URL running?"}


@pytest.mark.stack
async def test_a_webhook_that_is_away_is_found(parts: Parts) -> None:
    findings = await parts.findings(f"http://127.0.0.1:{free_port()}/api/webhook?code=pa55word")
    assert list(failing(findings)) == ["Webhook"]
    assert "pa55word" not in "".join(report(findings.values()))


@pytest.mark.parametrize(
    ("word", "said", "fix"),
    [
        ("missing", "no span arrives", "infra.package --telemetry"),
        ("unused", "is not set", "workerTelemetry = true"),
        ("on", "its worker sends telemetry", ""),
        ("", "answers the address check", ""),
        ("a word of a later version", "answers the address check", ""),
    ],
)
async def test_setting_and_package_of_worker_telemetry_are_compared(word: str, said: str, fix: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"}, headers={TELEMETRY_HEADER: word} if word else {})

    app = web.Application()
    app.router.add_post("/api/webhook", answer)
    async with serving(app) as url:
        finding = await ask_webhook(f"{url}/api/webhook?code=pa55word")
    assert said in finding.said
    assert fix in finding.fix
    assert bool(fix) == bool(finding.fix)


async def run(environ: dict[str, str], *arguments: str) -> tuple[int, str]:
    """The command in a process of its own, without anything of this machine's settings."""
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay", "check", *arguments),
        cwd=APP_FOLDER,
        env=inherited | dict.fromkeys(SETTING_NAMES, "") | {"PYTHONUTF8": "1"} | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert err == b""
    return process.returncode or 0, out.decode()


@pytest.mark.stack
async def test_the_command_ends_with_what_belongs_into_the_console(parts: Parts) -> None:
    code, shown = await run(parts.environ, "--live")
    assert code == 0
    assert "\nLive\n  Table Storage" in shown
    assert "Message copy" in shown
    assert shown.endswith("\nOK\n")


@pytest.mark.stack
async def test_the_command_fails_when_a_part_does(parts: Parts) -> None:
    code, shown = await run(parts.environ | {"IM_APP_SECRET": "another-one"}, "--live")
    assert code == 1
    assert "FAILS: result code 414" in shown
    assert "another-one" not in shown


async def test_nothing_is_asked_while_a_setting_is_wrong() -> None:
    code, shown = await run(GOOD_SETTINGS | {"IM_REGION": "mars"}, "--live")
    assert code == 1
    assert "Live" not in shown


AZURE = load_settings(
    {
        "AzureWebJobsStorage__accountName": "chats",
        "IM_APP_KEY": KEY,
        "IM_APP_SECRET": SECRET,
        "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com",
        "AZURE_OPENAI_DEPLOYMENT": "chat",
    }
)
LOCAL = load_settings(GOOD_SETTINGS)


@pytest.mark.parametrize(
    ("settings", "said", "fix"),
    [
        (AZURE, "Table Storage: AuthorizationPermissionMismatch", "Storage Table Data Reader"),
        (AZURE, "Table Storage: ClientAuthenticationError", "az login"),
        (AZURE, "Table Storage: ServiceRequestError", "https://chats.table.core.windows.net"),
        (LOCAL, "Table Storage: ServiceRequestError", "python3 dev.py services"),
    ],
)
def test_a_storage_error_comes_with_its_own_fix(settings: Settings, said: str, fix: str) -> None:
    assert fix in storage_fix(settings.storage, said, "Table", READS)


@pytest.mark.parametrize(
    ("settings", "cause", "fix"),
    [
        (AZURE, "HTTP 401 PermissionDenied", "Cognitive Services OpenAI User"),
        (LOCAL, "HTTP 401", "the key"),
        (AZURE, "HTTP 404 DeploymentNotFound", "no such deployment"),
        (AZURE, "HTTP 429", "capacity"),
        (AZURE, "HTTP 400", "even a short question"),
        (AZURE, "no Entra ID token: ClientAuthenticationError", "az login"),
        (AZURE, "the model server is unreachable: APIConnectionError", "AZURE_OPENAI_ENDPOINT"),
        (LOCAL, "no answer of the model within 60 s", "RELAY_MODEL_URL"),
    ],
)
def test_a_model_error_comes_with_its_own_fix(settings: Settings, cause: str, fix: str) -> None:
    (endpoint,) = endpoints_of(settings, ())
    assert fix in _model_fix(endpoint, cause)


@pytest.mark.parametrize(("status", "fix"), [(401, "?code="), (404, "troubleshooting"), (503, "log")])
def test_a_webhook_error_comes_with_its_own_fix(status: int, fix: str) -> None:
    assert fix in webhook_fix(status)


def test_the_url_for_the_console_is_shown_whole() -> None:
    url = "https://app.example.com/api/webhook?code=key"
    assert f"  {'URL':<33}{url}" in console_fields(url)
