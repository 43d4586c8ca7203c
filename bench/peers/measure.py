"""The part of ``bench.peers`` that runs in the environment of the packages."""

from __future__ import annotations

import asyncio
import platform
import sys
from importlib.metadata import version

from bench.peers import dispatch, stores

PACKAGES = ("llama-index-storage-chat-store-azure", "slack-bolt", "line-bot-sdk", "azure-data-tables")
OTHERS = (stores.LlamaIndex, stores.Plain)


async def measure(counts: str, reads: str, requests: str, rounds: str) -> None:
    """All of it; the door first, before the largest of the packages is loaded."""
    print(f"Python {platform.python_version()};", ", ".join(f"{name} {version(name)}" for name in PACKAGES))
    await dispatch.compare(int(requests), int(rounds))
    await stores.measure([int(count) for count in counts.split(",")], int(reads), OTHERS)


if __name__ == "__main__":
    asyncio.run(measure(*sys.argv[1:]))
