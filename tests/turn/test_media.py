"""What people send beside words: the model is shown it or told of it, and what cannot be had is said plainly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.errors import MediumGone, MediumRefused, MediumUnavailable, ModelOverflow
from relay.ports import Completion
from relay.texts import RELAYS_OWN
from tests.kit import RelayKit

URL = "https://nim-nosdn.netease.im/abc"
DATA = "data:image/png;base64,AAAA"


def send(relay: RelayKit, kind: str, attach: dict[str, Any], text: str = "", **fields: Any) -> None:
    response = relay.post(text, msgType=kind, attach=json.dumps(attach), **fields)
    assert response.status_code == 200, response.get_body()
    assert json.loads(response.get_body())["status"] == "queued"
    if fields.get("run", True):
        relay.settle()


def picture(relay: RelayKit, number: int = 1, text: str = "", **fields: Any) -> None:
    relay.media.pictures.setdefault(f"{URL}{number}", f"{DATA}{number}")
    send(relay, "PICTURE", {"url": f"{URL}{number}", "w": 1280, "h": 720}, text, **fields)
    relay.clock.advance(1)


def said(relay: RelayKit, place: int = -1) -> dict[str, Any]:
    """The fields of a message of the last prompt."""
    fields = json.loads(relay.model.prompts[-1].messages[place].content)
    assert isinstance(fields, dict)
    return fields


def test_the_model_sees_a_picture_with_its_caption(relay: RelayKit) -> None:
    picture(relay, text="what is this?")
    (_, message) = relay.model.prompts[0].messages
    assert message.pictures == (f"{DATA}1",)
    assert said(relay)["sent"] == "a picture, 1280 × 720; you see it here"
    assert said(relay)["text"] == "what is this?"
    assert relay.replies == ["Hi alice"]


def test_a_later_turn_sees_the_newest_pictures_and_is_told_of_the_others(relay: RelayKit) -> None:
    relay.configure_bot(pictures=2)
    for number in range(1, 5):
        picture(relay, number)
    relay.media.fetched.clear()
    relay.post("which was the first?")
    pictures = [message.pictures for message in relay.model.prompts[-1].messages if message.role == "user"]
    assert pictures == [(), (), (f"{DATA}3",), (f"{DATA}4",), ()]
    assert said(relay, 1)["sent"] == "a picture, 1280 × 720; you have not seen or heard what is in it"
    assert relay.media.fetched == [f"{URL}3", f"{URL}4"]


def test_a_bot_without_pictures_fetches_none(relay: RelayKit) -> None:
    relay.configure_bot(pictures=0)
    picture(relay)
    assert relay.media.fetched == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MediumGone("HTTP 404"), "it is no longer there"),
        (MediumRefused("its host"), "it could not be opened"),
        (MediumUnavailable("late"), "it could not be opened"),
    ],
)
def test_a_picture_that_cannot_be_had_is_told_to_the_model_and_the_user_once(
    relay: RelayKit, error: MediumGone, told: str
) -> None:
    relay.media.pictures[f"{URL}1"] = error
    picture(relay)
    assert said(relay)["sent"] == f"a picture, 1280 × 720; {told}"
    assert relay.replies == [f"Hi alice\n\n{RELAYS_OWN.cannot_open.en}"]
    relay.post("and?")
    assert relay.replies[-1] == "Hi alice"
    assert ("assistant", "Hi alice") in relay.model.asked()[-1]


def test_a_user_reads_that_the_bot_cannot_see(relay: RelayKit) -> None:
    relay.model.default = Completion("A nice one.", unseen="blind")
    picture(relay)
    assert relay.replies == [f"A nice one.\n\n{RELAYS_OWN.cannot_see.en}"]
    relay.post("and?")
    assert relay.replies[-1] == "A nice one."


def test_a_picture_that_the_model_refuses_is_told_and_not_shown_again(relay: RelayKit) -> None:
    picture(relay, 1)
    relay.model.script = [Completion("What picture?", unseen="refused")]
    picture(relay, 2)
    assert relay.replies[-1] == f"What picture?\n\n{RELAYS_OWN.cannot_open.en}"
    relay.post("and now?")
    shown = [message.pictures for message in relay.model.prompts[-1].messages if message.role == "user"]
    assert shown == [(f"{DATA}1",), (), ()]
    assert said(relay, 3)["sent"] == "a picture, 1280 × 720; it could not be read"


def test_an_earlier_picture_that_a_model_refuses_is_not_shown_again(relay: RelayKit) -> None:
    picture(relay, 1)
    relay.model.script = [Completion("Hello.", unseen="refused")]
    relay.post("hello")
    assert relay.replies[-1] == "Hello."
    relay.clock.advance(1)
    relay.media.fetched.clear()
    relay.post("and now?")
    assert relay.media.fetched == []


def test_pictures_of_earlier_go_before_words_when_a_prompt_is_too_long(relay: RelayKit) -> None:
    picture(relay, 1)
    relay.model.script = [ModelOverflow("HTTP 400")]
    picture(relay, 2)
    assert [sum(len(m.pictures) for m in prompt.messages) for prompt in relay.model.prompts[1:]] == [2, 1]
    assert len(relay.model.prompts[-1].messages) == len(relay.model.prompts[-2].messages)


def test_a_place_is_known_by_name_and_coordinates(relay: RelayKit) -> None:
    send(relay, "LOCATION", {"lat": "30.18704515", "lng": 120.1908, "title": "Hangzhou"})
    assert said(relay)["sent"] == "a place, Hangzhou, 30.187, 120.191"


def test_a_file_is_known_by_name_and_size(relay: RelayKit) -> None:
    send(relay, "FILE", {"url": URL, "name": "a.ttf", "size": "91680", "ext": "ttf"})
    assert said(relay)["sent"] == "a file, a.ttf, 92 kB; it could not be read"


def test_voice_alone_is_answered_plainly_and_the_next_words_are_answered_with_it_in_mind(
    relay: RelayKit,
) -> None:
    send(relay, "AUDIO", {"url": URL, "dur": 3900})
    assert relay.replies == [RELAYS_OWN.cannot_listen.en]
    assert relay.model.prompts == []
    relay.clock.advance(1)
    relay.post("did you hear me?")
    assert said(relay, 1)["sent"] == "a voice message, 4 s; you have not seen or heard what is in it"


def test_kinds_that_a_bot_does_not_take_are_ignored(relay: RelayKit) -> None:
    relay.configure_bot(kinds=["picture", "custom"])
    for kind in ("TEXT", "AUDIO", "TIPS"):
        response = relay.post("hello", msgType=kind)
        assert json.loads(response.get_body()) == {"status": "ignored", "reason": "kind"}
    send(relay, "CUSTOM", {"type": 3, "data": {"catalog": "ajmd", "chartlet": "ajmd001"}})
    assert said(relay)["sent"] == "a sticker, ajmd/ajmd001"


def test_in_a_group_a_medium_is_for_the_bot_that_robot_info_names(relay: RelayKit) -> None:
    response = relay.post("", msgType="PICTURE", attach={"url": URL}, team="42")
    assert json.loads(response.get_body()) == {"status": "ignored", "reason": "not_addressed"}
    ext = json.dumps({"robotInfo": {"account": "helper"}})
    send(relay, "PICTURE", {"url": URL}, team="42", ext=ext, fromNick="Al")
    assert (said(relay)["speaker"], said(relay)["name"]) == ("alice", "Al")
    assert said(relay)["sent"].startswith("a picture")


def test_a_caption_is_no_command(relay: RelayKit) -> None:
    picture(relay, text="/forget")
    assert said(relay)["text"] == "/forget"


def test_forget_leaves_nothing_of_a_medium(relay: RelayKit) -> None:
    send(relay, "PICTURE", {"url": f"{URL}-hunter2", "name": "hunter2.png"}, "hunter2")
    relay.clock.advance(1)
    relay.post("/forget")
    assert "hunter2" not in str(relay.tables.rows())
    relay.clock.advance(1)
    relay.post("hello")
    assert [content for _, content in relay.model.asked()[-1]][1:] == ["hello"]


def test_no_log_holds_what_was_sent(relay: RelayKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    relay.media.pictures["https://nos.netease.com/hunter2"] = MediumGone("HTTP 404")
    send(relay, "PICTURE", {"url": "https://nos.netease.com/hunter2", "name": "hunter2"})
    assert "hunter2" not in caplog.text
