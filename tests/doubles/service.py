"""What the doubles have in common: a test says what happens around their calls, and when the process dies in one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from relay.errors import StorageUnavailable
from relay.ports import Insert, Merge

T = TypeVar("T")


class HostKilled(BaseException):
    """The process is gone. Nothing of it runs any more, so no ``except`` of the relay may catch this."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a storage double.

    Attributes:
        name: the method of the port.
        where: the table or the queue.
        partition, changes: of a write.
        text: of a message that is sent.
    """

    name: str
    where: str
    partition: str = ""
    changes: tuple[Insert | Merge, ...] = ()
    text: str = ""


Hook = Callable[[Call], Awaitable[None] | None]
"""What happens at a call. Whatever it raises is what the caller gets."""


@dataclass(kw_only=True)
class StorageDouble:
    """A storage service in memory.

    Attributes:
        before: at a call that has not happened yet; an error of it means that it never will.
        after: at a call that has happened; an error of it means that its answer is lost.
        down: while true, every call fails.
        killed: while true, every call ends as one of a process that is gone: nothing happens.
    """

    before: Hook | None = None
    after: Hook | None = None
    down: bool = False
    killed: bool = False

    @asynccontextmanager
    async def _call(self, call: Call) -> AsyncIterator[None]:
        if self.killed:
            raise HostKilled
        if self.before is not None:
            await outcome(self.before(call))
        if self.down:
            raise StorageUnavailable("the double is down")
        yield
        if self.after is not None:
            await outcome(self.after(call))


async def outcome(value: T | Awaitable[T]) -> T:
    """What a handler of a test returned, which may be async or not."""
    return await value if isinstance(value, Awaitable) else value
