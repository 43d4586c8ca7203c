"""What of the settings the stack does not bring itself has to be right before any part of it is started."""

from __future__ import annotations

import os

from playground.local_settings import local_values
from playground.ports import EXAMPLE_PORTS
from playground.stack import APP_KEY, APP_SECRET, Model
from playground.steps import SetupFailed
from relay.config.bots import load_bots
from relay.config.settings import MARKS_OF_AZURE, load_settings
from relay.errors import ConfigError
from relay.model.endpoints import missing_keys
from relay.turn.timing import too_long

OF_THE_STACK = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "IM_APP_KEY": APP_KEY,
    "IM_APP_SECRET": APP_SECRET,
    "IM_APP_SECRET_PREVIOUS": "",
    "IM_API_URL": f"http://127.0.0.1:{EXAMPLE_PORTS.im}",
    "IM_MEDIA_HOSTS": "",
    **dict.fromkeys(MARKS_OF_AZURE, ""),
}
"""Stands in for what the stack sets, whatever the settings say."""


def require_settings(model: Model | None, webhook: str | None, *, with_bots: bool) -> None:
    """Look at the settings as the function host of the stack will find them.

    Args:
        model: what answers; the settings name it only for ``settings``.
        webhook: of a host that runs already, whose settings are its own affair.
        with_bots: look at the bots file as well; a scenario may bring its own.

    Raises:
        SetupFailed: it would not start; every reason is told.
    """
    if webhook is not None:
        return
    replaced = dict(OF_THE_STACK)
    if model != "settings":
        replaced |= dict.fromkeys(
            ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT", "AZURE_OPENAI_API_KEY"), ""
        )
        replaced |= {"RELAY_MODEL_URL": f"http://127.0.0.1:{EXAMPLE_PORTS.model}/v1", "RELAY_MODEL_NAME": "x"}
    try:
        settings = load_settings({**local_values(), **os.environ, **replaced})
        if not with_bots:
            return
        bots = load_bots(settings.bots_file)
        if problems := [*missing_keys(settings, bots), *too_long(settings, bots)]:
            raise ConfigError(problems)
    except ConfigError as error:
        raise SetupFailed("\n  ".join(["the stack cannot start:", *error.problems])) from None
