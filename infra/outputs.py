"""The outputs of a deployment, as JSON on standard input, become lines for a shell. Standard library only."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping


def exports(outputs: Mapping[str, Mapping[str, object]]) -> list[str]:
    """One ``export NAME=VALUE`` for each output; a list or an object stays JSON."""
    return [f"export {name}={shlex.quote(_text(output['value']))}" for name, output in outputs.items()]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    print(*exports(json.load(sys.stdin)), sep="\n")
