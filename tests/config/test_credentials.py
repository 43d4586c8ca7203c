from __future__ import annotations

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient
from pydantic import SecretStr

from relay.config import credentials

KEY = "c3RvcmFnZS1rZXk="

GOOD = [
    "UseDevelopmentStorage=true",
    "usedevelopmentstorage=TRUE;",
    f"DefaultEndpointsProtocol=https;AccountName=chats;AccountKey={KEY};EndpointSuffix=core.windows.net",
    f"AccountName=chats;AccountKey={KEY};",
    "AccountName=chats;SharedAccessSignature=sv=2024&sig=abc",
    "TableEndpoint=https://t.example.com;QueueEndpoint=https://q.example.com;SharedAccessSignature=sv=2024&sig=abc",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_accepted_is_understood_by_both_storage_clients(text: str) -> None:
    accepted = credentials.connection_string(SecretStr(text)).get_secret_value()
    TableServiceClient.from_connection_string(accepted).close()
    QueueServiceClient.from_connection_string(accepted).close()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("chats", "is not a connection string"),
        ("AccountName=;AccountKey=pa55word", "is not a connection string"),
        ("AccountName=a;accountname=pa55word", "is not a connection string"),
        ("AccountName=pa55word", "lacks AccountName or AccountKey"),
        (f"AccountKey={KEY}", "lacks AccountName or AccountKey"),
        ("AccountName=chats;AccountKey=pa55word!", "not base64"),
        ("UseDevelopmentStorage=true;AccountName=chats", "more in it"),
        (
            "TableEndpoint=https://t.example.com;SharedAccessSignature=pa55word",
            "lacks TableEndpoint or Queue",
        ),
        ("@Microsoft.KeyVault(SecretUri=https://pa55word)", "Key Vault reference"),
    ],
)
def test_a_malformed_connection_string_is_refused_without_quoting_it(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refusal:
        credentials.connection_string(SecretStr(text))
    assert "pa55word" not in str(refusal.value)


@pytest.mark.parametrize("text", ["two words", "zero\u200bwidth", "ключ", "line\nbreak"])
def test_a_key_with_characters_that_no_header_carries_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not visible ASCII"):
        credentials.key(text)


def test_a_key_vault_reference_that_was_not_resolved_is_named_as_that() -> None:
    with pytest.raises(ValueError, match="Key Vault reference"):
        credentials.secret(SecretStr("@Microsoft.KeyVault(SecretUri=https://vault/secrets/a)"))
