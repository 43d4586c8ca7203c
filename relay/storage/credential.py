"""Entra ID tokens without a key anywhere: the app's managed identity on Azure, ``az login`` elsewhere."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

from relay.sdk import load

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

REFRESH_BEFORE_SECONDS = 300


class AppIdentity:
    """Tokens of the app's managed identity, from the endpoint that App Service offers to its apps.

    ``azure.identity`` does the same, but takes a third of a second to import, and the first request after a cold
    start waits for its token (Microsoft Learn: How to use managed identities for App Service and Azure Functions,
    REST endpoint reference, api-version 2019-08-01).
    """

    def __init__(self, endpoint: str, header: str, client_id: str | None) -> None:
        self._endpoint = endpoint
        self._header = header
        self._client_id = client_id
        self._tokens: dict[str, AccessTokenInfo] = {}
        self._lock = asyncio.Lock()

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """A token for a scope such as ``https://storage.azure.com/.default``; kept until shortly before its end.

        Raises:
            ClientAuthenticationError: the endpoint gave none.
        """
        resource = scopes[0].removesuffix("/.default")
        async with self._lock:
            token = self._tokens.get(resource)
            if token is None or token.expires_on - REFRESH_BEFORE_SECONDS < time.time():
                token = self._tokens[resource] = await self._fetch(resource)
        return token

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """The same in the older form that some clients still ask for."""
        from azure.core.credentials import AccessToken

        info = await self.get_token_info(*scopes)
        return AccessToken(info.token, info.expires_on)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def __aenter__(self) -> AppIdentity:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def _fetch(self, resource: str) -> AccessTokenInfo:
        import httpx2
        from azure.core.credentials import AccessTokenInfo
        from azure.core.exceptions import ClientAuthenticationError

        query = {"api-version": "2019-08-01", "resource": resource}
        if self._client_id:
            query["client_id"] = self._client_id
        try:
            async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
                response = await client.get(
                    self._endpoint, params=query, headers={"X-IDENTITY-HEADER": self._header}
                )
            fields = response.json() if response.status_code == 200 else {}
            return AccessTokenInfo(fields["access_token"], int(fields["expires_on"]))
        except (httpx2.HTTPError, KeyError, ValueError) as error:
            message = f"the managed identity gave no token for {resource}: {type(error).__name__}"
            raise ClientAuthenticationError(message) from error


async def app_credential(client_id: str | None) -> Any:
    """The credential of this process: its managed identity on Azure, else whatever azure.identity finds."""
    endpoint, header = os.environ.get("IDENTITY_ENDPOINT"), os.environ.get("IDENTITY_HEADER")
    if endpoint and header:
        return AppIdentity(endpoint, header, client_id)
    identity = await load("azure.identity.aio")
    return identity.DefaultAzureCredential()
