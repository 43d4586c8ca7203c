"""What makes two suspended turns the same: all that can still matter, and nothing else."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.exploration.remembered import Memory, Name, pieces, types_in

Work = Coroutine[Any, Any, Any]


@types.coroutine
def stop(value: object = None) -> Generator[object, None, object]:
    yield None
    return value


def known(make: Callable[[], Work], steps: int = 1) -> list[Any]:
    """What a coroutine knows after some steps."""
    work = make()
    for _ in range(steps):
        work.send(None)
    try:
        return Memory(()).of(work)
    finally:
        work.close()


@dataclass
class Open:
    items: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fixed:
    text: str
    next: Fixed | None = None


async def holds(value: object) -> object:
    await stop()
    return value


async def adds(first: object, second: object) -> object:
    return (await stop(first), await stop(second))


async def counts(items: list[int]) -> None:
    for _ in items:
        await stop()


async def encloses(value: object) -> object:
    async def inner() -> object:
        await stop()
        return value

    return await inner()


@pytest.mark.parametrize("value", [1, "text", None, (1, "a"), {"a": [1]}, Open([1]), Fixed("a", Fixed("b"))])
def test_equal_values_are_the_same_wherever_they_lie(value: object) -> None:
    assert known(lambda: holds(value)) == known(lambda: holds(value))


def test_equal_objects_are_the_same() -> None:
    assert known(lambda: holds(Open([1, 2]))) == known(lambda: holds(Open([1, 2])))
    assert known(lambda: holds(Fixed("a"))) == known(lambda: holds(Fixed("a")))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        (1, "1"),
        ([1, 2], [2, 1]),
        ((1, 2), [1, 2]),
        (deque([1]), deque([2])),
        ({"a": 1}, {"a": 2}),
        (Open([1]), Open([1, 2])),
        (Fixed("a"), Fixed("b")),
        (Fixed("a", Fixed("b")), Fixed("a", Fixed("c"))),
        (ValueError("a"), ValueError("b")),
        (iter([1, 2]), iter([1])),
        (range(1), range(2)),
        (frozenset({1}), frozenset({2})),
    ],
)
def test_other_values_are_another_state(one: object, other: object) -> None:
    assert known(lambda: holds(one)) != known(lambda: holds(other))


def test_a_closure_counts() -> None:
    assert known(lambda: encloses("one")) != known(lambda: encloses("other"))
    assert known(lambda: encloses("one")) == known(lambda: encloses("one"))


def test_what_lies_on_the_stack_counts() -> None:
    """The first half of a pair is in no variable while the second is waited for."""
    assert known(lambda: adds("one", 1), 2) != known(lambda: adds("other", 1), 2)
    assert known(lambda: adds("one", 1), 2) == known(lambda: adds("one", 1), 2)


def test_how_far_it_is_counts() -> None:
    assert known(lambda: adds("one", 1), 1) != known(lambda: adds("one", 1), 2)
    assert known(lambda: counts([7, 7, 7]), 1) != known(lambda: counts([7, 7, 7]), 2)


def test_what_has_changed_since_is_read_again() -> None:
    kept = Open()
    work = holds(kept)
    work.send(None)
    memory = Memory(())
    before = memory.of(work)
    kept.items.append(1)
    assert memory.of(work) != before
    work.close()


def test_names_are_kept_apart() -> None:
    found = known(lambda: holds({"owner": "name-7", "receipt": 'of "id-3" and pop-4', "etag": 'W/"12"'}))
    assert [each for each in found if isinstance(each, Name)] == ["name-7", "id-3", "pop-4", 'W/"12']
    assert pieces("c:alice:1") == ("c:alice:1",)
    other = known(lambda: holds({"owner": "name-8", "receipt": 'of "id-3" and pop-4', "etag": 'W/"12"'}))
    assert [each for each in found if not isinstance(each, Name)] == [
        each for each in other if not isinstance(each, Name)
    ]


def test_what_is_outside_counts_as_its_type() -> None:
    one, other = holds(Open([1])), holds(Open([2]))
    one.send(None), other.send(None)
    assert Memory({Open}).of(one) == Memory({Open}).of(other)
    one.close(), other.close()


def test_a_type_that_is_not_known_is_an_error() -> None:
    with pytest.raises(TypeError, match="the state of enumerate is not known"):
        known(lambda: holds(enumerate("ab")))


def test_the_types_of_a_package_are_found() -> None:
    assert types_in([Open(), {"a": Fixed("b")}, stop], "tests", ()) == {Open, Fixed}
    assert types_in([Fixed("a", Fixed("b"))], "tests", {Fixed}) == set()
    assert types_in([Open()], "relay", ()) == set()
