"""A whole Azure, as far as a deployment asks it: everything else is not there."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.azure_cli import manager, parts
from tests.azure_cli.recorder import Answer, Asked
from tests.azure_cli.state import Azure, refused


def answering(azure: Azure) -> Callable[[Asked], Answer]:
    """What a subscription answers."""

    def answer(asked: Asked) -> Answer:
        for end, statuses in azure.refusals.items():
            if asked.path.endswith(end) and statuses and (status := statuses.pop(0)) != 200:
                return refused(status)
        for method, path, handler in (*manager.ROUTES, *parts.ROUTES):
            found = re.fullmatch(path, asked.path, re.IGNORECASE)
            if asked.method == method and found:
                answered: Answer = handler(azure, asked, *found.groups())
                return answered
        return refused(404)

    return answer
