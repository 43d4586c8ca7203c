"""How the templates are written."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.infra.bicep import bicep
from tests.infra.checks.registry import check
from tests.infra.templates import Templates


@check
def compiles_and_lints_without_a_word(templates: Templates) -> Iterator[str]:
    yield from templates.warnings


@check
def is_formatted(templates: Templates) -> Iterator[str]:
    for name, source in templates.sources.items():
        if bicep().format(templates.folder / name) != source:
            yield f"{name}: run `bicep format`"


@check
def every_parameter_is_explained(templates: Templates) -> Iterator[str]:
    for name, template in [("main", templates.compiled), *templates.nested()]:
        for kind in ("parameters", "outputs"):
            for each, declared in template.get(kind, {}).items():
                if not declared.get("metadata", {}).get("description"):
                    yield f"{name}: {each} is not described"


@check
def everything_has_its_tags(templates: Templates) -> Iterator[str]:
    for resource in templates.first_try:
        if "location" in resource and "azd-env-name" not in resource.get("tags", {}):
            yield f"{resource['type']} has no tags"


@check
def the_committed_snapshots_are_what_is_made(templates: Templates) -> Iterator[str]:
    for name, snapshot in templates.snapshots.items():
        committed = (templates.folder / f"{name}.snapshot.json").read_text(encoding="utf-8")
        if snapshot != json.loads(committed):
            yield f"{name}.snapshot.json: look at the change, then run python3 -m tests.infra.snapshots"
