"""The deployments that the settings and the bots file name, as addresses with their keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pydantic import SecretStr

from relay.config.bot import Api, Bot, Deployment, Place
from relay.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One deployment of one server.

    Attributes:
        base_url: ``/chat/completions`` is appended.
        model: name of the deployment or model.
        is_azure: an Azure OpenAI resource.
        key: None for Entra ID on Azure, for no key elsewhere.
        api: the one that it is to be asked by; None: chat completions, until it says that it does not speak them.
    """

    base_url: str
    model: str
    is_azure: bool
    key: SecretStr | None = None
    api: Api | None = None

    @property
    def is_openai(self) -> bool:
        """Azure OpenAI or OpenAI itself: whoever is told which messages are of one sender and begin alike."""
        return self.is_azure or self.host == "api.openai.com"

    @property
    def host(self) -> str:
        """Name of the server, for logs and spans."""
        return urlsplit(self.base_url).hostname or ""


def endpoints_of(
    settings: Settings, wanted: Iterable[Deployment], *, with_tools: bool = False
) -> tuple[Endpoint, ...]:
    """The endpoints of some deployments, in order and each once; the settings' own model when there are none.

    Tools that the server runs are known to one API alone. What is asked by it is a place of its own: that a server
    lacks this API, or a tool, is nothing to the bots without tools.
    """
    default = Deployment(model=settings.azure_openai_deployment or settings.model_name or "-")
    found = (endpoint_of(settings, deployment) for deployment in list(wanted) or [default])
    return tuple(dict.fromkeys(replace(e, api="responses") if with_tools else e for e in found))


def missing_keys(settings: Settings, bots: Iterable[Bot]) -> list[str]:
    """What is wrong when a bot names a key that is not set: one sentence each."""
    variants = [variant for bot in bots for variant in (bot, *bot.functions.values())]
    named = {
        place.key_setting: (bot, key, f"a key of {place.endpoint or place.url}")
        for bot in variants
        for key, places in (
            ("models", bot.deployments),
            ("transcribe", (bot.transcribe,)),
            ("speak", (bot.speak,)),
            ("draw", (bot.draw,)),
        )
        for place in places
        if place and place.key_setting
    } | {
        setting: (bot, "server_tools", f"the value of the header {header}")
        for bot in variants
        for tool in bot.server_tools
        for header, setting in tool.header_settings.items()
    }
    return [
        f'{name}: not set, but bot "{bot.accid}" names it in "{key}"; accepted: {accepted}'
        for name, (bot, key, accepted) in named.items()
        if name not in settings.further_keys and name not in settings.tool_keys
    ]


def endpoint_of(settings: Settings, deployment: Place) -> Endpoint:
    """Where a model is, and with which key."""
    key = settings.further_keys[deployment.key_setting] if deployment.key_setting else None
    if deployment.endpoint:
        url, is_azure = _azure_url(deployment.endpoint), True
    elif deployment.url:
        url, is_azure = deployment.url, False
    elif settings.model_url:
        url, is_azure, key = settings.model_url, False, settings.model_key
    else:
        url, is_azure = _azure_url(settings.azure_openai_endpoint or ""), True
        key = settings.azure_openai_api_key
    api = deployment.api if isinstance(deployment, Deployment) else None
    return Endpoint(url, deployment.model, is_azure=is_azure, key=key, api=api)


def _azure_url(endpoint: str) -> str:
    return f"{endpoint}/openai/v1/"
