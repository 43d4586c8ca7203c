"""The Bicep CLI of this machine. Standard library only."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HOW_TO_GET_IT = "needs the Bicep CLI: `az bicep install`, or https://aka.ms/bicep-install"


def find_bicep() -> Path | None:
    """The one on PATH, else the one that ``az bicep install`` puts into the home folder."""
    found = shutil.which("bicep")
    if found:
        return Path(found)
    of_az = Path.home() / ".azure" / "bin" / ("bicep.exe" if sys.platform == "win32" else "bicep")
    return of_az if of_az.is_file() else None
