"""What to do about a failure of storage."""

from __future__ import annotations

from relay.config.settings import StorageSettings

READS = "Reader (the app: Contributor)"
CHANGES = "Contributor"
"""What the role must allow that somebody lacks, as the names of roles end."""


def storage_fix(storage: StorageSettings, said: str, kind: str, role: str) -> str:
    """What to do, given what the service said.

    Args:
        storage: where.
        said: the error.
        kind: "Table" or "Queue".
        role: :data:`READS` or :data:`CHANGES`.
    """
    if storage.connection_string:
        return "is the account of AzureWebJobsStorage there? On your own machine: python3 dev.py services"
    if "AuthorizationPermissionMismatch" in said or "AuthorizationFailure" in said:
        return f"the account needs the role Storage {kind} Data {role}; a new one takes up to 15 minutes"
    if "ClientAuthentication" in said or "CredentialUnavailable" in said:
        return "log in with: az login"
    uri = storage.table_uri if kind == "Table" else storage.queue_uri
    return f"is there a storage account at {uri}, and may this machine reach it?"
