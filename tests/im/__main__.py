"""``python -m tests.im``: prints how every kind of message is written and read on the wire.

``--write`` puts it into docs/media.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.im.wire_table import table

DOCUMENT = Path(__file__).parents[2] / "docs" / "media.md"
BEGIN, END = "<!-- on the wire -->\n", "<!-- end of on the wire -->\n"


def in_document() -> str:
    """The table as it stands in the document."""
    return DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    """Print it, and write it where that is asked for."""
    text = table()
    print(text, end="")
    if "--write" in sys.argv:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        DOCUMENT.write_text(before + BEGIN + text + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
