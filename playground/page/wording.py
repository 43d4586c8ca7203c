"""The relay's words in plain ones; each goes through :func:`playground.page.words.say` before it is told."""

from __future__ import annotations

from collections.abc import Mapping

IGNORED: Mapping[str, str] = {
    "event": "the platform reports an event, not a message",
    "own_message": "it was written by a bot or by a server",
    "kind": "the relay does not read this kind of message",
    "blocked": "moderation or a blacklist had stopped it",
    "not_addressed": "no bot is mentioned in it",
    "unknown_bot": "it is for no bot, or for one that is switched off",
    "not_allowed": "the bot talks to listed users only",
    "too_old": "it is older than the bot accepts",
    "bad_time": "its time lies ahead of the clock",
}
"""Reasons of the webhook for not answering."""

REFUSED: Mapping[int, str] = {
    401: "the signature is missing or wrong; nothing of it was read",
    400: "the request is not understood",
    413: "the message is too large",
}

NO_ANSWER: Mapping[str, str] = {
    "ClientConnectorError": "nothing listens at its address",
    "ClientConnectorDNSError": "its name leads nowhere",
    "ServerDisconnectedError": "the connection was cut",
    "ClientOSError": "the connection was cut",
}
"""Why a request to the webhook came to nothing, by aiohttp's names."""

FATES: Mapping[str, str] = {
    "not_usable": "a command, an error text, something refused or forgotten, or not answered yet",
    "before_new": "from before /new",
    "over_minutes": "older than rewind_minutes",
    "over_messages": "beyond rewind_messages",
    "over_characters": "beyond context_characters",
    "left": "beyond rewind_messages or context_characters",
}
"""Why the model does not get a row: what the relay tells of it, or which of the bot's limits it is beyond.

The page works out the limit by itself: see :mod:`playground.page.window`.
"""

OUTCOMES: Mapping[str, str] = {
    "answered": "answered",
    "done": "nothing left to do, the message was done",
    "busy": "the conversation was busy, put back",
    "retried": "failed, put back to be tried again",
    "expired": "the message is too old to be answered",
    "abandoned": "given up without an answer",
    "no_such_bot": "the bot is not in the bots file any more",
}
"""How a turn ended."""

ENDED_WITHOUT_ANSWER = ("expired", "abandoned", "no_such_bot")

TOOL_OUTCOMES: Mapping[str, str] = {
    "ok": "",
    "error": "it failed, and the model was told so",
    "bad_arguments": "its arguments do not fit: it did not run",
    "unknown": "the bot has no such tool",
    "late": "it took too long: the outcome is unknown",
    "refused": "it was not run",
    "declined": "the user said no: it did not run",
}
"""How a call of a tool ended."""

NOT_ANSWERED: Mapping[str, str] = {
    "closed": "the connection was cut",
    "hung": "no answer came",
}
"""What the IM emulator did instead of answering with a result code."""

MODEL_STATUS: Mapping[int, str] = {
    200: "the model answered",
    400: "the model refused the request",
    401: "the key was not accepted",
    404: "there is no such deployment",
    429: "the model is throttled",
    500: "the model failed",
    502: "the model could not be reached",
}

MODEL_CODES: Mapping[str, str] = {
    "content_filter": "the content filter refused the prompt",
    "context_length_exceeded": "the prompt is too long for the model",
}
"""Error codes of Azure OpenAI."""

MODEL_FAILURES: Mapping[str, str] = {
    "ModelBlocked": "the content filter blocked the answer",
    "timeout": "no answer in time",
}
"""Why a request to the model failed though nothing was refused; others go by the name that the span gives."""
