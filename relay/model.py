"""Azure OpenAI, or any server that speaks the OpenAI API, behind :class:`relay.ports.ChatModel`."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

from relay.errors import ModelBlocked, ModelError, ModelRejected, ModelUnavailable
from relay.ports import Completion, Prompt
from relay.sdk import load
from relay.settings import Settings
from relay.storage.credential import app_credential

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

TOKEN_SCOPE = "https://ai.azure.com/.default"  # noqa: S105  (a scope, not a token)
RETRIES = 4
"""Attempts of the SDK behind the first one: it obeys Retry-After(-ms), and the turn's deadline ends them all."""


class OpenAIChat:
    """Chat completions. One client per process.

    Args:
        settings: endpoint, key and default model.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: AsyncOpenAI | None = None
        self._credential: Any = None
        self._opening = asyncio.Lock()

    async def complete(self, prompt: Prompt, *, seconds: float) -> Completion:
        """Ask the model, the SDK's retries included, within ``seconds``.

        Raises:
            ModelUnavailable: throttled, unreachable, too slow, or refused for lack of a role, key or deployment.
            ModelRejected: the server refuses this request (400).
            ModelBlocked: the content filter refused prompt or answer.
        """
        try:
            async with asyncio.timeout(seconds):
                client = await self._open()
                return await self._ask(client, prompt, seconds)
        except TimeoutError:
            raise ModelUnavailable(f"no answer of the model within {seconds:.0f} s") from None

    async def _ask(self, client: AsyncOpenAI, prompt: Prompt, seconds: float) -> Completion:
        from openai import OpenAIError

        optional: dict[str, Any] = {
            "max_completion_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
        }
        try:
            response = await client.chat.completions.create(
                model=prompt.model or self._default_model,
                messages=[{"role": said.role, "content": said.content} for said in prompt.messages],  # type: ignore[misc]
                timeout=seconds,
                **{name: value for name, value in optional.items() if value is not None},
            )
        except OpenAIError as error:
            raise _meaning(error) from None  # the SDK's text may quote the request
        except ValueError:
            raise ModelUnavailable("the model server's answer is not JSON") from None
        return _completion(response)

    @property
    def _default_model(self) -> str:
        return self._settings.azure_openai_deployment or self._settings.model_name or ""

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None
        if self._credential is not None:
            await self._credential.close()

    async def _open(self) -> AsyncOpenAI:
        if self._client is not None:
            return self._client
        async with self._opening:
            if self._client is None:
                # The SDK reads keys, organisations, headers and log levels of the machine; the settings are ours.
                for name in [name for name in os.environ if name.startswith("OPENAI_")]:
                    del os.environ[name]
                sdk = await load("openai")
                self._client = sdk.AsyncOpenAI(
                    base_url=self._base_url, api_key=await self._api_key(), max_retries=RETRIES
                )
        return self._client

    @property
    def _base_url(self) -> str:
        if self._settings.model_url:
            return self._settings.model_url
        return f"{self._settings.azure_openai_endpoint}/openai/v1/"

    async def _api_key(self) -> Any:
        if self._settings.model_url:
            # The SDK insists on a key; a server that wants none ignores it.
            return self._settings.model_key.get_secret_value() if self._settings.model_key else "none"
        if self._settings.azure_openai_api_key:
            return self._settings.azure_openai_api_key.get_secret_value()
        self._credential = await app_credential(self._settings.storage.client_id)
        return self._token

    async def _token(self) -> str:
        from azure.core.exceptions import ClientAuthenticationError

        try:
            return str((await self._credential.get_token(TOKEN_SCOPE)).token)
        except ClientAuthenticationError as error:
            log.error("no Entra ID token for Azure OpenAI: managed identity missing, or no az login")
            raise ModelUnavailable(f"no Entra ID token: {type(error).__name__}") from None


def _completion(response: Any) -> Completion:
    """What is in a chat completion. The SDK does not check what a server sends."""
    try:
        choice = response.choices[0]
        finish_reason, text = choice.finish_reason, choice.message.content
    except (AttributeError, IndexError, TypeError):
        raise ModelUnavailable("the model server's answer is not a chat completion") from None
    if finish_reason == "content_filter":
        raise ModelBlocked("content filter on the answer")
    if not isinstance(text, str | None):
        raise ModelUnavailable("the model server's answer has no text")
    usage = response.usage
    return Completion(
        # Half a surrogate pair could be stored, but never be sent again.
        text=(text or "").encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        model=str(response.model or ""),
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
    )


def _count(usage: Any, name: str) -> int:
    value = getattr(usage, name, 0)
    return value if isinstance(value, int) else 0


def _meaning(error: Exception) -> ModelError:
    """What an error of the SDK means for the turn."""
    import openai

    if isinstance(error, openai.APIConnectionError):
        return ModelUnavailable(f"the model server is unreachable: {type(error).__name__}")
    if not isinstance(error, openai.APIStatusError):
        return ModelUnavailable(f"the model server gave no usable answer: {type(error).__name__}")
    cause = f"HTTP {error.status_code} {error.code or ''}".strip()
    if error.code == "content_filter":
        return ModelBlocked("content filter on the prompt")
    if error.status_code in (400, 413, 422):
        log.error("the model server refuses a request: %s; check model, max_reply_tokens, temperature", cause)
        return ModelRejected(cause)
    if error.status_code in (401, 403):
        log.error("the model server refuses our credential: %s; check the key, or the identity's role", cause)
    if error.status_code == 404:
        log.error(
            "the model server does not know the model or path: %s; check deployment and endpoint", cause
        )
    return ModelUnavailable(cause)
