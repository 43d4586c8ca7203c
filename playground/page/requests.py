"""Everything that was posted to the webhook, also what is about no message; and what a person sends there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from playground.control import Control
from playground.im.copies import Post
from playground.page.guard import ApiError
from playground.page.journal import Journal
from playground.page.posts import as_curl, mask_key
from playground.page.words import say

SHOWN_REQUESTS = 200

_EVENTS: Mapping[str, str] = {
    "7": "recall",
    "8": "recall",
    "25": "recall",
    "89": "edit",
    "90": "edit",
    "91": "edit",
    "20": "verdict",
}


class Requests:
    """The requests to the webhook, over what is known of them.

    Args:
        journal: what is known.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def newest(self) -> list[dict[str, Any]]:
        """The last ones in short, newest first."""
        return [_in_short(post) for post in islice(reversed(self._journal.posts.values()), SHOWN_REQUESTS)]

    def whole(self, number: int) -> dict[str, Any]:
        """One with its headers and body.

        Raises:
            ApiError: there is none with this number.
        """
        post = self._journal.posts.get(number)
        if post is None:
            raise ApiError(404, "not_found", say("there is no such request"))
        return _whole(post)

    async def send(
        self, im: Control, body: str, headers: Mapping[str, str], signature: str, clock_minutes: float
    ) -> dict[str, Any]:
        """Post any body to the webhook; returns the request with its answer.

        Args:
            im: the emulator, which signs it.
            body: as it goes out.
            headers: more headers, or others in place of those it has; an empty one is left out.
            signature: ``good``, ``bad`` or ``missing``.
            clock_minutes: how far the clock that signs it is ahead.

        Raises:
            ControlError: the emulator refuses.
        """
        delivery = {"signature": signature, "clock_offset_seconds": clock_minutes * 60}
        order = {"body": body, "headers": dict(headers), "delivery": delivery}
        fact: dict[str, Any] = await im.call("POST", "post", json=order)
        return _whole(Post(**fact))


def kind_of(post: Post) -> str:
    """What a request is: ``copy``, ``chatbot``, ``recall``, ``edit``, ``verdict``, ``callback``, ``event`` (any other),
    ``address`` (the console's check of it); ``other`` for what is none of the platform's.
    """
    try:
        body = json.loads(post.request)
    except ValueError:
        return "other"
    if body == {}:
        return "address"
    if not isinstance(body, dict):
        return "other"
    event = body.get("eventType")
    if event is None:
        return "chatbot"
    if not isinstance(event, str):
        return "callback"
    return "copy" if event == "1" else _EVENTS.get(event, "event")


def _in_short(post: Post) -> dict[str, Any]:
    return {
        "number": post.number,
        "at": post.at,
        "kind": kind_of(post),
        "message": post.server_id or None,
        "ended": post.ended,
        "status": post.status,
        "answer": post.body,
        "failure": post.failure,
        "milliseconds": post.milliseconds,
    }


def _whole(post: Post) -> dict[str, Any]:
    return {
        **_in_short(post),
        "url": mask_key(post.url),
        "headers": list(post.headers.items()),
        "body": post.request,
        "curl": as_curl(post),
    }
