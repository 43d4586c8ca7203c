"""Loads ``function_app.py`` and indexes its functions as Azure's Python worker does."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import logging
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func

from playground.host.errors import FunctionError, HostError

MODULE = "function_app"

_log = logging.getLogger("host")

_RETURNED_TO_HTTP = "http"


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app.

    Attributes:
        name: its name, unique in the app.
        trigger: its trigger as ``function.json`` would have it (``type``, ``name``, ``route``, …).
        code: what the app wrote; plain or async.
    """

    name: str
    trigger: Mapping[str, Any]
    code: Callable[..., Any]

    async def invoke(self, argument: object) -> Any:
        """Run it once, with one line in the log before and one after.

        An async function runs on the host's one event loop, as in Azure's worker; a plain one in a thread.

        Raises:
            FunctionError: it raised.
        """
        invocation = uuid.uuid4()
        started = time.perf_counter()
        _log.info("Executing 'Functions.%s' (Id=%s)", self.name, invocation)
        try:
            arguments = {self.trigger["name"]: argument}
            if inspect.iscoroutinefunction(self.code):
                result = await self.code(**arguments)
            else:
                result = await asyncio.to_thread(self.code, **arguments)
        except Exception as error:
            _log.exception(
                "Executed 'Functions.%s' (Failed, Id=%s, %s)", self.name, invocation, _took(started)
            )
            raise FunctionError(self.name) from error
        _log.info("Executed 'Functions.%s' (Succeeded, Id=%s, %s)", self.name, invocation, _took(started))
        return result


def load_functions(app_dir: Path) -> list[Function]:
    """Import ``function_app.py`` of a folder and list its functions.

    The folder goes to the front of ``sys.path``; the module is imported anew and stays in ``sys.modules``.

    Raises:
        HostError: there is no such file, not exactly one app in it, or a binding that is unknown here.
        Exception: whatever the import raises.
    """
    path = app_dir / f"{MODULE}.py"
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise HostError(f"{path} does not exist")
    sys.path.insert(0, str(app_dir))
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if len(apps) != 1:
        raise HostError(f"{path} must hold exactly one function app at its top level; it holds {len(apps)}")
    return [_function(definition) for definition in apps[0].get_functions()]


def _function(definition: Any) -> Function:
    name = definition.get_function_name()
    bindings = json.loads(definition.get_function_json())["bindings"]
    triggers = [binding for binding in bindings if binding["type"].endswith("Trigger")]
    for binding in bindings:
        if binding not in triggers and binding["type"] != _RETURNED_TO_HTTP:
            raise HostError(f"function {name}: this host has no {binding['type']!r} binding")
    return Function(name=name, trigger=triggers[0], code=definition.get_user_function())


def _took(started: float) -> str:
    return f"Duration={(time.perf_counter() - started) * 1000:.0f}ms"
