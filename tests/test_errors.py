"""The tree of errors: every exception of the relay is in it, and its drawing is the tree."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

import pytest

from relay import errors
from relay.config.settings import APP_FOLDER

TREE = {name for name, value in vars(errors).items() if isinstance(value, type)}
BUILT_IN = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}


def exceptions_in(source: str) -> Iterator[str]:
    """The exception classes that a module defines, wherever in it: by the names of what they derive from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
            if bases & (TREE | BUILT_IN) or any(base.endswith(("Error", "Exception")) for base in bases):
                yield node.name


def drawn() -> Iterator[tuple[str, str]]:
    """Each error of the drawing with the one above it."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        name = line.strip(" │├└─").partition(" ")[0]
        if name in TREE:
            depth = line.index(name) // 4 - 1
            yield name, above[depth - 1] if depth else "Exception"
            above[depth:] = [name]


def test_every_exception_is_defined_in_the_tree() -> None:
    elsewhere = [
        f"{path.name}: {name}"
        for path in sorted((APP_FOLDER / "relay").rglob("*.py"))
        if path.name != "errors.py"
        for name in exceptions_in(path.read_text(encoding="utf-8"))
    ]
    assert elsewhere == []


@pytest.mark.parametrize(
    "source",
    [
        "class Lost(Exception): ...",
        "class Lost(StorageError): ...",
        "class Lost(errors.ModelError): ...",
        "class Lost(httpx2.RequestError): ...",
        "class Lost(Generic[T], TimeoutError): ...",
        "def f():\n    class Lost(Mapping, azure.core.exceptions.AzureError): ...",
    ],
)
def test_an_exception_is_known_by_what_it_derives_from(source: str) -> None:
    assert list(exceptions_in(source)) == ["Lost"]


def test_every_error_derives_from_one_of_the_tree_as_it_is_drawn() -> None:
    real = {name: getattr(errors, name).__base__.__name__ for name in TREE}
    assert dict(drawn()) == real
    assert [name for name, above in real.items() if above not in TREE] == ["RelayError"]


def test_every_error_that_is_raised_tells_by_whom() -> None:
    raised = TREE - {"RelayError", "StorageError", "ModelError", "ImError", "MediumError"}
    assert [name for name in raised if "raise" not in getattr(errors, name).__doc__] == []
