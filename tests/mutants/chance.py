"""Mistakes that nobody chose: places in the core modules where one token is changed, drawn by a seed.

Changed are comparisons, ``and`` and ``or``, ``not``, numbers, truth values and arithmetic; and whole calls whose result
nobody uses are left out. Logs, spans, docstrings, annotations and the texts of errors are not: tests need not notice
them.
"""

from __future__ import annotations

import ast
import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutants.mutant import FOLDER, ROOT

CORE = {
    "relay/turn": ("tests/turn", "tests/test_outbox.py"),
    "relay/memory": ("tests/memory", "tests/turn", "tests/test_storage_calls.py", "tests/test_sweep.py"),
    "relay/model/chat.py": ("tests/model",),
    "relay/model/cooldowns.py": ("tests/model",),
    "relay/inbound/routing.py": ("tests/inbound",),
    "relay/inbound/webhook.py": ("tests/inbound",),
    "relay/outbox.py": ("tests/test_outbox.py", "tests/turn"),
    "relay/sweep.py": ("tests/test_sweep.py", "tests/turn/test_giving_up.py"),
    "relay/messages.py": ("tests/test_versions.py", "tests/turn", "tests/inbound"),
    "relay/keys.py": ("tests/test_clocks.py", "tests/memory", "tests/turn"),
    "relay/backoff.py": ("tests/test_backoff.py",),
}
"""Where mistakes are made, and the handler tests that are run first; the rest of :data:`BESIDE` follows."""

BESIDE = (
    *("tests/test_clocks.py", "tests/test_versions.py", "tests/test_sweep.py", "tests/test_spans.py"),
    *("tests/test_storage_calls.py", "tests/test_docs.py", "tests/exploration/test_exploration.py"),
)

UNNOTICED = FOLDER / "unnoticed.toml"

_SWAPS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
}

_UNNOTICED = ("log.", "spans.", "span.", "logging.")
"""How the source of a call begins that only tells what happens."""


@dataclass(frozen=True, slots=True)
class Change:
    """One mistake.

    Attributes:
        file: relative to the root.
        line, column: where, from 1 and from 0.
        start, end: the bytes of the file that are replaced.
        old, new: by what.
        source: the line as it stands.
    """

    file: str
    line: int
    column: int
    start: int
    end: int
    old: str
    new: str
    source: str

    @property
    def name(self) -> str:
        """Where it is."""
        return f"{self.file}:{self.line}"

    @property
    def breaks(self) -> str:
        """What it is."""
        return f"{self.old} → {self.new or 'nothing'}  in  {self.source}"

    def apply(self, tree: Path) -> None:
        """Make the mistake in a copy of the tree."""
        path = tree / self.file
        text = path.read_bytes()
        path.unlink()  # the trees share their files: a new one, as git makes it, changes no other tree
        path.write_bytes(text[: self.start] + self.new.encode() + text[self.end :])

    @property
    def changes_nothing(self) -> bool:
        """Whether somebody has shown that no test can notice it."""
        return (self.file, self.source, self.old, self.new) in _shown()

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests that may notice it, the likeliest first."""
        first = next(tests for where, tests in CORE.items() if self.file.startswith(where))
        return (*dict.fromkeys((*first, *BESIDE)),)


@cache
def _shown() -> frozenset[tuple[str, str, str, str]]:
    return frozenset((each["file"], each["source"], each["old"], each["new"]) for each in shown())


def shown() -> list[dict[str, str]]:
    """The changes of which ``unnoticed.toml`` says why they change nothing that is promised."""
    listed: list[dict[str, str]] = tomllib.loads(UNNOTICED.read_text(encoding="utf-8")).get("change", [])
    return listed


def draw(seed: int, count: int) -> list[Change]:
    """Some of the possible changes. A change of the sources elsewhere leaves the draw as it is."""

    def lot(change: Change) -> str:
        drawn = f"{seed}|{change.file}|{change.source}|{change.column}|{change.old}|{change.new}"
        return hashlib.sha256(drawn.encode()).hexdigest()

    return sorted(every_change(), key=lot)[:count]


def every_change() -> Iterator[Change]:
    """All changes of all core modules."""
    for where in CORE:
        path = ROOT / where
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield from changes_of(file.relative_to(ROOT).as_posix(), file.read_bytes())


def changes_of(file: str, text: bytes) -> Iterator[Change]:
    """All changes of one source."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def begin(node: ast.expr | ast.stmt) -> int:
        return starts[node.lineno - 1] + node.col_offset

    def end(node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.end_lineno - 1] + node.end_col_offset

    def change(start: int, stop: int, new: str) -> Change:
        line = text.count(b"\n", 0, start)
        old = " ".join(text[start:stop].decode().split())
        return Change(
            file, line + 1, start - starts[line], start, stop, old, new, lines[line].decode().strip()
        )

    def between(left: ast.expr, right: ast.expr, swap: tuple[str, str]) -> Change:
        start = text.index(swap[0].encode(), end(left), begin(right))
        return change(start, start + len(swap[0]), swap[1])

    for node in _meant(ast.parse(text)):
        match node:
            case ast.Compare():
                for left, operator, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    yield between(left, right, _SWAPS[type(operator)])
            case ast.BoolOp():
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield between(left, right, _SWAPS[type(node.op)])
            case ast.BinOp() if type(node.op) in _SWAPS:
                yield between(node.left, node.right, _SWAPS[type(node.op)])
            case ast.UnaryOp(op=ast.Not()):
                yield change(begin(node), begin(node.operand), "")
            case ast.Constant(value=bool() as value):
                yield change(begin(node), end(node), str(not value))
            case ast.Constant(value=int() | float() as value):
                yield change(begin(node), end(node), str(value * 2 + 1))
            case ast.Expr(value=ast.Await(value=ast.Call()) | ast.Call()):
                yield change(begin(node), end(node), "pass")


def _meant(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes whose change a test should notice."""
    match node:
        case ast.Raise() | ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return
        case ast.Expr() if _only_tells(node):
            return
        case ast.With() if _only_tells(node):
            inner: list[ast.AST] = [*node.body]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            inner = [*node.body]
        case ast.AnnAssign():
            inner = [node.value] if node.value is not None else []
        case _:
            inner = [*ast.iter_child_nodes(node)]
    yield node
    for child in inner:
        yield from _meant(child)


def _only_tells(node: ast.Expr | ast.With) -> bool:
    source = ast.unparse(node).removeprefix("with ").removeprefix("await ")
    return source.startswith(_UNNOTICED)
