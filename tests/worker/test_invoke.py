from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.worker.invoke import FunctionFailed, WorkerApp

pytestmark = pytest.mark.worker

URL = "http://localhost/api/show"


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[WorkerApp]:
    async with WorkerApp(Path(__file__).parent / "apps" / "echo", {}) as app:
        yield app


async def test_the_worker_lists_the_functions_with_their_bindings(echo: WorkerApp) -> None:
    triggers = {name: bindings[0]["type"] for name, bindings in echo.functions().items()}

    assert triggers == {"show": "httpTrigger", "work": "queueTrigger", "tick": "timerTrigger"}


async def test_an_http_function_gets_the_bytes_and_its_answer_comes_back(echo: WorkerApp) -> None:
    reply = await echo.invoke_http("show", "POST", URL, {"X-Colour": "blue"}, b"\x00\xff")

    assert (reply.status, reply.headers["content-type"]) == (202, "application/json")
    assert reply.json() == {"body": "00ff", "colour": "blue", "taken": []}


async def test_calls_share_one_process(echo: WorkerApp) -> None:
    await asyncio.gather(*(echo.invoke_queue("work", text) for text in ("größe", "größe")))
    await echo.invoke_timer("tick")

    reply = await echo.invoke_http("show", "POST", URL, {}, b"")

    assert reply.json() == {"body": "", "colour": None, "taken": ["größe", "größe", "past due: False"]}


async def test_a_failure_is_reported_with_its_message(echo: WorkerApp) -> None:
    with pytest.raises(FunctionFailed, match="RuntimeError: as told, try 3"):
        await echo.invoke_queue("work", "fail", dequeue_count=3)


async def test_an_app_that_cannot_be_imported_fails_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("import no_such_module\n")

    with pytest.raises(FunctionFailed):
        async with WorkerApp(tmp_path, {}):
            pass
