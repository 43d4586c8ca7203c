"""What becomes of one result: the prompt that the relay makes of it, the requests on both wires, what happens then."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playground.model_server import ModelServer, Reply
from relay.config.bot import Api, Deployment
from relay.config.settings import Settings
from relay.model.chat import OpenAIChat
from relay.ports import ChatMessage, Function, FunctionCall, Prompt
from relay.tools import ToolError, tool
from relay.tools.results import cut
from tests.attacks.injections.corpus import CANARY, Attack
from tests.doubles.model import called

if TYPE_CHECKING:
    from tests.kit import RelayKit

WAYS = ("returned", "in a field", "raised")
"""How a tool brings it back."""

APIS: tuple[Api, ...] = ("chat", "responses")
CHARACTERS = 8000
ROLES = ["system", "user", "assistant", "tool"]


@dataclass
class Outcome:
    """What a result has managed to do; all of it empty is good.

    Attributes:
        prompt: how the prompt differs from one with a harmless result in its place.
        calls: calls of tools beyond the one that the model made.
        later: places of later prompts that hold it.
        sent: what the user got beside text, though the model repeated the result word for word.
    """

    prompt: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)


def run(relay: RelayKit, attack: Attack, way: str) -> tuple[Outcome, Prompt]:
    """Have a tool bring it back, die, go on from the row, and go on with the conversation.

    Returns:
        What happened, and the prompt with the result.
    """

    @tool
    def look_up(word: str = "") -> Any:
        """Look something up."""
        if way == "raised":
            raise ToolError(attack.text)
        return {"note": attack.text} if way == "in a field" else attack.text

    relay.tools.add(look_up)
    relay.configure_bot(tools=["look_up"], tool_characters=CHARACTERS)
    outcome = Outcome()

    def dying(prompt: Prompt) -> str:
        relay.model.script = ["It says something odd."]
        relay.kill_host()

    relay.model.script = [called("look_up", word="it"), dying]
    relay.post("What does it say?")
    relay.settle()
    first, told, resumed = relay.model.prompts
    for prompt in (told, resumed):
        outcome.prompt += oddities(first, prompt, attack, way)
    relay.post("Thanks")
    for place, said in enumerate(relay.model.prompts[-1].messages):
        if CANARY in said.content or said.role == "tool" or said.calls:
            outcome.later.append(f"{place}: {said.role}")
    outcome.calls += [str(call) for call in relay.tools.calls[1:]]

    relay.model.script = [
        called("look_up"),
        told.messages[-1].content,
    ]  # the most gullible model there can be
    relay.post("Say it")
    outcome.calls += [str(call) for call in relay.tools.calls[2:]]
    outcome.sent += [type(medium).__name__ for medium in relay.sent]
    return outcome, told


def oddities(first: Prompt, told: Prompt, attack: Attack, way: str) -> list[str]:
    """How a prompt with the result is anything else than the first one, its call and its result."""
    roles = [said.role for said in told.messages]
    if roles != ROLES:
        return [f"the roles are {roles}"]
    wrong = [f"{said.role} is another" for said in told.messages[:2] if said not in first.messages]
    _, _, asking, result = told.messages
    if len(asking.calls) != 1 or asking.content or result.call_id != asking.calls[0].id:
        wrong.append("the call is another")
    if told.functions != first.functions or told.may_call != first.may_call:
        wrong.append("what may be called is another")
    return wrong + ([] if _is_whole(result, attack, way) else ["the result is another"])


def _is_whole(result: ChatMessage, attack: Attack, way: str) -> bool:
    """Whether a result is what the tool brought back, up to where it is cut, but for what no text can hold."""
    if len(result.content) > CHARACTERS:
        return False
    expected = attack.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "(cut off: " in result.content[-60:]:
        return len(expected) > CHARACTERS // 2
    if result.content.startswith("It was done, but what it returned cannot be read"):
        return way == "in a field" and CANARY not in result.content and expected != attack.text
    if way == "in a field":
        return bool(json.loads(result.content) == {"note": expected})
    return result.content == expected


async def on_the_wires(settings: Settings, attacks: Iterable[Attack]) -> dict[str, list[str]]:
    """Send each as a result by either API to a model that repeats it; by name, how a request or an answer differs."""
    found: dict[str, list[str]] = {}
    async with ModelServer() as server:
        chat = OpenAIChat(settings)
        try:
            for attack in attacks:
                for api in APIS:
                    told = _prompt(attack, Deployment(model="m", url=f"{server.url}/v1", api=api))
                    server.next(Reply(text=told.messages[-1].content))
                    answer = await chat.complete(told, seconds=20)
                    wrong = _READERS[api](server.requests[-1].body, told)
                    wrong += ["the answer is a call"] if answer.calls else []
                    if wrong:
                        found[f"{attack.name} {api}"] = wrong
        finally:
            await chat.aclose()
    return found


def _prompt(attack: Attack, model: Deployment) -> Prompt:
    """A prompt with the text as a result, as the relay makes one."""
    text = cut(attack.text, CHARACTERS)
    call = FunctionCall("call_1", "look_up", "{}")
    return Prompt(
        (
            ChatMessage("system", "You are Helper."),
            ChatMessage("user", "What does it say?"),
            ChatMessage("assistant", "", calls=(call,)),
            ChatMessage("tool", text, call_id=call.id),
        ),
        models=(model,),
        functions=(Function("look_up", "Look something up.", {"type": "object", "properties": {}}),),
    )


def _chat(body: dict[str, Any], told: Prompt) -> list[str]:
    messages = body["messages"]
    if [said["role"] for said in messages] != ROLES:
        return ["the roles are others"]
    system, user, asking, result = messages
    wanted = [said.content for said in told.messages]
    wrong = [] if [system["content"], user["content"]] == wanted[:2] else ["what comes before is another"]
    wrong += [] if result["content"] == wanted[3] else ["the result is another"]
    wrong += [] if set(result) == {"role", "content", "tool_call_id"} else ["the result has other fields"]
    return wrong + ([] if len(asking["tool_calls"]) == 1 else ["there are other calls"])


def _responses(body: dict[str, Any], told: Prompt) -> list[str]:
    items = [item for item in body["input"] if item.get("type") != "reasoning"]
    kinds = [item.get("type", item.get("role")) for item in items]
    texts = [said.content for said in told.messages]
    wrong = [] if kinds[-2:] == ["function_call", "function_call_output"] else [f"the items are {kinds}"]
    wrong += [] if items[-1].get("output") == texts[3] else ["the result is another"]
    before = json.dumps([body.get("instructions"), items[:-1]], ensure_ascii=False)
    return wrong + (["it is found elsewhere"] if CANARY in before else [])


_READERS: dict[str, Callable[[dict[str, Any], Prompt], list[str]]] = {"chat": _chat, "responses": _responses}
