"""What messages carry beside words: sent, shown, inspected and saved by the page's server."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from playground.im.chats import Delivered
from playground.im.storage import ITEM_MAX_BYTES
from playground.media import pictures, sounds
from playground.page.media import SHOWN_AS
from playground.scenario.format import parse
from tests.playground.page.conftest import Browser
from tests.playground.page.story import BEGAN

BYTES = {"Content-Type": "application/octet-stream"}


async def store(browser: Browser, content: bytes, content_type: str, frame_of: str = "") -> tuple[int, Any]:
    """Upload as the page does."""
    query = {"type": content_type, "frame_of": frame_of}
    url = f"{browser.url}/api/media"
    async with browser.session.post(url, params=query, data=content, headers=BYTES) as response:
        return response.status, await response.json()


async def send(
    browser: Browser, content: bytes, content_type: str, kind: str, text: str = "", **more: Any
) -> Any:
    """Upload and send; gives the message."""
    status, stored = await store(browser, content, content_type)
    assert status == 201
    del stored["src"]
    return await browser.say(text, medium={"kind": kind, **stored, "type": content_type, **more})


async def test_a_picture_is_uploaded_sent_shown_and_read_again(browser: Browser) -> None:
    content = pictures.draw("red 64x48")
    said = await send(browser, content, "image/png", "picture", "look", name="a.png", width=64, height=48)
    medium = said["medium"]
    assert (said["text"], medium["kind"], medium["name"], medium["size"]) == (
        "look",
        "picture",
        "a.png",
        len(content),
    )
    assert (medium["width"], medium["height"], medium["elsewhere"]) == (64, 48, None)
    async with browser.session.get(browser.url + medium["src"]) as response:
        assert (response.status, response.content_type, await response.read()) == (200, "image/png", content)
    await browser.im.wait_for(lambda: bool(browser.im.posts))
    copy = browser.webhook.bodies[0]
    assert (copy["msgType"], copy["body"]) == ("PICTURE", "look")
    assert json.loads(copy["attach"])["w"] == 64


async def test_the_page_reads_media_without_a_trace_in_what_the_bot_fetched(browser: Browser) -> None:
    said = await send(browser, b"%PDF", "application/pdf", "file", name="a.pdf")
    async with browser.session.get(browser.url + said["medium"]["src"]) as response:
        assert response.status == 200
    assert browser.im.storage.fetches == []


async def test_a_player_gets_a_part_of_the_bytes(browser: Browser) -> None:
    said = await send(browser, b"0123456789", "video/mp4", "video")
    url = browser.url + said["medium"]["src"]
    async with browser.session.get(url, headers={"Range": "bytes=2-4"}) as response:
        assert (response.status, await response.read()) == (206, b"234")
        assert response.headers["Content-Range"] == "bytes 2-4/10"
    for wrong in ("bytes=20-", "bytes=x"):
        async with browser.session.get(url, headers={"Range": wrong}) as response:
            assert response.status == 416


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/pdf", "text/javascript"])
async def test_what_could_have_a_script_is_only_offered_to_be_kept(
    browser: Browser, content_type: str
) -> None:
    said = await send(browser, b"<svg onload=alert(1)>", content_type, "file")
    async with browser.session.get(browser.url + said["medium"]["src"]) as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert not SHOWN_AS.fullmatch(content_type)


async def test_what_is_not_stored_is_not_found(browser: Browser) -> None:
    assert (await browser.call("GET", "/api/media/nothing"))[0] == 404


async def test_more_than_the_platform_takes_is_refused_with_the_limit(browser: Browser) -> None:
    headers = BYTES | {"Content-Length": str(ITEM_MAX_BYTES + 1), "Expect": "100-continue"}
    parts = urlsplit(browser.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    lines = ["POST /api/media HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answered = b""
    while b"15 MB" not in answered:
        piece = await reader.read(4096)
        assert piece, answered
        answered += piece
    assert b" 413 " in answered
    writer.close()


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", "application/json"])
async def test_bytes_come_as_no_form_of_another_site_can_send_them(
    browser: Browser, content_type: str
) -> None:
    url, headers = f"{browser.url}/api/media", {"Content-Type": content_type}
    async with browser.session.post(url, data=b"x", headers=headers) as response:
        assert response.status == 415


async def test_a_film_is_stored_with_its_first_picture(browser: Browser) -> None:
    _, film = await store(browser, b"\0\0\0\x18ftypmp42", "video/mp4")
    assert (await store(browser, pictures.draw("pink 40x20"), "image/png", film["url"]))[0] == 201
    async with browser.session.get(f"{film['url']}?vframe&offset=0&resize=20x20&type=png") as response:
        assert str(pictures.look(await response.read())) == "20 × 10, pink"
    assert (await store(browser, b"x", "image/png", "http://127.0.0.1:1/media/x"))[0] == 409


async def test_a_place_is_sent_and_shown(browser: Browser) -> None:
    place = {"kind": "location", "title": "Wien", "latitude": 48.2, "longitude": 16.4}
    said = await browser.say("here", medium=place)
    assert {name: said["medium"][name] for name in place} == place
    await browser.im.wait_for(lambda: bool(browser.im.posts))
    copy = browser.webhook.bodies[0]
    assert (copy["msgType"], json.loads(copy["attach"])) == (
        "LOCATION",
        {"title": "Wien", "lng": 16.4, "lat": 48.2},
    )


@pytest.mark.parametrize(
    "medium",
    [
        None,
        {"kind": "location", "title": "x", "latitude": 91, "longitude": 0},
        {"kind": "picture", "url": "http://x/", "md5": "no", "size": 1},
        {"kind": "custom", "words": "x"},
    ],
)
async def test_a_message_without_words_needs_something_that_can_be_sent(
    browser: Browser, medium: Any
) -> None:
    body = {"as": "alice", "to": "helper", "text": "", "medium": medium}
    assert (await browser.call("POST", "/api/messages", body))[0] == 400


@pytest.mark.parametrize(
    ("msg_type", "attach", "text", "shown"),
    [
        ("TIPS", {"msg": "Ada has left"}, "", {"kind": "tip", "words": "a notice of the app, Ada has left"}),
        (
            "CUSTOM",
            {"type": 3, "data": {"catalog": "cats", "chartlet": "1"}},
            "",
            {"kind": "custom", "words": "a sticker, cats/1"},
        ),
        (
            "PICTURE",
            {"url": "https://example.com/a.png", "w": 4, "h": 3},
            "a caption",
            {"kind": "picture", "src": None, "elsewhere": "https://example.com/a.png", "width": 4},
        ),
        ("FILE", {"url": "javascript:alert(1)"}, "", {"kind": "file", "src": None, "elsewhere": None}),
        ("AUDIO", {"dur": "3900"}, "", {"kind": "audio", "src": None, "milliseconds": 3900}),
    ],
)
async def test_every_kind_that_arrives_is_shown_and_nothing_is_fetched_from_elsewhere(
    browser: Browser, msg_type: str, attach: dict[str, Any], text: str, shown: dict[str, Any]
) -> None:
    await browser.im.say("alice", text, to="helper", msg_type=msg_type, attach=attach)
    event = await browser.until("message", sender="alice", text=text)
    assert shown.items() <= event["message"]["medium"].items()


async def test_a_bots_picture_is_shown_whether_its_attach_is_apart_or_is_its_text(browser: Browser) -> None:
    url = browser.im.storage.put(pictures.draw("red 9x9"), "image/png")
    for attach, text in ((json.dumps({"url": url}), "look"), ("", json.dumps({"url": url}))):
        message = Delivered(
            sender="helper",
            to="alice",
            team_kind=None,
            text=text,
            client_id=text,
            server_id=browser.im.chats.next_id(),
            at=BEGAN,
            msg_type="PICTURE",
            attach=attach,
            origin="api",
        )
        await browser.im.chats.deliver(message)
        shown = (await browser.until("message", id=message.server_id))["message"]
        assert shown["medium"]["src"] == f"/api/media/{url.rpartition('/')[2]}"
        assert shown["text"] == (text if attach else "")


async def test_a_chat_is_saved_with_what_was_attached(browser: Browser) -> None:
    picture, sound = pictures.draw("red 9x9"), sounds.tone(1)
    await send(browser, picture, "image/png", "picture", "look", name="a.png")
    await send(browser, sound, "audio/wav", "audio", name="voice.wav")
    await send(browser, bytes(200_000), "application/pdf", "file", name="large.pdf")
    await browser.say("", medium={"kind": "location", "title": "Wien", "latitude": 48.2, "longitude": 16.4})
    await browser.im.say("alice", "", to="helper", msg_type="TIPS", attach={"msg": "hi"})
    async with browser.session.get(f"{browser.url}/api/scenario?chat=alice|helper") as response:
        saved = await response.text()
    assert saved.startswith("# Left out: a notice of the app, hi.\n")
    steps = [step for step in parse(saved, "saved.toml").steps if step.sends]
    contents = [step.medium and step.medium.content for step in steps]
    assert contents == [picture, sound, bytes(200_000), b""]
    assert [step.say for step in steps] == ["look", None, None, None]
