"""Three turns with the tiny model by either API, and the requests that the model server received for them.

``python3 dev.py test tests/scenarios/test_tiny_model.py -s`` prints the transcripts.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from playground.im_server import ImServer
from playground.model_server import ModelServer
from tests.scenarios.world import APP_KEY, SECRET, World, settings_for
from tests.shared_azurite import SharedAzurite
from tests.tiny import tiny_model

pytestmark = pytest.mark.stack

BOTS = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are a friendly assistant. Answer in one short sentence."
max_reply_tokens = 40
models = [{ model = "tiny", api = "API" }]
"""

QUESTIONS = ("Hello! My name is Ada.", "What is the capital of France?", "What is my name?")


@pytest.mark.parametrize(
    ("api", "cap"), [("chat", "max_completion_tokens"), ("responses", "max_output_tokens")]
)
async def test_three_turns_with_the_tiny_model(
    api: str, cap: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bots.toml"
    file.write_text(BOTS.replace("API", api), encoding="utf-8")
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(SharedAzurite())
        model = await stack.enter_async_context(ModelServer(upstream=tiny_model() + "/v1"))
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
        settings = settings_for(storage, im, model, file, {"RELAY_MODEL_NAME": "tiny"})
        world = World(storage, im, model, settings, stack)
        await world.start_host()
        transcript: list[tuple[str, str]] = []
        for number, question in enumerate(QUESTIONS, start=1):
            await im.say("ada", question, to="helper")
            replies = await world.replies(number, user="ada", seconds=120)
            transcript += [("user", question), ("assistant", replies[-1])]

        requests = list(model.requests)

    system = ("system", "You are a friendly assistant. Answer in one short sentence.")
    assert len(requests) == len(QUESTIONS)
    for number, request in enumerate(requests):
        assert request.path.endswith({"chat": "/chat/completions", "responses": "/responses"}[api])
        assert request.body["model"] == "tiny"
        assert request.body[cap] == 40
        sent = [(said["role"], said["content"]) for said in request.messages]
        assert sent == [system, *transcript[: 2 * number + 1]]
    assert all(reply.strip() for role, reply in transcript if role == "assistant")
    with capsys.disabled():
        print(f"\napi = {api}")
        for role, text in transcript:
            print(f"{'ada' if role == 'user' else 'Helper':>7}: {text}")
