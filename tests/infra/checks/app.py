"""The function app: its plan, how it scales, and that templates and code mean the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from relay.config.settings import APP_FOLDER, SETTING_NAMES, load_settings
from relay.errors import ConfigError
from relay.keys import LEASE_TABLE
from relay.outbox import FAILED, POISON, TURNS
from tests.infra.checks.registry import check
from tests.infra.indexing import indexed
from tests.infra.templates import Templates, concurrency_of, log_alerts, of_type, query_of, settings_of, the

HOST_SETTINGS = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__credential",
    "AzureFunctionsJobHost__extensions__queues__batchSize",
    "AzureFunctionsJobHost__extensions__queues__newBatchThreshold",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "AzureMonitorExporter__TracesPerSecond",
    "AzureMonitorExporter__EnableTraceBasedLogsSampler",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
}
"""Read by the function host and by Application Insights."""

WORKER_SETTINGS = {
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
    "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
}
"""Read by the worker and its exporter, where its telemetry is on."""

LEAST_MAXIMUM = 40
"""The smallest maximum of instances in most regions."""

FLEX_FORBIDS = re.compile(
    r"FUNCTIONS_WORKER_RUNTIME(_VERSION)?|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT|WEBSITE_.*"
    r"|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|TZ"
)


@check
def the_plan_is_flex_consumption_and_nothing_on_it_is_forbidden(templates: Templates) -> Iterator[str]:
    for resources in (templates.first_try, templates.prod):
        plan, site = the(resources, "Web/serverfarms"), the(resources, "Web/sites")["properties"]
        if plan["sku"] != {"name": "FC1", "tier": "FlexConsumption"} or not plan["properties"].get(
            "reserved"
        ):
            yield "the plan is not Flex Consumption on Linux"
        yield from (f"forbidden: {name}" for name in settings_of(resources) if FLEX_FORBIDS.fullmatch(name))
        for name in ("linuxFxVersion", "alwaysOn", "functionAppScaleLimit", "minimumElasticInstanceCount"):
            if name in site["siteConfig"]:
                yield f"forbidden: siteConfig.{name}"
        config = site["functionAppConfig"]
        if config["runtime"] != {"name": "python", "version": "3.13"}:
            yield "the runtime is not Python 3.13"
        if config["deployment"]["storage"]["authentication"]["type"] != "UserAssignedIdentity":
            yield "the package is not read with the identity"
        if config["scaleAndConcurrency"]["triggers"]["http"]["perInstanceConcurrency"] < 2:
            yield "an instance takes one request at a time"


@check
def what_is_kept_warm_is_the_door_before_all_else(templates: Templates) -> Iterator[str]:
    warm_in_prod = [("http", 1), ("function:answer", 1)]
    for resources, wanted in ((templates.first_try, []), (templates.prod, warm_in_prod)):
        scale = the(resources, "Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"]
        warm = [(group["name"], group["instanceCount"]) for group in scale["alwaysReady"]]
        if warm != wanted or not {name for name, _ in warm} <= _scaling_groups():
            yield f"always ready: {warm}"


def _scaling_groups() -> set[str]:
    """What Azure scales by itself: all functions with an HTTP trigger together, each other one alone."""
    return {
        "http"
        if any(binding["type"] == "httpTrigger" for binding in function["bindings"])
        else f"function:{name}"
        for name, function in indexed()["functions"].items()
    }


@check
def replies_stay_below_the_rate_of_the_im_app(templates: Templates) -> Iterator[str]:
    rate = templates.compiled["parameters"]["imCallsPerSecond"]["defaultValue"]
    for resources in (templates.first_try, templates.prod):
        instances, turns_on_each = concurrency_of(resources)
        if not 1 <= turns_on_each <= 32:
            yield f"an instance takes {turns_on_each} turns at a time"
        turns = instances * turns_on_each
        if turns > 2 * rate:  # a turn takes two seconds at least
            yield f"{turns} turns at a time, for {rate} calls per second"
        share = int(settings_of(resources)["IM_CALLS_PER_MINUTE"])
        if not 0 < share * instances <= 60 * rate:
            yield f"a share of {share} calls per minute on each of {instances} instances"


@check
def no_region_is_asked_for_less_than_it_takes(templates: Templates) -> Iterator[str]:
    for resources in (templates.first_try, templates.prod):
        instances, _ = concurrency_of(resources)
        if instances < LEAST_MAXIMUM:
            yield f"at most {instances} instances, which most regions refuse"


@check
def every_setting_that_the_code_reads_is_set_or_documented_and_no_other(
    templates: Templates,
) -> Iterator[str]:
    document = (APP_FOLDER / "docs" / "deploy.md").read_text(encoding="utf-8")
    (table,) = re.findall(
        r"^\| Not set by the templates \|.*\n\|[-|]+\n((?:\|.*\n)+)", document, re.MULTILINE
    )
    optional = set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines())))
    given = set(settings_of(templates.first_try))
    yield from (f"read, not set, not documented: {name}" for name in set(SETTING_NAMES) - given - optional)
    yield from (f"set, and documented as not set: {name}" for name in given & optional)
    yield from (f"set, and read by nobody: {name}" for name in given - set(SETTING_NAMES) - HOST_SETTINGS)
    yield from (f"the host needs {name}" for name in HOST_SETTINGS - given)
    with_telemetry = set(settings_of(templates.prod)) - given
    yield from (f"the worker's telemetry needs {name}" for name in WORKER_SETTINGS - with_telemetry)
    yield from (f"set in production, and read by nobody: {name}" for name in with_telemetry - WORKER_SETTINGS)


@check
def the_code_accepts_its_settings(templates: Templates) -> Iterator[str]:
    known = {
        "AzureWebJobsStorage__queueServiceUri": "https://stxz7pahkskqma4.queue.core.chinacloudapi.cn/",
        "AzureWebJobsStorage__tableServiceUri": "https://stxz7pahkskqma4.table.core.chinacloudapi.cn/",
        "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com/",
    }
    for resources in (templates.first_try, templates.prod):
        values = {
            name: known.get(name, "known-to-azure") if value.startswith("[") else value
            for name, value in settings_of(resources).items()
        }
        try:
            settings = load_settings(values)
        except ConfigError as error:
            yield str(error)
        else:
            if not settings.bots_file.is_file():
                yield f"there is no {settings.bots_file.name}"
        if values.get("AzureWebJobsStorage__credential") != "managedidentity":
            yield "the host looks for another identity"


@check
def queues_and_tables_have_the_names_that_the_code_uses(templates: Templates) -> Iterator[str]:
    resources = templates.first_try
    queues = {
        r["name"].rsplit("/")[-1] for r in of_type(resources, "Storage/storageAccounts/queueServices/queues")
    }
    if queues != {TURNS, POISON, FAILED}:
        yield f"queues {sorted(queues)}"
    table = the(resources, "Storage/storageAccounts/tableServices/tables")["name"].rsplit("/")[-1]
    if table != LEASE_TABLE:
        yield f"table {table}"
    triggers = json.dumps(indexed())
    if f'"queueName": "{TURNS}"' not in triggers:
        yield f"no function is triggered by {TURNS}"
    host = json.loads((APP_FOLDER / "host.json").read_text(encoding="utf-8"))
    if host["extensions"]["queues"]["messageEncoding"] != "none":
        yield "the host expects base64, and the code writes text"
    queues_of = {
        name: re.findall(r"'/([\w-]+)/messages'", query_of(alert))
        for name, alert in log_alerts(resources).items()
    }
    looks_at = {name: queues for name, queues in queues_of.items() if queues}
    if looks_at != {"oldest-message": [TURNS], "message-failed": [FAILED], "poison-stays": [POISON]}:
        yield f"alerts look at the queues {looks_at}"


@check
def azd_finds_its_service(templates: Templates) -> Iterator[str]:
    azure_yaml = (APP_FOLDER / "azure.yaml").read_text(encoding="utf-8")
    (service,) = re.findall(r"^services:\n  (\w+):", azure_yaml, re.MULTILINE)
    if the(templates.first_try, "Web/sites")["tags"].get("azd-service-name") != service:
        yield f"the site has not the tag azd-service-name={service}"
    if the(templates.first_try, "Resources/resourceGroups")["tags"].get("azd-env-name") != "try":
        yield "the resource group has not the tag azd-env-name"
