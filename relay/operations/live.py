"""The command ``check --live``: asks every part that the settings name, and says what to do about one that fails.

It reads and asks, and changes nothing: no message is sent or taken, no table or queue is made. Storage and Azure
OpenAI are asked with the identity of whoever runs it (``az login``), which shows that they are there, not that the
app's own identity has its roles; the webhook, when its URL is given, shows that the app runs.
"""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Iterable
from dataclasses import replace

from relay.app import quiet_wordy_loggers
from relay.clock import SystemClock
from relay.config.bot import Bot, ImSpeech, Painter, Place, Speaker
from relay.config.bots import Bots
from relay.config.settings import Settings
from relay.errors import (
    ImRejected,
    ImUnavailable,
    MediumRefused,
    ModelBlocked,
    ModelError,
    ModelRejected,
    ModelUnavailable,
    StorageUnavailable,
)
from relay.keys import HISTORY_PREFIX
from relay.model.chat import OpenAIChat
from relay.model.endpoints import Endpoint, endpoint_of, endpoints_of
from relay.model.pictures import OpenAIPictures
from relay.model.speech import OpenAISpeech
from relay.operations.accounts import Accounts
from relay.operations.door import ask_webhook
from relay.operations.finding import Finding
from relay.operations.fixes import READS, storage_fix
from relay.outbox import FAILED, POISON, TURNS
from relay.ports import ChatMessage, Prompt, Recording
from relay.storage.credential import AppCredential
from relay.storage.queues import AzureQueues
from relay.storage.tables import AzureTables

STORAGE_SECONDS = 30.0
"""The token is part of it, for which ``az`` alone may take ten seconds."""
MODEL_SECONDS = 30.0
IM_SECONDS = 10.0
PING = Prompt(messages=(ChatMessage("user", "Reply with: ok"),), max_tokens=16)
"""What a model is asked; with the cap and the parameters of the bot that it is asked for."""


async def ask_all(settings: Settings, bots: Bots, webhook: str | None = None) -> list[Finding]:
    """Ask all parts at once.

    Args:
        webhook: the URL for the console, with its key; asked too when given.
    """
    quiet_wordy_loggers()
    async with AppCredential(settings.storage.client_id) as credential:
        stored = asyncio.gather(_tables(settings, credential), _queues(settings, credential))
        models = ask_models(settings, bots, credential=credential)
        accounts = asyncio.gather(*(_account(settings, bot.accid) for bot in bots))
        door = asyncio.gather(*([ask_webhook(webhook)] if webhook else []))
        found = await asyncio.gather(stored, models, accounts, door)
    return [finding for findings in found for finding in findings]


async def ask_models(
    settings: Settings,
    bots: Bots,
    seconds: float = MODEL_SECONDS,
    credential: AppCredential | None = None,
) -> list[Finding]:
    """Ask the models all :func:`questions` at once, and those that hear, speak and draw, each within ``seconds``."""
    known = settings, credential or AppCredential(settings.storage.client_id), seconds
    asked = [_model(*known, question) for question in questions(bots)]
    ears = dict.fromkeys(bot.transcribe for bot in _variants(bots))
    heard = [_ears(*known, place) for place in ears if place and not isinstance(place, ImSpeech)]
    voices = dict.fromkeys(bot.speak for bot in _variants(bots))
    spoken = [_voice(*known, speaker) for speaker in voices if speaker]
    painters = dict.fromkeys(bot.draw for bot in _variants(bots))
    drawn = [_painter(*known, painter) for painter in painters if painter]
    return list(await asyncio.gather(*asked, *heard, *spoken, *drawn))


def questions(bots: Bots) -> list[Prompt]:
    """What the models are asked: each place once with each set of parameters, the settings' own model in any case."""
    asked: dict[Prompt, None] = {}
    for bot in _variants(bots):
        mine = replace(
            PING,
            max_tokens=bot.max_reply_tokens or PING.max_tokens,
            temperature=bot.temperature,
            reasoning_effort=bot.reasoning_effort,
            verbosity=bot.verbosity,
            tools=bot.server_tools,
        )
        asked |= {replace(mine, models=(deployment,)): None for deployment in bot.deployments}
        if not bot.deployments:
            asked[mine] = None
    own = [question for question in asked if not question.models] or [PING]
    return [*own, *(question for question in asked if question.models)]


def report(findings: Iterable[Finding]) -> list[str]:
    """The findings as lines."""
    findings = list(findings)
    width = max(len(finding.part) for finding in findings)
    lines = ["", "Live"]
    for finding in findings:
        lines.append(f"  {finding.part:<{width}}  {'FAILS: ' if finding.fix else ''}{finding.said}")
        if finding.fix:
            lines.append(f"  {'':<{width}}  -> {finding.fix}")
    return lines


def console_fields(webhook: str | None) -> list[str]:
    """What to paste where, in the console of the IM platform."""
    rows = {
        "URL": webhook or "https://<function app>/api/webhook?code=<key>",
        "Message copy (Data Sync)": "the URL; session messages, and recalls and updates if bots shall follow them",
        "Custom chatbot webhook": "the URL, if your console has the field",
        "Third-party callback": "nothing",
        "IP allow list of the server API": "nothing, or the outbound addresses of the function app",
    }
    return ["", "Into the console of the IM app", *(f"  {name:<33}{value}" for name, value in rows.items())]


def _variants(bots: Bots) -> Iterable[Bot]:
    for bot in bots:
        yield bot
        yield from (bot.for_function(name) for name in bot.functions)


async def _tables(settings: Settings, credential: AppCredential) -> Finding:
    tables = AzureTables(settings.storage, STORAGE_SECONDS, credential)
    try:
        days = await tables.list_tables(HISTORY_PREFIX)
    except StorageUnavailable as error:
        return Finding("Table Storage", str(error), storage_fix(settings.storage, str(error), "Table", READS))
    finally:
        await tables.aclose()
    return Finding("Table Storage", f"answers; days of history: {len(days)}")


async def _queues(settings: Settings, credential: AppCredential) -> Finding:
    queues = AzureQueues(settings.storage, STORAGE_SECONDS, credential)
    try:
        waiting = {name: await queues.length(name) for name in (TURNS, FAILED, POISON)}
    except StorageUnavailable as error:
        return Finding("Queue Storage", str(error), storage_fix(settings.storage, str(error), "Queue", READS))
    finally:
        await queues.aclose()
    counts = ", ".join(f"{name}: {'not there yet' if n is None else n}" for name, n in waiting.items())
    return Finding("Queue Storage", f"answers; {counts}")


async def _model(settings: Settings, credential: AppCredential, seconds: float, question: Prompt) -> Finding:
    (place,) = endpoints_of(settings, question.models, with_tools=bool(question.tools))
    part = f"Model {question.models[0] if question.models else place.model}{_parameters(question)}"
    chat = OpenAIChat(settings, credential=credential)
    try:
        completion = await chat.complete(question, seconds=seconds)
    except ModelBlocked:
        return Finding(part, "answers; its content filter is on")
    except ModelRejected as error:
        fix = "the server takes no such tool, or the tool does not work: see server_tools"
        return Finding(part, error.cause, fix if error.about_tools else _model_fix(place, error.cause))
    except ModelError as error:
        return Finding(part, error.cause, _model_fix(place, error.cause, with_tools=bool(question.tools)))
    finally:
        await chat.aclose()
    if completion.ended == "cut" and not completion.text and question.max_tokens != PING.max_tokens:
        return Finding(part, f"uses up {question.max_tokens} tokens without a word", "raise max_reply_tokens")
    return Finding(part, f"answers as {completion.model or 'itself'}")


async def _ears(settings: Settings, credential: AppCredential, seconds: float, place: Place) -> Finding:
    part = f"Transcription {place}"
    speech = OpenAISpeech(settings, credential)
    try:
        await speech.transcribe(SILENCE, place, seconds=seconds)
    except MediumRefused as refusal:
        return Finding(part, refusal.cause, "this model does not transcribe: name another one in transcribe")
    except ModelUnavailable as error:
        return Finding(part, error.cause, _model_fix(endpoint_of(settings, place), error.cause))
    finally:
        await speech.aclose()
    return Finding(part, "hears")


async def _voice(settings: Settings, credential: AppCredential, seconds: float, speaker: Speaker) -> Finding:
    part = f"Speech {speaker} ({speaker.voice})"
    speech = OpenAISpeech(settings, credential)
    try:
        spoken = await speech.speak("Hi", speaker, seconds=seconds)
    except MediumRefused as refusal:
        return Finding(part, refusal.cause, "this model does not speak, or has no such voice: see speak")
    except ModelUnavailable as error:
        return Finding(part, error.cause, _model_fix(endpoint_of(settings, speaker), error.cause))
    finally:
        await speech.aclose()
    return Finding(part, f"speaks; {len(spoken)} bytes for a word")


async def _painter(
    settings: Settings, credential: AppCredential, seconds: float, painter: Painter
) -> Finding:
    """A picture costs, so it is asked for none: a deployment that is there refuses that."""
    part = f"Pictures {painter}"
    pictures = OpenAIPictures(settings, credential)
    try:
        async with asyncio.timeout(seconds):
            await pictures.draw("", painter)
    except MediumRefused as refusal:
        if not refusal.cause.startswith("HTTP") or "OperationNotSupported" in refusal.cause:
            return Finding(part, refusal.cause, "this model does not draw: name another one in draw")
        return Finding(part, "is there: it refuses to draw nothing")
    except ModelUnavailable as error:
        return Finding(part, error.cause, _model_fix(endpoint_of(settings, painter), error.cause))
    except TimeoutError:
        cause = f"no answer within {seconds:.0f} s"
        return Finding(part, cause, _model_fix(endpoint_of(settings, painter), cause))
    finally:
        await pictures.aclose()
    return Finding(part, "draws")


def _silence() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as recording:
        recording.setparams((1, 2, 16_000, 0, "NONE", ""))
        recording.writeframes(bytes(2 * 16_000))
    return out.getvalue()


SILENCE = Recording(_silence(), "wav")
"""A second of nothing, for those that transcribe."""


def _parameters(question: Prompt) -> str:
    """What a question is asked with beside the model, as in the bots file."""
    said = {
        "max_reply_tokens": question.max_tokens if question.max_tokens != PING.max_tokens else None,
        "temperature": question.temperature,
        "reasoning_effort": question.reasoning_effort,
        "verbosity": question.verbosity,
    }
    words = ", ".join(
        [f"{name} {value}" for name, value in said.items() if value is not None] + [*map(str, question.tools)]
    )
    return f" ({words})" if words else ""


async def _account(settings: Settings, accid: str) -> Finding:
    part = f"IM account {accid}"
    try:
        await Accounts(settings, SystemClock(), seconds=IM_SECONDS).find(accid)
    except ImRejected as error:
        return Finding(part, error.cause, "register this accid in the IM app, or correct it in the bots file")
    except ImUnavailable as error:
        return Finding(part, error.cause, _im_fix(settings, error.cause))
    return Finding(part, "is registered")


def _model_fix(place: Endpoint, cause: str, *, with_tools: bool = False) -> str:
    if with_tools and cause.startswith("HTTP 404"):
        return "no such model there, or no Responses API, which server_tools need"
    if cause.startswith(("HTTP 401", "HTTP 403")) and place.is_azure and place.key is None:
        return "the account needs the role Cognitive Services OpenAI User; a new one takes up to 15 minutes"
    for begin, fix in _MODEL_FIXES.items():
        if cause.startswith(begin):
            return fix
    name = "AZURE_OPENAI_ENDPOINT" if place.is_azure else "RELAY_MODEL_URL"
    return f"is the server running, and {place.base_url} (of {name} or the bots file) its address?"


_NOT_ITS_KEY = "the key is not one of this server's"
_NO_MONEY = "top up the account of this key, or raise its budget"
_MODEL_FIXES = {
    "HTTP 401": _NOT_ITS_KEY,
    "HTTP 402": _NO_MONEY,
    "HTTP 403": _NOT_ITS_KEY,
    "HTTP 404": "no such deployment or model there (a new one takes minutes), or the address lacks a path such as /v1",
    "HTTP 429 insufficient_quota": _NO_MONEY,
    "HTTP 429": "over the quota: raise the capacity of the deployment, or wait a minute",
    "HTTP 400 OperationNotSupported": "this model does not chat: name another one",
    "HTTP 4": "even a short question is refused: are key and model this server's, and is a firewall in front of it?",
    "HTTP 5": "the server is there, but cannot answer now: ask again in a minute",
    "the model server's answer is not": "what is at this address does not speak the OpenAI API: is it the right one?",
    "no Entra ID token": "log in with: az login",
}
"""What to do about a cause that begins so; the first that fits."""


def _im_fix(settings: Settings, cause: str) -> str:
    if cause.startswith("result code"):
        return "set IM_APP_KEY and IM_APP_SECRET to those of the console, IM_REGION to the app's region"
    if settings.im_api_url:
        return "is the server of IM_API_URL running?"
    return "the host cannot be reached from here: is IM_REGION right, and the way out open?"
