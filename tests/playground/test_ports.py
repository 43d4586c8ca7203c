"""Which ports of loopback are free."""

import socket

import pytest

from playground import ports
from playground.ports import EXAMPLE_PORTS, PAGE_PORT, PortTaken, first_free, free_port


def test_a_free_port_is_taken_as_it_is() -> None:
    port = free_port()
    assert first_free(port) == port


def test_the_next_port_is_taken_when_somebody_is_there() -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        assert first_free(port) > port


def test_the_ports_of_the_example_settings_are_left_to_their_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "port_is_free", lambda port: port != PAGE_PORT)
    assert EXAMPLE_PORTS.im == PAGE_PORT + 1
    assert first_free(PAGE_PORT) == EXAMPLE_PORTS.model + 1


def test_no_free_port_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "port_is_free", lambda port: False)
    with pytest.raises(PortTaken, match="ports 8765 to 8864"):
        first_free(8765)
