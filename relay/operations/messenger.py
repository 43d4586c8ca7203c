"""The IM server, for commands that send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from relay.clock import SystemClock
from relay.config.settings import AZURE_MODEL, OTHER_MODEL, STORAGE, Settings, known_settings, load_settings
from relay.im.client import ImClient
from relay.ports import Messenger


def im_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of the IM server; those of storage and model need not be there.

    Raises:
        ConfigError: with every problem found.
    """
    known = known_settings(environ)
    has_model = known.keys() & {*AZURE_MODEL, *OTHER_MODEL}
    unused = {} if has_model else dict(zip(OTHER_MODEL, ("http://127.0.0.1", "unused"), strict=False))
    return load_settings({STORAGE: "UseDevelopmentStorage=true", **unused, **environ})


@asynccontextmanager
async def messenger(environ: Mapping[str, str]) -> AsyncIterator[Messenger]:
    """The client of the settings' IM server.

    Raises:
        ConfigError: a setting is wrong.
    """
    settings = im_settings(environ)
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
