"""``infra/deploy.sh``, whole and unedited, with the Azure CLI that its users have."""

from __future__ import annotations

import io
import json
import shlex
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.azure_cli.cli import SECRET, Done, Shell, logged_in
from tests.azure_cli.cloud import answering
from tests.azure_cli.manager import OUTSIDE
from tests.azure_cli.parts import FUNCTION_KEY
from tests.azure_cli.recorder import Asked, Recorder, recording
from tests.azure_cli.state import GROUP, IDENTITY, SITE, SUBSCRIPTION, WHO, Azure

pytestmark = pytest.mark.azure_cli


@dataclass
class Place:
    """A subscription, what it was asked, and a checkout beside it."""

    azure: Azure
    recorder: Recorder
    shell: Shell

    def does(self, *arguments: str, **environment: str) -> tuple[Done, list[Asked]]:
        """Run the script: what it came to, and what was asked for it."""
        before = len(self.recorder.asked)
        return self.shell.deploy(*arguments, **environment), self.recorder.asked[before:]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("azure")
    azure = Azure()
    with recording(folder, answering(azure)) as recorder, logged_in(folder, recorder) as shell:
        yield Place(azure, recorder, shell)


@dataclass
class Deployed:
    """The first deployment, of which each of the repeated steps was refused at first."""

    done: Done
    asked: list[Asked]

    def put(self) -> Any:
        """The deployment that was put."""
        (put,) = [each for each in self.asked if each.method == "PUT" and "Resources" in each.path]
        return put.content["properties"]


@pytest.fixture(scope="module")
def deployed(place: Place) -> Deployed:
    place.azure.refusals = {
        "/api/publish": [403, 403, 409],
        "/host/default/listkeys": [200, 400],  # the CLI lists them first, to look at what it published
        "/queues/relay-turns": [403, 403],  # on a slow machine the check itself may ask a second time
    }
    return Deployed(*place.does())


def test_it_deploys_publishes_and_finds_that_all_of_it_answers(deployed: Deployed) -> None:
    assert deployed.done.code == 0, deployed.done.shown
    assert deployed.done.shown.endswith("\nOK\n")
    steps = [each.path.rsplit("/", 1)[1] for each in deployed.asked if each.method in ("POST", "PUT")]
    order = ["whatIf", "validate", "relay-try", "publish", "listkeys", "webhook"]
    assert [step for step in dict.fromkeys(steps) if step in order] == order


def test_what_was_refused_is_asked_again_until_it_works(deployed: Deployed, place: Place) -> None:
    assert not any(place.azure.refusals.values()), "each of the refusals was met"
    publishes = [each for each in deployed.asked if each.path == "/api/publish"]
    assert len(publishes) == 4
    assert {each.body for each in publishes} == {publishes[0].body}
    assert deployed.done.shown.count("again in 0 seconds") >= 5


def test_the_template_is_for_the_subscription_and_gets_each_parameter_that_it_asks_for(
    deployed: Deployed,
) -> None:
    (put,) = [each for each in deployed.asked if each.method == "PUT" and "Resources" in each.path]
    assert put.path.startswith(f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deployments/")
    assert put.content["location"] == "eastus2"
    template, given = deployed.put()["template"], deployed.put()["parameters"]
    assert "subscriptionDeploymentTemplate" in template["$schema"]
    assert deployed.put()["mode"] == "Incremental"
    declared = template["parameters"]
    assert set(given) <= set(declared)
    assert {name for name, each in declared.items() if "defaultValue" not in each} <= set(given)
    assert given["deployerObjectId"]["value"] == WHO


def test_what_was_looked_at_is_what_is_deployed(deployed: Deployed) -> None:
    looked, checked, put = [
        each.content["properties"]
        for each in deployed.asked
        if each.path.endswith(("/whatIf", "/validate")) or (each.method == "PUT" and "Resources" in each.path)
    ]
    for name in ("template", "parameters", "mode"):
        assert looked[name] == checked[name] == put[name]


def test_no_secret_is_outside_of_a_secure_parameter(deployed: Deployed) -> None:
    template, given = deployed.put()["template"], deployed.put()["parameters"]
    secure = {name for name, each in template["parameters"].items() if each["type"] == "securestring"}
    assert given["imAppSecret"]["value"] == SECRET
    assert "imAppSecret" in secure
    open_ = {name: value for name, value in given.items() if name not in secure}
    assert SECRET not in json.dumps([template, open_])
    elsewhere = [
        each
        for each in deployed.asked
        if SECRET.encode() in each.body and "Microsoft.Resources/deployments" not in each.path
    ]
    assert elsewhere == []


def test_the_package_is_built_by_azure_and_holds_the_app_alone(deployed: Deployed) -> None:
    publish = next(each for each in deployed.asked if each.path == "/api/publish")
    assert publish.query["RemoteBuild"].lower() == "true"
    names = zipfile.ZipFile(io.BytesIO(publish.body)).namelist()
    assert {"function_app.py", "host.json", "requirements.txt", "relay/app.py"} <= set(names)
    assert not [name for name in names if name.startswith(("infra/", "tests/", "."))]


def test_everything_is_asked_with_the_token_of_who_is_logged_in(deployed: Deployed) -> None:
    by_function_key = ("/admin/host/status", "/api/webhook")
    nobody = [
        each.path
        for each in deployed.asked
        if not each.headers.get("authorization", "").startswith("Bearer ")
        and not each.path.startswith(("/msi/", "/im/", *by_function_key))
    ]
    assert nobody == []
    webhook = [each for each in deployed.asked if each.path == "/api/webhook"]
    assert {each.query["code"] for each in webhook} == {FUNCTION_KEY}


def test_the_second_time_it_asks_for_the_very_same(deployed: Deployed, place: Place) -> None:
    place.azure.budget = "2026-03-01T00:00:00Z"
    done, asked = place.does()
    assert done.code == 0, done.shown
    again = Deployed(done, asked)
    assert again.put()["template"] == deployed.put()["template"]
    first, second = deployed.put()["parameters"], again.put()["parameters"]
    assert second.pop("budgetStart") == {"value": "2026-03-01"}, "a budget keeps its first month"
    assert second == {name: value for name, value in first.items() if name != "budgetStart"}
    packages = [each.body for each in (*deployed.asked, *asked) if each.path == "/api/publish"]
    assert len(set(packages)) == 1


def test_a_look_at_production_changes_nothing(place: Place) -> None:
    done, asked = place.does("--what-if", "prod")
    assert done.code == 0, done.shown
    changing = [each for each in asked if each.method != "GET"]
    assert [each.path.rsplit("/", 1)[1] for each in changing] == ["whatIf"]
    assert changing[0].query["api-version"]
    properties = changing[0].content["properties"]
    assert properties["validationLevel"] == "ProviderNoRbac"
    assert properties["parameters"]["storageSku"] == {"value": "Standard_ZRS"}


def test_code_alone_is_published_and_kept_by_its_commit_and_the_oldest_of_six_goes(place: Place) -> None:
    place.azure.blobs = {f"kept/c{number}.zip": b"PK %d" % number for number in range(5)}
    done, asked = place.does("--code")
    assert done.code == 0, done.shown
    assert done.shown.endswith("\nOK\n")
    assert not [
        each
        for each in asked
        if each.path.endswith("/whatIf") or (each.method == "PUT" and "/blobs/" not in each.path)
    ]
    (publish,) = [each for each in asked if each.path == "/api/publish"]
    commit = place.shell.run("git", "rev-parse", "--short=12", "HEAD").shown.strip()
    assert [*place.azure.blobs] == [*(f"kept/c{number}.zip" for number in range(1, 5)), f"kept/{commit}.zip"]
    assert place.azure.blobs[f"kept/{commit}.zip"] == publish.body


def test_the_package_before_the_present_one_is_published_again_or_that_of_a_commit(place: Place) -> None:
    place.azure.blobs = {f"kept/c{number}.zip": b"PK %d" % number for number in range(5)}
    for arguments, package in (([], b"PK 3"), (["main", "c1"], b"PK 1")):
        done, asked = place.does("--rollback", *arguments)
        assert done.code == 0, done.shown
        assert [each.body for each in asked if each.path == "/api/publish"] == [package]
        assert [*place.azure.blobs.values()][-1] == package, "it is the present one now"
    assert len(place.azure.blobs) == 5


def test_a_package_that_is_not_kept_is_told_and_nothing_is_published(place: Place) -> None:
    place.azure.blobs = {"kept/c0.zip": b"PK 0"}
    for arguments, named in (([], "an earlier commit"), (["c9"], "c9")):
        done, asked = place.does("--rollback", *arguments)
        assert (done.code, "there is no package of " + named in done.shown) == (2, True)
        assert not [each for each in asked if each.path == "/api/publish"]


def test_what_an_administrator_assigns_is_looked_up_and_waited_for(place: Place) -> None:
    role = {"name": "Website Reader", "id": "77777777-7777-7777-7777-777777777777"}
    place.azure.needed = [
        {
            **{"role": role, "scope": SITE, "principalId": IDENTITY, "principalType": "ServicePrincipal"},
            **{"name": "88888888-8888-8888-8888-888888888888", "forApp": True},
        }
    ]
    done, asked = place.does("--code")
    assert done.code == 3
    (command,) = [line for line in done.shown.splitlines() if line.startswith("az role assignment create")]
    assert place.shell.run(*shlex.split(command), "--help").code == 0
    assert not [each for each in asked if each.path == "/api/publish"]
    definition = f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{role['id']}"
    place.azure.assigned = [{"properties": {"principalId": IDENTITY, "roleDefinitionId": definition}}]
    done, asked = place.does("--code")
    assert done.code == 0, done.shown
    assert [each for each in asked if each.path == "/api/publish"]


def test_a_check_only_looks(place: Place) -> None:
    done, asked = place.does("--check")
    assert done.code == 0, done.shown
    doing = {each.path.rsplit("/", 1)[1] for each in asked if each.method != "GET"}
    assert doing == {"listkeys", "webhook", "completions"}


def test_what_it_made_is_taken_away_with_the_rights_outside_of_it(place: Place) -> None:
    done, asked = place.does("--delete", GROUP)
    assert done.code == 0, done.shown
    assert "Microsoft.Web/sites" in done.shown, "what will be deleted is listed, each with its kind"
    gone = [each.path for each in asked if each.method == "DELETE" or each.path.endswith("/purge")]
    assert gone[0] == OUTSIDE
    assert gone[1].lower() == f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}"
    assert [path.rsplit("/", 1)[1] for path in gone[2:]] == ["purge", "oai-relay"]
