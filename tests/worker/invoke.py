"""Indexes and invokes a function app through Microsoft's own worker library, ``azure-functions-runtime``.

::

    async with WorkerApp(app_dir, environ) as app:
        assert set(app.functions()) == {"webhook", "answer", "sweep"}
        reply = await app.invoke_http("webhook", "POST", "http://localhost/api/webhook", {}, b"{}")
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import uuid
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

REPOSITORY = Path(__file__).resolve().parents[2]

START_SECONDS = 60
"""Azure gives the import of an app two minutes."""

LINE_MAX_BYTES = 16 * 1024 * 1024
"""Of one answer."""


class FunctionFailed(AssertionError):
    """The worker reports that the function, or the import of the app, raised."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What an HTTP function answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class WorkerApp:
    """A function app inside the worker library, in a process that lives inside ``async with``.

    Args:
        app_dir: holds ``function_app.py``.
        environ: the app settings, added to the environment.
        log: gets what goes to standard error, lines that the host would be given among it; None: it is not kept.
    """

    def __init__(self, app_dir: Path, environ: Mapping[str, str], log: Path | None = None) -> None:
        self._app_dir = app_dir.resolve()
        self._environ = environ
        self._log = log
        self._answers: list[asyncio.Future[dict[str, Any]]] = []
        self._bindings: dict[str, list[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        """Start the process and index the app.

        Raises:
            FunctionFailed: the app cannot be imported or indexed; the traceback is on standard error.
        """
        with self._log.open("wb") if self._log else nullcontext() as stderr:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.worker.process",
                str(self._app_dir),
                cwd=REPOSITORY,
                env={**os.environ, **self._environ},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                limit=LINE_MAX_BYTES,
            )
        indexed = self._next_answer()
        self._reading = asyncio.create_task(self._read())
        try:
            async with asyncio.timeout(START_SECONDS):
                self._bindings = (await indexed)["bindings"]
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    def functions(self) -> dict[str, list[dict[str, Any]]]:
        """The bindings of each function by its name, as the real host gets them."""
        return self._bindings

    async def invoke_http(
        self, name: str, method: str, url: str, headers: Mapping[str, str], body: bytes, traceparent: str = ""
    ) -> HttpReply:
        """Call an HTTP function; ``traceparent`` is of the host's own span.

        Raises:
            FunctionFailed: it raised.
        """
        reply = await self._call(
            name,
            "httpTrigger",
            method=method,
            url=url,
            headers=dict(headers),
            body=base64.b64encode(body).decode(),
            traceparent=traceparent,
        )
        return HttpReply(reply["status"], reply["headers"], base64.b64decode(reply["body"]))

    async def invoke_queue(
        self, name: str, text: str, *, dequeue_count: int = 1, message_id: str | None = None
    ) -> None:
        """Give a queue function a message.

        Raises:
            FunctionFailed: it raised: the host would make the message visible again.
        """
        message_id = message_id or str(uuid.uuid4())
        await self._call(name, "queueTrigger", text=text, dequeue_count=dequeue_count, id=message_id)

    async def invoke_timer(self, name: str) -> None:
        """Fire a timer function.

        Raises:
            FunctionFailed: it raised.
        """
        await self._call(name, "timerTrigger")

    async def _call(self, name: str, trigger: str, **content: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        call = {"number": len(self._answers), "function": name, "trigger": trigger, **content}
        answer = self._next_answer()
        self._process.stdin.write(json.dumps(call).encode() + b"\n")
        await self._process.stdin.drain()
        return await answer

    def _next_answer(self) -> asyncio.Future[dict[str, Any]]:
        self._answers.append(asyncio.get_running_loop().create_future())
        return self._answers[-1]

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            content = json.loads(line)
            answer = self._answers[content["number"]]
            if "error" in content:
                answer.set_exception(FunctionFailed(f"{content['error']}\n{content['trace']}"))
            else:
                answer.set_result(content)
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(FunctionFailed("the worker process ended; see standard error"))

    async def _end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading
