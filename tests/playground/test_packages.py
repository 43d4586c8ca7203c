"""What uv is told of pip's configuration: a machine that reaches one mirror only has it there."""

import pytest

from playground.packages import Told, in_uvs_terms, merged


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without certificates of its own."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def test_a_variable_goes_before_the_command_and_that_before_all_commands() -> None:
    listed = """\
:env:.index-url='https://variable.example/simple'
global.index-url='https://all.example/simple'
install.index-url='https://command.example/simple'
global.cert='/all.pem'
install.cert='/command.pem'
"""
    assert merged(listed) == {"index-url": "https://variable.example/simple", "cert": "/command.pem"}


def test_uv_looks_where_pip_would() -> None:
    listed = """\
global.index-url='https://one.example/simple'
global.extra-index-url='\\nhttps://two.example/simple\\nfile:///our/simple'
global.find-links='/wheels https://three.example/wheels.html'
global.cert='/etc/our certificates.pem'
global.timeout='60'
"""
    assert in_uvs_terms(merged(listed)) == Told(
        (),
        {
            "UV_DEFAULT_INDEX": "https://one.example/simple",
            "UV_INDEX": "https://two.example/simple file:///our/simple",
            "UV_FIND_LINKS": "/wheels,https://three.example/wheels.html",
            "UV_SYSTEM_CERTS": "1",
            "SSL_CERT_FILE": "/etc/our certificates.pem",
        },
    )


@pytest.mark.parametrize(
    "listed",
    [
        "global.proxy='http://proxy.example:3128'",
        "global.trusted-host='one.example'",
        "global.client-cert='/me.pem'",
        "global.keyring-provider='subprocess'",
        "global.index-url='https://me:secret@one.example/simple'",
        r"global.index-url='http://CORP\\me:secret@one.example/simple'",
        "global.extra-index-url='https://one.example/simple?token=secret'",
        "global.find-links='https://one.example/wheels,more'",
    ],
)
def test_where_only_pip_gets_uv_is_not_asked(listed: str) -> None:
    assert len(merged(listed)) == 1
    assert in_uvs_terms(merged(listed)) is None


def test_where_pip_does_not_work_nobody_knows_where_to_look() -> None:
    assert in_uvs_terms(None) is None


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_what_the_machine_trusts_uv_trusts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/ours.pem")
    told = in_uvs_terms({})
    assert told is not None
    assert told.environment["SSL_CERT_FILE"] == "/ours.pem"


@pytest.mark.parametrize(
    ("value", "flags"), [("1", ("--no-index",)), ("y", ("--no-index",)), ("True", ("--no-index",)), ("0", ())]
)
def test_no_index_is_asked_where_pip_asks_none(value: str, flags: tuple[str, ...]) -> None:
    told = in_uvs_terms({"no-index": value})
    assert told is not None
    assert told.flags == flags
