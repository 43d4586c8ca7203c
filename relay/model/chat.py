"""Asking one deployment after the other, within one deadline."""

from __future__ import annotations

import asyncio
import logging

from relay.config.settings import Settings
from relay.errors import AttemptFailed, ModelError, ModelUnavailable
from relay.model.connections import Connections
from relay.model.cooldowns import Cooldowns
from relay.model.endpoints import Endpoint, endpoints_of
from relay.model.request import Requests
from relay.ports import Completion, Prompt
from relay.storage.credential import AppCredential

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often a turn that waits for a deployment looks whether another turn has found one that answers."""


class OpenAIChat:
    """Chat completions. One per process, so that its turns share what they learn of the deployments.

    Args:
        settings: endpoints, keys and the default model.
        cooldowns: which deployments to leave alone.
        credential: the process's Entra ID credential, for deployments without a key; made here when None.
    """

    def __init__(
        self,
        settings: Settings,
        cooldowns: Cooldowns | None = None,
        credential: AppCredential | None = None,
    ) -> None:
        self._settings = settings
        self._cooldowns = cooldowns or Cooldowns()
        self._connections = Connections(credential or AppCredential(settings.storage.client_id))
        self._requests = Requests(self._connections)

    async def complete(self, prompt: Prompt, *, seconds: float) -> Completion:
        """Ask the prompt's models in their order until one answers, within ``seconds``.

        A deployment that is throttled, fails or is too slow rests, and the next deployment is asked at once. While all
        of them rest, the call waits for the first rest that ends in time. The deployments that may still be asked share
        the time that is left, so the last one gets all of it.

        Raises:
            ModelUnavailable: no deployment answered in time; ``retry_after`` says when to ask again.
            ModelRejected: a server refuses this request (400).
            ModelOverflow: the prompt is longer than the model's context.
            ModelBlocked: the content filter refused prompt or answer.
        """
        clock = asyncio.get_running_loop().time
        ends_at = clock() + seconds
        endpoints = list(endpoints_of(self._settings, prompt.models))
        failed: dict[Endpoint, float] = {}
        cause = ""
        while True:
            endpoint, wait = self._cooldowns.choose(endpoints, failed)
            left = ends_at - clock()
            if wait >= left:
                raise ModelUnavailable(cause or f"left alone for another {wait:.0f} s", retry_after=wait)
            if wait > 0:
                await asyncio.sleep(min(wait, LOOK_SECONDS))
                continue
            behind = sum(
                other != endpoint and other not in failed and self._cooldowns.left(other) < left
                for other in endpoints
            )
            try:
                return await self._attempt(endpoint, prompt, ends_at - left * behind / (behind + 1))
            except AttemptFailed as failure:
                cause = failure.cause
                failed[endpoint] = self._cooldowns.now() + self._cooldowns.left(endpoint)
                if failure.lasting:
                    endpoints.remove(endpoint)
                if not endpoints:
                    raise ModelUnavailable(cause) from None

    async def _attempt(self, endpoint: Endpoint, prompt: Prompt, until: float) -> Completion:
        began = self._cooldowns.begin(endpoint)
        try:
            completion = await self._requests.ask(endpoint, prompt, until)
        except AttemptFailed as failure:
            self._cooldowns.failed(endpoint, began, named=failure.retry_after, lasting=failure.lasting)
            log.warning(
                "model=%s server=%s does not answer: %s", endpoint.model, endpoint.host, failure.cause
            )
            raise
        except ModelError:
            self._cooldowns.answered(endpoint, began)  # the server works, and refuses this request alone
            raise
        self._cooldowns.answered(endpoint, began)
        return completion

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()
