"""Decoding in a child process, one at a time, which is killed when its time is up."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from relay.errors import MediumRefused, MediumUnavailable
from relay.media.reading import REFUSED

CHILD = "relay.media.reading"
"""The module that the process runs."""

_APP = str(Path(__file__).resolve().parents[2])

_KEPT = ("SYSTEMROOT", "LANG", "LC_ALL")
"""All that the child gets of the environment, beside the folders of the packages: no secret is in it."""


class Decoder:
    """Runs :mod:`relay.media.reading`. One decode at a time keeps the memory of an instance in bounds."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Semaphore(1)

    async def smaller_picture(self, body: bytes, *, seconds: float) -> bytes:
        """A picture as a JPEG that models take.

        Raises:
            MediumRefused: it is no picture, or too large a one.
            MediumUnavailable: other decodes took the time.
        """
        return await self._run(("picture",), body, seconds)

    async def text(self, body: bytes, characters: int, *, seconds: float) -> str:
        """The text of a file, at most so many characters, and one more if it was cut.

        Raises:
            MediumRefused: it holds no text that can be read.
            MediumUnavailable: other decodes took the time.
        """
        return (await self._run(("text", str(characters)), body, seconds)).decode()

    async def _run(self, what: tuple[str, ...], body: bytes, seconds: float) -> bytes:
        until = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(until):
                await self._one_at_a_time.acquire()
        except TimeoutError:
            raise MediumUnavailable("other media were being opened") from None
        try:
            return await self._in_child(what, body, until)
        finally:
            self._one_at_a_time.release()

    async def _in_child(self, what: tuple[str, ...], body: bytes, until: float) -> bytes:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", CHILD, *what),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in _KEPT if name in os.environ}
            | {"PYTHONPATH": os.pathsep.join((_APP, *filter(None, sys.path))), "PYTHONSAFEPATH": "1"},
        )
        try:
            async with asyncio.timeout_at(until):
                made, reason = await child.communicate(body)
        except TimeoutError:
            raise MediumRefused("it takes too long to open") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode == REFUSED:
            raise MediumRefused(reason.decode(errors="replace")[:200])
        if child.returncode != 0:
            raise MediumRefused(f"the process that opens it ended with {child.returncode}")
        return made
