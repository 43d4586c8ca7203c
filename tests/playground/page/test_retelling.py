"""A chat is told again as steps, in the order in which it happened, with the rules that it needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf
from typing import Any, cast

from playground.im.chats import Delivered
from playground.im.copies import Post
from playground.model.calling import Asked
from playground.model.script import ChatRequest, Reply
from playground.model.wire import chunks, completion, event
from playground.model_server import ModelRequest
from playground.page.deeds import Deed, Sending, What
from playground.page.retelling import Retelling, Saying, Thinking

QUEUED = (200, {"status": "queued"})


def message(text: str, at: int, *, by: str = "alice", team: str = "", number: int = 0) -> Delivered:
    bot = by == "helper"
    return Delivered(
        sender=by,
        to=team or ("alice" if bot else "helper"),
        team_kind="team" if team else None,
        text=text,
        client_id="",
        server_id=f"{by}-{number or at}",
        at=at,
        origin="api" if bot else "user",
    )


def says(
    text: str,
    at: int,
    *,
    answer: tuple[int | None, Mapping[str, Any]] = QUEUED,
    faults: tuple[str, ...] = (),
    posted: int = 0,
    **fields: Any,
) -> Saying:
    status, body = answer
    post = Post(1, posted or at, "", {}, "", "", "copy", status, json.dumps(body), ended=True)
    return Saying(message(text, at, **fields), Sending({}, "copy", faults), [post])


def replies(text: str, at: int, **fields: Any) -> Delivered:
    return message(text, at, by="helper", **fields)


def did(what: str, at: int, about: str = "", **fields: Any) -> Deed:
    return Deed(at, cast(What, what), about, **fields)


def thinks(
    text: str,
    at: int,
    until: float,
    *,
    answer: Any = None,
    about: str = "",
    faults: tuple[str, ...] = (),
    dead: bool = False,
    limit: int | None = None,
) -> Thinking:
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": text}]}
    if limit:
        body["max_completion_tokens"] = limit
    status = None if answer is None else 200
    raw = answer if isinstance(answer, str) else json.dumps(answer)
    asked = ModelRequest(at, at, "/v1/chat/completions", {}, body, status=status, answer=raw)
    return Thinking(asked, about, until, dead, faults)


def tell(
    *facts: Saying | Delivered | Deed | Thinking,
    scripted: bool = True,
    answered: Mapping[str, list[str]] | None = None,
) -> Retelling:
    def of(kind: type) -> list[Any]:
        return [fact for fact in facts if isinstance(fact, kind)]

    retelling = Retelling(of(Saying), of(Delivered), of(Deed), of(Thinking), answered or {}, scripted)
    retelling.tell()
    return retelling


def answered(reply: Reply, text: str = "hi") -> dict[str, Any]:
    return completion(request(text), reply)


def request(text: str, *, tools: bool = True) -> ChatRequest:
    known = [{"type": "function", "function": {"name": name}} for name in ("order", "book")] if tools else []
    return ChatRequest.model_validate(
        {"model": "m", "messages": [{"role": "user", "content": text}], "tools": known}
    )


PLACE = {"as": "alice", "to": "helper"}


def test_a_reply_is_the_expectation_of_the_message_before_it() -> None:
    told = tell(says("hi", 1), thinks("hi", 2, 3), replies("You said: hi", 4), replies("and more", 5))
    assert told.steps == [
        {**PLACE, "say": "hi", "expect": "You said: hi"},
        {**PLACE, "expect": "and more"},
    ]
    assert told.script() == []


def test_in_a_group_the_expectation_says_who_replies() -> None:
    told = tell(says("hi", 1, team="4711"), replies("You said: hi", 4, team="4711"))
    assert told.steps == [
        {
            "as": "alice",
            "team": "4711",
            "say": "hi",
            "expect": {"text": "You said: hi", "from": "helper"},
        }
    ]


def test_the_model_holds_its_answer_until_what_was_said_meanwhile_is_said() -> None:
    told = tell(
        says("one", 1),
        thinks("one", 2, 9),
        says("two", 5),
        replies("You said: one", 10),
        thinks("two", 11, 12),
        replies("You said: two", 13),
    )
    assert told.steps == [
        {**PLACE, "say": "one", "wait": "model-request"},
        {**PLACE, "say": "two"},
        {"release": "model"},
        {**PLACE, "expect": "You said: one"},
        {**PLACE, "expect": "You said: two"},
    ]
    assert told.script() == [{"when": "one", "hold": True, "times": 1}]


def test_a_kill_while_the_model_thinks_comes_when_it_is_asked() -> None:
    told = tell(
        says("hi", 1),
        thinks("hi", 2, 5, dead=True),
        did("down", 5),
        did("up", 8),
        thinks("hi", 20_000, 20_001),
        replies("You said: hi", 20_002),
    )
    assert told.steps == [
        {**PLACE, "say": "hi", "wait": "model-request"},
        {"kill": "host"},
        {**PLACE, "expect": {"text": "You said: hi", "within": 60}},
    ]
    assert told.script() == [{"when": "hi", "hold": True, "times": 1}]


def test_what_is_said_while_the_host_is_down_is_not_answered() -> None:
    told = tell(did("down", 1), says("hi", 2, answer=(None, {})), did("up", 3))
    assert told.steps == [
        {"down": "host"},
        {**PLACE, "say": "hi", "expect": {"status": 0}},
        {"up": "host"},
    ]


def test_what_was_not_answered_when_it_was_saved_is_not_answered_again() -> None:
    told = tell(says("hi", 1), thinks("hi", 2, inf))
    assert told.steps == [{**PLACE, "say": "hi"}]
    assert told.script() == [{"when": "hi", "hold": True, "times": 1}]


def test_a_recall_before_the_reply_is_in_time() -> None:
    told = tell(
        says("hi", 1), thinks("hi", 2, 3, about="alice-1"), did("recall", 4, "alice-1"), says("bye", 100)
    )
    assert told.steps[:3] == [
        {**PLACE, "say": "hi", "wait": "model-request"},
        {**PLACE, "recall": "hi"},
        {"release": "model"},
    ]


def test_messages_of_one_text_are_told_apart_where_they_are_changed() -> None:
    told = tell(says("hi", 1), says("hi", 2), did("edit", 3, "alice-1", text="bye"))
    assert [step.get("mark") for step in told.steps] == ["message 1", None, None]
    assert told.steps[-1] == {**PLACE, "edit": {"said": "message 1", "text": "bye"}}


def test_what_the_webhook_did_not_take_is_expected_again() -> None:
    told = tell(
        says("hi", 1, answer=(401, {"error": "unauthorized"}), faults=("bad-signature",)),
        says("ho", 2, answer=(200, {"status": "ignored", "reason": "not_addressed"})),
    )
    assert told.steps == [
        {**PLACE, "say": "hi", "fault": ["bad-signature"], "expect": {"status": 401}},
        {**PLACE, "say": "ho", "expect": {"answer": {"status": "ignored", "reason": "not_addressed"}}},
    ]


def test_what_was_late_is_awaited_where_the_next_thing_was_said_after_it() -> None:
    late = says("late", 1, faults=("late",), posted=8000)
    assert tell(late, says("next", 9000)).steps[0]["expect"] == {"status": 200}
    assert "expect" not in tell(late, says("next", 20)).steps[0]


def test_faults_that_last_and_members_that_change_are_steps() -> None:
    told = tell(
        did("on", 1, "model-500"),
        did("members", 2, "4711", members=("alice", "helper")),
        did("off", 3, "model-500"),
    )
    assert told.steps == [
        {"on": ["model-500"]},
        {"team": "4711", "members": ["alice", "helper"]},
        {"off": ["model-500"]},
    ]


def test_a_fault_of_the_model_holds_by_itself() -> None:
    told = tell(
        says("hi", 1, faults=("model-slow",)), thinks("hi", 2, 9, faults=("model-slow",)), says("ho", 5)
    )
    assert told.script() == []
    assert told.steps[0] == {**PLACE, "say": "hi", "fault": ["model-slow"], "wait": "model-request"}


def test_what_a_real_model_answered_is_the_script() -> None:
    order, book = Asked("order", {"number": 1}), Asked("book", {"guests": 2})
    stream = Reply("Let me see.", calls=(order, book))
    told = tell(
        says("hi", 1),
        thinks("hi", 2, 3, answer="".join(event(c).decode() for c in chunks(request("hi"), stream))),
        thinks("hi", 4, 5, answer=answered(Reply("It is on its", "length"))),
        thinks("ho", 6, 7, answer=answered(Reply("a" * 80)), limit=9),
        scripted=False,
    )
    assert told.script() == [
        {
            "when": "hi",
            "reply": "Let me see.",
            "call": "order",
            "arguments": {"number": 1},
            "more": [{"call": "book", "arguments": {"guests": 2}}],
            "times": 1,
        },
        {"when": "hi", "reply": "It is on its", "finish": "length", "times": 1},
        {"when": "ho", "reply": "a" * 80, "finish": "stop", "times": 1},
    ]


def test_a_real_model_that_was_slowed_down_is_slow_again() -> None:
    told = tell(
        says("hi", 1, faults=("model-slow",)),
        thinks("hi", 2, 8002, answer=answered(Reply("Hello!")), faults=("model-slow",)),
        scripted=False,
    )
    assert told.steps == [{**PLACE, "say": "hi"}]
    assert told.script() == [{"when": "hi", "reply": "Hello!", "seconds": 8, "times": 1}]


def test_what_was_answered_together_by_chance_is_told() -> None:
    both = {"helper-9": ["alice-1", "alice-2"]}
    assert tell(says("a", 1), says("b", 2), replies("c", 9), answered=both).chances() == ['"a", "b"']
    before, thinking = says("z", -9), thinks("z", -8, 5)
    assert tell(before, thinking, says("a", 1), says("b", 2), replies("c", 9), answered=both).chances() == []
