"""Which of the roles in the output ``roleAssignments`` are not assigned yet: the commands for an administrator.

It is read as JSON from standard input; who has which role is asked with ``az rest``. Exit code 3: the app lacks one.
Standard library only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=atScope()"
"""Azure: Role Assignments - List For Scope; those of what the scope lies in, too."""


def missing(
    needed: Sequence[Mapping[str, Any]], given: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Mapping[str, Any]]:
    """Those that are needed and not given.

    Args:
        needed: objects with ``role.id``, ``scope`` and ``principalId``.
        given: by scope, the role assignments there as Azure lists them.
    """
    held = {
        _key(
            scope, each["properties"]["principalId"], each["properties"]["roleDefinitionId"].rsplit("/", 1)[1]
        )
        for scope, assignments in given.items()
        for each in assignments
    }
    return [
        each for each in needed if _key(each["scope"], each["principalId"], each["role"]["id"]) not in held
    ]


def command(assignment: Mapping[str, Any]) -> str:
    """What an administrator types. With another name than the templates give, these could never take over."""
    kind, who = assignment["principalType"], assignment["principalId"]
    # Who has been there for long needs no type: the CLI finds it out.
    principal = (
        f"--assignee-object-id {who} --assignee-principal-type {kind}" if kind else f"--assignee {who}"
    )
    role = assignment["role"]["name"]
    told = f"--name {assignment['name']} --role '{role}' {principal} --scope {assignment['scope']}"
    return f"az role assignment create {told}"


def _key(scope: str, principal: str, role: str) -> tuple[str, str, str]:
    return scope.lower(), principal.lower(), role.lower()


def _given(scope: str) -> list[Mapping[str, Any]]:
    asked = ["az", "rest", "--method", "get", "--url", f"{scope}/{ASSIGNMENTS}", "-o", "json"]
    done = subprocess.run(asked, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True)  # noqa: S603
    listed: list[Mapping[str, Any]] = json.loads(done.stdout)["value"]
    return listed


def main() -> int:
    """Print the commands."""
    needed = json.load(sys.stdin)
    left = missing(
        needed, {scope: _given(scope) for scope in dict.fromkeys(each["scope"] for each in needed)}
    )
    for title, for_app in (
        ("The app needs:", True),
        ("Who deploys or operates, unless by a group or a wider role:", False),
    ):
        commands = [command(each) for each in left if each["forApp"] is for_app]
        if commands:
            print(title, *commands, "", sep="\n")
    return 3 if any(each["forApp"] for each in left) else 0


if __name__ == "__main__":
    sys.exit(main())
