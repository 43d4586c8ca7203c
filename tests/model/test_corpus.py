"""What the answers of real model servers mean: every file of the corpus."""

from __future__ import annotations

import openai  # noqa: F401  (its import must not count against a deadline)
import pytest

from relay.model.dialect import CAPS
from relay.ports import Completion
from tests.model.__main__ import CORPUS, ODD, in_document, table
from tests.model.corpus import CAP, Case, cases, on_the_other_wire, play
from tests.model.odd_servers import section

ASKED_AGAIN = ("dropped", "added", "changed", "cap", "roles", "other_wire")


@pytest.mark.parametrize("case", cases() + on_the_other_wire(), ids=lambda case: case.name)
async def test_an_answer_means(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    means = dict(case.means)
    played = await play(case, times=2 if any(word in means for word in ASKED_AGAIN) else 1)
    if error := means.pop("error", None):
        assert type(played.outcome).__name__ == error
        for name, value in means.items():
            assert getattr(played.outcome, name) == value
    elif "text" in means:
        assert isinstance(played.outcome, Completion)
        assert played.outcome.text == means["text"]
        assert played.outcome.ended == means.get("ended", "whole")
        assert [f"{s.title} {s.url}".strip() for s in played.outcome.sources] == means.get("sources", [])
        assert list(played.outcome.tool_calls) == means.get("calls", [])
        assert [f"{call.name} {call.arguments}" for call in played.outcome.calls] == means.get("asks", [])
        assert caplog.text.count("is not known") == int("warns" in means)
        assert means.get("warns", "") in caplog.text
    else:
        asked_again(played.asked, means)
        assert isinstance(played.outcome, Completion)
        assert played.outcome.text == "passed"
        assert caplog.text.count("is asked in another way") == 1


CAPPED = {*CAPS, "messages", "input"}


def asked_again(asked: list[dict[str, object]], means: dict[str, object]) -> None:
    """The same place was asked at once in another way, and from then on."""
    first, second, third = asked
    assert second == third
    if "other_wire" in means:
        messages = first["messages"]
        assert isinstance(messages, list)
        assert second["input"] == [{"type": "message", **said} for said in messages]
        assert (second["store"], second["max_output_tokens"]) == (False, CAP)
        assert (second["reasoning"], second["text"]) == ({"effort": "minimal"}, {"verbosity": "low"})
        return
    assert sorted(first.keys() - second.keys()) == means.get("dropped", [])
    assert sorted(second.keys() - first.keys()) == means.get("added", [])
    changed = {
        name: second[name] for name in first.keys() & second.keys() - CAPPED if first[name] != second[name]
    }
    assert changed == means.get("changed", {})
    assert next(second[name] for name in CAPS if name in second) == means.get("cap", CAP)
    messages = second.get("messages") or second["input"]
    assert isinstance(messages, list)
    roles = means.get("roles", ["system", "user", "assistant", "user"])
    assert [message["role"] for message in messages] == roles
    said = "\n".join(message["content"] for message in messages)
    assert said.startswith("You are Helper.")
    if "alternates" in means:
        assert messages[1]["content"] == "one\ntwo"


async def test_the_table_in_the_docs_is_that_of_the_corpus() -> None:
    assert in_document(CORPUS) == await table(), "python -m tests.model --write"


async def test_what_check_says_of_odd_servers_is_in_the_docs() -> None:
    assert in_document(ODD) == await section(), "python -m tests.model --write"
