"""What a suspended coroutine still knows: the values in its frames, and in those of what it waits for."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import functools
import gc
import operator
import re
import types
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any


class Name(str):
    """A name that was made on the way: that of a lease's owner, an etag, a queue message's id or receipt."""


_NAMES = re.compile(r'((?:\b(?:id|pop|name)-|W/")\d+\b)')
_ATOMS = frozenset({bool, int, float, bytes, type(None), type(...), type(NotImplemented)})
_NAMED = (
    type,
    types.BuiltinFunctionType,
    types.CodeType,
    types.MethodDescriptorType,
    types.ModuleType,
    types.WrapperDescriptorType,
)
_SUSPENDED = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)
_ITERABLES: tuple[Iterable[Any], ...] = ([], (), {}, {}.values(), {}.items(), set(), range(1))
_ITERATORS = tuple(type(iter(each)) for each in _ITERABLES)

_HOLDERS = frozenset({"cell", "zip", "map", "filter", "async_generator_asend", "async_generator_athrow"})
"""Names of types that know nothing beside what the garbage collector finds in them."""


def pieces(text: str) -> tuple[str, ...]:
    """A text, cut where it has names."""
    return tuple(Name(each) if number % 2 else each for number, each in enumerate(_NAMES.split(text)))


_pieces = functools.lru_cache(100_000)(pieces)
"""For the texts that turns know, the same ones in most states. A whole state is another text each time."""


class Memory:
    """Reads what coroutines know.

    Frozen dataclasses are read once: what they hold does not change.

    Args:
        outside: types whose instances count as one each, whatever they hold.
    """

    def __init__(self, outside: Collection[type]) -> None:
        self._outside = outside
        self._read: dict[int, tuple[Any, list[Any]]] = {}

    def of(self, root: Any) -> list[Any]:
        """Hashes of all values that can be reached from ``root``, equal for equal values; names stand between them.

        Raises:
            TypeError: something of a type whose values are not known here.
        """
        found: list[Any] = []
        self._add(root, {}, found)
        return list(_hashed(found))

    def _add(self, value: Any, known: dict[int, float], found: list[Any]) -> None:
        kind = type(value)
        if kind is str:
            found.extend(_pieces(value))
        elif kind in _ATOMS:
            found.append(value)
        elif kind in self._outside:
            found.append(kind)
        elif id(value) in self._read:
            found.extend(self._read[id(value)][1])
        elif _is_frozen(kind):  # type: ignore[arg-type]
            of_itself: list[Any] = [kind]
            for name in _fields(kind):  # type: ignore[arg-type]
                self._add(getattr(value, name), {}, of_itself)
            self._read[id(value)] = value, list(_hashed(of_itself))
            found.extend(self._read[id(value)][1])
        elif (number := known.get(id(value))) is not None:
            found.append(number)
        else:
            known[id(value)] = len(known) + 0.5  # no whole number: those are values
            found.append(kind)
            for part in _parts(value, kind):
                self._add(part, known, found)


def types_in(root: Any, package: str, beside: Collection[type]) -> set[type]:
    """The classes of a package of which an instance can be reached from ``root``, and not through ``beside``."""
    met: set[type] = set()
    known: dict[int, Any] = {}
    left = [root]
    while left:
        value = left.pop()
        kind = type(value)
        if kind in _ATOMS or kind is str or kind in beside or id(value) in known:
            continue
        known[id(value)] = value
        if kind.__module__.startswith(f"{package}."):
            met.add(kind)
        with contextlib.suppress(TypeError):
            left.extend(_parts(value, kind))
    return met


def _hashed(found: list[Any]) -> Iterator[Any]:
    """The names, and one hash for all that stands between two of them."""
    between: list[Any] = []
    for each in found:
        if each.__class__ is Name:
            yield hash(tuple(between))
            yield each
            between.clear()
        else:
            between.append(each)
    yield hash(tuple(between))


@functools.cache
def _is_frozen(kind: Any) -> bool:
    return bool("__dataclass_params__" in kind.__dict__ and kind.__dataclass_params__.frozen)


@functools.cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _parts(value: Any, kind: type) -> Iterable[Any]:
    if kind in (tuple, list, deque):
        return (*value, len(value))
    if kind is dict:
        return (*value, *value.values(), len(value))
    if kind in (set, frozenset):
        return (hash(frozenset(value)),)
    if isinstance(value, _SUSPENDED):
        return _frame(value)
    if isinstance(value, enum.Enum):
        return (value.name,)
    if isinstance(value, types.FunctionType):
        return (value.__qualname__, *(value.__closure__ or ()))
    if isinstance(value, _NAMED):
        return (getattr(value, "__qualname__", None) or value.__name__,)  # type: ignore[union-attr]
    if isinstance(value, types.MethodType):
        return (value.__func__, value.__self__)
    if kind.__name__ in _HOLDERS:
        return gc.get_referents(value)
    if isinstance(value, range):
        return (value.start, value.stop, value.step)
    if isinstance(value, _ITERATORS):
        return (operator.length_hint(value), *gc.get_referents(value))
    if isinstance(value, functools.partial):
        return (value.func, value.args, value.keywords)
    if isinstance(value, BaseException):
        return (value.args, vars(value))
    if hasattr(value, "__dict__") or hasattr(kind, "__slots__"):
        return _attributes(value, kind)
    raise TypeError(f"the state of {kind.__qualname__} is not known")


def _attributes(value: Any, kind: type) -> list[Any]:
    found = [getattr(value, name, ...) for name in _slots(kind)]
    if hasattr(value, "__dict__"):
        found.append(vars(value))
    return found


@functools.cache
def _slots(kind: Any) -> tuple[str, ...]:
    of_bases = (base.__dict__.get("__slots__", ()) for base in kind.__mro__)
    names = (name for slots in of_bases for name in ((slots,) if isinstance(slots, str) else slots))
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def _frame(value: Any) -> Iterator[Any]:
    """Where it stands, its variables, and what lies on its stack: half of an expression, say."""
    frame, waits_for = _FRAME[type(value)](value)
    if frame is None:
        yield "ended"
        return
    yield frame.f_code.co_qualname
    yield frame.f_lasti
    yield " ".join(frame.f_locals)
    for each in gc.get_referents(value):
        if type(each) not in _CODE:
            yield each
    yield waits_for


_CODE = frozenset({types.FrameType, types.CodeType})
_FRAME: dict[type, Callable[[Any], tuple[types.FrameType | None, Any]]] = {
    types.CoroutineType: lambda it: (it.cr_frame, it.cr_await),
    types.GeneratorType: lambda it: (it.gi_frame, it.gi_yieldfrom),
    types.AsyncGeneratorType: lambda it: (it.ag_frame, it.ag_await),
}
