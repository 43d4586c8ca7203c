"""The rooms of the relay: which may import which, and that no imports run in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter

import pytest

from relay.config.settings import APP_FOLDER

LEAVES = {"errors", "clock", "spelling", "sdk", "backoff", "attachments", "metrics", "frozen"}
"""They import nothing of the relay."""

MAY_IMPORT = {
    "messages": {"errors"},
    "outgoing": {"attachments", "messages", "signals"},
    "signals": {"messages"},
    "keys": {"clock", "messages"},
    "texts": {"clock", "config.table"},
    "signature": {"errors"},
    "failures": {"keys", "messages"},
    "spans": {"keys", "messages"},
    "config": {"attachments", "errors", "spelling", "texts"},
    "telemetry": {"config"},
    "media_ports": {"attachments", "config"},
    "model_ports": {"config"},
    "storage_ports": {"messages"},
    "ports": {"attachments", "media_ports", "model_ports", "outgoing", "signals", "storage_ports"},
    "outbox": {"backoff", "clock", "errors", "failures", "messages", "storage_ports"},
    "storage": {"backoff", "config", "errors", "messages", "sdk", "spans", "storage_ports"},
    "memory": {
        "clock",
        "config",
        "errors",
        "frozen",
        "keys",
        "messages",
        "outgoing",
        "ports",
        "spans",
        "spelling",
    },
    "im": {"attachments", "errors", "messages", "outgoing", "ports", "sdk", "signals", "signature", "spans"},
    # The identity of the app opens storage and Azure OpenAI alike.
    "model": {
        *("backoff", "config", "errors", "metrics", "ports", "sdk", "spans", "spelling"),
        "storage.credential",
    },
    "media": {"attachments", "config", "errors", "ports"},
    "tools": {"config", "errors", "im.uploads", "outgoing", "ports", "spelling"},
    "inbound": {
        "attachments",
        "clock",
        "config",
        "errors",
        "keys",
        "messages",
        "metrics",
        "ports",
        "signature",
        "spans",
        "spelling",
    },
    "turn": {
        *(
            "attachments",
            "clock",
            "config",
            "errors",
            "frozen",
            "failures",
            "keys",
            "messages",
            "metrics",
            "outbox",
            "ports",
            "signals",
            "spans",
            "spelling",
        ),
        *("im.fences", "im.plain_text", "im.split", "im.uploads", "memory", "outgoing", "texts", "tools"),
    },
    "sweep": {"errors", "failures", "keys", "memory", "messages", "outbox", "ports"},
    "answering": {
        *("clock", "config", "errors", "messages", "outbox", "ports", "sweep"),
        *("im", "media", "memory", "model", "storage.credential", "tools", "turn"),
    },
    "app": {
        *("answering", "clock", "config", "errors", "messages", "metrics", "outbox", "ports", "sdk", "spans"),
        *("inbound", "model.endpoints", "storage", "telemetry", "tools", "turn.timing"),
    },
    "__main__": {"operations"},
}
"""Room or module → what it may import. ``operations`` may import everything, and nothing but the command line it."""

ROOMS = sorted(path.parent.name for path in (APP_FOLDER / "relay").glob("*/__init__.py"))


def modules(package: str) -> dict[str, ast.Module]:
    """Every module of a package by its dotted name; a package itself by that of its folder."""
    found = {}
    for path in sorted((APP_FOLDER / package).rglob("*.py")):
        parts = path.relative_to(APP_FOLDER).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imports(tree: ast.Module, known: dict[str, ast.Module]) -> Iterator[str]:
    """The modules among the known ones that a module names in its imports, those inside of functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in known else node.module for name in inner)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("package", ["relay", "playground"])
def test_no_imports_run_in_a_circle(package: str) -> None:
    known = modules(package)
    graph = {
        name: {other for other in imports(tree, known) if other in known} for name, tree in known.items()
    }
    # A package that names its own modules is their door, not one of their circle.
    doors = {
        name: others - {other for other in others if other.startswith(f"{name}.")}
        for name, others in graph.items()
    }
    assert [*TopologicalSorter(doors).static_order()]


def test_each_room_imports_only_what_it_may() -> None:
    known = modules("relay")
    wrong = []
    for name, tree in known.items():
        inside = name.removeprefix("relay.")
        room = inside.partition(".")[0]
        if name == "relay" or room == "operations":
            continue
        for other in imports(tree, known):
            target = other.removeprefix("relay.")
            if not other.startswith("relay.") or target.partition(".")[0] == room:
                continue
            allowed = set() if room in LEAVES else MAY_IMPORT[room]
            if target not in allowed and target.partition(".")[0] not in allowed:
                wrong.append(f"{name} imports {other}")
    assert wrong == []


def test_what_may_be_imported_is() -> None:
    known = modules("relay")
    used: dict[str, set[str]] = {}
    for name, tree in known.items():
        room = name.removeprefix("relay.").partition(".")[0]
        used.setdefault(room, set()).update(other.removeprefix("relay.") for other in imports(tree, known))
    unused = [
        f"{room} → {target}"
        for room, targets in MAY_IMPORT.items()
        for target in targets
        if not any(other == target or other.startswith(f"{target}.") for other in used[room])
    ]
    assert unused == []


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_says_what_it_must_not_know(room: str) -> None:
    said = ast.get_docstring(
        ast.parse((APP_FOLDER / "relay" / room / "__init__.py").read_text(encoding="utf-8"))
    )
    assert said is not None
    if room != "operations":
        assert "Must not know" in said
    assert "enter" in said
    assert "leave" in said


def test_the_http_path_is_not_led_through_what_people_run() -> None:
    known = modules("relay")
    assert [
        name
        for name, tree in known.items()
        for other in imports(tree, known)
        if other.startswith("relay.operations")
        and not name.startswith(("relay.operations", "relay.__main__"))
    ] == []


def test_a_module_fits_on_a_few_screens() -> None:
    long = {
        path.relative_to(APP_FOLDER).as_posix(): lines
        for path in (APP_FOLDER / "relay").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 350
    }
    assert long == {}
