"""Tables: the double behaves as Table Storage does, wherever the relay depends on it."""

from __future__ import annotations

import time
from http.client import BadStatusLine

import pytest

from relay.errors import RowChanged, RowExists, StorageUnavailable, TableMissing
from relay.memory.rows import gather, spread
from relay.ports import Insert, Merge, Value
from tests.conformance.conftest import Storage
from tests.doubles import MemoryTables


async def test_a_written_row_is_read_back_as_it_was(storage: Storage, table: str) -> None:
    values: dict[str, Value] = {"text": "Grüße, 你好 👋🏽 o'brien", "count": 3, "flag": True, "empty": ""}
    (etag,) = await storage.tables.write(table, "p", Insert("a", values))
    row = await storage.tables.get(table, "p", "a")
    assert row is not None
    assert dict(row.values) == values
    assert row.etag == etag


async def test_a_missing_row_is_none(storage: Storage, table: str) -> None:
    assert await storage.tables.get(table, "p", "nothing") is None


async def test_a_row_of_a_missing_table_is_none(storage: Storage) -> None:
    assert await storage.tables.get(storage.name, "p", "nothing") is None


async def test_a_second_insert_fails(storage: Storage, table: str) -> None:
    await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    with pytest.raises(RowExists):
        await storage.tables.write(table, "p", Insert("a", {"n": 2}))


async def test_a_transaction_fails_as_a_whole(storage: Storage, table: str) -> None:
    await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    with pytest.raises(RowExists):
        await storage.tables.write(table, "p", Insert("b", {"n": 2}), Insert("a", {"n": 2}))
    assert await storage.tables.get(table, "p", "b") is None


async def test_a_transaction_returns_the_etag_of_every_change(storage: Storage, table: str) -> None:
    (first,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    etags = await storage.tables.write(table, "p", Insert("b", {"n": 2}), Merge("a", {"n": 3}, first))
    read = [await storage.tables.get(table, "p", key) for key in ("b", "a")]
    assert etags == [row.etag for row in read if row]


async def test_a_merge_keeps_the_other_properties(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1, "kept": "yes"}))
    await storage.tables.write(table, "p", Merge("a", {"n": 2}, etag))
    row = await storage.tables.get(table, "p", "a")
    assert row is not None
    assert dict(row.values) == {"n": 2, "kept": "yes"}


async def test_a_merge_of_a_changed_row_fails(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    await storage.tables.write(table, "p", Merge("a", {"n": 2}, etag))
    with pytest.raises(RowChanged):
        await storage.tables.write(table, "p", Merge("a", {"n": 3}, etag))


async def test_a_merge_of_a_row_that_is_gone_fails(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    await storage.tables.delete(table, "p", "a", etag)
    with pytest.raises(RowChanged):
        await storage.tables.write(table, "p", Merge("a", {"n": 3}, etag))


async def test_a_transaction_with_a_changed_row_fails_as_a_whole(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    await storage.tables.write(table, "p", Merge("a", {"n": 2}, etag))
    with pytest.raises(RowChanged):
        await storage.tables.write(table, "p", Insert("b", {"n": 1}), Merge("a", {"n": 3}, etag))
    assert await storage.tables.get(table, "p", "b") is None


async def test_a_transaction_takes_a_hundred_changes(storage: Storage, table: str) -> None:
    changes = [Insert(f"k{n:03d}", {"n": n}) for n in range(100)]
    assert len(await storage.tables.write(table, "p", *changes)) == 100


async def test_writing_to_a_missing_table_says_so(storage: Storage) -> None:
    with pytest.raises(TableMissing):
        await storage.tables.write(storage.name, "p", Insert("a", {"n": 1}))
    with pytest.raises(TableMissing):
        await storage.tables.write(storage.name, "p", Insert("a", {"n": 1}), Insert("b", {"n": 1}))


async def test_a_single_merge_returns_the_new_etag(storage: Storage, table: str) -> None:
    (first,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    (second,) = await storage.tables.write(table, "p", Merge("a", {"n": 2}, first))
    row = await storage.tables.get(table, "p", "a")
    assert row is not None
    assert first != second == row.etag


async def test_a_single_change_that_fails_changes_nothing(storage: Storage, table: str) -> None:
    (stale,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    await storage.tables.write(table, "p", Merge("a", {"n": 2}, stale))
    before = await storage.tables.get(table, "p", "a")
    with pytest.raises(RowExists):
        await storage.tables.write(table, "p", Insert("a", {"n": 3}))
    with pytest.raises(RowChanged):
        await storage.tables.write(table, "p", Merge("a", {"n": 3}, stale))
    with pytest.raises(RowChanged):
        await storage.tables.delete(table, "p", "a", stale)
    assert await storage.tables.get(table, "p", "a") == before


async def test_a_single_merge_makes_no_row(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    with pytest.raises(RowChanged):
        await storage.tables.write(table, "p", Merge("b", {"n": 2}, etag))
    assert await storage.tables.get(table, "p", "b") is None


async def test_a_change_of_a_missing_table_is_not_taken_for_a_changed_row(storage: Storage) -> None:
    merges = [Merge(key, {"n": 1}, 'W/"1"') for key in "ab"]
    with pytest.raises(TableMissing):
        await storage.tables.write(storage.name, "p", merges[0])
    with pytest.raises(TableMissing):
        await storage.tables.write(storage.name, "p", *merges)
    with pytest.raises(TableMissing):
        await storage.tables.delete(storage.name, "p", "a", 'W/"1"')


async def test_single_changes_take_any_key(storage: Storage, table: str) -> None:
    """The key of an insert stands in the body, that of a merge or a deletion in the address."""
    key = "m|1 o'brien% 你好 &=+"
    (etag,) = await storage.tables.write(table, "p'", Insert(key, {"n": 1}))
    (etag,) = await storage.tables.write(table, "p'", Merge(key, {"n": 2}, etag))
    row = await storage.tables.get(table, "p'", key)
    assert row is not None
    assert (row.key, row.etag, dict(row.values)) == (key, etag, {"n": 2})
    await storage.tables.delete(table, "p'", key, etag)
    assert await storage.tables.get(table, "p'", key) is None


async def test_a_page_holds_a_key_range_of_one_partition_in_order(storage: Storage, table: str) -> None:
    for key in ("m|3", "d|1", "m|1", "n|1", "m|2"):
        await storage.tables.write(table, "p", Insert(key, {"n": 1}))
    await storage.tables.write(table, "other", Insert("m|9", {"n": 1}))
    page = await storage.tables.page(table, "p", "m|", "m}", 10)
    assert [row.key for row in page.rows] == ["m|1", "m|2", "m|3"]
    assert not page.more


async def test_a_full_page_says_that_there_is_more(storage: Storage, table: str) -> None:
    await storage.tables.write(table, "p", *(Insert(f"m|{n}", {"n": n}) for n in range(5)))
    page = await storage.tables.page(table, "p", "m|", "m}", 3)
    assert [row.key for row in page.rows] == ["m|0", "m|1", "m|2"]
    assert page.more
    rest = await storage.tables.page(table, "p", "m|2 ", "m}", 3)
    assert [row.key for row in rest.rows] == ["m|3", "m|4"]


async def test_a_page_of_a_missing_table_is_empty(storage: Storage) -> None:
    page = await storage.tables.page(storage.name, "p", "m|", "m}", 3)
    assert not page.rows
    assert not page.more


async def test_a_key_with_a_quote_is_only_a_key(storage: Storage, table: str) -> None:
    partition = "o'brien' or '1' eq '1"
    await storage.tables.write(table, partition, Insert("m|1", {"n": 1}))
    await storage.tables.write(table, "other", Insert("m|2", {"n": 1}))
    page = await storage.tables.page(table, partition, "m|", "m}", 10)
    assert [row.key for row in page.rows] == ["m|1"]


async def test_deleting_an_unchanged_row_removes_it(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    await storage.tables.delete(table, "p", "a", etag)
    assert await storage.tables.get(table, "p", "a") is None


async def test_deleting_a_changed_row_fails(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    await storage.tables.write(table, "p", Merge("a", {"n": 2}, etag))
    with pytest.raises(RowChanged):
        await storage.tables.delete(table, "p", "a", etag)


async def test_deleting_a_row_twice_fails(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    await storage.tables.delete(table, "p", "a", etag)
    with pytest.raises(RowChanged):
        await storage.tables.delete(table, "p", "a", etag)


async def test_creating_a_table_twice_is_fine(storage: Storage, table: str) -> None:
    await storage.tables.create_table(table)


async def test_tables_are_listed_by_prefix_and_dropped_with_their_rows(storage: Storage) -> None:
    names = [f"{storage.name}{suffix}" for suffix in ("b", "a")]
    for name in names:
        await storage.tables.create_table(name)
    assert await storage.tables.list_tables(storage.name) == sorted(names)
    await storage.tables.drop_table(names[0])
    assert await storage.tables.list_tables(storage.name) == [names[1]]
    await storage.tables.drop_table(names[0])


async def test_a_long_text_is_stored_whole_and_read_back_whole(storage: Storage, table: str) -> None:
    text = "👩‍👩‍👧‍👦 long 文字\n" * 4000
    await storage.tables.write(table, "p", Insert("a", spread("text", text)))
    row = await storage.tables.get(table, "p", "a")
    assert row is not None
    assert gather("text", row.values) == text


async def test_an_insert_into_a_missing_table_tells_that_it_is_missing(storage: Storage) -> None:
    with pytest.raises(TableMissing):
        await storage.tables.write(storage.name, "p", Insert("a", {"n": 1}))
    with pytest.raises(TableMissing):
        await storage.tables.write(storage.name, "p", Insert("a", {"n": 1}), Insert("b", {"n": 1}))


async def test_a_merge_tells_a_missing_table_from_a_missing_row(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    with pytest.raises(RowChanged):
        await storage.tables.write(table, "p", Merge("b", {"n": 1}, etag))
    with pytest.raises(TableMissing):
        await storage.tables.write(f"{table}x", "p", Merge("a", {"n": 1}, etag))


async def test_a_single_change_returns_its_new_etag(storage: Storage, table: str) -> None:
    (first,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    (second,) = await storage.tables.write(table, "p", Merge("a", {"n": 2}, first))
    row = await storage.tables.get(table, "p", "a")
    assert row is not None
    assert row.etag == second != first


async def test_a_transaction_takes_no_more_than_a_hundred_changes(storage: Storage, table: str) -> None:
    changes = [Insert(f"k{n:03d}", {"n": n}) for n in range(101)]
    with pytest.raises((StorageUnavailable, BadStatusLine)):  # the SDK cannot read how Azurite refuses these
        await storage.tables.write(table, "p", *changes)
    assert await storage.tables.get(table, "p", "k000") is None


async def test_a_transaction_may_touch_a_row_only_once(storage: Storage, table: str) -> None:
    (etag,) = await storage.tables.write(table, "p", Insert("a", {"n": 1}))
    with pytest.raises(StorageUnavailable, match="InvalidDuplicateRow"):
        await storage.tables.write(table, "p", Merge("a", {"n": 2}, etag), Merge("a", {"n": 3}, etag))


@pytest.mark.parametrize("text", ["x" * 32_768, "👋" * 16_384])
async def test_a_text_has_up_to_32768_utf_16_units(storage: Storage, table: str, text: str) -> None:
    await storage.tables.write(table, "p", Insert("a", {"text": text}))
    with pytest.raises(StorageUnavailable, match="PropertyValueTooLarge"):
        await storage.tables.write(table, "p", Insert("b", {"text": text + "x"}))


@pytest.mark.parametrize("number", [-(2**31), 2**31 - 1])
async def test_a_number_has_32_bits(storage: Storage, table: str, number: int) -> None:
    await storage.tables.write(table, "p", Insert("a", {"n": number}))
    row = await storage.tables.get(table, "p", "a")
    assert row is not None
    assert row.values["n"] == number


@pytest.mark.parametrize("number", [-(2**31) - 1, 2**31, 2**40])
async def test_a_longer_number_is_a_mistake_of_the_caller(storage: Storage, table: str, number: int) -> None:
    with pytest.raises(TypeError):
        await storage.tables.write(table, "p", Insert("a", {"n": number}))


@pytest.mark.parametrize("character", [*"/\\#?", "\x00", "\t", "\x7f", "\x9f"])
async def test_some_characters_may_not_be_in_a_key(storage: Storage, table: str, character: str) -> None:
    for partition, key in (("p" + character, "a"), ("p", "a" + character)):
        with pytest.raises(StorageUnavailable, match="InvalidInput"):
            await storage.tables.write(table, partition, Insert(key, {"n": 1}))


async def test_a_key_has_up_to_512_characters(storage: Storage, table: str) -> None:
    await storage.tables.write(table, "p" * 512, Insert("k" * 512, {"n": 1}))
    for partition, key in (("p" * 513, "k"), ("p", "k" * 513)):
        with pytest.raises(StorageUnavailable, match="InvalidInput"):
            await storage.tables.write(table, partition, Insert(key, {"n": 1}))


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_request_has_up_to_4_mib(storage: Storage, table: str) -> None:
    values: dict[str, Value] = {f"text{n}": "x" * 32_000 for n in range(13)}
    await storage.tables.write(table, "p", *(Insert(f"a{n}", values) for n in range(9)))
    with pytest.raises(StorageUnavailable, match="RequestBodyTooLarge"):
        await storage.tables.write(table, "p", *(Insert(f"b{n}", values) for n in range(11)))


@pytest.mark.parametrize("name", ["tt", "1table", "a-table", "t" * 64])
async def test_a_table_has_a_name_of_3_to_63_letters_and_digits(storage: Storage, name: str) -> None:
    with pytest.raises(StorageUnavailable):
        await storage.tables.create_table(name)


async def test_a_page_has_up_to_1000_rows(storage: Storage, table: str) -> None:
    for start in range(0, 1001, 91):
        await storage.tables.write(table, "p", *(Insert(f"m|{n:04d}", {}) for n in range(start, start + 91)))
    page = await storage.tables.page(table, "p", "m|", "m}", 1001)
    assert (len(page.rows), page.more) == (1000, True)


# what Azure refuses and Azurite takes: the double is held to Azure's own pages


async def test_an_entity_has_up_to_252_properties() -> None:
    tables = MemoryTables(tables={"table": {}})
    values: dict[str, Value] = {f"n{n}": n for n in range(252)}
    (etag,) = await tables.write("table", "p", Insert("a", values))
    with pytest.raises(StorageUnavailable, match="TooManyProperties"):
        await tables.write("table", "p", Merge("a", {"one_more": 1}, etag))


async def test_an_entity_has_up_to_1_mib() -> None:
    tables = MemoryTables(tables={"table": {}})
    (etag,) = await tables.write("table", "p", Insert("a", {f"text{n}": "x" * 32_768 for n in range(15)}))
    with pytest.raises(StorageUnavailable, match="EntityTooLarge"):
        await tables.write("table", "p", Merge("a", {"one_more": "x" * 32_768}, etag))


async def test_a_transaction_of_nothing_is_refused() -> None:
    with pytest.raises(StorageUnavailable):
        await MemoryTables(tables={"table": {}}).write("table", "p")


async def test_a_scan_finds_rows_of_every_partition_by_their_properties(storage: Storage, table: str) -> None:
    for partition in ("p", "q"):
        await storage.tables.write(
            table, partition, Insert("a", {"who": "o'brien", "text": "x"}), Insert("b", {"who": "bob"})
        )
    found = [
        each async for page in storage.tables.scan(table, who="o'brien", select=["who"]) for each in page
    ]
    assert [(partition, row.key, dict(row.values)) for partition, row in found] == [
        ("p", "a", {"who": "o'brien"}),
        ("q", "a", {"who": "o'brien"}),
    ]


async def test_a_scan_may_be_of_one_partition_and_of_a_key(storage: Storage, table: str) -> None:
    for partition in ("p", "q"):
        await storage.tables.write(table, partition, Insert("a|1", {"n": "1"}), Insert("b|2", {"n": "1"}))
    found = [each async for page in storage.tables.scan(table, "q", RowKey="b|2") for each in page]
    assert [(partition, row.key, dict(row.values)) for partition, row in found] == [("q", "b|2", {"n": "1"})]
    assert [page async for page in storage.tables.scan("t" + table)][-1] == []


async def test_the_service_tells_its_time_to_the_end_of_its_second(storage: Storage, table: str) -> None:
    before = int(time.time() * 1000)
    assert before - 1000 <= await storage.tables.service_time() <= int(time.time() * 1000) + 1000
