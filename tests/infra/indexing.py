"""The functions of the app as the host learns them, from a process of their own: an app can be indexed only once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from relay.config.settings import APP_FOLDER

PROGRAM = """
import json, sys
import function_app
functions = {f.get_function_name(): json.loads(f.get_function_json()) for f in function_app.app.get_functions()}
print(json.dumps({"python": sys.version_info[:2], "functions": functions}))
"""


@cache
def indexed(python: Path = Path(sys.executable), folder: Path = APP_FOLDER) -> dict[str, Any]:
    """The version of Python that ran, and the functions by name, each as its ``function.json``."""
    example = json.loads((APP_FOLDER / "local.settings.example.json").read_text(encoding="utf-8"))
    done = subprocess.run(
        [str(python), "-c", PROGRAM],
        cwd=folder,
        env={**os.environ, **example["Values"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode or done.stderr:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
