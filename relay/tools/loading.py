"""The users' file of tools, imported."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from relay.errors import ToolsBroken
from relay.tools.masking import without_secrets
from relay.tools.tool import Tool, marked, where

_MESSAGE_CHARS = 300

_loaded: set[str] = set()
"""Names of the modules that this one has made."""


def import_file(path: Path) -> ModuleType:
    """Run a file as the module of its name, so that ``import tools`` of a test means the same one.

    Its folder can be imported from afterwards. Takes as long as the users' imports do.

    Raises:
        ToolsBroken: it cannot be read, or fails.
    """
    name = path.stem
    there = sys.modules.get(name)
    if there is not None and Path(there.__file__ or "").resolve() == path.resolve():
        return there
    if there is not None and name not in _loaded:
        raise ToolsBroken([f"{path.name}: there is a module {name} already; give the file another name"])
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ToolsBroken([f"{path.name}: is no Python file; accepted: a name that ends in .py"])
    if (folder := str(path.parent)) not in sys.path:
        sys.path.append(folder)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    _loaded.add(name)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ToolsBroken([_told(error, path)]) from None
    return module


def tools_of(module: ModuleType) -> Iterator[Tool | ToolsBroken]:
    """The tools of a module, also those that it imports, and what is wrong with those that are none."""
    functions = {id(value): (value, mark) for value in vars(module).values() if (mark := marked(value))}
    for function, mark in functions.values():
        try:
            yield Tool.of(function, mark, where(function))
        except ToolsBroken as broken:
            yield broken


def _told(error: BaseException, path: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        file, line, message = Path(error.filename).name, error.lineno, error.msg
    else:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        file, line, message = path.name, frames[-1].lineno if frames else 1, str(error)
    return f"{file}:{line}: {type(error).__name__}: {' '.join(without_secrets(message).split())[:_MESSAGE_CHARS]}"
