"""The parts of the local stack, started together: storage, model, IM server, function host. Standard library only."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

from playground.azurite import Azurite
from playground.host_lines import HostLines
from playground.ports import ANY_PORTS, Ports, free_port, require_free
from playground.processes import Child, ChildFailed, stop_all

Model = Literal["tiny", "scripted", "settings"]
Host = Literal["builtin", "func"]

MODEL_LABELS: Mapping[Model, str] = {
    "tiny": "tiny: SmolLM2-135M, it checks the plumbing, not the prose",
    "scripted": "scripted: a server that repeats what it is told",
    "settings": "the one of your settings",
}

APP_KEY = "playground"
APP_SECRET = "playground-secret"  # noqa: S105 - the one in local.settings.example.json
"""Where the stack does not start the function host, both sides use the example settings."""

SPANS_FOR_A_WATCHER = {
    "OTEL_BSP_SCHEDULE_DELAY": "200",  # milliseconds: somebody is looking
    "OTEL_SPAN_EVENT_COUNT_LIMIT": "1000",  # an event for each row of a window
}
"""OpenTelemetry's own settings (OpenTelemetry: SDK environment variables)."""

READY_SECONDS = 60
HOST_STOP_SECONDS = 2.5
DRAIN_SECONDS = 600.0
"""A host that was replaced may work so long on what it has begun: longer than any turn takes."""

OTHERS_STOP_SECONDS = 1.0
KEPT_STOP_SECONDS = 10.0
"""Azurite writes what it has in memory when it ends."""


EXAMPLE_WEBHOOK = "http://127.0.0.1:7071/api/webhook"
"""Where ``func start`` serves the webhook."""


class FilesWrong(RuntimeError):
    """No function host can run on the settings and files.

    Attributes:
        problems: what ``python -m relay check`` says of them.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Stack:
    """The running parts. A context manager.

    Args:
        model: what answers; ``settings`` starts none.
        host: what runs the functions; None when they run already, elsewhere.
        webhook: its URL when ``host`` is None.
        ports: where the parts listen.
        app_key, app_secret: of the IM app.
        only_im: start nothing but the IM server.
        collector: base URL of who gets the function host's spans; empty for nobody.
        logs: folder of the parts' output.
        keep: folder in which storage, chats and media outlive the stack; None keeps nothing.
        environ: the environment, with what it says over ``local.settings.json``.

    Attributes:
        webhook: URL that the IM server posts to.
        im_url, model_url: of the IM emulator and of the model server; the latter empty where none was started.
        storage: Azurite.
        functions: the function host, None when the stack did not start it.
        host_lines: what it prints.
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
        only_im: bool = False,
        collector: str = "",
        keep: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.logs = logs
        self.webhook = webhook
        self.im_url = self.model_url = ""
        self.functions: Child | None = None
        self.storage = Azurite(
            in_memory=keep is None,
            location=(keep or logs) / "storage",
            ports=(ports.blob, ports.queue, ports.table),
            log=logs / "azurite.log",
        )
        self._keep = ["--keep", str(keep)] if keep else []
        self._model, self._host, self._ports = model, host, ports
        self._app_key, self._app_secret = app_key, app_secret
        self._only_im, self._collector = only_im, collector
        self._environ = dict(os.environ if environ is None else environ)
        self._children: list[Child] = []
        self._hosts: list[Child] = []
        self._starts = 0
        self.host_lines = HostLines()

    @property
    def storage_runs(self) -> bool:
        """False where only the IM server was started."""
        return not self._only_im

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
        require_free(Ports(im=self._ports.im) if self._only_im else self._ports)
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
            hosts = tuple(self._hosts)  # one that is replaced leaves them meanwhile
            stop_all(hosts, seconds=HOST_STOP_SECONDS)
            stop_all(self._children, seconds=OTHERS_STOP_SECONDS)
        except BaseException:
            for child in (*self._hosts, *self._children):
                child.kill()
            raise
        finally:
            self.storage.stop(KEPT_STOP_SECONDS if self._keep else OTHERS_STOP_SECONDS)
            self.functions, self._hosts, self._children = None, [], []

    def break_off(self) -> None:
        """Let a start that is under way in another thread fail soon: without its first part, no stack starts."""
        for child in self.children:
            child.terminate()

    def kill_functions(self) -> None:
        """End the function host at once, as a crash does; what it worked on stays as it is.

        Raises:
            RuntimeError: there is no host of ours.
        """
        if self.functions is None:
            raise RuntimeError("the function host is somebody else's")
        self.functions.kill()
        self._hosts.remove(self.functions)

    def restart_functions(self) -> None:
        """Start the function host again after its end, on the same settings and port, and post to it.

        Raises:
            ChildFailed: it did not start.
        """
        port = urlsplit(self.webhook).port or 0
        self.webhook = self._start_functions(port)
        _post_to_webhook(self.im_url, self.webhook)

    def replace_functions(self) -> None:
        """Start another function host, on the files as they are now, and post to it; no message finds nobody.

        The one that ran so far takes nothing new, and ends when what it has begun is done.

        Raises:
            FilesWrong: they are wrong; the one that ran goes on.
            ChildFailed: the other one did not start; likewise.
        """
        replaced = self.functions
        self.webhook = self._start_functions(0, checked=True)
        _post_to_webhook(self.im_url, self.webhook)
        if replaced is not None:
            replaced.terminate()
            threading.Thread(target=self._drain, args=(replaced,), daemon=True).start()

    def _drain(self, replaced: Child) -> None:
        replaced.stop(DRAIN_SECONDS)
        with contextlib.suppress(ValueError):  # the whole stack was stopped meanwhile
            self._hosts.remove(replaced)

    def _start(self) -> None:
        im = self._part(
            "im", "playground.im_server", self._ports.im, *self._keep, environ=self._credentials()
        )
        if self._only_im:
            self.im_url = _url_of(im)
            _post_to_webhook(self.im_url, self.webhook)
            return
        self.storage.launch()
        tiny = model = None
        upstream: list[str] = []
        if self._model == "tiny":
            # What stands before the real model records what it is asked, and misbehaves on demand. Neither waits
            # for the other to start.
            port = free_port()
            tiny = self._part("tiny", "playground.tiny_model", port)
            upstream = ["--upstream", f"http://127.0.0.1:{port}/v1"]
        if self._model != "settings":
            model = self._part("model", "playground.model_server", self._ports.model, *upstream, *self._keep)
        self.im_url = _url_of(im)
        self.model_url = _url_of(model) + "/v1" if model else ""
        self.storage.wait_until_ready()
        if self._host:
            self.webhook = self._start_functions(0)
        _post_to_webhook(self.im_url, self.webhook)
        if tiny:
            _url_of(tiny)

    def _credentials(self) -> dict[str, str]:
        """The IM app's. They and the webhook's URL, which may hold a key, are in no command line: all can read that."""
        return {"IM_APP_KEY": self._app_key, "IM_APP_SECRET": self._app_secret}

    def _part(
        self, name: str, module: str, port: int, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> Child:
        argv = [sys.executable, "-m", module, "--port", str(port), *arguments]
        env = {**self._environ, **(environ or {})}
        child = Child(name, argv, log=self.logs / f"{name}.log", env=env)
        self._children.append(child)
        return child

    def _start_functions(self, port: int, *, checked: bool = False) -> str:
        """Start the function host, if need be only after a check; returns the webhook's URL. Port 0 is any."""
        if self._host == "func":
            command = [shutil.which("func") or "func", "start", "--port", str(port or free_port())]
        else:
            command = [sys.executable, "-m", "playground.host", "--port", str(port)]
        if checked:
            command = [sys.executable, "-m", "playground.checked", *command]
        env = {**self._environ, **self.settings(), "HOST_GRACE_SECONDS": str(DRAIN_SECONDS)}
        self._starts += 1
        log = self.logs / (f"functions-{self._starts}.log" if self._starts > 1 else "functions.log")
        host = Child("functions", command, log=log, env=env, heard=self.host_lines.add)
        self._hosts.append(host)
        try:
            found = host.wait_for(r"webhook: \[POST\] (http\S+)|^wrong: (.+)", seconds=READY_SECONDS)
            if found[2]:
                raise FilesWrong(json.loads(found[2]))
        except (ChildFailed, FilesWrong):
            host.stop(HOST_STOP_SECONDS)
            self._hosts.remove(host)
            raise
        self.functions = host
        return str(found[1])

    def settings(self) -> dict[str, str]:
        """The settings that lead the relay to these parts. An empty one undoes what local.settings.json says."""
        found = {
            "AzureWebJobsStorage": self.storage.connection_string,
            "FUNCTIONS_WORKER_RUNTIME": "python",
            **self._credentials(),
            "IM_APP_SECRET_PREVIOUS": "",
            "IM_API_URL": self.im_url,
            "IM_MEDIA_HOSTS": urlsplit(self.im_url).netloc,
        }
        if self._collector:
            found |= {"OTEL_EXPORTER_OTLP_ENDPOINT": self._collector, **SPANS_FOR_A_WATCHER}
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
