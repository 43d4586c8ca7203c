"""What Azure Resource Manager answers, and the directory: shapes of Azure's documents, as azure-cli 2.91 reads them."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.azure_cli.recorder import Answer, Asked
from tests.azure_cli.state import (
    APP,
    GROUP,
    IDENTITY,
    IN_GROUP,
    IN_SUBSCRIPTION,
    SITE,
    SUBSCRIPTION,
    TENANT,
    WHO,
    Azure,
    Routes,
    host_of,
    listed,
    refused,
)

ROUTES = Routes()


def outputs(url: str) -> dict[str, object]:
    """The outputs of the templates, with every host on loopback."""
    return {
        "resourceGroupName": GROUP,
        "functionAppName": APP,
        "webhookUrl": f"{url}/api/webhook",
        "storageAccountName": "strelay",
        "blobServiceUri": f"{url}/blobs/",
        "queueServiceUri": f"{url}/queues/",
        "tableServiceUri": f"{url}/tables/",
        "keyVaultName": "kv-relay",
        "openAiEndpoint": url,
        "openAiDeployment": "chat",
        "botsFile": "bots.toml",
        "imRegion": "overseas",
        "imApiVersion": "v2",
        "workerTelemetry": False,
        "modelUrl": "",
        "modelName": "",
        "outboundAddress": "",
    }


# ---------------------------------------------------------------- the cloud, the identity, the subscription


@ROUTES.on("GET", "/metadata/endpoints")
def _cloud(azure: Azure, asked: Asked) -> Answer:
    host = host_of(asked)
    return Answer(
        body={
            "name": "Loopback",
            "resourceManager": host,
            "authentication": {
                "loginEndpoint": host,
                "audiences": [host],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "graph": host,
            "microsoftGraphResourceId": host,
            "portal": host,
            "appServiceResourceId": "https://appservice.azure.com",
            "suffixes": {"storage": "invalid", "keyVaultDns": "vault.invalid"},
        }
    )


@ROUTES.on("GET", "/msi/token")
def _token(azure: Azure, asked: Asked) -> Answer:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    in_a_day = 4_102_444_800  # the year 2100
    claims = {"tid": TENANT, "oid": WHO, "exp": in_a_day}
    token = f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.{part({})}"
    resource = asked.query["resource"]
    return Answer(
        body={
            "access_token": token,
            "expires_on": str(in_a_day),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


@ROUTES.on("GET", "/tenants")
def _tenants(azure: Azure, asked: Asked) -> Answer:
    return listed({"id": f"/tenants/{TENANT}", "tenantId": TENANT})


@ROUTES.on("GET", "/subscriptions")
def _subscriptions(azure: Azure, asked: Asked) -> Answer:
    return listed(
        {
            "id": IN_SUBSCRIPTION,
            "subscriptionId": SUBSCRIPTION,
            "tenantId": TENANT,
            "displayName": "loopback",
            "state": "Enabled",
        }
    )


@ROUTES.on("GET", r"/v1\.0/me")
def _me(azure: Azure, asked: Asked) -> Answer:
    return Answer(body={"id": WHO})


@ROUTES.on("GET", r"/v1\.0/servicePrincipals")
def _nobody_of_that_name(azure: Azure, asked: Asked) -> Answer:
    return listed()


@ROUTES.on("POST", r"/v1\.0/directoryObjects/getByIds")
def _identities(azure: Azure, asked: Asked) -> Answer:
    kind = "#microsoft.graph.servicePrincipal"
    return listed(*({"id": each, "@odata.type": kind, "displayName": "id"} for each in asked.content["ids"]))


# ---------------------------------------------------------------- what is in the group, and how it goes

OUTSIDE = (
    f"{IN_SUBSCRIPTION}/resourceGroups/models/providers/Microsoft.CognitiveServices/accounts/ours"
    "/providers/Microsoft.Authorization/roleAssignments/55555555-5555-5555-5555-555555555555"
)


@ROUTES.on("GET", f"{IN_SUBSCRIPTION}/resourcegroups/{GROUP}")
def _group(azure: Azure, asked: Asked) -> Answer:
    return Answer(
        body={
            "id": IN_GROUP,
            "name": GROUP,
            "location": "eastus2",
            "tags": {"azd-env-name": "try", "workload": "relay"},
        }
    )


@ROUTES.on("GET", rf"{IN_GROUP}/providers/Microsoft\.Consumption/budgets")
def _budgets(azure: Azure, asked: Asked) -> Answer:
    budgets = {"somebody-else": "2020-01-01T00:00:00Z", "budget-relay-try": azure.budget}
    return listed(
        *(
            {"name": name, "properties": {"timePeriod": {"startDate": began}}}
            for name, began in budgets.items()
            if began
        )
    )


@ROUTES.on("GET", f"{IN_SUBSCRIPTION}/resources")
def _resources(azure: Azure, asked: Asked) -> Answer:
    return listed({"id": SITE, "name": APP, "type": "Microsoft.Web/sites", "location": "eastus2"})


@ROUTES.on("GET", rf"{IN_GROUP}/providers/(Microsoft\.KeyVault/vaults)")
@ROUTES.on("GET", rf"{IN_GROUP}/providers/(Microsoft\.CognitiveServices/accounts)")
@ROUTES.on("GET", rf"{IN_GROUP}/providers/(Microsoft\.ManagedIdentity/userAssignedIdentities)")
def _in_the_group(azure: Azure, asked: Asked, kind: str) -> Answer:
    name = {"vaults": "kv-relay", "accounts": "oai-relay"}.get(kind.split("/")[1], "id-relay-try")
    properties = {"principalId": IDENTITY, "vaultUri": "https://kv-relay.vault.invalid/", "tenantId": TENANT}
    return listed(
        {
            "id": f"{asked.path}/{name}",
            "name": name,
            "type": kind,
            "location": "eastus2",
            "properties": properties,
        }
    )


@ROUTES.on("GET", rf"{IN_SUBSCRIPTION}/providers/Microsoft\.Authorization/roleAssignments")
def _assignments(azure: Azure, asked: Asked) -> Answer:
    inside = f"{SITE}/providers/Microsoft.Authorization/roleAssignments/66666666-6666-6666-6666-666666666666"
    return listed(
        *(
            {
                "id": each,
                "name": each.rsplit("/", 1)[1],
                "properties": {
                    "scope": each.split("/providers/Microsoft.Authorization")[0],
                    "principalId": IDENTITY,
                    "principalType": "ServicePrincipal",
                    "roleDefinitionId": f"{IN_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r",
                },
            }
            for each in (inside, OUTSIDE)
        )
    )


@ROUTES.on("GET", rf"{SITE}/providers/Microsoft\.Authorization/roleAssignments")
def _of_the_site(azure: Azure, asked: Asked) -> Answer:
    return listed(*azure.assigned) if asked.query["$filter"] == "atScope()" else refused(400)


@ROUTES.on("GET", rf"{IN_SUBSCRIPTION}/providers/Microsoft\.Authorization/roleDefinitions")
def _definitions(azure: Azure, asked: Asked) -> Answer:
    return listed()


@ROUTES.on("GET", rf"{IN_SUBSCRIPTION}/providers/Microsoft\.KeyVault/deletedVaults")
def _deleted_vaults(azure: Azure, asked: Asked) -> Answer:
    path = f"{IN_SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/eastus2/deletedVaults/kv-relay"
    return listed(
        {
            "id": path,
            "name": "kv-relay",
            "properties": {
                "vaultId": f"{IN_GROUP}/providers/Microsoft.KeyVault/vaults/kv-relay",
                "location": "eastus2",
            },
        }
    )


@ROUTES.on(
    "POST", rf"{IN_SUBSCRIPTION}/providers/Microsoft\.KeyVault/locations/eastus2/deletedVaults/kv-relay/purge"
)
@ROUTES.on(
    "DELETE", rf"{IN_SUBSCRIPTION}/providers/Microsoft\.CognitiveServices/locations/eastus2/.*/oai-relay"
)
@ROUTES.on("DELETE", OUTSIDE)
@ROUTES.on("DELETE", f"{IN_SUBSCRIPTION}/resourcegroups/{GROUP}")
def _gone(azure: Azure, asked: Asked, *_: str) -> Answer:
    return Answer(body={})


# ---------------------------------------------------------------- the deployment

_DEPLOYMENT = rf"{IN_SUBSCRIPTION}/providers/Microsoft\.Resources/deployments/([\w-]+)"


@ROUTES.on("POST", f"{_DEPLOYMENT}/whatIf")
def _what_if(azure: Azure, asked: Asked, name: str) -> Answer:
    change = {"resourceId": IN_GROUP, "changeType": "NoChange" if name in azure.deployments else "Create"}
    after = {
        "id": IN_GROUP,
        "name": GROUP,
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2025-04-01",
    }
    return Answer(
        body={"status": "Succeeded", "properties": {"changes": [{**change, "before": None, "after": after}]}}
    )


@ROUTES.on("POST", f"{_DEPLOYMENT}/validate")
def _validate(azure: Azure, asked: Asked, name: str) -> Answer:
    return _deployment(asked, name, "Succeeded")


@ROUTES.on("PUT", _DEPLOYMENT)
def _deploy(azure: Azure, asked: Asked, name: str) -> Answer:
    azure.deployments[name] = asked.content
    return _deployment(asked, name, "Succeeded", {**outputs(host_of(asked)), "roleAssignments": azure.needed})


@ROUTES.on("GET", _DEPLOYMENT)
def _deployed(azure: Azure, asked: Asked, name: str) -> Answer:
    if name not in azure.deployments:
        return refused(404)
    return _deployment(asked, name, "Succeeded", {**outputs(host_of(asked)), "roleAssignments": azure.needed})


def _deployment(asked: Asked, name: str, state: str, outputs: dict[str, object] | None = None) -> Answer:
    shown = {key: {"type": "String", "value": value} for key, value in (outputs or {}).items()}
    return Answer(
        body={
            "id": f"{IN_SUBSCRIPTION}/providers/Microsoft.Resources/deployments/{name}",
            "name": name,
            "location": "eastus2",
            "properties": {"provisioningState": state, "outputs": shown},
        }
    )
