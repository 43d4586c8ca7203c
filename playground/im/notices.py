"""The copies of what happens to a group itself: the platform posts them as messages of the kind NOTIFICATION."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from playground.im.chats import Delivered, Team
from playground.im.copies import message_copy

Operation = Literal["joined", "kicked", "dismissed"]

OPERATIONS: Mapping[Operation, int] = {"joined": 0, "kicked": 1, "dismissed": 4}
"""``id`` of an operation in ``attach`` (doc DI3OTg5Mjg)."""

SUPER_TEAM_OFFSET = 401
"""The same operations have ids from here on in a super team."""


def notice(
    team: Team, operation: Operation, by: str, *, members: Sequence[str] = (), server_id: str, at: int
) -> dict[str, Any]:
    """Body of a copy that tells what somebody has done to a group (doc DI3OTg5Mjg).

    Args:
        team: the group.
        operation: what was done.
        by: accid of who did it.
        members: accids of those whom it was done to.
        server_id: of the notification.
        at: when, Unix milliseconds.
    """
    message = Delivered(
        sender=by,
        to=team.tid,
        team_kind=team.kind,
        text="",
        client_id=str(uuid.uuid4()),
        server_id=server_id,
        at=at,
        msg_type="NOTIFICATION",
    )
    offset = SUPER_TEAM_OFFSET if team.kind == "super_team" else 0
    attach = {
        "id": OPERATIONS[operation] + offset,
        "data": {"ids": list(members), "tinfo": {"1": team.tid}},
    }
    return message_copy(message, team=team) | {"attach": json.dumps(attach)}
