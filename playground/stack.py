"""The parts of the local stack, started together: storage, model, IM server, function host. Standard library only."""

from __future__ import annotations

import json
import os
import shutil
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from playground.azurite import Azurite
from playground.ports import ANY_PORTS, Ports, free_port, require_free
from playground.processes import Child, stop_all

Model = Literal["tiny", "scripted", "settings"]
Host = Literal["builtin", "func"]

MODEL_LABELS: Mapping[Model, str] = {
    "tiny": "tiny: SmolLM2-135M, it checks the plumbing, not the prose",
    "scripted": "scripted: a server that repeats what it is told",
    "settings": "the one of your settings",
}

APP_KEY = "playground"
APP_SECRET = "playground-secret"  # noqa: S105 - the one in local.settings.example.json
"""Where the function host is somebody else's, both sides use the example settings."""

READY_SECONDS = 60
HOST_STOP_SECONDS = 2.5
OTHERS_STOP_SECONDS = 1.0


EXAMPLE_WEBHOOK = "http://127.0.0.1:7071/api/webhook"
"""Where ``func start`` serves the webhook."""


class Stack:
    """The running parts. A context manager.

    Args:
        model: what answers; ``settings`` starts none.
        host: what runs the functions; None when the webhook is somebody else's.
        webhook: its URL when ``host`` is None.
        ports: where the parts listen.
        app_key, app_secret: of the IM app.
        logs: folder of the parts' output.
        environ: the environment, with what it says over ``local.settings.json``.

    Attributes:
        webhook: URL that the IM server posts to.
        im_url, model_url: of the IM emulator and of the model server; the latter empty with ``settings``.
        storage: Azurite.
        functions: the function host, None when it is somebody else's.
    """

    def __init__(
        self,
        *,
        model: Model,
        logs: Path,
        host: Host | None = "builtin",
        webhook: str = EXAMPLE_WEBHOOK,
        ports: Ports = ANY_PORTS,
        app_key: str = APP_KEY,
        app_secret: str = APP_SECRET,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.logs = logs
        self.webhook = webhook
        self.im_url = self.model_url = ""
        self.functions: Child | None = None
        self.storage = Azurite(ports=(ports.blob, ports.queue, ports.table), log=logs / "azurite.log")
        self._model, self._host, self._ports = model, host, ports
        self._app_key, self._app_secret = app_key, app_secret
        self._environ = dict(os.environ if environ is None else environ)
        self._children: list[Child] = []

    @property
    def children(self) -> tuple[Child, ...]:
        """The servers beside Azurite."""
        return tuple(self._children)

    def start(self) -> None:
        """Start every part and wait until it answers.

        Raises:
            PortTaken: a fixed port is in use.
            AzuriteMissing: it is not set up.
            ChildFailed: a part did not start.
        """
        require_free(self._ports)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every part within 5 seconds, the function host first, while what it speaks to is still there.

        Another Ctrl-C meanwhile ends what is left at once.
        """
        try:
            if self.functions is not None:
                self.functions.stop(HOST_STOP_SECONDS)
            stop_all(self._children, seconds=OTHERS_STOP_SECONDS)
        except BaseException:
            for child in filter(None, [self.functions, *self._children]):
                child.kill()
            raise
        finally:
            self.storage.stop(OTHERS_STOP_SECONDS)
            self.functions, self._children = None, []

    def _start(self) -> None:
        self.storage.launch()
        im = self._part("im", "playground.im_server", self._ports.im, *self._im_arguments())
        model = None
        if self._model != "settings":
            module = "playground.tiny_model" if self._model == "tiny" else "playground.model_server"
            model = self._part("model", module, self._ports.model)
        self.im_url = _url_of(im)
        self.model_url = _url_of(model) + "/v1" if model else ""
        self.storage.wait_until_ready()
        if self._host:
            self.webhook = self._start_functions(self._host)
            _post_to_webhook(self.im_url, self.webhook)

    def _im_arguments(self) -> list[str]:
        webhook = [] if self._host else ["--webhook", self.webhook]
        return ["--app-key", self._app_key, "--secret", self._app_secret, *webhook]

    def _part(self, name: str, module: str, port: int, *arguments: str) -> Child:
        argv = [sys.executable, "-m", module, "--port", str(port), *arguments]
        child = Child(name, argv, log=self.logs / f"{name}.log", env=self._environ)
        self._children.append(child)
        return child

    def _start_functions(self, host: Host) -> str:
        """Start the function host; returns the webhook's URL."""
        if host == "func":
            command = [shutil.which("func") or "func", "start", "--port", str(free_port())]
        else:
            command = [sys.executable, "-m", "playground.host", "--port", "0"]
        env = {**self._environ, **self.settings()}
        self.functions = Child("functions", command, log=self.logs / "functions.log", env=env)
        return self.functions.wait_for(r"webhook: \[POST\] (http\S+)", seconds=READY_SECONDS)[1]

    def settings(self) -> dict[str, str]:
        """The settings that lead the relay to these parts. An empty one undoes what local.settings.json says."""
        found = {
            "AzureWebJobsStorage": self.storage.connection_string,
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "IM_APP_KEY": self._app_key,
            "IM_APP_SECRET": self._app_secret,
            "IM_APP_SECRET_PREVIOUS": "",
            "IM_API_URL": self.im_url,
        }
        if self._model != "settings":
            found |= {
                "RELAY_MODEL_URL": self.model_url,
                "RELAY_MODEL_NAME": self._model,
                "RELAY_MODEL_KEY": "",
                "AZURE_OPENAI_ENDPOINT": "",
                "AZURE_OPENAI_DEPLOYMENT": "",
                "AZURE_OPENAI_API_KEY": "",
            }
        return found

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _post_to_webhook(im_url: str, webhook: str) -> None:
    """Tell the IM emulator where to post, which is only known once the function host has a port."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{im_url}/_control/webhook",
        json.dumps({"url": webhook}).encode(),
        {"Content-Type": "application/json"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=READY_SECONDS):
        pass


def _url_of(child: Child) -> str:
    return child.wait_for(r"listening on (http://\S+)", seconds=READY_SECONDS)[1]
