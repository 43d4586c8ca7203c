"""Keys, secrets, roles, and what is open to the public."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tests.infra.checks.registry import check
from tests.infra.templates import Templates, of_type, scope_of, settings_of, the

# The built-in roles that are needed, each on the resource that it is needed for: no other one, nowhere wider.
APP_ROLES = {
    ("Storage/storageAccounts", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"),  # Storage Blob Data Owner
    ("Storage/storageAccounts", "974c5e8b-45b9-4653-ba55-5f855dd0fb88"),  # Storage Queue Data Contributor
    ("Storage/storageAccounts", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"),  # Storage Table Data Contributor
    ("CognitiveServices/accounts", "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"),  # Cognitive Services OpenAI User
    ("KeyVault/vaults", "4633458b-17de-408a-b874-0445c86b69e6"),  # Key Vault Secrets User
    ("Insights/components", "3913510d-42f4-4e42-8a64-420c390055eb"),  # Monitoring Metrics Publisher
}
DEPLOYER_ROLES = {
    ("Storage/storageAccounts", "19e7f393-937e-4f77-808e-94535e297925"),  # Storage Queue Data Reader
    ("Storage/storageAccounts", "76199698-9eea-4c19-bc75-cec21354c6b6"),  # Storage Table Data Reader
    ("CognitiveServices/accounts", "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"),  # Cognitive Services OpenAI User
    # Storage Blob Data Contributor, of the packages that are kept
    ("Storage/storageAccounts/blobServices/containers", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
}
OPERATOR_ROLES = {
    ("Storage/storageAccounts", "974c5e8b-45b9-4653-ba55-5f855dd0fb88"),  # Storage Queue Data Contributor
    ("Storage/storageAccounts", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"),  # Storage Table Data Contributor
    ("OperationalInsights/workspaces", "3b03c2da-16b3-4a49-8834-0f8130efdd3b"),  # Log Analytics Data Reader
}

OPEN_TO_THE_PUBLIC = ("Storage/storageAccounts", "KeyVault/vaults", "CognitiveServices/accounts", "Web/sites")
"""As docs/deploy.md says in "Network"."""


@check
def there_are_no_keys(templates: Templates) -> Iterator[str]:
    for resources in (templates.first_try, templates.prod, templates.private):
        if the(resources, "Storage/storageAccounts")["properties"].get("allowSharedKeyAccess") is not False:
            yield "storage takes shared keys"
        if the(resources, "CognitiveServices/accounts")["properties"].get("disableLocalAuth") is not True:
            yield "Azure OpenAI takes keys"
        if the(resources, "Insights/components")["properties"].get("DisableLocalAuth") is not True:
            yield "Application Insights takes telemetry without a token"
    for call in sorted(set(re.findall(r"\blist\w*\(", json.dumps(templates.compiled)))):
        yield f"a key is read: {call}"


@check
def secrets_stay_secret(templates: Templates) -> Iterator[str]:
    for name, template in [("main", templates.compiled), *templates.nested()]:
        parameters = template.get("parameters", {})
        for parameter, declared in parameters.items():
            secure = declared.get("type", "").startswith("secure")
            if "secret" in parameter.lower() and not parameter.endswith("Reference") and not secure:
                yield f"{name}: the parameter {parameter} is not secure"
        for output, declared in template.get("outputs", {}).items():
            # Whether a secret is there may be told; what it is, may not.
            value = re.sub(r"empty\(parameters\('\w+'\)\)", "", str(declared["value"]))
            named = re.findall(r"parameters\('(\w+)'\)", value)
            if any(parameters[parameter].get("type", "").startswith("secure") for parameter in named):
                yield f"{name}: the output {output} holds a secret"
    secret = templates.compiled["parameters"]["imAppSecret"]
    if "defaultValue" in secret or secret.get("minLength", 0) < 8:
        yield "main: imAppSecret has a default, or no minimum length"


@check
def the_app_gets_the_secret_from_key_vault(templates: Templates) -> Iterator[str]:
    outputs = dict(templates.nested())["vault"]["outputs"]
    for setting, output in (
        ("IM_APP_SECRET", "imAppSecretReference"),
        ("IM_APP_SECRET_PREVIOUS", "imAppSecretPreviousReference"),
    ):
        if output not in settings_of(templates.first_try).get(setting, ""):
            yield f"{setting} is not the reference"
        if "@Microsoft.KeyVault(SecretUri={0})" not in outputs[output]["value"]:
            yield f"{output} is no reference"
    site = the(templates.first_try, "Web/sites")["properties"]
    if "identity" not in site.get("keyVaultReferenceIdentity", ""):
        yield "the site does not say with which identity references are read"


@check
def everything_is_encrypted_on_its_way(templates: Templates) -> Iterator[str]:
    storage = the(templates.first_try, "Storage/storageAccounts")["properties"]
    site = the(templates.first_try, "Web/sites")["properties"]
    config = site["siteConfig"]
    wanted = {
        "storage minimumTlsVersion": storage.get("minimumTlsVersion") in ("TLS1_2", "TLS1_3"),
        "storage supportsHttpsTrafficOnly": storage.get("supportsHttpsTrafficOnly") is True,
        "site httpsOnly": site.get("httpsOnly") is True,
        "site minTlsVersion": config.get("minTlsVersion") in ("1.2", "1.3"),
        "site ftpsState": config.get("ftpsState") == "Disabled",
    }
    yield from (name for name, holds in wanted.items() if not holds)


@check
def only_what_is_documented_is_open_to_the_public(templates: Templates) -> Iterator[str]:
    resources = templates.prod
    for kind in OPEN_TO_THE_PUBLIC:
        if the(resources, kind)["properties"].get("publicNetworkAccess") != "Enabled":
            yield f"{kind} is closed, and the documents say that it is open"
    if the(resources, "Storage/storageAccounts")["properties"].get("allowBlobPublicAccess") is not False:
        yield "blobs may be public"
    container = the(resources, "Storage/storageAccounts/blobServices/containers")
    if container["properties"].get("publicAccess") != "None":
        yield "the package is public"


@check
def each_role_is_needed_and_no_other_is_given(templates: Templates) -> Iterator[str]:
    given = of_type(templates.first_try, "Authorization/roleAssignments")
    roles = [(scope_of(r), r["properties"]["roleDefinitionId"].rsplit("/", 1)[1]) for r in given]
    yield from (f"not needed: {role}" for role in set(roles) - APP_ROLES)
    yield from (f"missing: {role}" for role in APP_ROLES - set(roles))
    if len(roles) != len(set(roles)):
        yield "a role is given twice"
    for assignment in given:
        if assignment["properties"].get("principalType") != "ServicePrincipal":
            yield "without its principalType, a fresh identity is not found"
    known = {role for _, role in APP_ROLES | DEPLOYER_ROLES | OPERATOR_ROLES}
    written = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "".join(templates.sources.values()))
    yield from (f"an unknown role: {role}" for role in set(written) - known)


@check
def roles_are_there_before_the_site(templates: Templates) -> Iterator[str]:
    waits_for = templates.compiled["resources"]["app"]["dependsOn"]
    for module in ("identity", "monitoring", "storage", "vault", "openAi", "existingOpenAi"):
        if module not in waits_for:
            yield f"the app does not wait for {module}"


@check
def the_vault_is_ruled_by_roles_and_production_cannot_be_purged(templates: Templates) -> Iterator[str]:
    for resources in (templates.first_try, templates.prod):
        vault = the(resources, "KeyVault/vaults")["properties"]
        if vault.get("enableRbacAuthorization") is not True or "accessPolicies" in vault:
            yield "the vault has access policies"
        if vault.get("enableSoftDelete") is not True:
            yield "a deleted secret is gone"
    if the(templates.prod, "KeyVault/vaults")["properties"].get("enablePurgeProtection") is not True:
        yield "production can be purged"
