"""Asking one deployment after the other, within one deadline."""

from __future__ import annotations

import asyncio
import logging

from relay.config.settings import Settings
from relay.errors import AttemptFailed, ModelError, ModelUnavailable
from relay.model.connections import Connections
from relay.model.cooldowns import Cooldowns
from relay.model.places import Place, places_of
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
        credential: of the process; one of its own when None. It is used where there is no key.
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

        One that is throttled, fails or is too slow is left alone for a while and the next one asked at once; when all
        of them rest, the first whose rest ends in time is waited for. A model behind which there are others gets its
        share of the time that is left, the last one all of it.

        Raises:
            ModelUnavailable: none of them answered in time, and when to ask again.
            ModelRejected: a server refuses this request (400).
            ModelOverflow: the prompt is longer than the model's context.
            ModelBlocked: the content filter refused prompt or answer.
        """
        clock = asyncio.get_running_loop().time
        ends_at = clock() + seconds
        places = list(places_of(self._settings, prompt.models))
        met: dict[Place, float] = {}
        cause = ""
        while True:
            place, wait = self._cooldowns.choose(places, met)
            left = ends_at - clock()
            if wait >= left:
                raise ModelUnavailable(cause or f"left alone for another {wait:.0f} s", retry_after=wait)
            if wait > 0:
                await asyncio.sleep(min(wait, LOOK_SECONDS))
                continue
            behind = sum(
                other != place and other not in met and self._cooldowns.left(other) < left for other in places
            )
            try:
                return await self._attempt(place, prompt, ends_at - left * behind / (behind + 1))
            except AttemptFailed as failure:
                cause = failure.cause
                met[place] = self._cooldowns.now() + self._cooldowns.left(place)
                if failure.lasting:
                    places.remove(place)
                if not places:
                    raise ModelUnavailable(cause) from None

    async def _attempt(self, place: Place, prompt: Prompt, until: float) -> Completion:
        began = self._cooldowns.begin(place)
        try:
            completion = await self._requests.ask(place, prompt, until)
        except AttemptFailed as failure:
            self._cooldowns.failed(place, began, named=failure.retry_after, lasting=failure.lasting)
            log.warning("model=%s server=%s does not answer: %s", place.model, place.host, failure.cause)
            raise
        except ModelError:
            self._cooldowns.answered(place, began)  # it works; it is this request that it refuses
            raise
        self._cooldowns.answered(place, began)
        return completion

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()
