"""The templates keep every rule, and each rule sees what it is there for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relay.config.settings import load_settings
from tests.conftest import EXAMPLE
from tests.infra.bicep import INPUTS, BicepFailed
from tests.infra.checks import APP_ROLES, CHECKS, DEPLOYER_ROLES, OPERATOR_ROLES
from tests.infra.mutations import MUTATIONS, NOT_COUNTED, Mutation
from tests.infra.templates import Templates, concurrency_of, of_type, scope_of, settings_of, the
from tests.infra.weaknesses import explained, found

pytestmark = pytest.mark.infra


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates()


@pytest.mark.parametrize("name", CHECKS)
def test_the_templates_pass(name: str, templates: Templates) -> None:
    assert list(CHECKS[name](templates)) == []


@pytest.mark.parametrize(
    ("check", "mutation"),
    [
        pytest.param(check, mutation, id=mutation.title)
        for check, mutations in MUTATIONS.items()
        for mutation in mutations
    ],
)
def test_a_broken_template_is_seen(check: str, mutation: Mutation) -> None:
    assert mutation.seen_by(check)


def test_each_check_sees_a_mistake() -> None:
    assert MUTATIONS.keys() | NOT_COUNTED == CHECKS.keys()


def test_each_weakness_that_checkov_finds_is_explained_beside_its_cause_and_no_other(
    templates: Templates,
) -> None:
    assert found(templates) == explained(templates)


def test_whoever_deploys_may_read_what_the_live_check_reads(tmp_path: Path) -> None:
    person = "11111111-1111-1111-1111-111111111111"
    unset = "readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')"
    resources = Templates.changed(tmp_path, "main.bicepparam", unset, f"'{person}'").first_try
    roles: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for assignment in of_type(resources, "Authorization/roleAssignments"):
        properties = assignment["properties"]
        role = (scope_of(assignment), properties["roleDefinitionId"].rsplit("/", 1)[1])
        roles[properties["principalId"] == person].append(role)
    assert sorted(roles[True]) == sorted(DEPLOYER_ROLES)
    assert sorted(roles[False]) == sorted(APP_ROLES)


def test_operators_may_do_what_the_command_line_does_and_nothing_else(tmp_path: Path) -> None:
    people = ["11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"]
    region = "param location ="
    given = f"param operators = {people}\n{region}"
    resources = Templates.changed(tmp_path, "main.bicepparam", region, given).first_try
    for person in people:
        roles = [
            (scope_of(assignment), assignment["properties"]["roleDefinitionId"].rsplit("/", 1)[1])
            for assignment in of_type(resources, "Authorization/roleAssignments")
            if assignment["properties"]["principalId"] == person
        ]
        assert sorted(roles) == sorted(OPERATOR_ROLES)


def changed(folder: Path, parameters: str, file: str = "main.bicepparam") -> Templates:
    """The templates with further parameters in one of the parameter files."""
    environment = "param environmentName ="
    return Templates.changed(folder, file, environment, f"{parameters}\n{environment}")


def test_without_the_right_to_assign_roles_none_is_and_an_administrator_gets_the_same_ones(
    tmp_path: Path,
) -> None:
    person = "11111111-1111-1111-1111-111111111111"
    parameters = f"param assignRoles = false\nparam operators = ['{person}']"
    templates = changed(tmp_path, parameters)
    assert of_type(templates.first_try, "Authorization/roleAssignments") == []
    told = json.dumps(templates.snapshots["main"]["outputs"]["roleAssignments"])
    for module in ("monitoring", "storage", "vault", "openAi"):
        assert f"format('{module}-{{0}}'" in told
        outputs = dict(templates.nested())[module]["outputs"]
        assert all(f"'{field}'" in json.dumps(outputs["assignments"]) for field in ("role", "name", "forApp"))


def test_two_groups_of_others_do_not_share_names(tmp_path: Path) -> None:
    given = (f"param existingResourceGroup = '{group}'" for group in ("one", "two"))
    names = [
        the(changed(tmp_path / str(number), parameter, "china.bicepparam").china, "KeyVault/vaults")
        for number, parameter in enumerate(given)
    ]
    assert names[0]["name"] != names[1]["name"]


def test_an_app_that_runs_gets_its_network_before_it_is_closed(tmp_path: Path) -> None:
    resources = changed(tmp_path, "param closed = false", "private.bicepparam").private
    assert of_type(resources, "Network/virtualNetworks")
    for kind in ("Storage/storageAccounts", "CognitiveServices/accounts"):
        assert the(resources, kind)["properties"]["publicNetworkAccess"] == "Enabled"
        assert the(resources, kind)["properties"]["networkAcls"]["defaultAction"] == "Allow"


def test_into_a_group_that_is_there_and_no_other_is_made(tmp_path: Path) -> None:
    resources = changed(tmp_path, "param existingResourceGroup = 'team'", "china.bicepparam").china
    assert of_type(resources, "Resources/resourceGroups") == []
    elsewhere = [
        r["id"] for r in resources if "/resourceGroups/team/" not in r["id"] and "'team'" not in r["id"]
    ]
    assert elsewhere == []


def test_whoever_is_named_reaches_what_is_closed_to_all_others(tmp_path: Path) -> None:
    unset = "readEnvironmentVariable('ALLOWED_ADDRESSES', '')"
    given = "'203.0.113.7,198.51.100.0/24'"
    resources = Templates.changed(tmp_path, "private.bicepparam", unset, given).private
    for kind in ("Storage/storageAccounts", "CognitiveServices/accounts"):
        (found,) = of_type(resources, kind)
        rules = found["properties"]["networkAcls"]
        assert found["properties"]["publicNetworkAccess"] == "Enabled"
        assert rules["defaultAction"] == "Deny"
        assert [rule["value"] for rule in rules["ipRules"]] == ["203.0.113.7", "198.51.100.0/24"]


def test_a_server_of_models_without_its_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BicepFailed, match="modelName: which model of modelUrl answers"):
        _ = changed(tmp_path, "param modelUrl = 'https://models.example.com/v1'").first_try


def test_the_code_reads_the_settings_of_another_server_of_models(templates: Templates) -> None:
    given = {
        name: value for name, value in settings_of(templates.china).items() if name.startswith("RELAY_MODEL")
    }
    settings = load_settings({**EXAMPLE, **given, "RELAY_MODEL_KEY": "resolved"})
    assert str(settings.model_url) == "https://models.example.com/v1"
    assert settings.model_name == "a-model"


def test_an_existing_model_is_used_and_none_is_made(tmp_path: Path) -> None:
    account = (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/models"
        "/providers/Microsoft.CognitiveServices/accounts/ours"
    )
    region = "param location ="
    ours = f"param existingOpenAiId = '{account}'\n{region}"
    resources = Templates.changed(tmp_path, "main.bicepparam", region, ours).first_try
    assert [r["type"] for r in resources if r["type"].startswith("Microsoft.CognitiveServices")] == []
    (role,) = [
        role["id"]
        for role in of_type(resources, "Authorization/roleAssignments")
        if scope_of(role) == "CognitiveServices/accounts"
    ]
    assert role.startswith(account)
    watched = [alert["properties"]["scopes"] for alert in of_type(resources, "Insights/metricAlerts")]
    assert [account] in watched


def test_models_that_hear_speak_and_draw_stand_behind_the_chat_model_and_are_asked_with_the_same_role(
    templates: Templates, tmp_path: Path
) -> None:
    region = "param location ="
    models = """param models = [
  { name: 'chat', model: 'gpt-5.6-luna', version: '2026-07-09', sku: 'GlobalStandard', capacity: 50 }
  { name: 'hear', model: 'gpt-transcribe', version: 'A', sku: 'GlobalStandard', capacity: 10 }
  { name: 'speak', model: 'a-speech-model', version: 'B', sku: 'Standard', capacity: 3 }
  { name: 'draw', model: 'gpt-image-2', version: 'C', sku: 'DataZoneStandard', capacity: 2 }
]
"""
    resources = Templates.changed(tmp_path, "main.bicepparam", region, models + region).first_try
    made = {
        deployment["name"].rsplit("/")[-1]: (
            deployment["properties"]["model"]["name"],
            deployment["properties"]["model"]["version"],
            deployment["sku"],
        )
        for deployment in of_type(resources, "CognitiveServices/accounts/deployments")
    }
    assert made == {
        "chat": ("gpt-5.6-luna", "2026-07-09", {"name": "GlobalStandard", "capacity": 50}),
        "hear": ("gpt-transcribe", "A", {"name": "GlobalStandard", "capacity": 10}),
        "speak": ("a-speech-model", "B", {"name": "Standard", "capacity": 3}),
        "draw": ("gpt-image-2", "C", {"name": "DataZoneStandard", "capacity": 2}),
    }
    assert settings_of(resources)["AZURE_OPENAI_DEPLOYMENT"] == "chat"
    roles, as_ever = (
        [role["id"] for role in of_type(each, "Authorization/roleAssignments")]
        for each in (resources, templates.first_try)
    )
    assert roles == as_ever  # they are for the resource, so for every deployment in it


def test_the_code_reads_the_hosts_of_media_as_they_are_given(tmp_path: Path) -> None:
    region = "param location ="
    given = f"param mediaHosts = ['cdn.example.com', '*.example.org']\n{region}"
    resources = Templates.changed(tmp_path, "main.bicepparam", region, given).first_try
    hosts = settings_of(resources)["IM_MEDIA_HOSTS"]
    assert load_settings({**EXAMPLE, "IM_MEDIA_HOSTS": hosts}).media_hosts == (
        "cdn.example.com",
        "*.example.org",
    )


def test_settings_of_ones_own_stand_beside_those_of_the_templates(tmp_path: Path) -> None:
    region = "param location ="
    given = f"param extraSettings = {{ RELAY_TOOLS_FILE: 'shop.py', SHOP_URL: 'https://shop.example.com' }}\n{region}"
    before = settings_of(Templates().first_try)
    after = settings_of(Templates.changed(tmp_path, "main.bicepparam", region, given).first_try)
    assert after == {**before, "RELAY_TOOLS_FILE": "shop.py", "SHOP_URL": "https://shop.example.com"}


def test_a_setting_of_the_templates_is_not_taken_over_in_any_case(tmp_path: Path) -> None:
    region = "param location ="
    given = f"param extraSettings = {{ im_app_secret: 'x' }}\n{region}"
    changed = Templates.changed(tmp_path, "main.bicepparam", region, given)
    with pytest.raises(BicepFailed, match="extraSettings: im_app_secret: set by the templates already"):
        _ = changed.first_try


@pytest.mark.parametrize(
    ("calls", "parameters", "instances", "turns_on_each"),
    [
        # The smallest maximum of most regions is 40: with a plan of under 20 calls that is more than it holds.
        (5, "", 40, 1),
        (20, "", 40, 1),
        (30, "", 40, 1),
        (100, "", 40, 5),
        (1000, "", 40, 32),
        # A region that takes less.
        (5, "param smallestInstanceCount = 1", 2, 5),
        (20, "param smallestInstanceCount = 1", 10, 4),
        (30, "param smallestInstanceCount = 1", 15, 4),
        (1, "param smallestInstanceCount = 1", 1, 2),
        # A maximum of one's own holds in any case.
        (100, "param maximumInstanceCount = 12", 12, 16),
        (1000, "param maximumInstanceCount = 200", 200, 10),
        (30, "param maximumInstanceCount = 200", 40, 1),
    ],
)
def test_as_many_turns_run_as_the_plan_of_the_im_app_has_calls_for_in_two_seconds(
    tmp_path: Path, calls: int, parameters: str, instances: int, turns_on_each: int
) -> None:
    region = "param location ="
    given = f"param imCallsPerSecond = {calls}\n{parameters}\n{region}"
    resources = Templates.changed(tmp_path, "main.bicepparam", region, given).first_try
    assert concurrency_of(resources) == (instances, turns_on_each)
    within_the_plan = instances * turns_on_each <= 2 * calls
    assert within_the_plan or instances == 40, "only what the region does not take leads beyond the plan"


def test_the_secret_is_in_no_snapshot(templates: Templates) -> None:
    for secret in ("IM_APP_SECRET", "RELAY_MODEL_KEY"):
        assert INPUTS[secret] not in json.dumps(templates.snapshots)


def test_without_a_first_month_there_is_no_budget(tmp_path: Path) -> None:
    given = "readEnvironmentVariable('BUDGET_START', '')"
    templates = Templates.changed(tmp_path, "main.bicepparam", given, "''")
    assert of_type(templates.first_try, "Consumption/budgets") == []
