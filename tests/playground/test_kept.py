"""What outlives the playground: files that a kill leaves usable, formats that are not understood."""

import json
import os
from pathlib import Path

import pytest

from playground.im_server import ImServer
from playground.kept import FORMAT, InUse, Kept, Lines
from playground.runs import Process, start_time
from tests.playground.receiver import receiving


def test_facts_are_there_again_each_as_it_was_last(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "facts")
    for kind, fact in (
        ("post", {"number": 0}),
        ("team", {"tid": "1"}),
        ("post", {"number": 0, "status": 200}),
    ):
        lines.add(kind, fact)
    assert Lines(tmp_path / "facts").facts == [("post", {"number": 0, "status": 200}), ("team", {"tid": "1"})]


def test_half_a_line_of_a_killed_process_is_left_out(tmp_path: Path) -> None:
    Lines(tmp_path / "facts").add("team", {"tid": "1"})
    with (tmp_path / "facts").open("a") as file:
        file.write('["team", {"ti')
    lines = Lines(tmp_path / "facts")
    lines.add("team", {"tid": "2"})
    assert Lines(tmp_path / "facts").facts == [("team", {"tid": "1"}), ("team", {"tid": "2"})]


def test_the_port_of_the_im_server_stays(tmp_path: Path) -> None:
    assert Kept(tmp_path / "kept").im_port == Kept(tmp_path / "kept").im_port


@pytest.mark.parametrize("content", [json.dumps({"format": FORMAT + 1}), "{", "[]", None])
def test_what_is_not_understood_is_said_and_put_aside(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "im.jsonl").write_text("from another time")
    if content is not None:
        (folder / "format.json").write_text(content)
    Kept(folder)
    assert "put aside" in capsys.readouterr().err
    (aside,) = tmp_path.glob("kept-*")
    assert (aside / "im.jsonl").read_text() == "from another time"
    assert not (folder / "im.jsonl").exists()


def test_two_playgrounds_do_not_write_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    Kept(folder)
    kept = json.loads((folder / "format.json").read_text())
    other = Process("dev.py", os.getppid(), start_time(os.getppid()) or "")
    kept["owner"] = {"name": other.name, "pid": other.pid, "started": other.started}
    (folder / "format.json").write_text(json.dumps(kept))
    with pytest.raises(InUse, match=str(other.pid)):
        Kept(folder)


async def test_chats_groups_and_media_outlive_the_im_server(tmp_path: Path) -> None:
    async with receiving() as webhook:
        async with ImServer(app_key="k", secret="s", webhook=webhook.url, keep=tmp_path) as im:
            im.create_team("7", ["alice", "helper"])
            said = await im.say("alice", "hello")
            gone = await im.say("alice", "not this")
            await im.recall(gone.message.server_id)
            url = im.storage.put(b"content", "text/plain")
            port = int(im.url.rpartition(":")[2])
            facts = len(im.record.facts)
        async with ImServer(app_key="k", secret="s", webhook=webhook.url, keep=tmp_path, port=port) as im:
            assert [message.text for message in im.chat("alice", "helper")] == ["hello", "(recalled)"]
            assert im.chats.teams["7"].members == ("alice", "helper")
            stored = im.storage.get(url)
            assert stored
            assert (stored.content, stored.content_type) == (b"content", "text/plain")
            assert len(im.record.facts) < facts, "each as it was last"
            await im.edit(said.message.server_id, "hello again")
            await im.say("alice", "and this")
            assert [post["number"] for kind, post in im.record.facts if kind == "post"][-1] == im.posts[
                -1
            ].number
            numbers = {post["number"] for kind, post in im.record.facts if kind == "post"}
            assert len(numbers) == 5, "two messages, a recall, an edit, a message"
