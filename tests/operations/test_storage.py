"""What Azure sends and Azurite does not."""

from __future__ import annotations

from typing import Any

from relay.operations.storage import found_in
from relay.ports import Row


class Entity(dict[str, Any]):
    """An entity as the SDK has it."""

    metadata = {"etag": "e"}  # noqa: RUF012 (the SDK's own form)


def test_a_property_that_was_selected_and_is_not_there_is_none_of_the_row() -> None:
    entity = Entity(PartitionKey="p", RowKey="k", bot=None, covers=1)
    assert found_in(entity) == ("p", Row("k", {"covers": 1}, "e"))
