"""What messages carry that is no text, and the words for it."""

from __future__ import annotations

import json

import aiohttp
import pytest

from playground.control import Control
from playground.im.attach import attach_of, attachment_of, extension_of, place_of, said_in
from playground.im.chats import Delivered
from playground.im_control import ImControl
from playground.im_server import ImServer
from playground.scenario.stage import Chat, Stage

STORED = {"url": "http://127.0.0.1:1/media/x", "md5": "5", "size": 9}


def message(msg_type: str, text: str = "", attach: object = None, origin: str = "api") -> Delivered:
    """A message of the bot."""
    return Delivered(
        sender="helper",
        to="alice",
        team_kind=None,
        text=text,
        client_id="c",
        server_id="1",
        at=1,
        msg_type=msg_type,
        attach=json.dumps(attach) if attach else "",
        origin=origin,  # type: ignore[arg-type]
    )


def test_each_kind_has_the_fields_of_the_vendor_and_leaves_out_what_is_not_known() -> None:
    assert attach_of("picture", STORED, name="a.JPG", width=4, height=3) == {
        "name": "a.JPG",
        "md5": "5",
        "url": STORED["url"],
        "ext": "jpg",
        "w": 4,
        "h": 3,
        "size": 9,
    }
    assert attach_of("audio", STORED, name="v", content_type="audio/mpeg", milliseconds=3900) == {
        "md5": "5",
        "url": STORED["url"],
        "ext": "mp3",
        "dur": 3900,
        "size": 9,
    }
    assert attach_of("video", STORED, milliseconds=1) == {**STORED, "dur": 1}
    assert attach_of("file", {}, name="notes") == {"name": "notes"}
    assert place_of("Wien", 48.2, 16.4) == {"title": "Wien", "lng": 16.4, "lat": 48.2}


@pytest.mark.parametrize(
    ("name", "content_type", "extension"),
    [("a.tar.GZ", "", "gz"), ("a", "image/png", "png"), ("", "application/x-unheard", "")],
)
def test_an_extension_has_no_dot(name: str, content_type: str, extension: str) -> None:
    assert extension_of(name, content_type) == extension


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (message("TEXT", "hello"), "hello"),
        (message("PICTURE", "look", {"url": "u", "w": 4, "h": 3}), "[a picture, 4 × 3] look"),
        (message("PICTURE", json.dumps({"w": 4, "h": 3})), "[a picture, 4 × 3]"),
        (message("TIPS", "Ada has left"), "[a notice of the app, Ada has left]"),
        (message("FILE", "", {"name": "a.pdf", "size": 5}), "[a file, a.pdf, 5 bytes]"),
        (message("CUSTOM", "not JSON"), "[a message of the app's own kind]"),
    ],
)
def test_every_kind_can_be_said_in_words(said: Delivered, words: str) -> None:
    assert said_in(said) == words
    assert (attachment_of(said) is None) == (said.msg_type == "TEXT")


async def test_who_listens_to_the_chats_is_told_of_a_picture_in_words() -> None:
    async with ImServer(app_key="k", secret="s") as im, aiohttp.ClientSession() as session:
        stage = Stage(Control(session, im.url, "the emulator"), None)
        await stage.open()
        await im.chats.deliver(message("PICTURE", "look", {"w": 4, "h": 3}))
        ((arrival,), _) = await ImControl(session, im.url).events(0)
        assert arrival.text == "[a picture, 4 × 3] look"
        chat = Chat("alice", "helper")
        assert await stage.until(lambda: bool(stage.replies[chat.key]), 5)
        assert [reply.text for reply in stage.replies[chat.key]] == ["[a picture, 4 × 3] look"]
