"""People send pictures, voices, films, files and places, and see them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import FilePayload, expect

from playground.im.storage import ITEM_MAX_BYTES
from playground.media import pictures, sounds
from tests.browser.barriers import barriers
from tests.browser.fixtures import Visit
from tests.browser.pictures import FOLDER
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS: dict[str, dict[str, Any]] = {"wide": {}, "phone": PHONE, "dark": {**PHONE, "color_scheme": "dark"}}

FILES = """([name, type, content]) => {
    const files = new DataTransfer();
    files.items.add(new File([typeof content === "number" ? new Uint8Array(content) : Uint8Array.from(content)],
        name, {type}));
    return files;
}"""
"""A file in the browser, of these bytes or of so many."""

LENGTH = """player => new Promise(tell => {
    const told = () => player.duration > 0 && tell(player.duration);
    player.addEventListener("loadedmetadata", told);
    told();
})"""


async def attach(visitor: Visitor, name: str, content_type: str, content: bytes) -> None:
    """Choose a file, as by the button."""
    before = await visitor.at("attached").count()
    chosen = FilePayload(name=name, mimeType=content_type, buffer=content)
    await visitor.at("attach-input").set_input_files([chosen])
    await expect(visitor.at("attached")).to_have_count(before + 1)


async def looks_well(visitor: Visitor, name: str) -> None:
    """Nothing scrolls sideways, and nothing is in anybody's way."""
    await visitor.page.screenshot(path=FOLDER / f"{name}.png", caret="hide")
    width = await visitor.page.evaluate("document.documentElement.clientWidth")
    assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    assert await barriers(visitor.page) == []


@pytest.mark.parametrize("look", LOOKS)
async def test_the_model_names_size_and_colour_of_a_picture_that_is_attached(look: str, visit: Visit) -> None:
    ada = await visit(**LOOKS[look])
    await ada.open_chat("Helper")
    await attach(ada, "sunset.jpg", "image/jpeg", pictures.draw("orange 1200x800", "JPEG"))
    await ada.at("composer").fill("What is this?")
    await looks_well(ada, f"media-composer-{look}")
    await ada.at("send").click()
    await ada.said("helper", "I see a picture, 1200 × 800, orange. You said: What is this?")
    question = await ada.said(ada.accid, "What is this?")
    await expect(question.locator("img")).to_have_js_property("naturalWidth", 1200)
    await expect(ada.at("attached")).to_have_count(0)
    await looks_well(ada, f"media-picture-{look}")


async def test_a_picture_is_shown_large_until_escape(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await attach(ada, "red.png", "image/png", pictures.draw("red 640x480"))
    await ada.at("send").click()
    await ada.said("helper", "I see a picture, 640 × 480, red.")
    await ada.at("zoom").click()
    await expect(ada.at("lightbox")).to_be_visible()
    assert await barriers(ada.page) == []
    await ada.page.keyboard.press("Escape")
    await expect(ada.at("lightbox")).to_have_count(0)
    await expect(ada.at("inspector")).to_be_visible()
    await expect(ada.at("zoom")).to_be_focused()


async def test_a_picture_is_pasted_and_one_is_dropped_and_each_is_a_message(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    for event, colour in (("paste", "red"), ("drop", "blue")):
        given = [f"{colour}.png", "image/png", list(pictures.draw(f"{colour} 30x20"))]
        files = await ada.page.evaluate_handle(FILES, given)
        name = "clipboardData" if event == "paste" else "dataTransfer"
        kind = "ClipboardEvent" if event == "paste" else "DragEvent"
        await ada.at("composer").evaluate(
            "(box, [event, kind, name, files]) => box.dispatchEvent("
            "new globalThis[kind](event, {[name]: files, bubbles: true, cancelable: true}))",
            [event, kind, name, files],
        )
        await expect(ada.at("attached").filter(has_text=f"{colour}.png")).to_be_visible()
    await ada.at("composer").fill("which is warmer?")
    await ada.at("send").click()
    await ada.said("helper", "blue. You said: which is warmer?")
    await expect(ada.at("message", sender=ada.accid).locator("img")).to_have_count(2)


@pytest.mark.parametrize("look", ["wide", "phone"])
async def test_a_voice_message_is_sent_and_can_be_heard(look: str, visit: Visit) -> None:
    ada = await visit(**LOOKS[look])
    await ada.open_chat("Helper")
    await attach(ada, "hello.wav", "audio/wav", sounds.tone(3.2))
    await expect(ada.at("attached")).to_contain_text("0:03")
    await ada.at("send").click()
    await ada.said("helper", "It says: a recording of 3.3 s")  # an MP3 is a little longer than its WAV
    question = ada.at("message", sender=ada.accid).last
    await expect(question).to_have_attribute("data-status", "answered")
    player = question.locator("audio")
    assert await player.evaluate(LENGTH) == pytest.approx(3.2, abs=0.1)
    await looks_well(ada, f"media-voice-{look}")


async def test_a_voice_message_is_recorded_as_wav(visit: Visit) -> None:
    ada = await visit(permissions=["microphone"])
    await ada.open_chat("Helper")
    await ada.at("record").click()
    await expect(ada.at("recording")).to_contain_text("0:02")
    await expect(ada.at("send")).to_be_disabled()
    await ada.at("record-stop").click()
    await expect(ada.at("attached")).to_contain_text("voice.wav")
    await ada.at("record").click()
    await ada.at("record-cancel").click()
    await expect(ada.at("recording")).to_have_count(0)
    await expect(ada.at("attached")).to_have_count(1)


@pytest.mark.parametrize("look", ["wide", "phone"])
async def test_a_place_is_sent_and_shown_without_a_map(look: str, visit: Visit) -> None:
    ada = await visit(**LOOKS[look])
    await ada.open_chat("Helper")
    await ada.at("place").click()
    await ada.at("place-title").fill("Palmenhaus, Burggarten 1")
    await ada.at("place-latitude").fill("48.2056")
    await ada.at("place-longitude").fill("-16.3665")
    await looks_well(ada, f"media-place-form-{look}")
    await ada.at("place-attach").click()
    await expect(ada.at("place-form")).to_be_hidden()
    await ada.at("send").click()
    await ada.said("helper", "I was sent a place, Palmenhaus, Burggarten 1, 48.2056, -16.3665.")
    place = ada.at("medium", kind="location")
    await expect(place).to_contain_text("48.2056° N, 16.3665° W")
    await looks_well(ada, f"media-place-{look}")


async def test_a_file_is_sent_and_can_be_kept(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await attach(ada, "notes.txt", "text/plain", b"hello" * 1000)
    await ada.at("send").click()
    chip = ada.at("file")
    await expect(chip).to_contain_text("5 kB")
    async with ada.page.expect_download() as kept:
        await chip.click()
    assert (await kept.value).suggested_filename == "notes.txt"


async def test_too_large_a_file_is_refused_with_the_limit(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    given = ["film.mp4", "video/mp4", ITEM_MAX_BYTES + 5 * 1024 * 1024]
    files = await ada.page.evaluate_handle(FILES, given)
    await ada.at("composer").evaluate(
        "(box, files) => box.dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true}))",
        files,
    )
    await expect(ada.at("notice")).to_contain_text("“film.mp4” has 20 MB")
    await expect(ada.at("notice")).to_contain_text("at most 15 MB")
    await expect(ada.at("attached")).to_have_count(0)


async def test_something_attached_can_be_taken_away_again(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await attach(ada, "red.png", "image/png", pictures.draw("red 64x48"))
    await ada.at("attached-remove").click()
    await expect(ada.at("attached")).to_have_count(0)
    await expect(ada.at("send")).to_be_disabled()


async def test_the_inspector_shows_what_was_heard(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await attach(ada, "hello.wav", "audio/wav", sounds.tone(2))
    await ada.at("send").click()
    question = ada.at("message", sender=ada.accid).last
    await expect(question).to_have_attribute("data-status", "answered")
    step = (await ada.inspect(question)).locator('[data-testid="step"][data-kind="media"]').first
    await expect(step).to_contain_text("Voice message heard")
    for inside in ("as MP3, audio/mpeg", "Transcription asked: scripted", "heard: a recording of 2.1 s"):
        await expect(step).to_contain_text(inside, ignore_case=True)


async def test_the_inspector_shows_what_was_fetched_and_in_which_form(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await attach(ada, "red.png", "image/png", pictures.draw("red 640x480"))
    await ada.at("composer").fill("and this?")
    await ada.at("send").click()
    question = await ada.said(ada.accid, "and this?")
    await expect(question).to_have_attribute("data-status", "answered")
    step = (await ada.inspect(question)).locator('[data-testid="step"][data-kind="media"]')
    await expect(step).to_contain_text("Fetched from the storage: picture")
    await expect(step).to_contain_text("made smaller, image/png", ignore_case=True)
