"""A subscription, and how what it answers is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.azure_cli.recorder import Answer, Asked

TENANT = "11111111-1111-1111-1111-111111111111"
SUBSCRIPTION = "22222222-2222-2222-2222-222222222222"
WHO = "33333333-3333-3333-3333-333333333333"
IDENTITY = "44444444-4444-4444-4444-444444444444"
GROUP = "rg-relay-try"
APP = "func-relay-try-abc"

IN_SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION}"
IN_GROUP = f"{IN_SUBSCRIPTION}/resourceGroups/{GROUP}"
SITE = f"{IN_GROUP}/providers/Microsoft.Web/sites/{APP}"


@dataclass
class Azure:
    """A subscription.

    Attributes:
        deployments: what was put, by name.
        refusals: how the next requests whose paths end so are refused, each with a status; 200: not.
        budget: when the budget of the group began; empty: there is none.
        needed: roles that the templates leave to an administrator, as they put it.
        assigned: role assignments of the site, as Azure lists them.
        blobs: the package container, in the order in which they were written.
    """

    deployments: dict[str, Any] = field(default_factory=dict)
    refusals: dict[str, list[int]] = field(default_factory=dict)
    budget: str = ""
    needed: list[object] = field(default_factory=list)
    assigned: list[object] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)


Handler = Callable[..., Answer]
"""Takes the subscription, the request, and the groups of the pattern."""


class Routes(list[tuple[str, str, Handler]]):
    """Methods, patterns of whole paths, and who answers."""

    def on(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Have a function answer."""

        def register(handler: Handler) -> Handler:
            self.append((method, path, handler))
            return handler

        return register


def listed(*values: object) -> Answer:
    """A list, as Azure gives it."""
    return Answer(body={"value": list(values)})


def refused(status: int) -> Answer:
    """An error, as Azure gives it."""
    codes = {
        400: "BadRequest",
        403: "AuthorizationPermissionMismatch",
        404: "ResourceNotFound",
        409: "Conflict",
    }
    code = codes.get(status, "ServiceUnavailable")
    return Answer(status, {"error": {"code": code, "message": f"refused: {code}"}})


def host_of(asked: Asked) -> str:
    """Where it was asked: everything of this Azure is there."""
    return f"https://{asked.headers['host']}"
