"""What the relay tells a model about a message, in the plain words that a tiny one understands.

A message that carries more than its text reaches a model as JSON, so that names and contexts are data and never
instructions. A model of 135 million parameters answers such a message with a lecture on JSON. What stands before it
tells it the same as in a script of a play; what it was sent by the relay is recorded and shown as it was.
"""

from __future__ import annotations

import json
from typing import Any

from relay.turn.prompt import GROUP_NOTE

GROUP_IN_PLAIN_WORDS = "Several people write here; each message begins with the name of whoever wrote it."


def plainly(body: bytes) -> bytes:
    """The body of a chat request with its JSON messages as text; anything else as it is."""
    asked = json.loads(body)
    if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
        return body
    asked["messages"] = [_plain(message) for message in asked["messages"]]
    return json.dumps(asked, ensure_ascii=False).encode()


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    if not isinstance(content, str):
        return message
    if message.get("role") == "system":
        return {**message, "content": content.replace(GROUP_NOTE, GROUP_IN_PLAIN_WORDS)}
    if message.get("role") == "user":
        return {**message, "content": _in_words(content)}
    return message


def _in_words(content: str) -> str:
    """``Alice: hello``; before it, in brackets, what was sent or attached to it."""
    try:
        fields = json.loads(content)
    except ValueError:
        return content
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
        return content
    beside = [str(fields[key]) for key in ("context", "sent", "words") if fields.get(key)]
    who = f"{name}: " if (name := fields.get("name")) else ""
    return " ".join([*(f"[{one}]" for one in beside), f"{who}{fields['text']}"])
