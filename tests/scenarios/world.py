"""The world of a scenario: real storage, real HTTP, one or more function hosts that can be killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from playground.azurite import Azurite
from playground.im_server import ImServer
from playground.model_server import ModelServer
from playground.runs import ROOT
from tests.playground.host.process import ForkedHost, HostProcess

APP_KEY = "app-key"
SECRET = "app-secret"

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are Helper."
turn_seconds = 10

[[bots]]
accid = "direct"
name = "Direct"
system_prompt = "You are Direct."
reply = "response"
"""


@dataclass
class World:
    """What a scenario plays in.

    Attributes:
        storage: a real Azurite.
        im: the IM platform with its users.
        model: the model server.
        settings: of the next host that is started.
        hosts: the running function hosts; the IM platform posts to the first.
        app: folder of the function app that they run.
    """

    storage: Azurite
    im: ImServer
    model: ModelServer
    settings: dict[str, str]
    stack: AsyncExitStack
    hosts: list[HostProcess] = field(default_factory=list)
    app: Path = ROOT

    async def start_host(self, *arguments: str) -> HostProcess:
        """Start a function host on this world's storage."""
        host = await self.stack.enter_async_context(ForkedHost(self.app, self.settings, *arguments))
        self.hosts.append(host)
        self.im.webhook = self.webhook_of(self.hosts[0])
        return host

    @staticmethod
    def webhook_of(host: HostProcess) -> str:
        """The URL that a console would hold for a host."""
        return host.url + "/api/webhook?code=any"

    async def kill_host(self) -> None:
        """SIGKILL to the first host."""
        await self.hosts.pop(0).kill()

    async def replies(
        self, count: int, *, user: str = "alice", bot: str = "helper", seconds: float = 30
    ) -> Sequence[str]:
        """Wait until a user has seen so many messages of a bot; gives their texts."""

        def seen() -> list[str]:
            return [said.text for said in self.im.chat(user, bot) if said.sender == bot]

        await self.im.wait_for(lambda: len(seen()) >= count, seconds)
        return seen()


def settings_for(
    storage: Azurite, im: ImServer, model: ModelServer, bots: Path, more: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a function host in this world."""
    return {
        "AzureWebJobsStorage": storage.connection_string,
        "IM_APP_KEY": APP_KEY,
        "IM_APP_SECRET": SECRET,
        "IM_APP_SECRET_PREVIOUS": "",
        "IM_REGION": "overseas",
        "IM_API_VERSION": "v2",
        "IM_API_URL": im.url,
        "IM_MEDIA_HOSTS": im.storage.host,
        "AZURE_OPENAI_ENDPOINT": "",
        "AZURE_OPENAI_API_KEY": "",
        "AZURE_OPENAI_DEPLOYMENT": "",
        "RELAY_MODEL_URL": model.url + "/v1",
        "RELAY_MODEL_NAME": "scripted",
        "RELAY_MODEL_KEY": "",
        "RELAY_BOTS_FILE": str(bots),
        **more,
    }
