"""The templates as Bicep sees them: compiled, and evaluated into the resources that Azure would make."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from relay.config.settings import APP_FOLDER
from tests.infra.bicep import INPUTS, bicep

INFRA = APP_FOLDER / "infra"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Templates:
    """``infra/``, or a copy of it. Everything is computed once, at first use; it raises BicepFailed."""

    folder: Path = INFRA

    @classmethod
    def changed(cls, folder: Path, file: str, old: str, new: str) -> Self:
        """A copy in ``folder``, with a text of one file replaced, which is there exactly once."""
        copy = Path(shutil.copytree(INFRA, folder / "infra"))
        source = (copy / file).read_text(encoding="utf-8")
        if source.count(old) != 1:
            raise ValueError(f"{old!r} is in {file} {source.count(old)} times")
        (copy / file).write_text(source.replace(old, new), encoding="utf-8")
        return cls(copy)

    @cached_property
    def sources(self) -> dict[str, str]:
        """Every Bicep file, by its path in the folder."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(self.folder.rglob("*.bicep*"))
            if path.suffix in (".bicep", ".bicepparam")
        }

    @cached_property
    def _compiled(self) -> tuple[dict[str, Any], list[str]]:
        return bicep().compile(self.folder / "main.bicep")

    @property
    def compiled(self) -> dict[str, Any]:
        """``main.bicep`` as ARM JSON, its modules nested in it."""
        return self._compiled[0]

    @property
    def warnings(self) -> list[str]:
        """What compiler and linter have to say; nothing is best."""
        return self._compiled[1]

    @cached_property
    def snapshots(self) -> dict[str, Any]:
        """What is committed for review, by parameter file."""
        return {path.stem: self._snapshot(path.stem) for path in sorted(self.folder.glob("*.bicepparam"))}

    @cached_property
    def first_try(self) -> list[Resource]:
        """The resources of ``main.bicepparam``."""
        return _made(self._snapshot("main"))

    @cached_property
    def prod(self) -> list[Resource]:
        """The resources of ``prod.bicepparam``."""
        return _made(self._snapshot("prod"))

    @cached_property
    def private(self) -> list[Resource]:
        """The resources of ``private.bicepparam``: production in a network of its own."""
        return _made(self._snapshot("private"))

    @cached_property
    def china(self) -> list[Resource]:
        """The resources of ``china.bicepparam``: another cloud, which has no Azure OpenAI."""
        return _made(self._snapshot("china"))

    def nested(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The compiled modules by their symbols in ``main.bicep``."""
        for symbol, resource in self.compiled["resources"].items():
            if resource["type"] == "Microsoft.Resources/deployments":
                yield symbol, resource["properties"]["template"]

    def _snapshot(self, name: str) -> dict[str, Any]:
        file = self.folder / f"{name}.bicepparam"
        return bicep().snapshot(file, SUBSCRIPTION, INPUTS["AZURE_LOCATION"])


def _made(snapshot: dict[str, Any]) -> list[Resource]:
    resources: list[Resource] = snapshot["predictedResources"]
    return resources


def of_type(resources: list[Resource], kind: str) -> list[Resource]:
    """The resources of a type, such as ``Web/sites``."""
    return [resource for resource in resources if resource["type"] == f"Microsoft.{kind}"]


def the(resources: list[Resource], kind: str) -> Resource:
    """The one resource of a type."""
    (found,) = of_type(resources, kind)
    return found


def settings_of(resources: list[Resource]) -> dict[str, str]:
    """The app settings; a value that only Azure knows is an expression in brackets."""
    settings = the(resources, "Web/sites")["properties"]["siteConfig"]["appSettings"]
    return {setting["name"]: setting["value"] for setting in settings}


def concurrency_of(resources: list[Resource]) -> tuple[int, int]:
    """How many instances there are at most, and how many turns each of them takes at a time."""
    scale = the(resources, "Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    prefix = "AzureFunctionsJobHost__extensions__queues__"
    batch, more = (int(settings_of(resources)[prefix + n]) for n in ("batchSize", "newBatchThreshold"))
    return scale["maximumInstanceCount"], batch + more


def scope_of(resource: Resource) -> str:
    """The type of what a role assignment or a diagnostic setting belongs to."""
    provider, *path = resource["id"].split("/providers/")[-2].split("/")
    return "/".join([provider.removeprefix("Microsoft."), *path[::2]])


def log_alerts(resources: list[Resource]) -> dict[str, Resource]:
    """The properties of the alerts that rest on a query, by their names."""
    alerts = [alert["properties"] for alert in of_type(resources, "Insights/scheduledQueryRules")]
    return {alert["displayName"]: alert for alert in alerts}


def query_of(alert: Resource) -> str:
    """The KQL of such an alert."""
    query: str = alert["criteria"]["allOf"][0]["query"]
    return query
