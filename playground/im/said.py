"""A user's message on its way to the webhook."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from playground.im.chats import Delivered
from playground.im.copies import Input, Post


@dataclass
class Said:
    """A user's message, and the requests about it to the webhook.

    Attributes:
        message: the message in the chat.
        requests: what the platform posts about it, per input.
        posts: every request so far.
        bot: accid that a reply in the webhook's response comes from.
        answered: True once such a reply was delivered.
    """

    message: Delivered
    requests: list[tuple[Input, dict[str, Any]]]
    bot: str
    posts: list[Post] = field(default_factory=list)
    answered: bool = False

    @property
    def status(self) -> int | None:
        """HTTP status of the webhook's last answer."""
        return self.posts[-1].status

    @property
    def answer(self) -> Any:
        """JSON of the webhook's last answer."""
        return json.loads(self.posts[-1].body)

    @property
    def delivered(self) -> bool:
        """True if the platform takes the message for delivered: by every input, at the last attempt."""
        last = {post.input: post for post in self.posts}
        return len(last) == len(self.requests) and all(post.delivered for post in last.values())

    def as_json(self) -> dict[str, Any]:
        """The record for other processes."""
        return {
            "message": asdict(self.message),
            "bot": self.bot,
            "posts": [asdict(post) for post in self.posts],
            "status": self.posts[-1].status if self.posts else None,
            "delivered": self.delivered,
        }
