"""The clients of the model servers, one for each, opened at its first request, and their keys or tokens."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from relay.errors import AttemptFailed
from relay.model.endpoints import Endpoint
from relay.sdk import load, server_certificates
from relay.storage.credential import AppCredential

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

TOKEN_SCOPE = "https://ai.azure.com/.default"  # noqa: S105  (a scope, not a token)


class Connections:
    """Clients for endpoints.

    Args:
        credential: the process's Entra ID credential, for Azure OpenAI without a key.
    """

    def __init__(self, credential: AppCredential) -> None:
        self._credential = credential
        self._clients: dict[tuple[str, SecretStr | None], AsyncOpenAI] = {}
        self._opening = asyncio.Lock()

    async def client(self, endpoint: Endpoint) -> AsyncOpenAI:
        """The client for an endpoint. It does not retry: :class:`OpenAIChat` decides which endpoint is asked next."""
        which = (endpoint.base_url, endpoint.key)
        async with self._opening:
            if which not in self._clients:
                # The SDK reads keys, organisations, headers and log levels of the machine; the settings are ours.
                for name in [name for name in os.environ if name.startswith("OPENAI_")]:
                    del os.environ[name]
                sdk = await load("openai")
                self._clients[which] = sdk.AsyncOpenAI(
                    base_url=endpoint.base_url,
                    api_key=self._api_key(endpoint),
                    max_retries=0,
                    # What people write goes to the server that the operator named, and to no other.
                    http_client=sdk.DefaultAsyncHttpxClient(
                        follow_redirects=False, verify=await server_certificates()
                    ),
                )
            return self._clients[which]

    async def aclose(self) -> None:
        """Close the clients and the credential."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()
        await self._credential.close()

    def _api_key(self, endpoint: Endpoint) -> Any:
        if endpoint.key is not None:
            return endpoint.key.get_secret_value()
        if not endpoint.is_azure:
            return "none"  # the SDK insists on a key; a server that wants none ignores it
        return self._token

    async def _token(self) -> str:
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            return str((await self._credential.get_token_info(TOKEN_SCOPE)).token)
        except ClientAuthenticationError as error:
            log.error("no Entra ID token for Azure OpenAI: managed identity missing, or no az login")
            raise AttemptFailed(f"no Entra ID token: {type(error).__name__}", lasting=True) from None
        except AzureError as error:
            raise AttemptFailed(f"no Entra ID token: {type(error).__name__}") from None
