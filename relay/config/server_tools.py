"""Tools that the model's own server runs: a table each in the bots file, passed on as it is written.

The file is deployed with the code, so it must not hold a secret: the value of a header comes from a setting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from relay.config.credentials import TOOL_KEY
from relay.config.table import Table, one_of

ToolType = Literal["web_search", "mcp", "file_search", "code_interpreter"]

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, 5.1."""

_SECRET_NAMES = re.compile(
    r"headers?|authorization|credentials?|.*password|.*secrets?|.*api[_-]?key|.*[_-]key|tokens"
    r"|(?:.*[_-])?(?:token|signature)",
    re.IGNORECASE,
)
_SECRET_IN_QUERY = re.compile(rf"key|code|sig|auth|{_SECRET_NAMES.pattern}", re.IGNORECASE)
_SECRET_VALUES = re.compile(r"(?:[Bb]earer|[Bb]asic) +[\w+/=.~-]{16,}\Z|sk-[\w-]{20,}\Z", re.ASCII)
_INSTEAD = 'name the setting that has it: header_settings = { Authorization = "RELAY_TOOL_KEY_<name>" }'


def _headers(settings: Mapping[str, str]) -> Mapping[str, str]:
    if not all(_HEADER.fullmatch(name) for name in settings):
        raise ValueError("has a name that is no header's")
    if not all(re.fullmatch(TOOL_KEY, name) for name in settings.values()):
        raise ValueError("has a value that is not the name of a setting")
    return settings


class ServerTool(Table):
    """A tool that the model's server runs by itself.

    Attributes:
        type: which.
        header_settings: of an MCP server, names of headers and of the settings that hold their values.

    Every other key goes to the server as it is written, such as ``server_url`` or ``vector_store_ids``.
    """

    model_config = ConfigDict(extra="allow")

    type: ToolType = Field(description=one_of(ToolType))
    header_settings: Annotated[Mapping[str, str], AfterValidator(_headers)] = Field(
        default_factory=dict,
        description='a table of headers and settings, such as { Authorization = "RELAY_TOOL_KEY_<name>" }',
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        try:
            json.dumps(self.model_extra)
        except TypeError:
            raise ValueError("has a date or a time, which no server takes") from None
        for name in _secrets_in(self.model_extra):
            raise ValueError(f'has a secret written into "{name}"; {_INSTEAD}')
        if self.type != "mcp":
            if self.header_settings:
                raise ValueError('has header_settings, which only a tool of type "mcp" takes')
            return self
        if (self.model_extra or {}).get("require_approval") != "never":
            raise ValueError('needs require_approval = "never": nobody is there to approve its calls')
        return self

    def as_sent(self, keys: Mapping[str, str]) -> dict[str, Any]:
        """The entry of a request; ``keys`` are the values of settings by their names."""
        sent = {"type": self.type, **(self.model_extra or {})}
        if self.header_settings:
            sent["headers"] = {header: keys[setting] for header, setting in self.header_settings.items()}
        return sent

    def __hash__(self) -> int:
        return hash(json.dumps(self.model_dump(mode="json"), sort_keys=True))

    def __str__(self) -> str:
        label = (self.model_extra or {}).get("server_label")
        return f"{self.type} {label}" if label else self.type


def _secrets_in(value: object, name: str = "") -> Iterator[str]:
    """The keys under which something looks like a secret."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if _SECRET_NAMES.fullmatch(key):
                yield key
            else:
                yield from _secrets_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets_in(inner, name)
    elif isinstance(value, str) and (_SECRET_VALUES.match(value) or _is_telling(value)):
        yield name


def _is_telling(text: str) -> bool:
    """Whether a URL has a user or a password, or a query that names a key."""
    if "://" not in text:
        return False
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    return bool(url.username or url.password) or any(
        _SECRET_IN_QUERY.fullmatch(name) for name, _ in parse_qsl(url.query)
    )
