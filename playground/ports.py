"""Ports of loopback: which ones the example settings name, and which ones are free."""

from __future__ import annotations

import socket
import sys
from dataclasses import astuple, dataclass


class PortTaken(RuntimeError):
    """A port that has to be a certain one is in use."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen; 0 lets the system choose."""

    blob: int = 0
    queue: int = 0
    table: int = 0
    im: int = 0
    model: int = 0


ANY_PORTS = Ports()

EXAMPLE_PORTS = Ports(blob=10000, queue=10001, table=10002, im=8766, model=8767)
"""The ports of local.settings.example.json; 10000 to 10002 are what ``UseDevelopmentStorage=true`` means."""


PAGE_PORT = 8765
"""Port of the page, unless another program has it."""

SPANS_PORT = 4318
"""Where OTLP over HTTP is expected (OpenTelemetry: OTLP exporter)."""


def port_is_free(port: int) -> bool:
    """True when a server can listen on this port of loopback."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # where it would share a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def require_free(ports: Ports) -> None:
    """Raise PortTaken when a port that must be a certain one is in use."""
    if taken := [str(port) for port in astuple(ports) if port and not port_is_free(port)]:
        raise PortTaken(
            f"in use on 127.0.0.1: port {', '.join(taken)}; is `dev.py services` or another Azurite running?"
        )


def require_port(port: int) -> None:
    """Raise PortTaken when somebody listens on this port of loopback; 0 lets the system choose."""
    if port and not port_is_free(port):
        raise PortTaken(f"port {port} of 127.0.0.1 is in use; end what listens there, or name another one")


def first_free(port: int) -> int:
    """This port of loopback, or the next one that is free and not kept for a part of the example settings.

    Raises:
        PortTaken: none of the next hundred is.
    """
    for candidate in range(port, port + 100):
        if candidate not in astuple(EXAMPLE_PORTS) and port_is_free(candidate):
            return candidate
    raise PortTaken(f"in use on 127.0.0.1: ports {port} to {port + 99}")


def free_port() -> int:
    """A port that nobody uses at this moment, for a program that cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
