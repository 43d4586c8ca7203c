"""The tiny model answers like any other server of the API."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam

from playground.tiny_model import CONTEXT_TOKENS, MODEL_NAME, threads

pytestmark = pytest.mark.stack

STARTS_WITHIN_SECONDS = 120


@pytest.fixture
async def process() -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "playground.tiny_model", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    yield started
    if started.returncode is None:
        started.kill()
        await started.wait()


@pytest.fixture
async def client(process: asyncio.subprocess.Process) -> AsyncIterator[AsyncOpenAI]:
    assert process.stdout is not None
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        line = (await process.stdout.readline()).decode()
    assert line.startswith("listening on http://127.0.0.1:")
    async with AsyncOpenAI(
        base_url=f"{line.split()[-1]}/v1", api_key="none", max_retries=0, timeout=120
    ) as one:
        yield one


async def test_it_answers_refuses_what_is_too_long_and_ends_on_sigterm(
    process: asyncio.subprocess.Process, client: AsyncOpenAI
) -> None:
    question: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": "You are Helper. Answer briefly."},
        {"role": "user", "content": "Hello!"},
    ]
    answer = await client.chat.completions.create(
        model=MODEL_NAME, messages=question, max_completion_tokens=12
    )
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert 0 < answer.usage.completion_tokens <= 12
    assert [one.id async for one in client.models.list()] == [MODEL_NAME]

    too_long: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": "hello " * (CONTEXT_TOKENS + 1)}
    ]
    with pytest.raises(openai.BadRequestError, match="context"):
        await client.chat.completions.create(model=MODEL_NAME, messages=too_long)

    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        assert await process.wait() == 0


@pytest.mark.parametrize(("cores", "expected"), [(None, 1), (1, 1), (2, 1), (4, 3), (16, 4)])
def test_a_core_is_left_to_the_rest(
    cores: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("process_cpu_count", "cpu_count"):
        monkeypatch.setattr(os, name, lambda: cores, raising=False)
    assert threads() == expected
