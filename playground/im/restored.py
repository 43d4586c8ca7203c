"""The platform as an earlier process has left it, from the facts that it has kept."""

from __future__ import annotations

import json
from collections.abc import Iterable

from playground.im.api import ApiCall, ServerApi
from playground.im.chats import Chats, Delivered, Team
from playground.im.copies import Post
from playground.im.said import Said
from playground.im.storage import Fetch, Storage
from playground.kept import Fact


def restored(facts: Iterable[Fact], chats: Chats, api: ServerApi, storage: Storage) -> dict[str, Said]:
    """Put chats, groups and calls back; returns the users' messages by server id, with the requests about them."""
    said: dict[str, Said] = {}
    for kind, fact in facts:
        match kind:
            case "message":
                message = Delivered(**{**fact, "mentions": tuple(fact["mentions"])})
                chats.restore(message)
                if message.origin == "api":
                    api.has_delivered(message)
                elif message.origin == "user" and message.changed != "deleted":
                    said[message.server_id] = Said(message, [], bot=message.to)
            case "team":
                chats.restore_team(Team(**{**fact, "members": tuple(fact["members"])}))
            case "post" if fact["server_id"] in said:
                post, about = Post(**fact), said[fact["server_id"]]
                if post.input not in dict(about.requests):
                    about.requests.append((post.input, json.loads(post.request)))
                about.posts.append(post)
            case "call":
                api.calls.append(ApiCall(**fact))
            case "fetch":
                storage.fetches.append(Fetch(**fact))
    return said
