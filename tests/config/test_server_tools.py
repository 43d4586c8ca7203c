"""Tools that the model's server runs: no secret gets into the bots file, and the server gets what is written there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from relay.config.bots import Bot, bots_in
from relay.config.server_tools import ServerTool
from relay.config.settings import load_settings
from relay.errors import ConfigError
from relay.model.endpoints import missing_keys
from tests.mistakes import GOOD_SETTINGS

MCP = {
    "type": "mcp",
    "server_label": "crm",
    "server_url": "https://crm.example.com/mcp?region=eu",
    "require_approval": "never",
    "header_settings": {"Authorization": "RELAY_TOOL_KEY_CRM"},
}


def bots_with(*tools: dict[str, Any], **keys: Any) -> Any:
    bot = {"accid": "helper", "name": "Helper", "system_prompt": "You are Helper.", **keys}
    return bots_in({"bots": [{**bot, "server_tools": list(tools)}]}, "bots.toml")


def problem(*tools: dict[str, Any], **keys: Any) -> str:
    with pytest.raises(ConfigError) as refusal:
        bots_with(*tools, **keys)
    (one,) = refusal.value.problems
    return one


def test_a_tool_is_sent_as_it_is_written_with_the_values_of_its_headers() -> None:
    (bot,) = bots_with(
        MCP, {"type": "file_search", "vector_store_ids": ["vs_1"], "filters": {"type": "eq", "key": "k"}}
    )
    assert [tool.as_sent({"RELAY_TOOL_KEY_CRM": "Bearer 1"}) for tool in bot.server_tools] == [
        {
            "type": "mcp",
            "server_label": "crm",
            "server_url": "https://crm.example.com/mcp?region=eu",
            "require_approval": "never",
            "headers": {"Authorization": "Bearer 1"},
        },
        {"type": "file_search", "vector_store_ids": ["vs_1"], "filters": {"type": "eq", "key": "k"}},
    ]


@pytest.mark.parametrize(
    "secret",
    [
        {"headers": {"X-Key": "1"}},
        {"authorization": "token"},
        {"Authorization": "token"},
        {"api_key": "1"},
        {"options": [{"client_secret": "1"}]},
        {"access_token": "1"},
        {"note": "Bearer abcdefghijklmnop"},
        {"note": "Basic abcdefghijklmnop=="},
        {"note": "sk-abcdefghijklmnopqrst"},
        {"container": {"domain_secrets": [{"name": "x", "value": "abc"}]}},
        {"header": {"X-Key": "abc"}},
        {"x-functions-key": "abc"},
        {"server_url": "https://x.azure-api.net/mcp?subscription-key=abc"},
        {"server_url": "https://abcdefgh@crm.example.com/mcp"},
        {"server_url": "https://user:pass@crm.example.com/mcp"},
        {"server_url": "https://crm.example.com/mcp?code=abc"},
        {"server_url": "https://crm.example.com/mcp?x=1&api-key=abc"},
    ],
)
def test_a_secret_that_is_written_down_is_an_error_that_does_not_repeat_it(secret: dict[str, Any]) -> None:
    said = problem(MCP | secret)
    assert 'has a secret written into "' in said
    assert "abc" not in said
    assert "pass@" not in said


@pytest.mark.parametrize(
    "words",
    [
        {"server_description": "Basic customer data of the CRM"},
        {"allowed_domains": ["sk-nic.sk"], "region": "SK-BL"},
        {"server_description": "Bearer of news"},
        {"max_tokens": 5},
        {"filters": {"type": "eq", "key": "region", "value": "eu"}},
        {"server_url": "https://crm.example.com/mcp?token_type=x&region=eu"},
    ],
)
def test_what_is_no_secret_is_passed_on(words: dict[str, Any]) -> None:
    (bot,) = bots_with(MCP | words)
    sent = bot.server_tools[0].as_sent({"RELAY_TOOL_KEY_CRM": "Bearer 1"})
    assert {name: sent[name] for name in words} == words


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ({**MCP, "require_approval": "always"}, 'needs require_approval = "never"'),
        ({**MCP, "require_approval": {"never": {"tool_names": ["a"]}}}, 'needs require_approval = "never"'),
        ({**MCP, "header_settings": {"X Y": "RELAY_TOOL_KEY_CRM"}}, "has a name that is no header's"),
        ({**MCP, "header_settings": {"X": "IM_APP_SECRET"}}, "has a value that is not the name of a setting"),
        (
            {**MCP, "header_settings": {"X": 1}},
            'key "header_settings", key "X": is 1; accepted: a table of headers',
        ),
        ({"type": "web_search", "header_settings": {"X": "RELAY_TOOL_KEY_CRM"}}, "only a tool of type"),
        ({"type": "image_generation"}, 'key "type": is not valid'),
        ({"vector_store_ids": []}, 'key "type": missing'),
    ],
)
def test_a_tool_that_cannot_be_used_is_an_error(tool: dict[str, Any], said: str) -> None:
    assert said in problem(tool)


def test_tools_and_an_api_without_them_are_an_error_wherever_they_meet() -> None:
    chat = [{"model": "gpt", "api": "chat"}]
    search = {"type": "web_search"}
    assert "needs the Responses API" in problem(search, models=chat)
    functions = {"french": {"models": chat}}
    assert 'function "french"' in problem(search, functions=functions)
    assert bots_with(search, functions={"french": {"models": chat, "server_tools": []}})


def test_a_header_without_its_setting_is_an_error() -> None:
    bots = bots_with(MCP)
    assert missing_keys(load_settings(GOOD_SETTINGS), bots) == [
        'RELAY_TOOL_KEY_CRM: not set, but bot "helper" names it in "server_tools"; '
        "accepted: the value of the header Authorization"
    ]
    settings = load_settings(GOOD_SETTINGS | {"RELAY_TOOL_KEY_CRM": "Bearer 1"})
    assert missing_keys(settings, bots) == []
    assert "Bearer" not in repr(settings)


def test_a_header_cannot_be_broken_up() -> None:
    with pytest.raises(ConfigError) as refusal:
        load_settings(GOOD_SETTINGS | {"RELAY_TOOL_KEY_CRM": "Bearer 1\r\nX: 2"})
    assert refusal.value.problems == [
        "RELAY_TOOL_KEY_CRM: has a character that is not visible ASCII or a space; "
        "accepted: the whole value of the header that the bots file names it for"
    ]


def test_tools_compare_by_what_they_say() -> None:
    make: Callable[..., ServerTool] = ServerTool.model_validate
    assert make(MCP) == make(dict(MCP))
    assert hash(make(MCP)) == hash(make(dict(reversed(MCP.items()))))
    assert make(MCP) != make({**MCP, "server_label": "other"})
    assert Bot.model_fields["server_tools"].default == ()
