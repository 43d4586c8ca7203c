"""Builders of what the platform posts, as the tests of the inbound side need it."""

from __future__ import annotations

from typing import Any

NOW = 1_700_000_000_000
"""The time of every message here, Unix milliseconds."""


def copy(**changes: Any) -> dict[str, Any]:
    """A message copy: a private text of alice to the bot ``helper``. A change to None leaves the field out."""
    fields = {
        "eventType": "1",
        "convType": "PERSON",
        "to": "helper",
        "fromAccount": "alice",
        "fromClientType": "IOS",
        "msgTimestamp": str(NOW),
        "msgType": "TEXT",
        "msgidClient": "c-1",
        "msgidServer": "17",
        "body": "hello",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def chatbot(**changes: Any) -> dict[str, Any]:
    """The same message as the chatbot webhook may post it."""
    robot = {"function": "", "topic": "", "customContent": ""}
    return copy(**{"eventType": None, "robotInfo": robot} | changes)
