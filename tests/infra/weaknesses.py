"""checkov on the templates: every finding is either mended, or explained beside its cause.

An explanation is a comment of the module: ``// checkov:skip=CKV_AZURE_17:why``. checkov cannot parse all of Bicep, so
it gets what the compiler makes of each module, and the comments are read here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playground.install import Environment, checkov
from tests.infra.bicep import bicep
from tests.infra.templates import Templates

Weakness = tuple[str, str]
"""A module and checkov's number."""


def explained(templates: Templates) -> set[Weakness]:
    """The findings that the modules explain."""
    return {
        (Path(name).stem, number)
        for name, source in templates.sources.items()
        for number in re.findall(r"^// checkov:skip=(\w+):.{10}", source, re.MULTILINE)
    }


def found(templates: Templates) -> set[Weakness]:
    """What checkov finds, in all modules, without the network."""
    with TemporaryDirectory() as temporary:
        for name in templates.sources:
            if name.startswith("modules/"):
                module, _ = bicep().compile(templates.folder / name)
                if isinstance(
                    module["resources"], dict
                ):  # the newer form of ARM JSON, which checkov does not read
                    module["resources"] = list(module["resources"].values())
                Path(temporary, f"{Path(name).stem}.json").write_text(json.dumps(module), encoding="utf-8")
        report = _run(Path(temporary))
    return {(Path(each["file_path"]).stem, each["check_id"]) for each in report["results"]["failed_checks"]}


def _run(folder: Path) -> dict[str, dict[str, list[dict[str, str]]]]:
    python = checkov(Environment()).python
    program = python.with_name("checkov.cmd" if sys.platform == "win32" else "checkov")
    done = subprocess.run(
        [str(python), str(program), "-d", str(folder), "--framework", "arm", "--skip-download", "-o", "json"],
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if not done.stdout.startswith("{"):
        raise RuntimeError(
            f"checkov says: {done.stderr.strip() or 'nothing'} (python3 dev.py test sets it up)"
        )
    report: dict[str, dict[str, list[dict[str, str]]]] = json.loads(done.stdout)
    return report
