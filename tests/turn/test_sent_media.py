"""Replies with media among their texts: in order, each once whatever dies, none lost for another that is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from relay.config.bots import Bot
from relay.errors import ImBlocked, ImRejected, ImUnavailable
from relay.keys import client_id
from relay.memory.rows import Entry
from relay.outgoing import Custom, File, Medium, Picture, Place, Tip
from relay.ports import Merge, Outgoing
from relay.texts import RELAYS_OWN
from relay.turn import asking, step
from relay.turn.layout import MEDIA_MAX, in_parts
from tests.doubles import Call
from tests.kit import RelayKit

CAT = "https://cdn.example.com/cat.jpg"
PDF = "https://cdn.example.com/report.pdf"
ANSWER = f"Here is the cat:\n\n![The cat]({CAT})\n\nAnd the report:\n{PDF}\nGood night."
SHOWN = [
    "Here is the cat:",
    Picture(CAT, name="The cat", ext="jpg"),
    "And the report:",
    File(PDF, "report.pdf", ext="pdf"),
    "Good night.",
]

LINKING = Bot(accid="helper", name="Helper", system_prompt="x", send_links=True)


@pytest.fixture
def linking(relay: RelayKit) -> RelayKit:
    """A bot whose links are sent as media, and a model that links."""
    relay.configure_bot(send_links=True)
    relay.model.default = ANSWER
    return relay


def shown(relay: RelayKit) -> list[str | Medium]:
    """Everything that users have seen, in order."""
    return [seen.medium or seen.text for seen in relay.im.shown]


def reply_row(relay: RelayKit) -> dict[str, Any]:
    (row,) = relay.tables.rows("reply")
    return dict(row)


def refuse(relay: RelayKit, kind: str, error: Exception) -> None:
    def take(outgoing: Outgoing) -> None:
        if outgoing.medium is not None and outgoing.medium.kind == kind:
            raise error

    relay.im.default = take


# --- in order, stored before sent, remembered as it was written


def test_texts_and_media_come_in_order_each_under_an_id_of_its_own(linking: RelayKit) -> None:
    linking.post("show me")
    assert shown(linking) == SHOWN
    assert linking.replies == ["Here is the cat:", "And the report:", "Good night."]
    assert linking.sent == [SHOWN[1], SHOWN[3]]
    first, *others = [sent.client_id for sent in linking.im.shown]
    assert others == [client_id(first, str(number)) for number in (1, 2, 3, 4)]


def test_the_media_are_stored_before_any_is_sent(linking: RelayKit) -> None:
    def take(outgoing: Outgoing) -> None:
        row = reply_row(linking)
        assert [each and each["kind"] for each in json.loads(row["media"])] == [
            *(None, "picture", None, "file", None)
        ]

    linking.im.default = take
    linking.post("show me")
    assert shown(linking) == SHOWN


def test_what_the_platform_says_of_each_part_is_noted(linking: RelayKit) -> None:
    linking.post("show me")
    row = reply_row(linking)
    assert [server_id for server_id, _ in json.loads(row["delivered"])] == ["1", "2", "3", "4", "5"]
    assert (row["state"], row["parts_sent"]) == ("sent", 4)


def test_the_memory_keeps_the_models_own_text(linking: RelayKit) -> None:
    linking.post("show me")
    linking.clock.advance(1)
    linking.post("thanks")
    assert ("assistant", ANSWER) in linking.model.asked()[-1]


def test_a_medium_in_a_group_notifies_the_asker_as_a_text_does(linking: RelayKit) -> None:
    linking.post("@Helper show me", team="4711")
    assert {sent.mention for sent in linking.im.shown} == {"alice"}


def test_forget_leaves_no_medium(linking: RelayKit) -> None:
    linking.post("show me")
    linking.clock.advance(1)
    linking.post("/forget")
    row = reply_row(linking)
    assert (row["media"], row["parts"], row["text"]) == ("", "", "")


def test_media_without_a_text_are_a_reply(relay: RelayKit) -> None:
    reply = in_parts(LINKING, blank(""), [Picture(CAT)])
    assert reply.media == (Picture(CAT),)
    assert reply.parts == (CAT,)


# --- what a reply may carry beside its text


def blank(text: str, note: str = "") -> Entry:
    return Entry(key="m|8", kind="reply", state="stored", sender="alice", text=text, id="c:1", note=note)


def test_media_beside_the_text_come_behind_it_and_its_note() -> None:
    reply = in_parts(LINKING, blank("Look.", "(The last one.)"), [Place(1.5, 2.5, "Here"), Tip("A tip")])
    assert reply.parts == ("Look.\n\n(The last one.)", "Here (1.5, 2.5)", "A tip")
    assert reply.media == (None, Place(1.5, 2.5, "Here"), Tip("A tip"))


def test_a_note_behind_a_medium_is_a_message_of_its_own() -> None:
    reply = in_parts(LINKING, blank(f"Look.\n{CAT}", "(The last one.)"))
    assert reply.parts == ("Look.", CAT, "(The last one.)")


def test_one_text_has_no_parts() -> None:
    reply = in_parts(LINKING, blank("Look.", "(The last one.)"))
    assert (reply.parts, reply.media) == ((), ())


def test_a_long_text_among_media_is_cut_where_it_would_be_alone() -> None:
    long = "A sentence. " * 700
    reply = in_parts(LINKING, blank(f"{long}\n\n{CAT}\n\n{long}"))
    assert [bool(each) for each in reply.media] == [False, False, False, True, False, False, False]


def test_plain_texts_of_ours_are_not_looked_through() -> None:
    assert in_parts(LINKING, replace(blank(CAT), excluded=True)).media == ()


def test_a_custom_message_is_a_plain_sentence_where_there_is_only_text() -> None:
    assert in_parts(LINKING, blank("看"), [Custom({"type": 1})]).parts == ("看", RELAYS_OWN.not_shown.zh)


def test_more_media_than_a_reply_may_carry_are_left_out() -> None:
    assert len(in_parts(LINKING, blank("Look."), [Picture(CAT)] * 20).media) == 1 + MEDIA_MAX


def test_what_a_draft_carries_beside_its_text_is_sent(
    relay: RelayKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = asking.ask

    async def with_a_place(*given: Any, **named: Any) -> Any:
        return replace(await ask(*given, **named), media=(Place(1.5, 2.5), Picture(CAT)))

    monkeypatch.setattr(step, "ask", with_a_place)
    relay.post("where?")
    assert shown(relay) == ["Hi alice", Place(1.5, 2.5), Picture(CAT)]


# --- kills


@pytest.mark.parametrize("number", range(len(SHOWN)))
@pytest.mark.parametrize("seen", [False, True], ids=["before", "behind"])
def test_a_kill_at_any_part_leads_to_each_shown_once(linking: RelayKit, number: int, seen: bool) -> None:
    alive = [True]

    def take(outgoing: Outgoing) -> None:
        if alive and len(linking.im.shown) == number:
            alive.clear()
            if seen:
                linking.im.show(outgoing)
            linking.kill_host()

    linking.im.default = take
    linking.post("show me")
    assert len(linking.im.shown) == number + seen
    linking.settle()
    assert shown(linking) == SHOWN
    assert len(linking.model.prompts) == 1


@pytest.mark.parametrize("number", range(1, len(SHOWN)))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_around_the_note_of_a_part_leads_to_each_shown_once(
    linking: RelayKit, number: int, when: str
) -> None:
    def dying(call: Call) -> None:
        for change in call.changes:
            if isinstance(change, Merge) and change.values.get("parts_sent") == number:
                setattr(linking.tables, when, None)
                linking.kill_host()

    setattr(linking.tables, when, dying)
    linking.post("show me")
    assert shown(linking) == SHOWN[:number]
    linking.settle()
    assert shown(linking) == SHOWN


def test_an_outage_at_a_medium_is_waited_for(linking: RelayKit) -> None:
    linking.im.script = [None, ImUnavailable("no answer in time")]
    linking.post("show me")
    assert shown(linking) == SHOWN[:1]
    linking.settle()
    assert shown(linking) == SHOWN


# --- refusals


def test_a_medium_that_is_refused_becomes_its_line_and_costs_nothing_behind_it(linking: RelayKit) -> None:
    refuse(linking, "picture", ImRejected("result code 414: a parameter is illegal"))
    linking.post("show me")
    assert shown(linking) == ["Here is the cat:", f"The cat ({CAT})", *SHOWN[2:]]
    assert reply_row(linking)["state"] == "sent"
    assert linking.failed == []


def test_a_kill_behind_the_line_of_a_refused_medium_shows_it_once(linking: RelayKit) -> None:
    refuse(linking, "picture", ImRejected("result code 414"))

    def dying(call: Call) -> None:
        for change in call.changes:
            if isinstance(change, Merge) and change.values.get("parts_sent") == 2:
                linking.tables.before = None
                linking.kill_host()

    linking.tables.before = dying
    linking.post("show me")
    linking.settle()
    assert shown(linking) == ["Here is the cat:", f"The cat ({CAT})", *SHOWN[2:]]


def test_what_moderation_withholds_is_not_linked_to_either(linking: RelayKit) -> None:
    refuse(linking, "picture", ImBlocked("result code 107451: refused by moderation"))
    linking.post("show me")
    assert shown(linking) == ["Here is the cat:", RELAYS_OWN.part_withheld.en, *SHOWN[2:]]


def test_a_text_that_moderation_withholds_takes_the_reply_with_it_as_ever(linking: RelayKit) -> None:
    def take(outgoing: Outgoing) -> None:
        if outgoing.text == "And the report:":
            raise ImBlocked("result code 107451")

    linking.im.default = take
    linking.post("show me")
    assert shown(linking) == [*SHOWN[:2], RELAYS_OWN.withheld.en]
    assert reply_row(linking)["media"] == ""


def test_a_receiver_who_takes_nothing_is_no_matter_of_the_medium(linking: RelayKit) -> None:
    linking.im.default = ImRejected("result code 102404: no such account")
    linking.post("show me")
    assert shown(linking) == []
    assert reply_row(linking)["state"] == "undelivered"
    assert len(linking.failed) == 1


# --- versions and ways


def test_a_version_that_knows_no_media_shows_lines_in_their_places(
    linking: RelayKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance of before takes up a reply that one of now was killed over: it reads ``parts`` alone."""

    def take(outgoing: Outgoing) -> None:
        if len(linking.im.shown) == 1:
            linking.im.default = None
            linking.im.show(outgoing)  # the picture is there, and nobody has noted it
            linking.kill_host()

    linking.im.default = take
    linking.post("show me")
    known = Entry.from_row
    monkeypatch.setattr(Entry, "from_row", staticmethod(lambda *row: replace(known(*row), media=())))
    linking.settle()
    assert shown(linking) == [*SHOWN[:3], PDF, SHOWN[4]]


def test_a_response_bot_has_the_links_in_its_text_and_a_line_for_each_other_medium(relay: RelayKit) -> None:
    linked = in_parts(LINKING, blank(ANSWER), [Place(1.5, 2.5, "Home")])
    readable = ANSWER.replace(f"![The cat]({CAT})", f"The cat ({CAT})")
    assert linked.shown == f"{readable}\n\nHome (1.5, 2.5)"
    relay.configure_bot("echo", send_links=True)
    relay.model.default = ANSWER
    response = relay.post_body(relay.chatbot("show me", "echo"))
    assert json.loads(response.get_body())["reply"]["text"] == readable
    assert relay.im.attempts == []


def test_a_function_may_send_links_where_its_bot_does_not(relay: RelayKit) -> None:
    relay.configure_bot(functions={"draw": {"send_links": True}})
    relay.model.default = CAT
    relay.post_chatbot("show me", function="draw")
    relay.clock.advance(1)
    relay.post_chatbot("show me")
    assert shown(relay) == [Picture(CAT, name="cat.jpg", ext="jpg"), CAT]
