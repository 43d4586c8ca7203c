"""Asking one deployment after the other, within one deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable
from dataclasses import replace

from relay.config.server_tools import ServerTool
from relay.config.settings import Settings
from relay.errors import AttemptFailed, ModelError, ModelOverflow, ModelRejected, ModelUnavailable
from relay.model.connections import Connections
from relay.model.cooldowns import Cooldowns
from relay.model.endpoints import Endpoint, endpoints_of
from relay.model.request import Requests
from relay.ports import ChatMessage, Completion, Function, Prompt
from relay.storage.credential import AppCredential

log = logging.getLogger(__name__)

CANARY = Prompt((ChatMessage("user", "Hi"),), max_tokens=16)
"""What every model answers. Without a system prompt and parameters, it fails for nothing but the place."""

CANARY_SECONDS = 60.0
"""How long its outcome is kept."""

TOLD_SECONDS = 60.0
"""Between two lines about a place that somebody has to put right."""

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
        self._requests = Requests(
            self._connections, settings.im_app_secret.get_secret_value(), tool_keys=settings.tool_keys
        )
        self._canaries: dict[tuple[Endpoint, Prompt], tuple[bool, float]] = {}
        self._told: dict[Endpoint, float] = {}

    async def complete(
        self,
        prompt: Prompt,
        *,
        seconds: float,
        only: Hashable = None,
        without: Collection[Hashable] = (),
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        """Ask the prompt's models in their order until one answers, within ``seconds``.

        A deployment that is throttled, fails or is too slow rests, and the next deployment is asked at once. While all
        of them rest, the call waits for the first rest that ends in time. The deployments that may still be asked share
        the time that is left, so the last one gets all of it. One for which the prompt is too long does not rest: the
        next one may have more room, and only when none has the prompt must become shorter.

        Raises:
            ModelUnavailable: no deployment answered in time, or could be asked; ``retry_after`` says when to ask again.
            ModelRejected: a server refuses this request (400, 422), and its words do not tell why.
            ModelOverflow: the prompt is longer than the context of each model that could be asked.
            ModelBlocked: the content filter refused prompt or answer.
        """
        clock = asyncio.get_running_loop().time
        ends_at = clock() + seconds
        wanted = endpoints_of(self._settings, prompt.models, with_tools=bool(prompt.tools))
        endpoints = [e for e in wanted if e not in without and only in (None, e)]
        failed: dict[Endpoint, float] = {}
        broke_off: set[Endpoint] = set()
        throttled: dict[Endpoint, float] = {}
        cause, too_long = "the model server refuses every request", None
        while endpoints:
            endpoint, wait = self._cooldowns.choose(endpoints, failed)
            left = ends_at - clock()
            if wait > 0 and too_long is not None:
                break
            if wait >= left:
                raise ModelUnavailable(
                    cause if failed else f"left alone for another {wait:.0f} s", retry_after=wait
                )
            if wait > 0:
                await asyncio.sleep(min(wait, LOOK_SECONDS))
                continue
            behind = sum(
                other != endpoint and other not in failed and self._cooldowns.left(other) < left
                for other in endpoints
            )
            try:
                return await self._attempt(endpoint, prompt, ends_at - left * behind / (behind + 1), heard)
            except AttemptFailed as failure:
                cause = failure.cause
                failed[endpoint] = self._cooldowns.now() + self._cooldowns.left(endpoint)
                if failure.lasting or (failure.broke_off and endpoint in broke_off):
                    endpoints.remove(endpoint)
                if failure.broke_off:
                    broke_off.add(endpoint)
                if failure.throttled and endpoint in endpoints:
                    since = throttled.setdefault(endpoint, self._cooldowns.now())
                    if self._cooldowns.has_answered_since(endpoint, since):
                        # It has waited, others were answered, and it is refused again: no wait makes it small enough.
                        too_long = too_long or _too_long_for_its_quota(endpoint, failure)
                        endpoints.remove(endpoint)
            except ModelOverflow as overflow:
                too_long = too_long or overflow
                endpoints.remove(endpoint)
        if too_long is not None:
            raise too_long
        raise ModelUnavailable(cause)

    async def takes_anything(
        self,
        place: Hashable,
        *,
        seconds: float,
        tools: tuple[ServerTool, ...] = (),
        functions: tuple[Function, ...] = (),
    ) -> bool:
        """Whether a place that has refused a prompt answers the simplest one, with the same tools of its server and the
        same functions. What it said is kept for a minute.

        Raises:
            ModelUnavailable: it cannot be told now.
        """
        if not isinstance(place, Endpoint):
            return True  # nobody refused anything
        simplest = replace(CANARY, tools=tools, functions=functions)
        known, until = self._canaries.get((place, simplest), (True, 0.0))
        if self._cooldowns.now() < until:
            return known
        try:
            await self._attempt(place, simplest, asyncio.get_running_loop().time() + seconds)
        except AttemptFailed as failure:
            raise ModelUnavailable(failure.cause) from None
        except ModelRejected as refusal:
            log.error(
                "model=%s server=%s refuses every request: %s; check %s",
                place.model,
                place.host,
                refusal.cause,
                _tools_of(simplest) or "key, model and its parameters",
            )
            takes = False
        except ModelError:
            takes = True
        else:
            takes = True
        self._canaries[place, simplest] = takes, self._cooldowns.now() + CANARY_SECONDS
        return takes

    async def _attempt(
        self,
        endpoint: Endpoint,
        prompt: Prompt,
        until: float,
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        client = await self._requests.open(endpoint, until)
        began = self._cooldowns.begin(endpoint)
        try:
            completion = await self._requests.ask(client, endpoint, prompt, until, heard)
        except AttemptFailed as failure:
            self._cooldowns.failed(endpoint, began, named=failure.retry_after, lasting=failure.lasting)
            self._tell(endpoint, failure)
            raise
        except ModelError as refusal:
            refusal.place = endpoint
            if isinstance(refusal, ModelRejected) and refusal.about_tools:
                self._tell_of_tools(endpoint, prompt, refusal)
            self._cooldowns.answered(endpoint, began)  # the server works, and refuses this request alone
            raise
        self._cooldowns.answered(endpoint, began)
        return completion

    def _is_news(self, endpoint: Endpoint) -> bool:
        """Whether nothing that somebody has to put right was told of a place for a while; it then counts as told."""
        now = self._cooldowns.now()
        if now < self._told.get(endpoint, 0.0):
            return False
        self._told[endpoint] = now + TOLD_SECONDS
        return True

    def _tell_of_tools(self, endpoint: Endpoint, prompt: Prompt, refusal: ModelRejected) -> None:
        """A line for the operator, at most one a minute: the bots with these tools wait."""
        if self._is_news(endpoint):
            log.error(
                "model=%s server=%s refuses a tool: %s; check %s",
                endpoint.model,
                endpoint.host,
                refusal.cause,
                _tools_of(prompt),
            )

    def _tell(self, endpoint: Endpoint, failure: AttemptFailed) -> None:
        """A line for the operator: at most one a minute where somebody has to do something."""
        level = logging.WARNING
        if failure.lasting:
            if not self._is_news(endpoint):
                return
            level = logging.ERROR
        log.log(level, "model=%s server=%s does not answer: %s", endpoint.model, endpoint.host, failure.cause)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()


def _tools_of(prompt: Prompt) -> str:
    """The tools of a bot, as an operator is told of them; empty when there are none."""
    named = {
        "server tools": [str(tool) for tool in prompt.tools],
        "tools": [function.name for function in prompt.functions],
    }
    return "; ".join(f"the {kind} of its bot: {', '.join(names)}" for kind, names in named.items() if names)


def _too_long_for_its_quota(endpoint: Endpoint, failure: AttemptFailed) -> ModelOverflow:
    overflow = ModelOverflow(failure.cause)
    overflow.place = endpoint
    return overflow
