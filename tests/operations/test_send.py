"""``python -m relay send`` against the IM emulator: what arrives, in which order, and what is said of mistakes."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from playground.im.chats import Delivered
from playground.im_server import ApiFault, ImServer
from relay.config.settings import SETTING_NAMES
from relay.operations import command as command_line
from relay.operations.send import REFUSED, SENT, WRONG
from tests.mistakes import GOOD_BOT, GOOD_SETTINGS

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x02\0\0\0"


@pytest.fixture
def im() -> Iterator[ImServer]:
    """An IM emulator in a thread of its own: the command runs a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    server = ImServer(app_key="app-key", secret="app-secret")
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(20)
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, im: ImServer) -> Path:
    """A folder with files to send, and settings that name the emulator."""
    (tmp_path / "bots.toml").write_text(GOOD_BOT)
    settings = {"RELAY_BOTS_FILE": str(tmp_path / "bots.toml"), "IM_API_URL": im.url, "NO_PROXY": "127.0.0.1"}
    blanks = dict.fromkeys(SETTING_NAMES, "")  # nothing comes from a local.settings.json of the developer
    for name, value in {**blanks, **GOOD_SETTINGS, **settings}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "way.png").write_bytes(PNG)
    (tmp_path / "hello.mp3").write_bytes(b"ID3")
    (tmp_path / "empty.txt").touch()
    return tmp_path


def run(*arguments: str, to: tuple[str, str] = ("--to", "alice")) -> int:
    return command_line.main(["send", "--bot", "helper", *to, *arguments])


def chat(im: ImServer) -> list[Delivered]:
    return im.chat("alice", "helper")


@pytest.mark.parametrize("version", ["v2", "v1"])
def test_everything_arrives_in_the_order_in_which_it_is_named(
    folder: Path,
    im: ImServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    version: str,
) -> None:
    monkeypatch.setenv("IM_API_VERSION", version)
    code = run(
        *(
            "--tip",
            "Look",
            "--picture",
            "way.png",
            "--text",
            "Hello",
            "--audio",
            "hello.mp3",
            "--duration",
            "3900",
        ),
        *("--location", "31.2397,121.4998,The Bund", "--custom", '{"type": 7}', "--file", "way.png"),
        *("--video", "https://cdn.example.com/a.mp4", "--duration", "10", "--text", "Bye"),
    )
    said = capsys.readouterr().out
    assert code == SENT, said
    kinds = ["TIPS", "PICTURE", "TEXT", "AUDIO", "LOCATION", "CUSTOM", "FILE", "VIDEO", "TEXT"]
    assert [message.msg_type for message in chat(im)] == kinds
    tip, picture, text, audio, place, custom, file, video, bye = chat(im)
    assert (tip.text, text.text, bye.text) == ("Look", "Hello", "Bye")
    told = json.loads(picture.attach)
    assert (told["w"], told["h"], told["size"], told["ext"]) == (640, 480, len(PNG), "png")
    assert json.loads(audio.attach)["dur"] == 3900
    assert json.loads(place.attach) == {"lat": 31.2397, "lng": 121.4998, "title": "The Bund"}
    assert json.loads(custom.attach) == {"type": 7}
    assert json.loads(file.attach)["name"] == "way.png"
    assert json.loads(video.attach) == {
        "url": "https://cdn.example.com/a.mp4",
        "dur": 10,
        "name": "a.mp4",
        "ext": "mp4",
    }
    assert f"picture   sent as {picture.server_id}" in said
    assert f"picture   way.png: {len(PNG)} bytes, 640 x 480" in said


def test_a_group_gets_it_from_the_bot(folder: Path, im: ImServer) -> None:
    im.create_team("4711", ["helper", "alice"])
    assert run("--text", "Hello", to=("--team", "4711")) == SENT
    assert [(said.sender, said.text) for said in im.team_chat("4711")] == [("helper", "Hello")]


def test_a_long_text_becomes_several(folder: Path, im: ImServer) -> None:
    assert run("--text", "A sentence. " * 700) == SENT
    assert len(chat(im)) > 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to send"),
        (("--text", " "), "--text: is blank"),
        (("--picture", "no.png"), "--picture: no.png: No such file or directory"),
        (
            ("--picture", "hello.mp3"),
            "--picture: hello.mp3: is no PNG, JPEG, GIF or WebP; send it with --file",
        ),
        (
            ("--picture", "http://cdn.example.com/a.png"),
            "--picture: Picture.url: does not begin with https://",
        ),
        (("--file", "empty.txt"), "--file: empty.txt: is empty"),
        (("--location", "north"), "--location: is not LAT,LNG,TITLE; for example"),
        (("--location", "91,0,Nowhere"), "--location: Place.latitude: is not valid"),
        (("--custom", "{type: 7}"), "--custom: is not JSON"),
        (("--custom", "[7]"), "--custom: Custom.data: is no object"),
        (("--tip", "x" * 501), "--tip: Tip.text: is 501 characters long; accepted: 1 to 500"),
    ],
)
def test_a_wrong_command_sends_nothing_and_says_why(
    folder: Path,
    im: ImServer,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    fine = ("--text", "Hello") if arguments else ()
    assert run(*fine, *arguments) == WRONG
    assert said in capsys.readouterr().out
    assert im.calls == []


def test_a_file_that_is_too_large_is_not_read_into_a_request(
    folder: Path, im: ImServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "large.bin").open("wb") as file:
        file.truncate(11_000_001)
    assert run("--file", "large.bin") == WRONG
    assert "the platform takes 11000000; put it elsewhere and name its URL" in capsys.readouterr().out


@pytest.mark.parametrize(("bot", "said"), [("helpr", "did you mean helper?"), ("zzz", "there are: helper")])
def test_a_bot_that_is_not_there_is_told_with_what_is(
    folder: Path, capsys: pytest.CaptureFixture[str], bot: str, said: str
) -> None:
    assert command_line.main(["send", "--bot", bot, "--to", "alice", "--text", "Hello"]) == WRONG
    assert capsys.readouterr().out == f"--bot: {bot} is not in the bots file; {said}\n"


def test_a_configuration_that_is_wrong_is_told_as_by_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IM_REGION", "europe")
    assert run("--text", "Hello") == WRONG
    assert 'IM_REGION: is not valid; accepted: "overseas" or "china"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [("--duration", "5"), ("--text", "Hello", "--duration", "5"), ("--audio", "a", "--duration", "x")],
)
def test_a_duration_stands_behind_what_has_one(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == WRONG
    assert "--duration" in capsys.readouterr().err


def test_what_is_refused_ends_it_and_what_went_before_is_listed(
    folder: Path, im: ImServer, capsys: pytest.CaptureFixture[str]
) -> None:
    im.chats.blocked.add(("alice", "helper"))
    assert run("--text", "Hello", "--tip", "Look") == REFUSED
    assert (
        capsys.readouterr().out
        == "text      NOT SENT: result code 106403: the receiver has blocked the bot\n"
    )


def test_nothing_is_sent_when_an_upload_fails(
    folder: Path, im: ImServer, capsys: pytest.CaptureFixture[str]
) -> None:
    im.fail(ApiFault("code", 414))
    assert run("--text", "Hello", "--picture", "way.png") == REFUSED
    assert capsys.readouterr().out.startswith("picture   NOT SENT: result code 414")
    assert chat(im) == []
