"""Names that lead to another bot than the one they are a name of."""

from __future__ import annotations

from collections.abc import Iterator

from relay.config.bots import Bots
from relay.inbound.addressing import find_mention


def shared_names(bots: Bots, file: str) -> Iterator[str]:
    """A line for each name, or alias, by which a group reaches another bot.

    The app starts all the same: in a private chat both bots answer. ``file`` is the bots file's name, for the reader.
    """
    for bot in bots:
        for key, name in (("name", bot.name), *(("aliases", alias) for alias in bot.aliases)):
            mention = find_mention(f"@{name}", bots)
            if mention and mention[0] is not bot:
                other = mention[0].accid
                yield (
                    f'{file}: bot "{bot.accid}", key "{key}": "{name}" is what "{other}" is called, too; '
                    f'in a group, @{name} means "{other}"'
                )
