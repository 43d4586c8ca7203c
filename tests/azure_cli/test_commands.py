"""Every command that the documents and the scripts show is one of the Azure CLI."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from relay.config.settings import APP_FOLDER
from relay.operations.workspace import rest_call
from tests.azure_cli.cli import Shell, logged_in
from tests.azure_cli.cloud import answering
from tests.azure_cli.recorder import recording
from tests.azure_cli.state import Azure

pytestmark = pytest.mark.azure_cli

PARSED_ONLY = {"IDENTITY_ENDPOINT": "", "AZURE_CORE_OUTPUT": "none"}
NOT_LOGGED_IN = "az login"
"""What the CLI says of a command that it knows and may not run."""


def shown() -> list[str]:
    """The commands of the documents, in their examples and in their sentences."""
    documents = ("deploy.md", "operations.md")
    text = "".join((APP_FOLDER / "docs" / name).read_text(encoding="utf-8") for name in documents)
    in_examples = re.findall(r"^\$ (az .*(?:\\\n.*)*)", text, re.MULTILINE)
    in_sentences = [each.replace("\\|", "|") for each in re.findall(r"`(az [^`]+)`", text)]
    commands = [" ".join(each.replace("\\\n", " ").split()) for each in (*in_examples, *in_sentences)]
    return sorted({each for each in commands if len(each.split()) > 2})


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """An ``az`` to which nobody is logged in."""
    folder = tmp_path_factory.mktemp("stranger")
    with recording(folder, answering(Azure())) as recorder, logged_in(folder, recorder) as shell:
        shell.environment["AZURE_CONFIG_DIR"] = str(folder / "nobody")
        yield shell


def test_the_cli_knows_each_command_of_the_document(stranger: Shell) -> None:
    commands = shown()
    assert len(commands) > 10
    refused = {}
    for command in commands:
        done = stranger.run(*shlex.split(command))
        if NOT_LOGGED_IN not in done.shown:
            refused[command] = done.shown
    assert refused == {}


def test_the_cli_knows_the_call_that_asks_a_workspace(stranger: Shell) -> None:
    done = stranger.run("az", *rest_call("00000000-0000-0000-0000-000000000000", APP_FOLDER / "host.json"))
    assert NOT_LOGGED_IN in done.shown


def test_a_command_that_is_none_is_seen(stranger: Shell) -> None:
    for command in ("az functionapp keys lists -g G -n N", "az deployment sub show --named N"):
        done = stranger.run(*shlex.split(command))
        assert done.code == 2
        assert NOT_LOGGED_IN not in done.shown
