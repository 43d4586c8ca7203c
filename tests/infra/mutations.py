"""Templates broken on purpose, one mistake each: ``python3 -m tests.infra.mutations`` shows that its check sees it.

The committed snapshots see nearly everything. They only say that something is different, so they do not count here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.infra.bicep import BicepFailed
from tests.infra.checks import CHECKS
from tests.infra.templates import Templates

COMPILER = "compiles and lints without a word"
NOT_COUNTED = {"the committed snapshots are what is made", "is formatted"}


@dataclass(frozen=True, slots=True)
class Mutation:
    """A mistake.

    Attributes:
        title: what is wrong.
        file: in ``infra/``.
        old, new: the text that is there once, and what stands there instead.
    """

    title: str
    file: str
    old: str
    new: str

    def seen_by(self, check: str) -> str | None:
        """What this check has to say of it."""
        with TemporaryDirectory() as temporary:
            templates = Templates.changed(Path(temporary), self.file, self.old, self.new)
            try:
                return next(CHECKS[check](templates), None)
            except BicepFailed as refusal:
                if check != COMPILER:
                    raise
                # BCP104 only says that another file has errors.
                return next(line for line in str(refusal).splitlines() if "BCP104" not in line)
            except (ValueError, KeyError) as error:
                return f"what it looks at is gone ({type(error).__name__})"


NETWORK, ROLES, PRIVATE = "modules/network.bicep", "modules/roles.bicep", "private.bicepparam"
STORAGE, OPENAI, VAULT = "modules/storage.bicep", "modules/openai.bicep", "modules/keyvault.bicep"
LATENCY, POISON = "queries/turn-latency.kql", "queries/poison-stays.kql"
FAILED, CAP = "queries/message-failed.kql", "queries/log-cap.kql"
FUNCTION, ALERTS, MONITORING = "modules/function.bicep", "modules/alerts.bicep", "modules/monitoring.bicep"

MUTATIONS = {
    "the plan is flex consumption and nothing on it is forbidden": [
        Mutation(
            "a setting that Flex forbids",
            FUNCTION,
            "  IM_REGION: imRegion\n",
            "  IM_REGION: imRegion\n  FUNCTIONS_WORKER_RUNTIME: 'python'\n",
        ),
        Mutation("Python 3.12", FUNCTION, "version: '3.13'", "version: '3.12'"),
        Mutation(
            "one request at a time",
            "main.bicep",
            "param httpConcurrency int = 32",
            "param httpConcurrency int = 1",
        ),
    ],
    "what is kept warm is the door before all else": [
        Mutation(
            "a function that is not there is kept warm", FUNCTION, "'function:answer'", "'function:reply'"
        ),
        Mutation(
            "the door is no group that Azure keeps warm", FUNCTION, "name: 'http'", "name: 'function:webhook'"
        ),
        Mutation(
            "production lets the door go cold",
            "prod.bicepparam",
            "param alwaysReadyWebhook = 1\n",
            "param alwaysReadyWebhook = 0\n",
        ),
        Mutation(
            "a first try pays for instances that wait",
            "main.bicep",
            "param alwaysReadyWebhook int = 0",
            "param alwaysReadyWebhook int = 1",
        ),
    ],
    "replies stay below the rate of the im app": [
        Mutation(
            "each instance takes all calls for its own",
            FUNCTION,
            "string(imCallsPerSecond * 60 / instances)",
            "string(imCallsPerSecond * 60)",
        ),
        Mutation(
            "more turns than the IM app may send", FUNCTION, "var turnSeconds = 2", "var turnSeconds = 20"
        ),
    ],
    "no region is asked for less than it takes": [
        Mutation(
            "fewer instances than most regions take as a maximum",
            "main.bicep",
            "param maximumInstanceCount int = 40",
            "param maximumInstanceCount int = 12",
        ),
    ],
    "every setting that the code reads is set or documented and no other": [
        Mutation("a setting is misspelt", FUNCTION, "RELAY_BOTS_FILE:", "RELAY_BOT_FILE:"),
        Mutation("a setting is forgotten", "main.bicep", ", AZURE_OPENAI_DEPLOYMENT: models[0].name }", " }"),
        Mutation(
            "the host looks for the other identity",
            FUNCTION,
            "  AzureWebJobsStorage__credential: 'managedidentity'\n",
            "",
        ),
        Mutation(
            "the worker sends the lines of all libraries",
            FUNCTION,
            "      PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'relay'\n",
            "",
        ),
        Mutation(
            "a first try starts slowly",
            "main.bicep",
            "workerTelemetry bool = false",
            "workerTelemetry bool = true",
        ),
    ],
    "the code accepts its settings": [
        Mutation(
            "a bots file that is not there",
            "prod.bicepparam",
            "param alwaysReadyWebhook = 1\n",
            "param alwaysReadyWebhook = 1\nparam botsFile = 'bots.prod.toml'\n",
        ),
    ],
    "queues and tables have the names that the code uses": [
        Mutation("a queue is misspelt", STORAGE, "'relay-turns-poison'", "'relay-turn-poison'"),
        Mutation("the leases have another name", STORAGE, "'relayleases'", "'leases'"),
        Mutation(
            "an alert on another queue", POISON, "'/relay-turns-poison/messages'", "'/turns-poison/messages'"
        ),
        Mutation("failures are looked for where none is", FAILED, "/relay-failed/", "/relay-turns-poison/"),
        Mutation("there is no queue for failures", STORAGE, ", 'relay-failed'", ""),
    ],
    "azd finds its service": [
        Mutation(
            "azd does not find the service",
            FUNCTION,
            "'azd-service-name': 'relay'",
            "'azd-service-name': 'web'",
        ),
    ],
    COMPILER: [
        Mutation("no daily cap", MONITORING, "    workspaceCapping: { dailyQuotaGb: dailyCapGb }\n", ""),
        Mutation(
            "an output shows the secret",
            VAULT,
            "output name string = vault.name",
            "output name string = imAppSecret",
        ),
        Mutation(
            "the secret is an ordinary parameter",
            "main.bicep",
            "@secure()\n@minLength(8)\n",
            "@minLength(8)\n",
        ),
        Mutation(
            "the secret has a default",
            "main.bicep",
            "param imAppSecret string\n",
            "param imAppSecret string = 'changeme'\n",
        ),
        Mutation(
            "the secret is a plain setting",
            FUNCTION,
            "IM_APP_SECRET: imAppSecretReference",
            "IM_APP_SECRET: imAppKey",
        ),
        Mutation(
            "the hosts of media are forgotten", FUNCTION, "  IM_MEDIA_HOSTS: join(mediaHosts, ',')\n", ""
        ),
        Mutation("a property that is none", FUNCTION, "http20Enabled: true", "http2Enabled: true"),
        Mutation("the app is outside of its network", FUNCTION, "empty(subnetId) ? null : subnetId", "null"),
        Mutation(
            "a zone of one cloud alone",
            NETWORK,
            "privatelink.blob.${storageSuffix}",
            "privatelink.blob.core.windows.net",
        ),
        Mutation(
            "a key of a model server that is not used is kept",
            VAULT,
            "if (ownModel && !empty(modelKey)) {",
            "= {",
        ),
    ],
    "every parameter is explained": [
        Mutation("a parameter without a word", "main.bicep", "@description('App Key of the IM app.')\n", ""),
    ],
    "everything has its tags": [
        Mutation("a query has no tags", ALERTS, "\n    tags: tags\n", "\n"),
    ],
    "in a network of its own what is stored is reached privately and by nobody else": [
        Mutation("the private network is not asked for", PRIVATE, "param privateNetwork = true\n", ""),
        Mutation(
            "storage stays open beside its private endpoints",
            STORAGE,
            "defaultAction: closed ? 'Deny' : 'Allow'",
            "defaultAction: 'Allow'",
        ),
        Mutation(
            "the model stays open beside its private endpoint",
            OPENAI,
            "publicNetworkAccess: closed && empty(allowedAddresses) ? 'Disabled' : 'Enabled'",
            "publicNetworkAccess: 'Enabled'",
        ),
        Mutation(
            "queues have no private endpoint",
            NETWORK,
            "    { name: 'queue', service: 'queue', zones: ['privatelink.queue.${storageSuffix}'] }\n",
            "",
        ),
        Mutation(
            "the network does not see its private zones",
            NETWORK,
            "  for (zone, index) in zoneNames: {\n    parent: zones[index]",
            "  for (zone, index) in take(zoneNames, 1): {\n    parent: zones[index]",
        ),
    ],
    "the instances are in that network and leave it by one address": [
        Mutation(
            "a subnet that Flex Consumption refuses",
            NETWORK,
            "Microsoft.App/environments' }",
            "Microsoft.Web/serverFarms' }",
        ),
        Mutation("requests come from any address", NETWORK, "          natGateway: { id: gateway.id }\n", ""),
    ],
    "another cloud has no azure openai and no host of this one": [
        Mutation(
            "the key of the model server is a setting",
            "main.bicep",
            "RELAY_MODEL_KEY: vault.outputs.modelKeyReference",
            "RELAY_MODEL_KEY: modelKey",
        ),
        Mutation(
            "another cloud gets Azure OpenAI",
            "main.bicep",
            "var createsOpenAi = usesOpenAi && ",
            "var createsOpenAi = ",
        ),
    ],
    "each secret has its own place in every variant": [
        Mutation("two secrets in one place", VAULT, "'model-key'", "'im-app-secret'"),
    ],
    "the model can be deployed and asked": [
        Mutation(
            "no subdomain, so no Entra tokens",
            OPENAI,
            "    customSubDomainName: name // without it there are no Entra tokens\n",
            "",
        ),
        Mutation("deployments side by side", OPENAI, "@batchSize(1)\n", ""),
        Mutation("a deployment without the content filter", OPENAI, "      raiPolicyName: filter.name\n", ""),
        Mutation(
            "violence passes",
            OPENAI,
            "'Hate', 'Sexual', 'Selfharm', 'Violence'",
            "'Hate', 'Sexual', 'Selfharm'",
        ),
    ],
    "what goes wrong is told": [
        Mutation("an alert on a word that the relay does not write", LATENCY, "queued_ms=", "waited_ms="),
        Mutation("an alert without anybody", ALERTS, "      actions: { actionGroups: [mail.id] }\n", ""),
        Mutation("an alert on what the host may not write", LATENCY, "\nAppTraces\n", "\nAppRequests\n"),
    ],
    "message copy does not fill the log": [
        Mutation(
            "every execution is logged", FUNCTION, "'microsoft.rate_limited'", "'microsoft.fixed_percentage'"
        ),
        Mutation(
            "message copy fills the log",
            FUNCTION,
            "OTEL_TRACES_SAMPLER_ARG: '1'",
            "OTEL_TRACES_SAMPLER_ARG: '5'",
        ),
        Mutation(
            "lines go with the requests that are not logged",
            FUNCTION,
            "EnableTraceBasedLogsSampler: 'false'",
            "EnableTraceBasedLogsSampler: 'true'",
        ),
        Mutation(
            "every execution is logged, in production alone",
            FUNCTION,
            "AzureMonitorExporter__TracesPerSecond: '1'",
            "AzureMonitorExporter__TracesPerSecond: '100'",
        ),
    ],
    "telemetry of the worker arrives once and holds nothing private": [
        Mutation("most spans of a turn are left out", FUNCTION, "'always_on'", "'microsoft.rate_limited'"),
        Mutation("calls are spans twice, with their URLs", FUNCTION, "'azure_sdk,django,", "'django,"),
    ],
    "the documents tell each alert and what all of them cost": [
        Mutation(
            "an alert that is dearer than is told",
            ALERTS,
            "every: 'PT15M'\n    window: 'P1D'",
            "every: 'PT5M'\n    window: 'P1D'",
        ),
    ],
    "the cap itself is told": [
        Mutation("the cap is looked for in what is capped", CAP, "\n_LogOperation\n", "\nAppTraces\n"),
        Mutation("the cap has another name", CAP, "'OverQuota'", "'QuotaExceeded'"),
    ],
    "a poison message is told only when it stays": [
        Mutation("an alert before `sweep` has had its turn", POISON, "ago(20m)", "ago(2m)"),
    ],
    "logs are kept and capped": [
        Mutation(
            "the queue's log lacks deletions",
            STORAGE,
            "      { category: 'StorageWrite', enabled: true }\n      { category: 'StorageDelete', enabled: true }\n",
            "      { category: 'StorageWrite', enabled: true }\n",
        ),
    ],
    "there are no keys": [
        Mutation(
            "storage takes shared keys", STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"
        ),
        Mutation("telemetry without a token", MONITORING, "    DisableLocalAuth: true\n", ""),
        Mutation("the model takes keys", OPENAI, "disableLocalAuth: true", "disableLocalAuth: false"),
    ],
    "secrets stay secret": [
        Mutation(
            "the secret may be a short word",
            "main.bicep",
            "@minLength(8)\nparam imAppSecret ",
            "param imAppSecret ",
        ),
    ],
    "the app gets the secret from key vault": [
        Mutation(
            "references are read with no identity",
            FUNCTION,
            "    keyVaultReferenceIdentity: identityId\n",
            "",
        ),
    ],
    "everything is encrypted on its way": [
        Mutation("storage speaks TLS 1.0", STORAGE, "'TLS1_2'", "'TLS1_0'"),
        Mutation("the site is open to http", FUNCTION, "httpsOnly: true", "httpsOnly: false"),
        Mutation("FTP is on", FUNCTION, "ftpsState: 'Disabled'", "ftpsState: 'AllAllowed'"),
    ],
    "only what is documented is open to the public": [
        Mutation(
            "blobs may be public", STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true"
        ),
        Mutation("the package is public", STORAGE, "publicAccess: 'None'", "publicAccess: 'Blob'"),
    ],
    "each role is needed and no other is given": [
        Mutation(
            "the app may only read tables",
            STORAGE,
            "roles.queueContributor, roles.tableContributor], role",
            "roles.queueContributor, roles.tableReader], role",
        ),
        Mutation(
            "the app owns the storage account",
            ROLES,
            "'974c5e8b-45b9-4653-ba55-5f855dd0fb88'",
            "'8e3af657-a8ff-443c-a75c-2fe8c4bcb635'",
        ),
        Mutation(
            "a fresh identity is not found",
            MONITORING,
            "who: identityId, type: 'ServicePrincipal'",
            "who: identityId, type: ''",
        ),
    ],
    "roles are there before the site": [
        Mutation(
            "the app does not wait for its right to send telemetry",
            "main.bicep",
            "appInsightsConnectionString: monitoring.outputs.appInsightsConnectionString",
            "appInsightsConnectionString: imAppKey",
        ),
    ],
    "the vault is ruled by roles and production cannot be purged": [
        Mutation(
            "access policies instead of roles",
            VAULT,
            "enableRbacAuthorization: true",
            "enableRbacAuthorization: false",
        ),
        Mutation("production can be purged", "prod.bicepparam", "param vaultPurgeProtection = true\n", ""),
    ],
}
"""By the check that sees them."""


def main() -> int:
    """Print the table; the exit code is 0 when each mutation is seen by its check, and none without one."""
    missed, templates = 0, Templates()
    for check, mutations in MUTATIONS.items():
        if wrong := next(CHECKS[check](templates), None):
            print(f"already wrong: {check}: {wrong}")
            return 1
        print(check)
        for mutation in mutations:
            seen = mutation.seen_by(check)
            missed += seen is None
            print(f"  {mutation.title}: {seen or 'NOT SEEN'}")
    number = sum(map(len, MUTATIONS.values()))
    print(f"{number - missed} of {number} seen")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
