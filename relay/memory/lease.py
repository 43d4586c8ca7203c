"""One turn at a time per conversation: a lease row that is inserted to take it and deleted to give it back."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from relay import spans
from relay.errors import RowChanged, RowExists, StorageUnavailable, TableMissing
from relay.keys import LEASE_KEY, LEASE_TABLE
from relay.ports import Clock, Insert, Merge, Tables, Value

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to answer in a conversation until a time.

    Attributes:
        partition: the conversation.
        owner: this holder, new for every lease.
        until: end in Unix milliseconds; never renewed.
        etag: of the row.
        crashes: how many holders before this one never gave it back: their process died.
        suspect: key of the message that the last of them answered alone, or empty.
    """

    partition: str
    owner: str
    until: int
    etag: str
    crashes: int = 0
    suspect: str = ""


class Leases:
    """Leases of conversations over a Tables port.

    Args:
        tables: Table Storage.
        clock: wall clock.
        new_owner: makes the name of a holder, different for every lease.
    """

    def __init__(
        self, tables: Tables, clock: Clock, new_owner: Callable[[], str] = lambda: uuid.uuid4().hex
    ) -> None:
        self._tables = tables
        self._clock = clock
        self._new_owner = new_owner

    async def take(self, partition: str, seconds: float) -> Lease | None:
        """Take the lease; None while somebody holds it, whoever that is."""
        with spans.span(spans.LEASE) as span:
            lease = await self._take(partition, seconds)
            span.set_attribute(spans.TAKEN, lease is not None)
            if lease is not None:
                span.set_attributes({spans.LEASE_UNTIL: lease.until, spans.CRASHES: lease.crashes})
            return lease

    async def _take(self, partition: str, seconds: float) -> Lease | None:
        owner = self._new_owner()
        until = self._clock.now() + int(seconds * 1000)
        values: dict[str, Value] = {"owner": owner, "until": str(until)}
        for _ in range(2):
            try:
                (etag,) = await self._tables.write(LEASE_TABLE, partition, Insert(LEASE_KEY, values))
                return Lease(partition, owner, until, etag)
            except TableMissing:
                await self._tables.create_table(LEASE_TABLE)
            except RowExists:
                row = await self._tables.get(LEASE_TABLE, partition, LEASE_KEY)
                if row is None:
                    continue  # given back between the two calls
                if row.values["owner"] == owner:
                    return Lease(partition, owner, until, row.etag)  # the answer to our insert was lost
                if int(row.values["until"]) > self._clock.now():
                    return None
                taken_over = Lease(
                    partition,
                    owner,
                    until,
                    row.etag,
                    crashes=int(row.values.get("crashes", 0)) + 1,
                    suspect=str(row.values.get("suspect", "")),
                )
                return await self._replace(taken_over)
        return None

    async def note(self, lease: Lease, *, crashes: int, suspect: str) -> Lease:
        """Record which message this turn answers alone, so that its death tells which one it was.

        Raises:
            RowChanged: the lease has expired and another turn took it over.
        """
        noted = await self._replace(replace(lease, crashes=crashes, suspect=suspect))
        if noted is None:
            raise RowChanged("the lease was taken over")
        return noted

    async def release(self, lease: Lease) -> None:
        """Give it back. What cannot be given back expires."""
        try:
            await self._tables.delete(LEASE_TABLE, lease.partition, LEASE_KEY, lease.etag)
        except RowChanged:
            await self._release_again(lease)
        except StorageUnavailable:
            log.warning("lease of conversation=%s could not be given back; it expires", lease.partition)

    async def _release_again(self, lease: Lease) -> None:
        """The row is not as last seen: taken over, or changed by a call of ours whose answer was lost."""
        try:
            row = await self._tables.get(LEASE_TABLE, lease.partition, LEASE_KEY)
            if row is not None and row.values["owner"] == lease.owner:
                await self._tables.delete(LEASE_TABLE, lease.partition, LEASE_KEY, row.etag)
                return
        except (RowChanged, StorageUnavailable):
            log.warning("lease of conversation=%s could not be given back; it expires", lease.partition)
            return
        log.warning("lease of conversation=%s had expired before its turn ended", lease.partition)

    async def _replace(self, lease: Lease) -> Lease | None:
        values: dict[str, Value] = {
            "owner": lease.owner,
            "until": str(lease.until),
            "crashes": lease.crashes,
            "suspect": lease.suspect,
        }
        try:
            (etag,) = await self._tables.write(
                LEASE_TABLE, lease.partition, Merge(LEASE_KEY, values, lease.etag)
            )
        except RowChanged:
            row = await self._tables.get(LEASE_TABLE, lease.partition, LEASE_KEY)
            if row is None or row.values["owner"] != lease.owner or row.values["until"] != str(lease.until):
                return None
            etag = row.etag  # the answer to our change was lost
        return replace(lease, etag=etag)
