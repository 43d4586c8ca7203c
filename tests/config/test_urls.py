from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.config import urls

ALL = [urls.server, urls.base, urls.service, urls.azure_openai]


@pytest.mark.parametrize("accept", ALL)
def test_a_trailing_slash_is_dropped(accept: Callable[[str], str]) -> None:
    assert accept("https://host.example.com:8443/") == "https://host.example.com:8443"


@pytest.mark.parametrize("accept", ALL)
@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("host.example.com", "does not begin with"),
        ("ftp://host", "does not begin with"),
        ("https://", "no valid host"),
        ("https://ho\\st", "no valid host"),
        ("https://host:port", "is not a URL"),
        ("https://[::1", "is not a URL"),
        ("https://user:pa55word@host", "user name or a password"),
        ("https://host?sig=pa55word", 'after "\\?"'),
        ("https://host#pa55word", 'after "\\?"'),
        ("https://ho st", "a space"),
        ("https://höst", "not ASCII"),
    ],
)
def test_what_is_not_a_plain_url_is_refused_without_quoting_it(
    accept: Callable[[str], str], url: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem) as refusal:
        accept(url)
    assert "pa55word" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_server_has_no_path() -> None:
    with pytest.raises(ValueError, match="has a path"):
        urls.server("https://host/nimserver")


def test_a_server_may_be_http_in_a_private_network() -> None:
    assert urls.server("http://10.0.0.4:8080") == "http://10.0.0.4:8080"


def test_an_ipv6_address_keeps_its_brackets() -> None:
    assert urls.server("http://[::1]:8766") == "http://[::1]:8766"


def test_a_base_url_keeps_its_path() -> None:
    assert urls.base("http://localhost:8080/models/v1/") == "http://localhost:8080/models/v1"


@pytest.mark.parametrize(
    "pasted", ["/openai", "/openai/v1/", "/openai/deployments/chat?api-version=2024-10-21"]
)
def test_the_pasted_path_of_an_azure_openai_target_is_cut_off(pasted: str) -> None:
    assert urls.azure_openai(f"https://name.openai.azure.com{pasted}") == "https://name.openai.azure.com"


def test_another_path_of_an_azure_openai_endpoint_is_refused() -> None:
    with pytest.raises(ValueError, match="has a path"):
        urls.azure_openai("https://name.services.ai.azure.com/api/projects/chat")


@pytest.mark.parametrize("accept", [urls.azure_openai, urls.service])
def test_tokens_travel_over_https_only(accept: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match="is http"):
        accept("http://name.openai.azure.com")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_http_is_fine_on_this_machine(host: str) -> None:
    assert urls.azure_openai(f"http://{host}:8767") == f"http://{host}:8767"


def test_a_host_that_only_looks_local_is_not_this_machine() -> None:
    with pytest.raises(ValueError, match="is http"):
        urls.service("http://localhost.example.com")
