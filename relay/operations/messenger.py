"""The IM server, for commands that send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from relay.clock import SystemClock
from relay.config.settings import AZURE_MODEL, OTHER_MODEL, STORAGE, Settings, known_settings, load_settings
from relay.im.client import ImClient
from relay.ports import Messenger

NO_STORAGE = {STORAGE: "UseDevelopmentStorage=true"}
"""Settings of storage for a command that asks it nothing."""


def im_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of the IM server; those of storage and model need not be there.

    Raises:
        ConfigError: with every problem found.
    """
    known = known_settings(environ)
    has_model = known.keys() & {*AZURE_MODEL, *OTHER_MODEL}
    unused = {} if has_model else dict(zip(OTHER_MODEL, ("http://127.0.0.1", "unused"), strict=False))
    return load_settings({**NO_STORAGE, **unused, **environ})


@asynccontextmanager
async def messenger(settings: Settings) -> AsyncIterator[Messenger]:
    """The client of the settings' IM server."""
    im = ImClient(
        app_key=settings.im_app_key,
        app_secret=settings.im_app_secret.get_secret_value(),
        region=settings.im_region,
        api_version=settings.im_api_version,
        api_url=settings.im_api_url,
        clock=SystemClock(),
    )
    try:
        yield im
    finally:
        await im.aclose()
