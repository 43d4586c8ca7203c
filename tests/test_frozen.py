"""A frozen record with other values is what ``dataclasses.replace`` makes of it."""

from dataclasses import replace

from relay.frozen import replaced
from relay.memory.rows import Entry
from relay.ports import Row

WRITTEN = Entry(key="k", kind="text", state="waiting", sender="alice", text="hello", id="1")
READ = Entry.from_row(
    Row("k", {"kind": "text", "state": "waiting", "sender": "alice", "text": "hello", "id": "1"}, "")
)


def test_it_is_what_dataclasses_make_of_it() -> None:
    for record in (WRITTEN, READ):
        other = replaced(record, state="closed", parts=("one", "two"))
        same = replace(record, state="closed", parts=("one", "two"))
        assert other == same
        assert hash(other) == hash(same)
        assert type(other) is Entry


def test_the_record_itself_stays_as_it_was() -> None:
    before = replace(WRITTEN)
    replaced(WRITTEN, state="closed")
    assert before == WRITTEN
