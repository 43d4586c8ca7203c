"""The control interface of a part of the stack, from outside: the IM emulator's, and the model server's."""

from __future__ import annotations

from typing import Any

import aiohttp

CALL_MAX_SECONDS = 60.0
"""A chatbot request may be answered only when the model has answered."""


class ControlError(RuntimeError):
    """A part of the stack refused an order, or does not answer; the message says why."""


class Control:
    """Calls ``/_control/…`` of one part.

    Args:
        session: makes the requests.
        url: of the part, without a path.
        name: what it is for the reader of an error, such as ``the IM emulator``.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, name: str) -> None:
        self._session = session
        self._url = url
        self._name = name

    async def call(self, method: str, path: str, **arguments: Any) -> Any:
        """One call; the arguments are aiohttp's, such as ``json`` and ``params``. Returns the answer's JSON.

        Raises:
            ControlError: the part refuses, or does not answer.
        """
        timeout = aiohttp.ClientTimeout(total=CALL_MAX_SECONDS)
        url = f"{self._url}/_control/{path}"
        try:
            async with self._session.request(method, url, timeout=timeout, **arguments) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ControlError(f"{self._name} does not answer: {type(error).__name__}") from error
        if response.status != 200:
            raise ControlError(answer["error"])
        return answer

    async def media(self, key: str) -> tuple[str, bytes] | None:
        """Content type and bytes of something that the emulator's storage keeps; None when it does not.

        Raises:
            ControlError: the emulator does not answer.
        """
        timeout = aiohttp.ClientTimeout(total=CALL_MAX_SECONDS)
        url = f"{self._url}/_control/media/{key}"
        try:
            async with self._session.get(url, timeout=timeout) as response:
                return (response.content_type, await response.read()) if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ControlError(f"{self._name} does not answer: {type(error).__name__}") from error
