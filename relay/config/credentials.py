"""Which keys, secrets and connection strings the settings accept.

Every function returns the value, and raises ValueError with what is wrong without quoting any of it.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

from pydantic import SecretStr

FURTHER_KEY = r"(AZURE_OPENAI_API_KEY|RELAY_MODEL_KEY)_[A-Z0-9_]+"
"""Names of the settings that hold keys of further model servers. The bots file can name these and no other secret."""

TOOL_KEY = r"RELAY_TOOL_KEY_[A-Z0-9_]+"
"""Names of the settings that hold headers of tools which the model's server runs; likewise."""


def key(text: str) -> str:
    """A value that is put into an HTTP header or a signature."""
    _resolved(text)
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("has a space or another character that is not visible ASCII")
    return text


def secret(value: SecretStr) -> SecretStr:
    """Like :func:`key`, for what must never be shown."""
    key(value.get_secret_value())
    return value


def header(value: SecretStr) -> SecretStr:
    """The whole value of an HTTP header, such as ``Bearer …``, which must never be shown."""
    text = value.get_secret_value()
    _resolved(text)
    if not re.fullmatch(r"[\x20-\x7e]+", text):
        raise ValueError("has a character that is not visible ASCII or a space")
    return value


def connection_string(value: SecretStr) -> SecretStr:
    """A storage account's connection string with a key or a SAS, or the emulator's."""
    text = value.get_secret_value().rstrip(";")
    _resolved(text)
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, _, content = part.partition("=")
        if not (name and content) or name.lower() in parts:
            raise ValueError("is not a connection string")
        parts[name.lower()] = content
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        if len(parts) > 1:
            raise ValueError("has more in it than UseDevelopmentStorage=true")
        return SecretStr("UseDevelopmentStorage=true")  # the one spelling that both storage clients know
    if parts.keys() >= {"accountname", "accountkey"}:
        try:
            b64decode(parts["accountkey"], validate=True)
        except binascii.Error:
            raise ValueError("has an AccountKey that is not base64 (cut off?)") from None
    elif "sharedaccesssignature" not in parts:
        raise ValueError("lacks AccountName or AccountKey")
    elif "accountname" not in parts and not parts.keys() >= {"tableendpoint", "queueendpoint"}:
        raise ValueError("has a SharedAccessSignature, but lacks TableEndpoint or QueueEndpoint")
    return SecretStr(text)


def _resolved(text: str) -> None:
    if text.startswith("@Microsoft.KeyVault("):
        raise ValueError("is a Key Vault reference that Azure could not resolve (identity, role or network)")
