"""The answer is shown while the model writes it, and in the end the user has one whole reply, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from relay.errors import (
    ImRejected,
    ImUnavailable,
    ModelBlocked,
    ModelUnavailable,
    NoStreams,
)
from relay.ports import Completion, Prompt
from relay.turn.growing import MOST_CHARS
from relay.turn.streaming import Note
from tests.kit import RelayKit

WHOLE = "It opens at nine o'clock in the morning, and closes at six."


async def let_pump() -> None:
    for _ in range(40):
        await asyncio.sleep(0)


def saying(relay: RelayKit, *texts: str, then: str | Exception | None = None) -> Callable[[Prompt], object]:
    """The model says this text by text, each time all so far; in the end the last, or something else."""

    async def say(prompt: Prompt) -> Completion:
        heard = relay.model.heard
        for text in texts:
            if heard is not None:
                heard(text)
            await let_pump()
        if isinstance(then, Exception):
            raise then
        return Completion(texts[-1] if then is None else then)

    return say


@pytest.fixture
def streaming(relay: RelayKit) -> RelayKit:
    relay.configure_bot(stream=True)
    relay.model.default = saying(relay, WHOLE[:20], WHOLE[:40], WHOLE)  # type: ignore[assignment]
    return relay


def notes(relay: RelayKit) -> list[Note]:
    return [Note.read(str(row.get("stream", ""))) for row in relay.tables.rows() if row.get("stream")]


def test_the_reply_grows_and_ends_with_its_last_words(streaming: RelayKit) -> None:
    streaming.post("when?")
    assert streaming.replies == [WHOLE]
    assert streaming.im.unfinished == []
    chunks = streaming.im.chunks
    assert "".join(chunk.text for chunk in chunks) == WHOLE
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.is_last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[0].server_id == ""
    assert len(chunks) >= 3
    assert streaming.im.attempts == []
    assert streaming.im.recalled == []


def test_a_later_turn_remembers_it_like_any_reply(streaming: RelayKit) -> None:
    streaming.post("when?")
    streaming.clock.advance(1)
    streaming.post("thanks")
    assert streaming.model.asked()[-1][1:] == [("user", "when?"), ("assistant", WHOLE), ("user", "thanks")]
    assert {row["state"] for row in streaming.tables.rows("reply")} == {"sent"}


def test_the_note_is_written_before_the_first_call_and_the_reply_before_the_last(streaming: RelayKit) -> None:
    seen: list[tuple[bool, bool, bool]] = []

    def look(_: object) -> None:
        rows = streaming.tables.rows()
        noted = any(Note.read(str(row.get("stream", ""))).client_id for row in rows)
        stored = any(row["kind"] == "reply" for row in rows)
        seen.append((noted, stored, streaming.im.chunks[-1].is_last))

    streaming.im.stream_script = [look] * 10
    streaming.post("when?")
    assert seen[0] == (True, False, False)
    assert [stored for _, stored, is_last in seen if is_last] == [True]
    assert not any(stored for _, stored, is_last in seen if not is_last)


@pytest.mark.parametrize(
    "then",
    [ModelBlocked("content filter on the answer"), "Another answer altogether."],
    ids=["a filter", "another answer"],
)
def test_what_was_shown_and_is_not_the_answer_is_taken_back(
    streaming: RelayKit, then: str | Exception
) -> None:
    streaming.model.script = [saying(streaming, WHOLE[:30], then=then)]  # type: ignore[list-item]
    streaming.post("when?")
    assert len(streaming.im.recalled) == 1
    assert streaming.im.unfinished == []
    assert len(streaming.replies) == 1
    assert streaming.replies[0] != WHOLE[:30]


def test_another_model_that_begins_anew_has_the_first_taken_back(streaming: RelayKit) -> None:
    streaming.model.script = [saying(streaming, WHOLE[:30], "No, ", "No, it is closed.")]  # type: ignore[list-item]
    streaming.post("when?")
    assert streaming.replies == ["No, it is closed."]
    assert len(streaming.im.recalled) == 1


def test_a_failed_turn_leaves_nothing_half_said(streaming: RelayKit) -> None:
    streaming.model.script = [saying(streaming, WHOLE[:30], then=ModelUnavailable("broke off"))]  # type: ignore[list-item]
    streaming.post("when?")
    assert streaming.replies == []
    assert len(streaming.im.recalled) == 1
    streaming.settle()
    assert streaming.replies == [WHOLE]
    ids = {outgoing.client_id for outgoing, _ in streaming.im.recalled}
    assert {shown.client_id for shown in streaming.im.shown} & ids == set()


@pytest.mark.parametrize("at", range(4))
def test_a_piece_that_is_refused_or_lost_ends_in_the_whole_reply(streaming: RelayKit, at: int) -> None:
    streaming.im.stream_script = [*[None] * at, ImUnavailable("no answer")]
    streaming.post("when?")
    streaming.settle()
    assert streaming.replies == [WHOLE]
    assert streaming.im.unfinished == []


def test_a_platform_without_streams_gets_whole_replies_and_is_not_asked_again(streaming: RelayKit) -> None:
    streaming.im.stream_script = [NoStreams("result code 189319")]
    streaming.post("when?")
    streaming.clock.advance(1)
    streaming.post("and when?")
    assert streaming.replies == [WHOLE, WHOLE]
    assert len(streaming.im.chunks) == 1
    assert [note for note in notes(streaming) if note.client_id] == []


def test_a_stream_that_cannot_be_taken_back_does_not_hold_up_the_reply(
    streaming: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    streaming.model.script = [saying(streaming, WHOLE[:30], then="Something else.")]  # type: ignore[list-item]
    streaming.im.refuses_recall = ImRejected("result code 508")
    streaming.post("when?")
    assert streaming.replies[-1] == "Something else."
    assert "could not be taken back" in caplog.text


def test_a_kill_in_the_middle_has_the_next_turn_take_it_back(streaming: RelayKit) -> None:
    async def die(prompt: Prompt) -> Completion:
        assert streaming.model.heard is not None
        streaming.model.heard(WHOLE[:30])
        await let_pump()
        streaming.kill_host()

    streaming.model.script = [die]
    streaming.post("when?")
    assert streaming.im.unfinished != []
    streaming.settle()
    assert streaming.replies == [WHOLE]
    assert streaming.im.unfinished == []
    assert {note.number for note in notes(streaming)} == {
        3
    }  # the first was taken over, the second is its own


@pytest.mark.parametrize(("side", "may_stay"), [("before", 1), ("after", 0)])
def test_a_kill_at_any_storage_call_ends_in_one_whole_reply(
    streaming: RelayKit, side: str, may_stay: int
) -> None:
    """Between the first call and the note of its id, nobody knows what to take back: the one line that may stay."""
    stayed: list[str] = []
    for number in range(40):
        calls: list[str] = []

        def hook(call: object, calls: list[str] = calls, number: int = number) -> None:
            if "receive" not in str(call):
                calls.append(str(call))
                if len(calls) == number + 1:
                    streaming.kill_host()

        streaming.post("when?", run=False)
        for double in (streaming.tables, streaming.queues):
            setattr(double, side, hook)
        streaming.settle()
        for double in (streaming.tables, streaming.queues):
            setattr(double, side, None)
        streaming.settle()
        assert [reply for reply in streaming.replies if reply == WHOLE] == [WHOLE] * (number + 1), calls[-2:]
        stayed = streaming.im.unfinished
        assert len(streaming.replies) == number + 1 + len(stayed)
        streaming.clock.advance(3600)
        if len(calls) <= number:
            break
    else:
        raise AssertionError("the turn has no end")
    assert len(stayed) == may_stay


def test_forget_in_the_middle_takes_it_back(streaming: RelayKit) -> None:
    async def forget(prompt: Prompt) -> Completion:
        assert streaming.model.heard is not None
        streaming.model.heard(WHOLE[:30])
        await let_pump()
        streaming.clock.advance(0.001)
        streaming.post("/forget")
        return Completion(WHOLE)

    streaming.model.script = [forget]
    streaming.post("when?")
    streaming.settle()
    assert len(streaming.im.recalled) == 1
    assert [text for text in streaming.replies if "opens" in text] == []


def test_a_long_reply_goes_on_in_further_messages_and_no_word_is_lost(streaming: RelayKit) -> None:
    paragraphs = [f"Paragraph {number}: " + "word " * 100 for number in range(20)]
    text = "\n\n".join(paragraphs).strip()
    parts = [text[:end] for end in range(500, len(text), 500)] + [text]
    streaming.model.script = [saying(streaming, *parts)]  # type: ignore[list-item]
    streaming.post("all of it")
    assert "".join(" ".join(streaming.replies).split()) == "".join(text.split())
    assert len(streaming.replies[0]) <= MOST_CHARS
    assert len(streaming.replies) > 1
    assert streaming.im.recalled == []


def test_a_code_block_is_not_torn(streaming: RelayKit) -> None:
    code = "\n".join(f"line {number} of the code" for number in range(300))
    streaming.configure_bot(markdown="keep")
    text = f"Here:\n\n```python\n{code}\n```\n\nDone."
    parts = [text[:end] for end in range(300, len(text), 300)] + [text]
    streaming.model.script = [saying(streaming, *parts)]  # type: ignore[list-item]
    streaming.post("code")
    assert all(reply.count("```") % 2 == 0 for reply in streaming.replies)


@pytest.mark.parametrize("team_kind", ["TEAM", "SUPER_TEAM"])
def test_groups_get_streams_and_super_teams_do_not(streaming: RelayKit, team_kind: str) -> None:
    streaming.post("@Helper when?", team="42", convType=team_kind)
    assert streaming.replies == [WHOLE]
    assert bool(streaming.im.chunks) == (team_kind == "TEAM")


def test_markdown_is_shown_readable_as_far_as_it_is_certain(streaming: RelayKit) -> None:
    text = "# Hours\n\nWe open at **nine** and close at six.\n\n- Monday\n- Tuesday\n\nSee you soon, then."
    parts = [text[:end] for end in range(5, len(text), 5)] + [text]
    streaming.model.script = [saying(streaming, *parts)]  # type: ignore[list-item]
    streaming.post("when?")
    (reply,) = streaming.replies
    assert "**" not in reply
    assert "We open at nine and close at six." in reply
    assert streaming.im.recalled == []
    assert len(streaming.im.chunks) > 3


def test_a_bot_without_the_key_is_heard_whole(relay: RelayKit) -> None:
    relay.post("when?")
    assert relay.model.heard is None
    assert relay.im.chunks == []


def test_plain_texts_are_not_streamed(streaming: RelayKit) -> None:
    streaming.configure_bot(enabled=False)
    streaming.post("when?")
    assert streaming.im.chunks == []


def test_a_note_survives_its_row() -> None:
    note = Note(3, "id", "17", 5)
    assert Note.read(note.to_json()) == note
    assert Note.read("") == Note()
    assert note.closed == Note(3)
