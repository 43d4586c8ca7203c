"""``local.settings.json``, as far as ``dev.py`` looks into it. Standard library only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from playground.ports import EXAMPLE_PORTS, port_is_free
from playground.runs import ROOT
from playground.stack import Model

EXAMPLE_MODEL_URL = f"http://127.0.0.1:{EXAMPLE_PORTS.model}/v1"


def configured_model(environ: Mapping[str, str], root: Path = ROOT) -> Model:
    """``settings`` when the environment or local.settings.json names a model of the user's own, else ``tiny``.

    The model of the unedited example settings is the playground's, so it does not count.

    Raises:
        ValueError: local.settings.json is not JSON.
    """
    values = {**local_values(root), **environ}
    endpoint, url = (values.get(name, "").strip() for name in ("AZURE_OPENAI_ENDPOINT", "RELAY_MODEL_URL"))
    return "settings" if endpoint or url not in ("", EXAMPLE_MODEL_URL) else "tiny"


def local_values(root: Path = ROOT) -> dict[str, str]:
    """``Values`` of local.settings.json that are strings, empty when there is no such file.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        content = json.loads((root / "local.settings.json").read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"local.settings.json is not plain JSON: {error}") from None
    values = content.get("Values") if isinstance(content, dict) else None
    if not isinstance(values, dict):
        return {}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def missing_storage(environ: Mapping[str, str], root: Path = ROOT) -> str:
    """What to say when the settings name the storage of this machine and nothing listens there; else nothing."""
    values = {**local_values(root), **environ}
    if values.get("AzureWebJobsStorage", "").strip() != "UseDevelopmentStorage=true":
        return ""
    silent = [port for port in (EXAMPLE_PORTS.queue, EXAMPLE_PORTS.table) if port_is_free(port)]
    if not silent:
        return ""
    ports = " and ".join(map(str, silent))
    return f"No storage on 127.0.0.1 ({ports}): start `python3 dev.py services` beside it; the host goes on trying."


def setting(name: str, default: str) -> str:
    """A setting as the function host would find it: the environment over local.settings.json."""
    return os.environ.get(name) or local_values().get(name) or default
