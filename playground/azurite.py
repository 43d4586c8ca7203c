"""Azurite, Microsoft's storage emulator, as a child process on loopback."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from playground.node import find_node
from playground.processes import Child
from playground.runs import DEV

AZURITE_FOLDER = DEV / "azurite"
AZURITE_JS = AZURITE_FOLDER / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"

READY_SECONDS = 60
"""A cold disk takes its time for 374 npm packages."""

ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The well-known account and key of every storage emulator: public, no secret."""

SERVICES = ("Blob", "Queue", "Table")


class AzuriteMissing(RuntimeError):
    """Azurite, or the Node.js that runs it, is not installed."""


class Azurite:
    """A storage emulator of the caller's own. Works as a context manager, plain or async.

    Args:
        in_memory: keep nothing on disk.
        location: folder of the data when ``in_memory`` is False.
        ports: of blob, queue and table; 0 lets the system choose.
        log: file that gets its output, none when None.
        options: further options of its command line.
        accounts: the storage accounts that it has, all with the one well-known key.

    Attributes:
        blob_port, queue_port, table_port: the ports it listens on, once started.
    """

    def __init__(
        self,
        in_memory: bool = True,
        location: Path = DEV / "storage",
        ports: tuple[int, int, int] = (0, 0, 0),
        log: Path | None = None,
        options: Sequence[str] = (),
        accounts: Sequence[str] = (ACCOUNT,),
    ) -> None:
        self._options = options
        self._accounts = accounts
        self.blob_port, self.queue_port, self.table_port = ports
        self._data = ["--inMemoryPersistence"] if in_memory else ["--location", str(location)]
        self._log = log
        self._child: Child | None = None

    @property
    def connection_string(self) -> str:
        """Connection string for any Azure Storage client, of the first account."""
        return self.connection_string_of(self._accounts[0])

    def connection_string_of(self, account: str) -> str:
        """The same, of one of the accounts."""
        ports = {"Blob": self.blob_port, "Queue": self.queue_port, "Table": self.table_port}
        endpoints = (f"{name}Endpoint=http://127.0.0.1:{port}/{account}" for name, port in ports.items())
        return ";".join(
            [
                "DefaultEndpointsProtocol=http",
                f"AccountName={account}",
                f"AccountKey={ACCOUNT_KEY}",
                *endpoints,
            ]
        )

    def launch(self) -> None:
        """Start the process without waiting for it.

        Raises:
            AzuriteMissing: it was not set up.
        """
        script = Path(os.environ.get("RELAY_AZURITE_JS") or AZURITE_JS)
        node = find_node()
        if node is None or not script.is_file():
            raise AzuriteMissing("Azurite is not set up here; run: python3 dev.py test")
        ports = {"blob": self.blob_port, "queue": self.queue_port, "table": self.table_port}
        listen = [part for name, port in ports.items() for part in (f"--{name}Port", str(port))]
        # The storage clients speak a newer API version than this Azurite has heard of.
        flags = ["--disableTelemetry", "--skipApiVersionCheck", "--silent"]
        command: list[str | Path] = [node.node, script, *flags, *self._data, *listen, *self._options]
        accounts = ";".join(f"{account}:{ACCOUNT_KEY}" for account in self._accounts)
        self._child = Child(
            "azurite", command, log=self._log, env={**os.environ, "AZURITE_ACCOUNTS": accounts}
        )

    def wait_until_ready(self) -> None:
        """Wait until Azurite answers; its ports are known then.

        Raises:
            ChildFailed: it could not start, for example because a port is taken.
        """
        assert self._child is not None, "launch() comes first"
        self.blob_port, self.queue_port, self.table_port = (
            int(
                self._child.wait_for(
                    rf"{name} service is successfully listening at .*:(\d+)", seconds=READY_SECONDS
                )[1]
            )
            for name in SERVICES
        )

    def start(self) -> None:
        """Start Azurite and wait until it answers. Raises what ``launch`` and ``wait_until_ready`` raise."""
        self.launch()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self, seconds: float = 3.0) -> None:
        """End Azurite, by force after ``seconds``, with all its data if that is in memory."""
        if self._child is not None:
            self._child.stop(seconds)
            self._child = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)
