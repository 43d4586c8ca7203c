"""Mistakes on the command line of ``dev.py``: one sentence each, before anything is set up."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from playground import cli, required
from playground.local_settings import missing_storage
from playground.required import require_settings
from playground.runs import ROOT
from playground.steps import SetupFailed
from relay.config.settings import SETTING_NAMES
from tests.mistakes import GOOD_SETTINGS


@pytest.fixture(autouse=True)
def _nothing_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def enter(*_: object) -> None:
        raise AssertionError("it was about to set something up")

    monkeypatch.setattr(cli, "_enter", enter)
    monkeypatch.chdir(ROOT)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "python3 dev.py: missing: COMMAND; see python3 dev.py --help"),
        ("plya", 'python3 dev.py: there is no command "plya"; did you mean play? See python3 dev.py --help'),
        (
            "play --modle tiny",
            "python3 dev.py play: there is no --modle; did you mean --model? See python3 dev.py play --help",
        ),
        (
            "play --model big",
            'python3 dev.py play: there is no --model "big"; there are: tiny, scripted, settings; '
            "see python3 dev.py play --help",
        ),
        (
            "play --webhook nonsense",
            'python3 dev.py play: --webhook: "nonsense" is no URL: it begins with http:// or https://; '
            "see python3 dev.py play --help",
        ),
        (
            "post helper",
            "python3 dev.py post: missing: BOT and TEXT, or --file BODY; see python3 dev.py post --help",
        ),
        (
            "post helper hi --file body.json",
            "python3 dev.py post: --file is the whole message: it goes without BOT and TEXT; "
            "see python3 dev.py post --help",
        ),
        (
            "post helper hi --curl",
            "python3 dev.py post: --curl and --secret need --url: the local stack has a secret of its own; "
            "see python3 dev.py post --help",
        ),
        (
            "post helper hi --url http://127.0.0.1 --secret hunter2",
            'python3 dev.py post: there is no --secret "hunter2"; there are: -; see python3 dev.py post --help',
        ),
        ("host", "python3 dev.py host: missing: --port; see python3 dev.py host --help"),
        (
            "host --port 99999",
            'python3 dev.py host: --port: "99999" is no port: a whole number, 0 to 65535; '
            "see python3 dev.py host --help",
        ),
        (
            "clean now",
            'python3 dev.py clean: there is nothing to do with "now"; see python3 dev.py clean --help',
        ),
        (
            "check --live --file-only",
            "python3 dev.py check: --file-only: not allowed with argument --live; see python3 dev.py check --help",
        ),
    ],
)
def test_a_wrong_command_is_one_sentence(command: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(command.split())
    assert end.value.code == 2
    assert capsys.readouterr() == ("", f"{said}\n")


@pytest.mark.parametrize("command", ["host", "capture"])
def test_a_port_that_is_taken_is_one_sentence(
    taken: int, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--port", str(taken)]) == 1
    said = f"error: port {taken} of 127.0.0.1 is in use; end what listens there, or name another one\n"
    assert capsys.readouterr() == ("", said)


def test_a_host_without_storage_says_what_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    monkeypatch.setattr("playground.local_settings.port_is_free", lambda port: port == 10002)
    assert missing_storage(here).startswith(
        "No storage on 127.0.0.1 (10002): start `python3 dev.py services`"
    )
    monkeypatch.setattr("playground.local_settings.port_is_free", lambda _: False)
    assert missing_storage(here) == ""
    assert missing_storage({"AzureWebJobsStorage": "AccountName=chats;AccountKey=x"}) == ""


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTING_NAMES:
        monkeypatch.setenv(name, "")


@pytest.mark.usefixtures("no_settings")
def test_the_model_of_the_settings_is_missed_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupFailed) as refusal:
        require_settings("settings", None, with_bots=True)
    lines = str(refusal.value).splitlines()
    assert lines[0] == "the stack cannot start:"
    assert [line.partition(":")[0].strip() for line in lines[1:]] == ["AZURE_OPENAI_ENDPOINT"]
    monkeypatch.setenv("IM_REGION", "mars")
    monkeypatch.setenv("RELAY_MODEL_URL", "http://127.0.0.1:1/v1")
    with pytest.raises(SetupFailed) as refusal:
        require_settings("settings", None, with_bots=True)
    assert [line.partition(":")[0].strip() for line in str(refusal.value).splitlines()[1:]] == [
        "RELAY_MODEL_NAME",
        "IM_REGION",
    ]


@pytest.mark.usefixtures("no_settings")
def test_what_the_stack_brings_itself_is_not_missed() -> None:
    require_settings("tiny", None, with_bots=True)
    require_settings(None, None, with_bots=False)
    require_settings("settings", "https://relay.example/api/webhook", with_bots=True)
    assert required.OF_THE_STACK.keys() >= GOOD_SETTINGS.keys() - {"RELAY_MODEL_URL", "RELAY_MODEL_NAME"}
