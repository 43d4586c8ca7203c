"""A network of the app's own, and clouds that are not the public one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tests.infra.checks.registry import check
from tests.infra.templates import Templates, of_type, settings_of, the

CLOSED = ("Storage/storageAccounts", "CognitiveServices/accounts")
"""What ``private.bicepparam`` closes. Key Vault stays open: Flex Consumption cannot read it otherwise."""

SERVICES = {"blob", "queue", "table", "account"}

FLEX_SUBNET = "Microsoft.App/environments"
"""What a subnet of Flex Consumption is delegated to (Azure: Flex Consumption plan, virtual network integration)."""

HOSTS_OF_CLOUDS = re.compile(
    r"core\.(windows|chinacloudapi|usgovcloudapi)\.|azurewebsites|\.azure\.(cn|us)\b|vault\.azure"
)


@check
def in_a_network_of_its_own_what_is_stored_is_reached_privately_and_by_nobody_else(
    templates: Templates,
) -> Iterator[str]:
    for kind in CLOSED:
        properties = the(templates.private, kind)["properties"]
        if (
            properties["publicNetworkAccess"] != "Disabled"
            or properties["networkAcls"]["defaultAction"] != "Deny"
        ):
            yield f"{kind} is open to the public"
    endpoints = of_type(templates.private, "Network/privateEndpoints")
    connections = [endpoint["properties"]["privateLinkServiceConnections"][0] for endpoint in endpoints]
    services = {connection["properties"]["groupIds"][0] for connection in connections}
    yield from (f"no private endpoint for {service}" for service in SERVICES - services)
    zones = of_type(templates.private, "Network/privateDnsZones")
    links = of_type(templates.private, "Network/privateDnsZones/virtualNetworkLinks")
    groups = of_type(templates.private, "Network/privateEndpoints/privateDnsZoneGroups")
    looked_up = [zone for group in groups for zone in group["properties"]["privateDnsZoneConfigs"]]
    if not len(zones) == len(links) == len(looked_up) or len(groups) != len(endpoints):
        yield "a private endpoint has no zone that the network sees: its name leads outside"
    for zone in zones:
        if "privatelink." not in zone["name"]:
            yield f"{zone['name']} is not where private endpoints are looked up"


@check
def the_instances_are_in_that_network_and_leave_it_by_one_address(templates: Templates) -> Iterator[str]:
    network = the(templates.private, "Network/virtualNetworks")
    subnets = {subnet["name"]: subnet["properties"] for subnet in network["properties"]["subnets"]}
    site = the(templates.private, "Web/sites")["properties"]
    if "network-" not in str(site.get("virtualNetworkSubnetId")):
        yield "the app is not in the network"
    if [each["properties"]["serviceName"] for each in subnets["app"]["delegations"]] != [FLEX_SUBNET]:
        yield "Flex Consumption does not take the subnet"
    if "natGateway" not in subnets["app"]:
        yield "requests of the app come from any address"
    if site["publicNetworkAccess"] != "Enabled":
        yield "the IM platform does not reach the webhook"
    for resources in (templates.first_try, templates.prod, templates.china):
        if of_type(resources, "Network/virtualNetworks"):
            yield "a network that nobody asked for"


@check
def another_cloud_has_no_azure_openai_and_no_host_of_this_one(templates: Templates) -> Iterator[str]:
    kinds = {resource["type"].removeprefix("Microsoft.") for resource in templates.china}
    yield from (
        f"there is none in that cloud: {kind}" for kind in kinds if kind.startswith("CognitiveServices")
    )
    settings = settings_of(templates.china)
    if [name for name in settings if name.startswith("AZURE_OPENAI_")]:
        yield "the app is told of Azure OpenAI"
    if "modelKeyReference" not in settings["RELAY_MODEL_KEY"]:
        yield "the key of the model server is not in Key Vault"
    for name, value in settings.items():
        if HOSTS_OF_CLOUDS.search(value):
            yield f"{name} holds a host of one cloud"
    for name, source in templates.sources.items():
        code = "\n".join(
            line for line in source.splitlines() if not line.lstrip().startswith(("//", "@description"))
        )
        if found := HOSTS_OF_CLOUDS.search(code):
            yield f"{name} holds a host of one cloud: {found[0]}"


@check
def each_secret_has_its_own_place_in_every_variant(templates: Templates) -> Iterator[str]:
    wanted = {"main": set(), "prod": set(), "private": set(), "china": {"model-key"}}
    for name, snapshot in templates.snapshots.items():
        secrets = of_type(snapshot["predictedResources"], "KeyVault/vaults/secrets")
        names = {secret["name"].rsplit("/")[-1] for secret in secrets} - {"im-app-secret-previous"}
        if names != {"im-app-secret"} | wanted[name]:
            yield f"{name}: the vault holds {sorted(names)}"
        if "not-a-" in json.dumps(snapshot):
            yield f"{name}: a secret is in the snapshot"
