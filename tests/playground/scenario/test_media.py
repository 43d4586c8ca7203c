"""Steps attach pictures, voices, films, files and places; what is saved of them is played as the same again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from playground.media import films, pictures, sounds
from playground.scenario import performance
from playground.scenario.format import load, parse
from playground.scenario.media import KINDS, Key, Medium, data_url, read
from relay.errors import ConfigError
from tests.playground.scenario.world import World, failure_of, lines_of, worlds


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(performance, "QUIET_SECONDS", 0.05)
    async with worlds() as world:
        yield world


def medium(step: str, folder: Path | None = None) -> Medium:
    """What one step attaches."""
    (found,) = parse(f'title = "t"\n[[steps]]\n{step}', "t.toml", folder).steps
    assert found.medium is not None
    return found.medium


def problem(step: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(f'title = "t"\n[[steps]]\n{step}', "t.toml")
    (one,) = caught.value.problems
    return one


async def test_a_picture_is_stored_and_posted_with_its_caption(world: World) -> None:
    result = await world.play('[[steps]]\npicture = "red 640x480"\nsay = "look"\nexpect = "You said: look"')
    assert result.ok
    assert lines_of(result)[0] == ("alice → helper: [picture red 640x480] look", True, "200 queued")
    (copy,) = world.webhook.bodies
    assert (copy["msgType"], copy["body"]) == ("PICTURE", "look")
    attach = json.loads(copy["attach"])
    assert {name: attach[name] for name in ("name", "ext", "w", "h")} == {
        "name": "red-640x480.png",
        "ext": "png",
        "w": 640,
        "h": 480,
    }
    stored = world.im.storage.get(attach["url"])
    assert stored is not None
    assert (stored.content, attach["size"]) == (pictures.draw("red 640x480"), len(stored.content))


async def test_what_a_voice_says_is_heard_in_its_bytes_and_in_the_mp3_of_them(world: World) -> None:
    await world.play('[[steps]]\nvoice = "What time is it?"\nexpect.replies = 1')
    copy = world.webhook.bodies[0]
    attach = json.loads(copy["attach"])
    assert (copy["msgType"], attach["ext"]) == ("AUDIO", "wav")
    assert 500 <= attach["dur"] <= 5000
    for query, name in (("", "a.wav"), ("?audioTrans&type=mp3", "a.mp3")):
        async with world.session.get(attach["url"] + query) as response:
            form = aiohttp.FormData({"model": "m"})
            form.add_field("file", await response.read(), filename=name)
        async with world.session.post(f"{world.model.url}/v1/audio/transcriptions", data=form) as response:
            assert (await response.json())["text"] == "What time is it?"


async def test_a_fault_of_the_storage_is_for_what_the_step_attaches(world: World) -> None:
    await world.play('[[steps]]\npicture = "red 9x9"\nfault = "media-gone"\nexpect.status = 200')
    await world.play('[[steps]]\npicture = "red 9x9"\nfault = "deliver-twice"\nexpect.status = 200')
    urls = {json.loads(copy["attach"])["url"]: None for copy in world.webhook.bodies}
    assert len(urls) == 2


async def test_without_a_model_to_tell_a_voice_is_sent_all_the_same(world: World) -> None:
    result = await world.play('[[steps]]\nvoice = "hello"\nexpect.status = 200', model=False)
    assert lines_of(result)[0][:2] == ("alice → helper: [voice hello]", True)


async def test_a_place_is_posted_without_anything_stored(world: World) -> None:
    await world.play('[[steps]]\nlocation = "Wien, Burggarten 1,48.2,16.4"\nexpect.status = 200')
    copy = world.webhook.bodies[0]
    assert json.loads(copy["attach"]) == {"title": "Wien, Burggarten 1", "lat": 48.2, "lng": 16.4}


async def test_what_the_emulator_refuses_ends_the_scenario(world: World) -> None:
    title = "x" * 5000
    result = await world.play(f'[[steps]]\nlocation = "{title},1,1"')
    assert "4096" in failure_of(result)[1]


def test_a_file_beside_the_scenario_is_read(tmp_path: Path) -> None:
    (tmp_path / "cat.webp").write_bytes(pictures.draw("orange 40x30", "WEBP"))
    (tmp_path / "hello.mp3").write_bytes(sounds.to_mp3(sounds.tone(2)))
    (tmp_path / "film.avi").write_bytes(films.shoot("blue 9x9 1s").content)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "s.toml").write_text(
        'title = "t"\n'
        '[[steps]]\npicture = "cat.webp"\n'
        '[[steps]]\nvoice = "hello.mp3"\nwords = "Hello."\n'
        '[[steps]]\nvideo = "film.avi"\n'
        '[[steps]]\nfile = "notes.txt"\n'
    )
    found = [step.medium for step in load(tmp_path / "s.toml").steps]
    assert [one and (one.kind, one.content_type, one.name) for one in found] == [
        ("picture", "image/webp", "cat.webp"),
        ("audio", "audio/mpeg", "hello.mp3"),
        ("video", "video/x-msvideo", "film.avi"),
        ("file", "text/plain", "notes.txt"),
    ]
    assert [one and (dict(one.measures), one.words) for one in found[:2]] == [
        ({"width": 40, "height": 30}, ""),
        ({"milliseconds": pytest.approx(2000, abs=150)}, "Hello."),
    ]


def test_a_film_is_described_or_given() -> None:
    film = medium('video = "blue 320x240 2s"')
    assert film.measures == {"width": 320, "height": 240, "milliseconds": 2000}
    assert str(pictures.look(films.first_frame(film.content))) == "320 × 240, blue"


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ('picture = "mauve 9x9"', 'step 1, key "picture": a picture is described as in "red 640x480"'),
        ('picture = "cat.jpg"', "cat.jpg would lie beside the file"),
        ('file = "data:;base64,*"', "is a data: URL whose base64 is broken"),
        ('location = "Wien"', 'a place is "Title,latitude,longitude"'),
        ('location = "Wien,948.2,16"', "a latitude is -90 to 90"),
        (
            'picture = "red 9x9"\nfile = "a"',
            "attaches more than one of picture, voice, video, file, location",
        ),
        ('picture = "red 9x9"\nwords = "x"', 'has "words" without "voice"'),
        ('voice = ""', 'key "voice"'),
    ],
)
def test_what_nothing_can_be_made_of_is_said_where_it_stands(step: str, wrong: str) -> None:
    assert wrong in problem(step)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('title = "t"\n[[steps]]\npicture = "cat.jpg"\n')
    with pytest.raises(ConfigError, match=r's\.toml: step 1, key "picture": cat\.jpg cannot be read'):
        load(tmp_path / "s.toml")


@pytest.mark.parametrize(
    ("key", "content", "content_type", "name"),
    [
        ("picture", pictures.draw("red 9x9"), "image/png", "a b;c.png"),
        ("voice", sounds.tone(1), "audio/wav", ""),
        ("file", b"", "text/plain", "empty.txt"),
        ("video", b"\0\1\2", "video/mp4", "f.mp4"),
    ],
)
def test_what_is_written_into_the_file_is_read_as_it_was(
    key: Key, content: bytes, content_type: str, name: str
) -> None:
    found = read(key, data_url(content, content_type, name), "", None)
    assert (found.content, found.content_type, found.name, found.kind) == (
        content,
        content_type,
        name,
        KINDS[key],
    )


def test_what_a_client_measured_and_the_first_picture_of_a_film_are_sent_as_they_were() -> None:
    film = "data:video/mp4;name=f.mp4;base64,AAEC"
    found = medium(
        f'video = "{film}"\nmeasures = {{ width = 32, milliseconds = 900 }}\nframe = "data:image/png;base64,AQ=="'
    )
    assert (found.measures, found.frame) == ({"width": 32, "milliseconds": 900}, b"\x01")


async def test_the_first_picture_of_a_film_is_stored_with_it(world: World) -> None:
    frame = data_url(pictures.draw("blue 8x8"), "image/png", "")
    film = f'video = "data:video/mp4;base64,AAEC"\nframe = "{frame}"'
    assert (await world.play(f"[[steps]]\n{film}\nexpect = {{ status = 200, replies = 1 }}")).ok
    url = json.loads(world.webhook.bodies[0]["attach"])["url"]
    async with world.session.get(f"{url}?vframe&offset=0&resize=8x8&type=png") as response:
        assert response.status == 200
