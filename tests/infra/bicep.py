"""The Bicep CLI as a server: once started, a file takes it a third of a second.

It speaks JSON-RPC over its standard input and output, framed as in the Language Server Protocol (``bicep jsonrpc``).
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from playground.bicep import HOW_TO_GET_IT, find_bicep

INPUTS = {
    "AZURE_LOCATION": "eastus2",
    "IM_APP_KEY": "app-key",
    "IM_APP_SECRET": "not-a-secret",
    "ALERT_EMAIL": "ops@example.com",
    "BUDGET_START": "2026-11-01",
    "RELAY_MODEL_URL": "https://models.example.com/v1",
    "RELAY_MODEL_NAME": "a-model",
    "RELAY_MODEL_KEY": "not-a-key",
}
"""What the parameter files read from the environment."""

OTHER_INPUTS = (
    "AZURE_ENV_NAME",
    "AZURE_PRINCIPAL_ID",
    "AZURE_PRINCIPAL_TYPE",
    "AZURE_RESOURCE_GROUP",
    "ALLOWED_ADDRESSES",
    "IM_APP_SECRET_PREVIOUS",
    "IM_REGION",
)
"""What they may read; not this machine's."""


class BicepFailed(Exception):
    """The CLI is not there, or refuses a file; the message is what it says."""


class Bicep:
    """A running CLI. Its methods may be called from any thread."""

    def __init__(self) -> None:
        program = find_bicep()
        if program is None:
            raise BicepFailed(HOW_TO_GET_IT)
        environ = {name: value for name, value in os.environ.items() if name not in OTHER_INPUTS}
        environ |= {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_TieredPGO": "0", **INPUTS}
        self._process = subprocess.Popen(
            [str(program), "jsonrpc", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
        )
        self._lock = Lock()
        self._calls = 0

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)

    def compile(self, file: Path) -> tuple[dict[str, Any], list[str]]:
        """A Bicep file as ARM JSON, and what compiler and linter have to say.

        Raises:
            BicepFailed: it has errors.
        """
        done = self._call("bicep/compile", path=str(file))
        said = [
            f"{Path(each['source']).name}: {each['level']} {each['code']}: {each['message']}"
            for each in done["diagnostics"]
        ]
        if not done["success"]:
            raise BicepFailed("\n".join(said))
        return json.loads(done["contents"]), said

    def format(self, file: Path) -> str:
        """The file as it should be written."""
        return str(self._call("bicep/format", path=str(file))["contents"])

    def snapshot(self, parameters: Path, subscription: str, location: str) -> dict[str, Any]:
        """What a parameter file would make, with names, loops and conditions evaluated.

        Raises:
            BicepFailed: it has errors.
        """
        place = {"tenantId": subscription, "subscriptionId": subscription, "location": location}
        done = self._call("bicep/getSnapshot", path=str(parameters), metadata=place)
        found: dict[str, Any] = json.loads(done["snapshot"])
        return found

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        with self._lock:
            self._calls += 1
            request = {"jsonrpc": "2.0", "id": self._calls, "method": method, "params": parameters}
            body = json.dumps(request).encode()
            to, out = self._process.stdin, self._process.stdout
            assert to is not None
            assert out is not None
            to.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            to.flush()
            length = 0
            while header := out.readline().strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            answer = json.loads(out.read(length) or b'{"error": {"message": "it ended"}}')
        if "error" in answer:
            raise BicepFailed(answer["error"]["message"])
        result: dict[str, Any] = answer["result"]
        return result


@cache
def bicep() -> Bicep:
    """The one of this process."""
    running = Bicep()
    atexit.register(running.close)
    return running
