"""The model, and that somebody hears of what goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from relay.config.settings import APP_FOLDER
from relay.telemetry import ENABLE_SETTING, LINES_OF
from tests.infra.checks.registry import check
from tests.infra.templates import Templates, log_alerts, of_type, query_of, scope_of, settings_of, the

EVERY_SPAN = "always_on"
"""Known to the worker's exporter and not to the host's, which keeps to its own limit."""

INSTRUMENTATIONS = {
    *("azure_sdk", "django", "fastapi", "flask", "httpx"),
    *("httpx2", "psycopg2", "requests", "urllib", "urllib3"),
}
"""Of the worker's exporter; ``tests/worker/test_telemetry.py`` compares them with the library's own list."""

HOST_TABLES = re.compile(r"\b(AppRequests|AppDependencies|FunctionAppLogs|requests|traces)\b")
"""What the host may stop writing in OpenTelemetry mode, and names that a workspace does not have."""


SECONDS_OF_A_DAY = 24 * 60 * 60
BYTES_OF_A_ROW = 1_400
"""What a row of Application Insights takes, more or less."""

CAP_REACHED = "_LogOperation | where Category =~ 'Ingestion' | where Detail contains 'OverQuota'"

PRICE_OF_A_QUERY = {"PT5M": 1.50, "PT15M": 0.50}
PRICE_OF_A_METRIC = 0.10
"""USD a month for an alert, by how often it is asked."""


@check
def the_model_can_be_deployed_and_asked(templates: Templates) -> Iterator[str]:
    template = dict(templates.nested())["openAi"]
    copy = template["resources"]["deployments"].get("copy", {})
    if (copy.get("mode"), copy.get("batchSize")) != ("serial", 1):
        yield "deployments are made side by side, which Azure refuses"
    for resources in (templates.first_try, templates.prod):
        account = the(resources, "CognitiveServices/accounts")
        if account["properties"].get("customSubDomainName") != account["name"]:
            yield "without a subdomain of its own, the resource takes no Entra tokens"
        (policy,) = of_type(resources, "CognitiveServices/accounts/raiPolicies")
        filters = {
            (f["name"], f["source"]) for f in policy["properties"]["contentFilters"] if f.get("blocking")
        }
        for kind in ("Hate", "Sexual", "Selfharm", "Violence"):
            if not {(kind, "Prompt"), (kind, "Completion")} <= filters:
                yield f"{kind} passes the content filter"
        deployments = of_type(resources, "CognitiveServices/accounts/deployments")
        for deployment in deployments:
            if deployment["properties"].get("raiPolicyName") != policy["name"].rsplit("/")[-1]:
                yield "a deployment has another content filter"
        names = [deployment["name"].rsplit("/")[-1] for deployment in deployments]
        if settings_of(resources).get("AZURE_OPENAI_DEPLOYMENT") not in names:
            yield "AZURE_OPENAI_DEPLOYMENT is none of the deployments"


@check
def what_goes_wrong_is_told(templates: Templates) -> Iterator[str]:
    resources = templates.first_try
    (group,) = of_type(resources, "Insights/actionGroups")
    if not group["properties"]["enabled"] or not group["properties"]["emailReceivers"]:
        yield "nobody gets the alerts"
    metrics = {
        alert["properties"]["criteria"]["allOf"][0]["metricName"]: alert["properties"]
        for alert in of_type(resources, "Insights/metricAlerts")
    }
    logs = log_alerts(resources)
    missing = {"Http5xx", "AzureOpenAIRequests"} - metrics.keys()
    missing |= {"oldest-message", "message-failed", "poison-stays", "turn-latency", "log-cap"} - logs.keys()
    yield from (f"no alert {name}" for name in sorted(missing))
    for name, alert in {**metrics, **logs}.items():
        actions = json.dumps(alert.get("actions"))
        if not alert.get("enabled") or group["id"] not in actions:
            yield f"the alert {name} reaches nobody"
    for name, alert in logs.items():
        if HOST_TABLES.search(query_of(alert)):
            yield f"the alert {name} rests on what the host may not write"
    written = "".join(path.read_text(encoding="utf-8") for path in (APP_FOLDER / "relay").rglob("*.py"))
    read = re.findall(r"\w+_ms=|turn done", query_of(logs["turn-latency"]))
    yield from (f"the relay does not write {words}" for words in read if words not in written)
    if not of_type(resources, "Consumption/budgets"):
        yield "no budget"


@check
def message_copy_does_not_fill_the_log(templates: Templates) -> Iterator[str]:
    deploy = (APP_FOLDER / "docs" / "deploy.md").read_text(encoding="utf-8")
    for resources in (templates.first_try, templates.prod):
        settings = settings_of(resources)
        limit = settings.get("AzureMonitorExporter__TracesPerSecond", "inf")
        # Where the host's exporter knows the sampler, that one counts (DefaultAzureMonitorExporterOptions.cs).
        if settings.get("OTEL_TRACES_SAMPLER") == "microsoft.rate_limited":
            limit = settings.get("OTEL_TRACES_SAMPLER_ARG", limit)
        elif settings.get("OTEL_TRACES_SAMPLER") != EVERY_SPAN:
            yield "as many requests are logged as messages come"
        requests = float(limit) * SECONDS_OF_A_DAY
        gigabytes = requests * BYTES_OF_A_ROW / 1e9
        cap = the(resources, "OperationalInsights/workspaces")["properties"]["workspaceCapping"][
            "dailyQuotaGb"
        ]
        if gigabytes > cap / 8:
            yield f"the requests of one instance take {gigabytes:.2f} GB a day of a cap of {cap} GB"
        elif f"{gigabytes:.2f} GB a day" not in deploy:
            yield f"the documents do not say that an instance logs {gigabytes:.2f} GB a day at most"
        # Else a line of a request that is not logged is not logged either.
        if settings.get("AzureMonitorExporter__EnableTraceBasedLogsSampler") != "false":
            yield "the lines that the alerts read are sampled"


@check
def telemetry_of_the_worker_arrives_once_and_holds_nothing_private(templates: Templates) -> Iterator[str]:
    settings = settings_of(templates.prod)
    if settings.get(ENABLE_SETTING) != "true" or ENABLE_SETTING in settings_of(templates.first_try):
        yield "the worker's telemetry is on in a first try, or off in production"
    if settings.get("OTEL_TRACES_SAMPLER") != EVERY_SPAN or "OTEL_TRACES_SAMPLER_ARG" in settings:
        yield "spans of turns are left out"
    if settings.get("PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME") != LINES_OF:
        yield "lines are sent that are not the relay's"
    if set(settings.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")) != INSTRUMENTATIONS:
        yield "calls are spans twice, with their URLs"
    scale = the(templates.prod, "Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    if "http" not in {group["name"] for group in scale["alwaysReady"]}:
        yield "the door starts later, and none is kept open"
    for kind in ("STATSBEAT_DISABLED_ALL", "CONTROLPLANE_DISABLED"):
        if settings.get(f"APPLICATIONINSIGHTS_{kind}") != "true":
            yield f"the exporter speaks to others than this deployment: {kind}"


@check
def the_documents_tell_each_alert_and_what_all_of_them_cost(templates: Templates) -> Iterator[str]:
    deploy = (APP_FOLDER / "docs" / "deploy.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"^\| Alerts \(.*\) \| (\d+) \|", deploy, re.MULTILINE)
    queries = log_alerts(templates.first_try).values()
    price = sum(PRICE_OF_A_QUERY[alert["evaluationFrequency"]] for alert in queries)
    price += PRICE_OF_A_METRIC * len(of_type(templates.first_try, "Insights/metricAlerts"))
    if round(price) != int(told):
        yield f"alerts cost {price:.2f} a month, and the documents say {told}"
    kinds = ("Insights/scheduledQueryRules", "Insights/metricAlerts", "Consumption/budgets")
    made = sum(len(of_type(templates.first_try, kind)) for kind in kinds)
    (named,) = re.findall(r"^\| \w+ alerts by e-mail \| (.*) \|$", deploy, re.MULTILINE)
    if made != len(named.split("; ")):
        yield f"{made} alerts are made, and the documents name {len(named.split('; '))}"


@check
def the_cap_itself_is_told(templates: Templates) -> Iterator[str]:
    alert = log_alerts(templates.first_try)["log-cap"]
    # Microsoft's own query for this alert (azure-monitor/logs/daily-cap); the table behind it is not capped.
    lines = [line for line in query_of(alert).splitlines() if not line.startswith("//")]
    if " ".join(lines).split() != CAP_REACHED.split():
        yield "the alert log-cap does not look at what Azure writes when the cap is reached"
    if alert["windowSize"] != "P1D":
        yield "the alert log-cap says that all is well while nothing is stored"


@check
def a_poison_message_is_told_only_when_it_stays(templates: Templates) -> Iterator[str]:
    source = (APP_FOLDER / "function_app.py").read_text(encoding="utf-8")
    (sweeps_every,) = map(int, re.findall(r'schedule="0 \*/(\d+) \* \* \* \*"', source))
    query = query_of(log_alerts(templates.first_try)["poison-stays"])
    waits = [int(minutes) for minutes in re.findall(r"TimeGenerated < ago\((\d+)m\)", query)]
    # The log of a deletion comes minutes late.
    if not waits or waits[0] < 3 * sweeps_every or "DeleteMessage" not in query:
        yield "the alert poison-stays does not wait for `sweep` to take the message out"


@check
def logs_are_kept_and_capped(templates: Templates) -> Iterator[str]:
    kept = {"Storage/storageAccounts/queueServices", "Storage/storageAccounts/tableServices"}
    kept |= {"KeyVault/vaults", "CognitiveServices/accounts"}
    for resources in (templates.first_try, templates.prod):
        workspace = the(resources, "OperationalInsights/workspaces")["properties"]
        if workspace.get("workspaceCapping", {}).get("dailyQuotaGb", 0) < 1:
            yield "the workspace has no daily cap"
        logged = {scope_of(setting) for setting in of_type(resources, "Insights/diagnosticSettings")}
        yield from (f"no log of {kind}" for kind in kept - logged)
        if "WorkspaceResourceId" not in the(resources, "Insights/components")["properties"]:
            yield "Application Insights has no workspace"
    # The queue's alerts read these two.
    (queue_log,) = [
        setting
        for setting in of_type(templates.first_try, "Insights/diagnosticSettings")
        if scope_of(setting).endswith("queueServices")
    ]
    categories = {entry["category"] for entry in queue_log["properties"]["logs"] if entry["enabled"]}
    yield from (f"the queue's log lacks {name}" for name in {"StorageWrite", "StorageDelete"} - categories)
