"""Three turns with the tiny model, and the requests that the model server received for them.

``python3 dev.py test tests/scenarios/test_tiny_model.py -s`` prints the transcript.
"""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from playground.azurite import Azurite
from playground.im_server import ImServer
from playground.model_server import ModelServer
from playground.processes import Child
from playground.stack import READY_SECONDS
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for

pytestmark = pytest.mark.stack

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are a friendly assistant. Answer in one short sentence."
max_reply_tokens = 40
"""

QUESTIONS = ("Hello! My name is Ada.", "What is the capital of France?", "What is my name?")


async def test_three_turns_with_the_tiny_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bots.toml"
    file.write_text(BOTS, encoding="utf-8")
    async with AsyncExitStack() as stack:
        tiny = Child("tiny", [sys.executable, "-m", "playground.tiny_model", "--port", "0"])
        stack.callback(tiny.stop)
        url = tiny.wait_for(r"listening on (http://\S+)", seconds=READY_SECONDS)[1]
        storage = await stack.enter_async_context(Azurite(in_memory=True))
        model = await stack.enter_async_context(ModelServer(upstream=url + "/v1"))
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
        settings = settings_for(storage, im, model, file, {"RELAY_MODEL_NAME": "tiny"})
        world = World(storage, im, model, settings, stack)
        await world.start_host()
        transcript: list[tuple[str, str]] = []
        for number, question in enumerate(QUESTIONS, start=1):
            await im.say("ada", question, to="helper")
            replies = await world.replies(number, user="ada", seconds=120)
            transcript += [("user", question), ("assistant", replies[-1])]

        requests = [request.body for request in model.requests]

    system = ("system", "You are a friendly assistant. Answer in one short sentence.")
    assert len(requests) == len(QUESTIONS)
    for number, request in enumerate(requests):
        assert request["model"] == "tiny"
        assert request["max_completion_tokens"] == 40
        sent = [(said["role"], said["content"]) for said in request["messages"]]
        assert sent == [system, *transcript[: 2 * number + 1]]
    assert all(reply.strip() for role, reply in transcript if role == "assistant")
    with capsys.disabled():
        print()
        for role, text in transcript:
            print(f"{'ada' if role == 'user' else 'Helper':>7}: {text}")
