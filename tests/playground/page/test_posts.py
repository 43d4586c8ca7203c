"""A request to the webhook as a command, and what is odd about it."""

import json
import shlex
from dataclasses import replace

import pytest

from playground.im.copies import Post
from playground.page.posts import as_curl, mask_key, oddity

NOW = 1_700_000_000_000
POST = Post(
    number=1,
    at=NOW,
    url="http://127.0.0.1:7071/api/webhook?code=s3cret",
    headers={"AppKey": "key", "CurTime": str(NOW), "MD5": "m", "CheckSum": "c"},
    request=json.dumps({"body": 'it\'s $HOME `x`\n"quoted" 你好'}, ensure_ascii=False),
    server_id="1",
    input="copy",
)


def test_a_shell_gets_back_the_very_bytes() -> None:
    words = shlex.split(as_curl(POST))
    assert words[words.index("--data-binary") + 1] == POST.request
    assert [words[place + 1] for place, word in enumerate(words) if word == "-H"] == [
        "AppKey: key",
        f"CurTime: {NOW}",
        "MD5: m",
        "CheckSum: c",
    ]


def test_the_key_in_the_url_is_masked() -> None:
    assert "s3cret" not in as_curl(POST)
    assert mask_key("https://a/b?x=1&code=abc%2F&y=2") == "https://a/b?x=1&code=***&y=2"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, ""),
        ({"CheckSum": "0" * 40}, "with a wrong CheckSum"),
        ({"CurTime": str(NOW - 3_600_000)}, "signed 60 minutes ago"),
    ],
)
def test_what_is_wrong_on_purpose_is_named(headers: dict[str, str], words: str) -> None:
    assert oddity(replace(POST, headers={**POST.headers, **headers})) == words
