"""The relay's one door outwards to addresses that come out of messages.

Every hop is checked anew, and the connection goes to the very address that was checked: a name that resolves to another
one a moment later leads nowhere else. No proxy, no cookies, no credentials; bytes and time are bounded.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from relay.errors import MediumGone, MediumRefused, MediumUnavailable
from relay.media.hosts import Hosts, is_public

if TYPE_CHECKING:
    import aiohttp

BUDGET_BYTES = 64 * 1024 * 1024
"""What all downloads of the process may hold at once."""

REDIRECTS_MAX = 5
CONNECT_SECONDS = 5.0
CHUNK_BYTES = 64 * 1024

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host."""


async def system_resolve(host: str, port: int) -> list[str]:
    """What the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came.

    Attributes:
        body: its bytes.
        content_type: what the server says they are, lower case, without parameters; not to be believed.
    """

    body: bytes
    content_type: str


@dataclass(slots=True)
class Budget:
    """Bytes that downloads may hold; who wants more waits for the others."""

    left: int = BUDGET_BYTES
    _freed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def of(self, count: int) -> AsyncIterator[None]:
        """Hold so many bytes."""
        async with self._freed:
            await self._freed.wait_for(lambda: self.left >= count)
            self.left -= count
        try:
            yield
        finally:
            async with self._freed:
                self.left += count
                self._freed.notify_all()


class Downloader:
    """Fetches media.

    Args:
        hosts: where from.
        budget: shared by all downloads of the process.
        resolve: of names; the machine's own when None.
        tls: how certificates are checked; by the machine's authorities when None.
        is_safe: which addresses may be connected to.
    """

    def __init__(
        self,
        hosts: Hosts,
        budget: Budget | None = None,
        resolve: Resolve = system_resolve,
        tls: ssl.SSLContext | None = None,
        is_safe: Callable[[str], bool] = is_public,
    ) -> None:
        self._hosts = hosts
        self._budget = budget or Budget()
        self._resolve = resolve
        self._tls = tls
        self._is_safe = is_safe
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def fetch(self, url: str, *, max_bytes: int, seconds: float) -> AsyncIterator[Fetched]:
        """Fetch one medium; its bytes count against the budget until the block is left.

        Args:
            url: from a message.
            max_bytes: more is refused.
            seconds: for everything, waiting for room in the budget included.

        Raises:
            MediumGone: it is no longer there, or was never for us (403, 404, 410).
            MediumRefused: it may not be fetched, or is too large.
            MediumUnavailable: not now: no answer in time, no address, a failing server.
        """
        until = asyncio.get_running_loop().time() + seconds
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout_at(until):
                    fetched = await self._follow(url, max_bytes, held)
            except TimeoutError:
                raise MediumUnavailable(f"it did not come within {seconds:.0f} s") from None
            yield fetched

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _follow(self, url: str, max_bytes: int, held: AsyncExitStack) -> Fetched:
        import aiohttp

        for _ in range(REDIRECTS_MAX + 1):
            checked = self._hosts.checked(url)
            try:
                async with self._open().get(
                    checked, allow_redirects=False, headers={"Accept-Encoding": "identity"}
                ) as response:
                    if response.status in (301, 302, 303, 307, 308):
                        url = urljoin(checked, response.headers.get("Location", ""))
                        continue
                    size = _size(response, max_bytes)
                    await held.enter_async_context(self._budget.of(size))
                    return await _body(response, max_bytes)
            except aiohttp.ClientError as error:
                if isinstance(error.__cause__, MediumRefused):
                    raise error.__cause__ from None
                raise MediumUnavailable(f"its server cannot be reached: {type(error).__name__}") from None
            except ValueError:
                raise MediumRefused("its address is no plain URL") from None
        raise MediumRefused("its address leads from one to the next")

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_resolver(self._addresses), use_dns_cache=False, ssl=self._tls or True
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
                headers={"User-Agent": "commsease-chatbot-relay"},
                max_line_size=8190,
            )
        return self._session

    async def _addresses(self, host: str, port: int) -> list[str]:
        found = await self._resolve(host, port)
        if not found:
            raise OSError("no address")
        if not all(self._is_safe(address) for address in found):
            raise MediumRefused("its host leads to an address that is not public")
        return found


def _resolver(addresses: Resolve) -> Any:
    """aiohttp's interface to a resolver; what it returns is what is connected to."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Checked(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
                for address in await addresses(host, port)
            ]

        async def close(self) -> None:
            pass

    return Checked()


def _size(response: aiohttp.ClientResponse, max_bytes: int) -> int:
    """How many bytes come at most, if it may be taken at all."""
    if response.status in (401, 403, 404, 410):
        raise MediumGone(f"HTTP {response.status}")
    if response.status in (408, 429) or response.status >= 500:
        raise MediumUnavailable(f"HTTP {response.status}")
    if response.status != 200:
        raise MediumRefused(f"HTTP {response.status}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise MediumRefused("it comes in a form that was not asked for")
    if (response.content_length or 0) > max_bytes:
        raise MediumRefused(f"it has more than {max_bytes} bytes")
    return max_bytes if response.content_length is None else response.content_length


async def _body(response: aiohttp.ClientResponse, max_bytes: int) -> Fetched:
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        if len(body) + len(chunk) > max_bytes:
            raise MediumRefused(f"it has more than {max_bytes} bytes")
        body += chunk
    return Fetched(bytes(body), response.content_type.lower())
