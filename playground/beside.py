"""The stack beside a function host that runs already: the parts are where the example settings look for them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playground.local_settings import setting
from playground.ports import EXAMPLE_PORTS
from playground.stack import APP_KEY, APP_SECRET, Model, Stack

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def is_local(webhook: str) -> bool:
    """True if the host runs on this machine: it can use a model and a storage that are started here."""
    return urlsplit(webhook).hostname in LOOPBACK_HOSTS


def stack_beside(webhook: str, model: Model, logs: Path) -> Stack:
    """A stack without a function host: everything else for one on this machine, only the IM server for another one."""
    return Stack(
        model=model,
        host=None,
        webhook=webhook,
        only_im=not is_local(webhook),
        ports=EXAMPLE_PORTS,
        logs=logs,
        app_key=setting("IM_APP_KEY", APP_KEY),
        app_secret=setting("IM_APP_SECRET", APP_SECRET),
    )
