"""An HTTPS server on loopback that keeps what it was asked; what it answers is given to it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.certificates import LOOPBACK, make_certificate


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        path: as it was sent, without the query.
        query: the last value of each name.
        body: the bytes.
        headers: by their names in lower case.
    """

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str]

    @property
    def content(self) -> Any:
        """The body as JSON; None where there is none. The CLI leaves one name of a deployment without its quotes."""
        return json.loads(self.body.replace(b", template:{", b', "template":{', 1)) if self.body else None


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body (JSON, unless it is text) and headers beside those that every answer has."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Recorder:
    """A running recorder.

    Attributes:
        url: where it listens.
        certificate: file that a client has to trust.
        asked: every request, in order.
    """

    url: str
    certificate: Path
    asked: list[Asked] = field(default_factory=list)

    def of(self, method: str, end: str) -> list[Asked]:
        """The requests with a method, whose path ends so."""
        return [each for each in self.asked if each.method == method and each.path.endswith(end)]


@contextmanager
def recording(folder: Path, answer: Callable[[Asked], Answer]) -> Iterator[Recorder]:
    """A recorder; its certificate lies in ``folder``."""
    certificate, key = make_certificate(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = (
            True  # a client that says nothing more acknowledges the tickets of TLS after 40 ms
        )

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            split = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(split.query, True).items()}
            body = self._body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, split.path, query, body, headers)
            recorder.asked.append(asked)
            self._reply(answer(asked))

        def _body(self) -> bytes:
            if self.headers.get("Expect"):
                self.send_response_only(100)
                self.end_headers()
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _reply(self, given: Answer) -> None:
            text = given.body if isinstance(given.body, str | bytes) else json.dumps(given.body)
            content = text if isinstance(text, bytes) else text.encode()
            self.send_response_only(given.status)
            if not isinstance(given.body, str | bytes):
                self.send_header("Content-Type", "application/json")
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    recorder = Recorder(f"https://{LOOPBACK}:{server.server_port}", certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
