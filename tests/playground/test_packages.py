"""What uv is told of pip's configuration: a machine that reaches one mirror only has it there."""

import pytest

from playground.packages import merged, offline, variables


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has set nothing for uv."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "SSL_CERT_FILE", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_a_variable_goes_before_the_command_and_that_before_all_commands() -> None:
    listed = """\
:env:.index-url='https://variable.example/simple'
global.index-url='https://all.example/simple'
install.index-url='https://command.example/simple'
global.proxy='http://all.example:3128'
install.proxy='http://command.example:3128'
"""
    assert merged(listed) == {
        "index-url": "https://variable.example/simple",
        "proxy": "http://command.example:3128",
    }


def test_uv_looks_where_pip_would() -> None:
    listed = """\
global.index-url='https://one.example/simple'
global.extra-index-url='\\nhttps://two.example/simple\\nhttps://three.example/simple'
global.find-links='/wheels /more wheels.html'
global.trusted-host='one.example'
global.cert='/etc/our certificates.pem'
global.timeout='60'
"""
    assert variables(merged(listed)) == {
        "UV_DEFAULT_INDEX": "https://one.example/simple",
        "UV_INDEX": "https://two.example/simple https://three.example/simple",
        "UV_FIND_LINKS": "/wheels,/more,wheels.html",
        "UV_INSECURE_HOST": "one.example",
        "SSL_CERT_FILE": "/etc/our certificates.pem",
    }


def test_what_the_machine_has_set_for_uv_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    assert variables({"index-url": "https://pip.example/simple"}) == {}


@pytest.mark.parametrize(
    ("settings", "expected"), [({"no-index": "1"}, True), ({"no-index": "false"}, False), ({}, False)]
)
def test_no_index_is_asked_where_pip_asks_none(settings: dict[str, str], expected: bool) -> None:
    assert offline(settings) is expected
