"""Entra ID tokens without a key anywhere: the app's managed identity on Azure, ``az login`` elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING, Any

from relay.sdk import load
from relay.storage.azure_calls import ATTEMPT_SECONDS, PAUSES

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

log = logging.getLogger(__name__)

SDK = "azure.identity.aio"

STORAGE_SCOPE = "https://storage.azure.com/.default"
"""Scope of the token for tables and queues."""

RENEW_SECONDS = 300
"""A token is renewed so long before its end, as SDK clients do, where it does not say itself when to."""

_ATTEMPTS = {
    "connection_timeout": ATTEMPT_SECONDS,
    "read_timeout": ATTEMPT_SECONDS,
    "retry_total": 5,
    "retry_backoff_factor": PAUSES.first_seconds,
    "retry_backoff_max": PAUSES.ceiling_seconds,
}
"""The first request of a cold process waits for its token, so an attempt at that is as short as a storage call's."""


class AppCredential:
    """The one credential of a process, for storage, queue and model: a token is fetched once for all of them.

    A managed identity keeps its tokens; ``az login`` does not, and each fetch is a run of ``az``.

    SDK clients call ``get_token_info``, ``get_token`` and ``close``.

    Args:
        client_id: of a user-assigned identity, None for the system-assigned identity.
    """

    def __init__(self, client_id: str | None) -> None:
        self._client_id = client_id
        self._credential: Any = None
        self._tokens: dict[tuple[str, ...], AccessTokenInfo] = {}
        self._one_at_a_time = asyncio.Lock()

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """A token for a scope such as ``https://storage.azure.com/.default``; the SDK keeps and renews it.

        Raises:
            ClientAuthenticationError: Entra ID gives this app no token.
            ServiceResponseError: the identity endpoint answered with something that is no token.
        """
        async with self._one_at_a_time:  # many requests of a cold process wait for one fetch
            kept = self._tokens.get(scopes)
            if kept is not None and _holds(kept) and not (options or {}).get("claims"):
                return kept
            credential = await self._open()
            try:
                token: AccessTokenInfo = await credential.get_token_info(*scopes, options=options)
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                from azure.core.exceptions import ServiceResponseError

                message = f"the identity endpoint's answer is no token: {type(error).__name__}"
                raise ServiceResponseError(message) from None
            self._tokens[scopes] = token
            return token

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token in the older form that some SDK clients still ask for."""
        from azure.core.credentials import AccessToken

        info = await self.get_token_info(*scopes)
        return AccessToken(info.token, info.expires_on)

    async def close(self) -> None:
        """Close the connections; whoever asks again opens them again."""
        async with self._one_at_a_time:
            credential, self._credential = self._credential, None
            if credential is not None:
                await credential.close()

    async def __aenter__(self) -> AppCredential:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def _open(self) -> Any:
        if self._credential is None:
            sdk = await load(SDK)
            if is_managed():
                self._credential = sdk.ManagedIdentityCredential(client_id=self._client_id, **_ATTEMPTS)
            else:
                self._credential = sdk.DefaultAzureCredential()
        return self._credential


def _holds(token: AccessTokenInfo) -> bool:
    return time.time() < (token.refresh_on or token.expires_on - RENEW_SECONDS)


def is_managed() -> bool:
    """Whether this process has a managed identity (Microsoft Learn: How to use managed identities for App Service and
    Azure Functions)."""
    return bool(os.environ.get("IDENTITY_ENDPOINT") and os.environ.get("IDENTITY_HEADER"))


async def fetch_first(credential: AppCredential) -> None:
    """Fetch the token for storage ahead of the first request; after a failure that request fetches it, and tells."""
    from azure.core.exceptions import AzureError

    try:
        await credential.get_token_info(STORAGE_SCOPE)
    except AzureError as error:
        log.warning("no token for storage yet (%s): has the app its identity?", type(error).__name__)
