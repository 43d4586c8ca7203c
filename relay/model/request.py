"""One request to one endpoint, in one span."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from relay import spans
from relay.errors import AttemptFailed, ModelError, ModelRejected, ModelUnavailable
from relay.model import responses
from relay.model.answers import completion_of, finish_of, name_of
from relay.model.connections import Connections
from relay.model.dialect import Dialect, Dialects, Parameters
from relay.model.endpoints import Endpoint
from relay.model.functions import as_sent, with_own_ids
from relay.model.meanings import Meaning, cap_of, meaning_of
from relay.model.refusals import Refusal
from relay.model.streamed import Heard, whole_completion, whole_response
from relay.model.told import Told, telling
from relay.ports import Completion, Prompt

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
"""Time for the connection: a server that cannot be reached must not cost the time in which another could answer."""

LEAST_SECONDS = 0.1
"""With less than this left, nobody is asked."""

_STREAMED: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
"""The usage comes only when it is asked for; servers that know no such options say so."""

TRIES_MAX = 8
"""Ways in which one request is put to one place: parameters and roles that it refuses come one by one at worst."""


class Requests:
    """Asks endpoints, each in the dialect that its refusals have taught.

    Args:
        connections: clients of the endpoints.
        secret: what senders are hashed with, for servers that want to tell one from another; empty for none.
        dialects: what is known of the endpoints; None for nothing yet.
        tool_keys: values of headers of tools, by the names of their settings.
    """

    def __init__(
        self,
        connections: Connections,
        secret: str = "",
        dialects: Dialects | None = None,
        tool_keys: Mapping[str, SecretStr] | None = None,
    ) -> None:
        self._connections = connections
        self._secret = secret
        self._dialects = dialects or Dialects()
        self._tool_keys = {name: key.get_secret_value() for name, key in (tool_keys or {}).items()}
        self._odd_reasons: set[str] = set()

    async def open(self, endpoint: Endpoint, until: float) -> AsyncOpenAI:
        """The client of an endpoint, which at its first request loads the SDK: that is no fault of its server.

        Args:
            endpoint: what is asked next.
            until: when its answer must be there, by the event loop's clock.

        Raises:
            ModelUnavailable: too little of that time is left: an answer would be paid for and not be waited for.
        """
        try:
            async with asyncio.timeout_at(until):
                client = await self._connections.client(endpoint)
                is_late = until - asyncio.get_running_loop().time() < LEAST_SECONDS
        except TimeoutError:
            is_late = True
        if is_late:
            raise ModelUnavailable("too little of the turn's time was left to ask the model")
        return client

    async def ask(
        self,
        client: AsyncOpenAI,
        endpoint: Endpoint,
        prompt: Prompt,
        until: float,
        heard: Heard | None = None,
    ) -> Completion:
        """One answer of one endpoint.

        Args:
            client: the endpoint's, as :meth:`open` gives it.
            endpoint: where to ask.
            prompt: the messages and limits to send.
            until: when to give up, by the event loop's clock.
            heard: told what may be shown so far, if the answer is to come piece by piece.

        Raises:
            AttemptFailed: another endpoint may answer.
            ModelRejected, ModelOverflow, ModelBlocked: see :mod:`relay.errors`.
        """
        more: dict[str, Any] = {**self._identifiers(endpoint, prompt), **(_STREAMED if heard else {})}
        known = dialect = plain = self._dialects.of(endpoint)
        is_bare = is_blind = is_in_words = False
        has_pictures = any(said.pictures for said in prompt.messages)
        for _ in range(TRIES_MAX):
            outcome = await self._send(client, endpoint, prompt, dialect, more, until, heard)
            if isinstance(outcome, Completion):
                if outcome.calls and not (prompt.may_call and dialect.tells_functions(prompt)):
                    # It had to answer. One that calls all the same (Ollama knows no tool_choice) is shown no tools.
                    if not outcome.text and dialect.tells_functions(prompt):
                        is_in_words, dialect = True, replace(dialect, takes_functions=False)
                        continue
                    outcome = replace(outcome, calls=(), reasoning="")
                learned = replace(
                    dialect,
                    sees=dialect.sees or is_blind,
                    takes_functions=dialect.takes_functions or is_in_words,
                )
                if learned != known:
                    self._learn(endpoint, learned, known)
                if not has_pictures or dialect.sees:
                    return outcome
                return replace(outcome, unseen="refused" if is_blind else "blind")
            if type(outcome) is ModelRejected and not outcome.about_tools and has_pictures and dialect.sees:
                # One broken picture is no reason to show the model none at all: this is not learned.
                is_blind, dialect = True, replace(dialect, sees=False)
                continue
            if type(outcome) is ModelRejected and not outcome.about_tools:
                # Words that are not known may be about a parameter all the same. Passing without any tells.
                bare = dialect.bare(prompt, more)
                if not is_bare and bare != dialect:
                    is_bare, dialect = True, bare
                    continue
                if dialect.tells_functions(prompt):
                    # Functions may be what it refuses; or calls and results, if there are any: nothing is learned then.
                    is_in_words = any(said.calls for said in prompt.messages)
                    is_bare, is_blind, dialect = True, False, replace(plain, takes_functions=False)
                    continue
            if isinstance(outcome, Exception):
                raise outcome
            if outcome.wire != dialect.wire and endpoint.api is not None:
                raise AttemptFailed(
                    f'the model speaks another API; its entry has api = "{endpoint.api}"', lasting=True
                )
            dialect = plain = outcome
        raise AttemptFailed("the model server refuses one parameter after the other", lasting=True)

    def _learn(self, endpoint: Endpoint, learned: Dialect, known: Dialect) -> None:
        """A place has answered that was asked in another way: so it is asked from now on."""
        log.warning("model=%s is asked in another way from now on: %s", endpoint.model, learned)
        if known.takes_functions and not learned.takes_functions:
            log.error(
                "model=%s server=%s takes no tools: for an hour, its bots answer without theirs; name a model that "
                "takes tools, or start its server with them (llama.cpp: --jinja; vLLM: --enable-auto-tool-choice and "
                "--tool-call-parser)",
                endpoint.model,
                endpoint.host,
            )
        self._dialects.learn(endpoint, learned)

    async def _send(
        self,
        client: AsyncOpenAI,
        endpoint: Endpoint,
        prompt: Prompt,
        dialect: Dialect,
        more: Mapping[str, Any],
        until: float,
        heard: Heard | None,
    ) -> Meaning:
        """The completion, what went wrong, or how to ask again."""
        import httpx2
        from openai import APIConnectionError, APIStatusError, OpenAIError

        parameters = dialect.parameters(prompt, more)
        if dialect.wire == "responses":
            parameters.pop("stream_options", None)
        tools = [tool.as_sent(self._tool_keys) for tool in prompt.tools]
        functions = prompt.functions if dialect.tells_functions(prompt) else ()
        tools += [as_sent(function, dialect.wire) for function in functions]
        origin = f"{dialect.wire} {endpoint.base_url} {endpoint.model}"
        ask, read = _on_wire(client, dialect, prompt, parameters, tools, origin)
        has_begun = False
        seconds = max(0.0, until - asyncio.get_running_loop().time())
        with telling(endpoint, parameters) as told:
            try:
                async with asyncio.timeout_at(until):
                    response = await ask(
                        model=endpoint.model,
                        timeout=httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
                        # Only a trace that is recorded: an id that leads nowhere is nobody's business.
                        extra_headers={"traceparent": spans.traceparent()}
                        if told.span.is_recording()
                        else None,
                    )
                    if heard is not None and parameters.get("stream"):
                        whole = whole_response if dialect.wire == "responses" else whole_completion
                        has_begun = True
                        async with response:
                            response = await whole(told.pieces(response), heard)
                        if response is None:  # it came whole, or not at all
                            return replace(dialect, without=dialect.without | {"stream"})
                self._note_answer(told, endpoint, response)
                return with_own_ids(read(response), prompt.messages)
            except TimeoutError:
                told.failed("timeout")
                return AttemptFailed(f"no answer of the model within {seconds:.1f} s")
            except ModelError as failure:
                told.failed(type(failure).__name__)
                return failure
            except APIStatusError as error:
                refusal = Refusal.of(error)
                told.span.set_attribute(spans.HTTP_STATUS, refusal.status)
                told.failed(name_of(error.code) or str(refusal.status))
                return meaning_of(
                    refusal,
                    parameters,
                    dialect,
                    _tokens_of(prompt),
                    with_tools=bool(prompt.tools),
                    functions=[f.name for f in functions],
                )
            except (APIConnectionError, httpx2.HTTPError) as error:
                told.failed(type(error).__name__)
                if has_begun:
                    return AttemptFailed(f"the answer broke off: {type(error).__name__}", broke_off=True)
                return AttemptFailed(f"the model server is unreachable: {type(error).__name__}")
            except OpenAIError as error:
                told.failed(type(error).__name__)
                if has_begun:  # an error in the place of the next piece
                    return AttemptFailed(f"the answer broke off: {type(error).__name__}", broke_off=True)
                cause = f"the model server gave no usable answer: {type(error).__name__}"
                return AttemptFailed(cause, lasting=True)
            except (ValueError, RecursionError):
                told.failed("not_json")
                return AttemptFailed("the model server's answer is not JSON", lasting=True)

    def _identifiers(self, endpoint: Endpoint, prompt: Prompt) -> dict[str, str]:
        """What tells OpenAI which messages are one sender's, for its abuse monitoring, and which begin alike."""
        if not endpoint.is_openai:
            return {}
        sender = hmac.new(
            self._secret.encode(), f"safety_identifier|{prompt.sender}".encode(), hashlib.sha256
        )
        known = {
            "safety_identifier": sender.hexdigest() if self._secret and prompt.sender else "",
            "prompt_cache_key": prompt.cache_key,
        }
        return {name: value for name, value in known.items() if value}

    def _note_answer(self, told: Told, endpoint: Endpoint, response: Any) -> None:
        """Note model, finish reasons and usage, as far as they have the right types; warn of a reason once."""
        choices = getattr(response, "choices", None)
        first = choices[0] if isinstance(choices, list) and choices else None
        said = getattr(first, "finish_reason", None) if first else getattr(response, "status", None)
        if reason := name_of(said):
            told.span.set_attribute(spans.GEN_AI_FINISH_REASONS, [reason])
        if first is not None and finish_of(said) == "unknown" and reason not in self._odd_reasons:
            self._odd_reasons.add(reason)
            log.warning(
                "model=%s ended with finish_reason=%s, which is not known; its text is taken as an answer",
                endpoint.model,
                reason or "none",
            )
        told.answered(response)


def _on_wire(
    client: AsyncOpenAI,
    dialect: Dialect,
    prompt: Prompt,
    parameters: Parameters,
    tools: Sequence[Mapping[str, Any]],
    origin: str,
) -> tuple[Callable[..., Awaitable[Any]], Callable[[Any], Completion]]:
    """The SDK's call for a request, and what reads its answer.

    Messages and parameters go as they are: the SDK's walk over twenty messages that it is given takes 3 ms.
    """
    messages = dialect.messages(prompt, origin)
    streamed: dict[str, Any] = {"stream": True} if parameters.get("stream") else {}
    if dialect.wire == "responses":
        return partial(
            client.responses.create,
            **streamed,
            extra_body=responses.body_of(parameters, messages, tools),
        ), partial(responses.completion_of, cap=cap_of(parameters), origin=origin)
    body = {"messages": messages, **({"tools": tools} if tools else {}), **parameters}
    return partial(client.chat.completions.create, messages=(), **streamed, extra_body=body), partial(
        completion_of, origin=origin
    )


def _tokens_of(prompt: Prompt) -> int:
    """About how many tokens a prompt has: four bytes each, in English and in Chinese."""
    texts = [said.content for said in prompt.messages]
    texts += [text for said in prompt.messages for call in said.calls for text in (call.name, call.arguments)]
    texts += [said.reasoning for said in prompt.messages]
    texts += [json.dumps(as_sent(function, "chat"), ensure_ascii=False) for function in prompt.functions]
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // 4
