"""The answer is shown while the model writes it, and in the end the user has one whole reply, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from relay.errors import (
    ImRejected,
    ImUnavailable,
    ModelBlocked,
    ModelUnavailable,
    NoStreams,
    StorageUnavailable,
)
from relay.keys import conversation_key
from relay.memory.lease import Lease
from relay.memory.rows import Entry
from relay.messages import Message, Turn
from relay.ports import Completion, Outgoing, Prompt
from relay.turn.growing import MOST_CHARS
from relay.turn.notes import Note
from tests.doubles import Call
from tests.kit import RelayKit

WHOLE = (
    "It opens at nine o'clock in the morning and closes at six, on Sundays at four. "
    "On the first day of the year, and when it snows, it stays closed."
)
BEGUN = WHOLE[:60]


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


def die_in_the_middle(relay: RelayKit) -> None:
    """A question whose turn dies when some of the answer is shown."""

    async def die(prompt: Prompt) -> Completion:
        assert relay.model.heard is not None
        relay.model.heard(BEGUN)
        await let_pump()
        relay.kill_host()

    relay.model.script = [die]
    relay.post("when?")


@pytest.fixture(params=[True, "edit"], ids=["a stream", "edits"])
def growing(request: pytest.FixtureRequest, relay: RelayKit) -> RelayKit:
    """A bot whose replies grow, in either way."""
    relay.configure_bot(stream=request.param)
    relay.model.default = saying(relay, BEGUN, WHOLE[:100], WHOLE)  # type: ignore[assignment]
    return relay


@pytest.fixture
def streaming(relay: RelayKit) -> RelayKit:
    relay.configure_bot(stream=True)
    relay.model.default = saying(relay, BEGUN, WHOLE[:100], WHOLE)  # type: ignore[assignment]
    return relay


@pytest.fixture
def editing(relay: RelayKit) -> RelayKit:
    relay.configure_bot(stream="edit")
    relay.model.default = saying(relay, BEGUN, WHOLE[:100], WHOLE)  # type: ignore[assignment]
    return relay


def half_said(relay: RelayKit) -> list[str]:
    """What users see that is no whole reply."""
    return [reply for reply in relay.replies if reply != WHOLE]


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


def test_a_later_turn_remembers_it_like_any_reply(growing: RelayKit) -> None:
    growing.post("when?")
    growing.clock.advance(1)
    growing.post("thanks")
    assert growing.model.asked()[-1][1:] == [("user", "when?"), ("assistant", WHOLE), ("user", "thanks")]
    assert {row["state"] for row in growing.tables.rows("reply")} == {"sent"}


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
def test_what_was_shown_and_is_not_the_answer_is_taken_back(growing: RelayKit, then: str | Exception) -> None:
    growing.model.script = [saying(growing, BEGUN, then=then)]  # type: ignore[list-item]
    growing.post("when?")
    assert len(growing.im.recalled) == 1
    assert growing.im.unfinished == []
    assert len(growing.replies) == 1
    assert growing.replies[0] != BEGUN


def test_another_model_that_begins_anew_has_the_first_taken_back(growing: RelayKit) -> None:
    growing.model.script = [saying(growing, BEGUN, "No, ", "No, it is closed.")]  # type: ignore[list-item]
    growing.post("when?")
    assert growing.replies == ["No, it is closed."]
    assert len(growing.im.recalled) == 1


def test_a_failed_turn_leaves_nothing_half_said(growing: RelayKit) -> None:
    growing.model.script = [saying(growing, BEGUN, then=ModelUnavailable("broke off"))]  # type: ignore[list-item]
    growing.post("when?")
    assert growing.replies == []
    assert len(growing.im.recalled) == 1
    growing.settle()
    assert growing.replies == [WHOLE]
    ids = {outgoing.client_id for outgoing, _ in growing.im.recalled}
    assert {shown.client_id for shown in growing.im.shown} & ids == set()


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
    growing: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    growing.model.script = [saying(growing, BEGUN, then="Something else.")]  # type: ignore[list-item]
    growing.im.refuses_recall = ImRejected("result code 508")
    growing.post("when?")
    assert growing.replies[-1] == "Something else."
    assert "could not be taken back" in caplog.text


def test_a_turn_whose_lease_has_ended_takes_back_what_it_has_begun(streaming: RelayKit) -> None:
    """It must not store, and nobody else knows the platform's id of what it has begun."""

    def not_the_id(call: Call) -> None:
        if any(Note.read(str(change.values.get("stream", ""))).server_id for change in call.changes):
            raise StorageUnavailable("not now")

    async def say_late(prompt: Prompt) -> Completion:
        assert streaming.model.heard is not None
        streaming.model.heard(WHOLE[:30])
        streaming.tables.before = not_the_id
        await let_pump()
        streaming.tables.before = None
        streaming.clock.advance(600)
        return Completion(WHOLE)

    streaming.model.script = [say_late]
    streaming.post("when?")
    assert streaming.im.recalled != []
    assert streaming.im.unfinished == []
    streaming.settle()
    assert len(streaming.replies) == 1


def test_a_kill_in_the_middle_has_the_next_turn_take_it_back(growing: RelayKit) -> None:
    die_in_the_middle(growing)
    assert half_said(growing) != []
    growing.settle()
    assert growing.replies == [WHOLE]
    assert growing.im.unfinished == []
    # The first was taken over, which counts; then came its own.
    assert {note.number for note in notes(growing)} == {3}


@pytest.mark.parametrize(("side", "may_stay"), [("before", 1), ("after", 0)])
def test_a_kill_at_any_storage_call_ends_in_one_whole_reply(
    growing: RelayKit, side: str, may_stay: int
) -> None:
    """Between the first call and the note of its id, nobody knows what to take back: the one line that may stay."""
    stayed: list[str] = []
    for number in range(40):
        calls: list[str] = []

        def hook(call: object, calls: list[str] = calls, number: int = number) -> None:
            if "receive" not in str(call):
                calls.append(str(call))
                if len(calls) == number + 1:
                    growing.kill_host()

        growing.post("when?", run=False)
        for double in (growing.tables, growing.queues):
            setattr(double, side, hook)
        growing.settle()
        for double in (growing.tables, growing.queues):
            setattr(double, side, None)
        growing.settle()
        assert [reply for reply in growing.replies if reply == WHOLE] == [WHOLE] * (number + 1), calls[-2:]
        stayed = half_said(growing)
        assert len(growing.replies) == number + 1 + len(stayed)
        growing.clock.advance(3600)
        if len(calls) <= number:
            break
    else:
        raise AssertionError("the turn has no end")
    assert len(stayed) == may_stay


def test_a_turn_whose_lease_is_over_leaves_what_another_one_shows(
    growing: RelayKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would take back each stream of the other one, which would begin the next, for as long as both live."""

    die_in_the_middle(growing)
    take, taken = growing.app.answering.leases.take, list[Lease | None]()
    bot = growing.app.bots.get("helper")
    assert bot is not None

    async def take_long_ago(partition: str, seconds: float) -> Lease | None:
        lease = await take(partition, seconds)
        taken.append(lease)
        return replace(lease, until=growing.clock.now()) if lease else None

    with monkeypatch.context() as patch:
        patch.setattr(growing.app.answering.leases, "take", take_long_ago)
        growing.wait(growing.app.timing.lease_seconds(bot) + 20)  # that of the one that died is over
    assert any(taken)
    assert growing.im.recalled == []
    assert half_said(growing) != []
    growing.settle()
    assert growing.replies == [WHOLE]


def test_what_a_slow_turn_has_ended_and_marked_is_not_taken_back(growing: RelayKit) -> None:
    """Its lease was over, and another turn had read the stored reply before it was marked, with its note open."""
    as_read: list[Entry] = []

    def look(_: Outgoing) -> None:
        rows = [
            row
            for partitions in growing.tables.tables.values()
            for rows in partitions.values()
            for row in rows.values()
        ]
        as_read[:] = [Entry.from_row(row) for row in rows if row.values.get("kind") == "reply"]

    growing.im.stream_script, growing.im.edit_script = [look] * 9, [look] * 9
    growing.post("when?")
    (reply,) = as_read
    assert (reply.state, bool(Note.read(reply.stream).client_id)) == ("stored", True)
    bot = growing.app.bots.get("helper")
    assert bot is not None
    message = Message(bot="helper", sender="alice", id=reply.id, at=reply.at, text="when?")
    deliver = growing.app.answering.parts.delivery.deliver
    asyncio.run(
        deliver(Turn(message, reply.at), bot, conversation_key(message), reply, growing.clock.now() + 60_000)
    )
    assert growing.replies == [WHOLE]
    assert growing.im.recalled == []


def test_an_edit_of_the_question_beside_the_last_words_leaves_them_there(growing: RelayKit) -> None:
    question = growing.copy("when?")
    edited = False

    def edit(_: Outgoing) -> None:
        nonlocal edited
        if not edited and growing.tables.rows("reply"):
            edited = True
            growing.edit(question, "when tomorrow?")

    growing.im.stream_script, growing.im.edit_script = [edit] * 9, [edit] * 9
    growing.post_body(question)
    (reply,) = growing.tables.rows("reply")
    assert (reply["state"], reply["excluded"]) == ("sent", True)
    growing.settle()
    assert growing.replies == [WHOLE]
    assert growing.im.recalled == []


def test_forget_in_the_middle_takes_it_back(growing: RelayKit) -> None:
    async def forget(prompt: Prompt) -> Completion:
        assert growing.model.heard is not None
        growing.model.heard(BEGUN)
        await let_pump()
        growing.clock.advance(0.001)
        growing.post("/forget")
        return Completion(WHOLE)

    growing.model.script = [forget]
    growing.post("when?")
    growing.settle()
    assert len(growing.im.recalled) == 1
    assert [text for text in growing.replies if "opens" in text] == []


def test_a_long_reply_goes_on_in_further_messages_and_no_word_is_lost(growing: RelayKit) -> None:
    paragraphs = [f"Paragraph {number}: " + "word " * 100 for number in range(20)]
    text = "\n\n".join(paragraphs).strip()
    parts = [text[:end] for end in range(500, len(text), 500)] + [text]
    growing.model.script = [saying(growing, *parts)]  # type: ignore[list-item]
    growing.post("all of it")
    assert "".join(" ".join(growing.replies).split()) == "".join(text.split())
    assert len(growing.replies[0]) <= MOST_CHARS
    assert len(growing.replies) > 1
    assert growing.im.recalled == []


def test_a_code_block_is_not_torn(growing: RelayKit) -> None:
    code = "\n".join(f"line {number} of the code" for number in range(300))
    growing.configure_bot(markdown="keep")
    text = f"Here:\n\n```python\n{code}\n```\n\nDone."
    parts = [text[:end] for end in range(300, len(text), 300)] + [text]
    growing.model.script = [saying(growing, *parts)]  # type: ignore[list-item]
    growing.post("code")
    assert all(reply.count("```") % 2 == 0 for reply in growing.replies)


@pytest.mark.parametrize("team_kind", ["TEAM", "SUPER_TEAM"])
def test_groups_get_streams_and_super_teams_do_not(growing: RelayKit, team_kind: str) -> None:
    growing.post("@Helper when?", team="42", convType=team_kind)
    assert growing.replies == [WHOLE]
    assert bool(growing.im.chunks or growing.im.edits) == (team_kind == "TEAM")


def test_markdown_is_shown_readable_as_far_as_it_is_certain(growing: RelayKit) -> None:
    text = "# Hours\n\nWe open at **nine** and close at six.\n\n- Monday\n- Tuesday\n\nSee you soon, then."
    parts = [text[:end] for end in range(5, len(text), 5)] + [text]
    growing.model.script = [saying(growing, *parts)]  # type: ignore[list-item]
    growing.post("when?")
    (reply,) = growing.replies
    assert "**" not in reply
    assert "We open at nine and close at six." in reply
    assert growing.im.recalled == []
    assert len(growing.im.chunks) > 3 or growing.im.edits


def test_an_edited_message_says_more_each_time_and_in_the_end_all(editing: RelayKit) -> None:
    editing.post("when?")
    (posted,) = editing.im.attempts
    said = [posted.text, *(edited.text for edited in editing.im.edits)]
    assert len(said) >= 3
    assert all(later.startswith(text) for text, later in pairwise(said))
    assert said[-1] == WHOLE
    assert editing.replies == [WHOLE]
    assert editing.im.recalled == []
    assert editing.im.chunks == []


def test_edits_are_a_second_apart(editing: RelayKit) -> None:
    at: list[int] = []
    editing.im.script = [lambda _: at.append(editing.clock.now())]
    editing.im.edit_script = [lambda _: at.append(editing.clock.now())] * 9
    editing.post("when?")
    assert len(at) >= 3
    assert all(later - earlier >= 1000 for earlier, later in pairwise(at))


def test_an_edit_that_brings_all_the_words_comes_behind_the_stored_reply(editing: RelayKit) -> None:
    seen: list[tuple[str, bool, bool]] = []

    def look(outgoing: Outgoing) -> None:
        rows = editing.tables.rows()
        noted = any(Note.read(str(row.get("stream", ""))).client_id == outgoing.client_id for row in rows)
        seen.append((outgoing.text, noted, any(row["kind"] == "reply" for row in rows)))

    editing.im.script = [look]
    editing.im.edit_script = [look] * 9
    editing.post("when?")
    assert {noted for _, noted, _ in seen} == {True}
    assert [(text, stored) for text, _, stored in seen if stored] == [(WHOLE, True)]


def test_a_short_reply_is_posted_whole_and_not_edited(editing: RelayKit) -> None:
    text = "At nine, and on Sundays at ten."
    editing.model.script = [saying(editing, text[:20], text)]  # type: ignore[list-item]
    editing.post("when?")
    assert editing.replies == [text]
    assert editing.im.edits == []
    assert notes(editing) == []


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("refusal", [ImUnavailable("no answer"), ImRejected("result code 107404")], ids=str)
def test_an_edit_that_is_refused_or_lost_ends_in_the_whole_reply(
    editing: RelayKit, at: int, refusal: Exception
) -> None:
    scripts = [editing.im.script, *[editing.im.edit_script] * 2]
    scripts[at].extend([*[None] * (at - 1), refusal])
    editing.post("when?")
    editing.settle()
    assert editing.replies[-1] == WHOLE
    assert half_said(editing) == []


@pytest.mark.parametrize("at", range(2))
def test_where_edits_are_refused_replies_go_whole_for_an_hour(
    editing: RelayKit, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr(editing.app.answering.parts.delivery.streams, "_now", lambda: seconds)
    editing.im.edit_script = [*[None] * at, NoStreams("result code 403")]
    for _ in range(2):
        editing.post("when?")
        editing.clock.advance(1)
    assert editing.replies == [WHOLE, WHOLE]
    assert len(editing.im.edits) == at + 1
    assert len(editing.im.recalled) == 1
    seconds = 3601.0
    editing.post("when?")
    assert len(editing.im.edits) > at + 1


def test_what_is_learned_of_private_chats_is_not_believed_of_groups(editing: RelayKit) -> None:
    editing.im.edit_script = [NoStreams("result code 403")]
    editing.post("when?")
    refused = len(editing.im.edits)
    editing.post("@Helper when?", team="42")
    assert len(editing.im.edits) > refused


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_v1_gets_whole_replies_and_nothing_is_begun(growing: RelayKit, version: str) -> None:
    growing.restart(growing.app.bots, growing.settings.model_copy(update={"im_api_version": version}))
    growing.post("when?")
    assert growing.replies == [WHOLE]
    assert bool(growing.im.chunks or growing.im.edits) == (version == "v2")
    assert bool(notes(growing)) == (version == "v2")


def test_a_beginning_whose_id_is_not_known_is_not_gone_on_with(
    growing: RelayKit, caplog: pytest.LogCaptureFixture
) -> None:
    """Its answer was lost, and the repetition was a duplicate, of which the platform tells no id."""

    begun: list[str] = []

    async def there_already(outgoing: Outgoing) -> None:
        if outgoing.text == WHOLE:
            return
        begun.append(outgoing.client_id)
        scripts = growing.im.script, growing.im.stream_script
        growing.im.script, growing.im.stream_script = [], []
        if growing.im.chunks:
            await growing.im.stream(outgoing, growing.im.chunks[0], seconds=1)
        else:
            growing.im.show(outgoing)
        growing.im.script, growing.im.stream_script = scripts

    growing.im.script, growing.im.stream_script = [there_already] * 9, [there_already] * 9
    growing.post("when?")
    assert growing.replies[-1] == WHOLE
    assert len(growing.replies) == 2
    assert begun == [growing.im.shown[0].client_id]
    assert growing.im.edits == []
    assert "a started line may stay" in caplog.text


def test_an_edited_reply_notifies_who_asked_in_a_group_and_a_stream_cannot(growing: RelayKit) -> None:
    growing.post("@Helper when?", team="42")
    assert [shown.mention for shown in growing.im.shown] == ["alice" if growing.im.edits else None]


def test_a_growing_reply_quotes_its_question(growing: RelayKit) -> None:
    growing.configure_bot(quote=True)
    growing.post("when?")
    (shown,) = growing.im.shown
    assert shown.quote is not None
    assert shown.quote.sender == "alice"
    assert growing.replies == [WHOLE]


def test_what_is_refused_with_its_quote_goes_whole_and_without(growing: RelayKit) -> None:
    growing.configure_bot(quote=True)

    def refuse(outgoing: Outgoing) -> None:
        if outgoing.quote is not None:
            raise ImRejected("result code 107404")

    growing.im.default = refuse
    growing.im.stream_script = [refuse]
    growing.post("when?")
    assert growing.replies == [WHOLE]
    assert growing.im.unfinished == []
    assert [shown.quote for shown in growing.im.shown] == [None]


def test_a_recalled_question_has_the_reply_that_grew_recalled_too(growing: RelayKit) -> None:
    growing.configure_bot(recall_reply=True)
    question = growing.copy("when?")
    growing.post_body(question)
    (shown,) = growing.im.shown
    growing.recall(question)
    ((_, sent),) = growing.im.recalled
    assert growing.im.posted_as(sent.server_id) == shown.client_id


def test_a_bot_without_the_key_is_heard_whole(relay: RelayKit) -> None:
    relay.post("when?")
    assert relay.model.heard is None
    assert relay.im.chunks == []


def test_plain_texts_are_not_streamed(growing: RelayKit) -> None:
    growing.configure_bot(enabled=False)
    growing.post("when?")
    assert growing.im.chunks == []


def test_a_note_survives_its_row() -> None:
    note = Note(3, "id", "17", 5)
    assert Note.read(note.to_json()) == note
    assert Note.read("") == Note()
    assert note.closed == Note(3)
