"""Tools where a reply is shown as it comes, and where it is the answer of a request."""

from __future__ import annotations

from relay.ports import Completion, Prompt
from relay.texts import RELAYS_OWN
from relay.tools import Call, Place, tool
from tests.doubles.model import called
from tests.kit import RelayKit
from tests.turn.test_streaming import let_pump

SAID = "Let me look for the shop that is nearest to you."
WHOLE = f"{SAID}\n\nIt is at Via Appia 1, open until ten in the evening."


@tool
def nearest_shop(city: str) -> str:
    """Find the shop nearest to a city."""
    return f"Via Appia 1, {city}"


def test_a_stream_goes_on_behind_a_call(relay: RelayKit) -> None:
    async def looking(prompt: Prompt) -> Completion:
        assert relay.model.heard is not None
        relay.model.heard(SAID)
        await let_pump()
        call = called("nearest_shop", city="Rome")
        return Completion(SAID, calls=call.calls)

    async def answering(prompt: Prompt) -> Completion:
        assert relay.model.heard is not None
        relay.model.heard(WHOLE.removeprefix(SAID).strip()[:30])
        await let_pump()
        return Completion(WHOLE.removeprefix(SAID).strip())

    relay.tools.add(nearest_shop)
    relay.configure_bot(tools=["nearest_shop"], stream=True)
    relay.model.script = [looking, answering]
    relay.post("where?")
    assert relay.replies == [WHOLE]
    assert len(relay.im.chunks) > 1
    assert (relay.im.recalled, relay.im.unfinished) == ([], [])


def test_a_request_is_answered_with_what_a_tool_found(relay: RelayKit) -> None:
    relay.tools.add(nearest_shop)
    relay.configure_bot("echo", tools=["nearest_shop"], tool_seconds=5)
    relay.model.script = [called("nearest_shop", city="Rome"), "It is at Via Appia 1."]
    response = relay.post_chatbot("where?", to="echo")
    assert "It is at Via Appia 1." in response.get_body().decode()
    assert relay.tools.calls == [("nearest_shop", {"city": "Rome"})]


def test_a_request_without_time_for_a_call_is_answered_later(relay: RelayKit) -> None:
    relay.tools.add(nearest_shop)
    relay.configure_bot("echo", tools=["nearest_shop"], tool_seconds=30)
    relay.model.script = [called("nearest_shop", city="Rome"), "It is at Via Appia 1."]
    response = relay.post_chatbot("where?", to="echo")
    assert RELAYS_OWN.thinking.en in response.get_body().decode()
    relay.settle()
    assert relay.replies == ["It is at Via Appia 1."]
    assert relay.tools.calls == [("nearest_shop", {"city": "Rome"})]
    assert len(relay.model.prompts) == 2


def test_in_a_response_a_tool_says_nothing_on_the_way(relay: RelayKit) -> None:
    @tool
    async def talks(call: Call) -> Place:
        """Talk."""
        await call.say("One moment…")
        return Place(1, 2, "Here")

    relay.tools.add(talks)
    relay.configure_bot("echo", tools=["talks"], tool_seconds=5)
    relay.model.script = [called("talks"), "Here it is."]
    body = relay.post_chatbot("where?", to="echo").get_body().decode()
    assert "Here it is." in body
    assert "moment" not in body
    assert relay.replies == []
