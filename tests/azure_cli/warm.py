"""The Azure CLI, started once: each call of ``az`` is a fork of it. Runs in the environment of the CLI.

A call costs a second of imports otherwise, and one deployment makes dozens. What runs in the fork is what the program
``az`` runs, with the arguments, the folder, the environment and the standard streams of its caller.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
from typing import NoReturn

LOADED = (
    "azure.cli.core._help",
    "azure.cli.core._output",
    "azure.cli.core.aaz",
    "azure.cli.core.auth.msal_credentials",
    "azure.cli.core.azlogging",
    "azure.cli.core.commands.arm",
    "azure.cli.core.commands.command_operation",
    "azure.cli.core.intercept_survey",
    "azure.cli.core.sdk.policies",
    "azure.cli.command_modules.appservice.commands",
    "azure.cli.command_modules.appservice.custom",
    "azure.cli.command_modules.cognitiveservices.commands",
    "azure.cli.command_modules.cognitiveservices.custom",
    "azure.cli.command_modules.identity.commands",
    "azure.cli.command_modules.keyvault.custom",
    "azure.cli.command_modules.profile.custom",
    "azure.cli.command_modules.resource._params",
    "azure.cli.command_modules.resource.aaz.latest",
    "azure.cli.command_modules.resource.commands",
    "azure.cli.command_modules.resource.custom",
    "azure.cli.command_modules.resource.policy",
    "azure.cli.command_modules.role.custom",
    "azure.cli.command_modules.serviceconnector.commands",
    "azure.cli.command_modules.storage._params",
    "azure.cli.command_modules.storage.commands",
    "azure.cli.command_modules.storage.operations.blob",
    "azure.core.pipeline.transport._requests_basic",
    "azure.core.rest._requests_basic",
    "azure.data.tables",
    "azure.mgmt.resource.deployments.models",
    "azure.mgmt.resource.locks.v2016_09_01.models",
    "azure.mgmt.resource.resources.v2024_11_01",
    "azure.mgmt.web.models",
    "azure.storage.blob",
    "azure.storage.filedatalake",
    "azure.storage.fileshare",
    "azure.storage.queue",
    "jmespath",
    "jwt",
    "msal",
    "requests",
)
"""What the calls of a deployment import, most of the time that they take."""


def main() -> None:
    """Answer calls on the socket that is named, until standard input ends."""
    for name in LOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        print("ready", flush=True)
        if os.fork() == 0:
            _serve(listener)
        sys.stdin.read()
    os.killpg(0, signal.SIGTERM)


def _serve(listener: socket.socket) -> NoReturn:
    while True:
        caller, _ = listener.accept()
        with caller:
            if os.fork() == 0:
                _answer(caller)


def _answer(caller: socket.socket) -> NoReturn:
    """Be the ``az`` of this caller; the last byte it reads is the exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(caller, 8, 3)
    with caller.makefile("rb") as reader:
        call = json.loads(reader.read(int(size)))
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    sys.argv[1:] = call["arguments"]
    code = 1
    time.sleep = lambda seconds: (
        None
    )  # the CLI lets a minute pass after a package, and a second before each look
    try:
        runpy.run_module("azure.cli", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        caller.send(bytes([code]))
        os._exit(0)


if __name__ == "__main__":
    main()
