"""The order in which ``infra/deploy.sh`` speaks to Azure; an ``az`` that only writes down what it is asked for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from relay.config.settings import APP_FOLDER

pytestmark = pytest.mark.infra

AZ = """#!/bin/sh
echo "$*" >> "$AZ_LOG"
case "$*" in
    *"blob upload"*) exit "${AZ_KEEPS_NOT:-0}" ;;
    *"config-zip"*) [ -f "$AZ_REFUSES" ] && rm "$AZ_REFUSES" && exit 1 ;;
    "deployment sub show"*) echo "$AZ_OUTPUTS" ;;
    "account show"*) echo subscription ;;
    "ad signed-in-user"*) echo me ;;
    "rest "*roleAssignments*) echo "$AZ_ASSIGNED" ;;
    "rest "*) echo "$AZ_BUDGET" ;;
    "group show"*) echo "${AZ_MADE-rg-relay-try}" ;;
    "identity list"*) echo principal-1 ;;
    "role assignment list"*) printf '%s\\n' "$AZ_ROLES"; exit "${AZ_DENIES:-0}" ;;
    "keyvault list"*properties*) echo false ;;
    "keyvault list"*) echo kv-1 ;;
    "cognitiveservices account list"*location*) echo eastus2 ;;
    "cognitiveservices account list"*) echo oai-1 ;;
esac
exit 0
"""


def outputs_of_main_bicep() -> list[str]:
    """The names under which azd hands them over, too."""
    source = (APP_FOLDER / "infra" / "main.bicep").read_text(encoding="utf-8")
    return re.findall(r"^output (\w+) ", source, re.MULTILINE)


OUTPUTS = json.dumps(
    {
        name: {"value": [] if name == "roleAssignments" else f"value-of-{name}"}
        for name in outputs_of_main_bicep()
    }
)


@dataclass
class Shell:
    """A checkout in which ``az`` and the check at the end are ours."""

    root: Path

    def run(self, *arguments: str, **environ: str) -> tuple[int, list[str], str]:
        """Run the script: its exit code, the calls of ``az``, what it shows."""
        bin_, log = self.root / "bin", self.root / "az.log"
        known = {
            "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
            "AZ_LOG": str(log),
            "AZ_REFUSES": str(self.root / "refuses"),
            "AZ_BUDGET": "",
            "AZ_OUTPUTS": OUTPUTS,
            "AZ_ROLES": "",
            "AZURE_LOCATION": "eastus2",
            "ALERT_EMAIL": "ops@example.com",
            "IM_APP_KEY": "app-key",
            "IM_APP_SECRET": "pa55word",
        }
        done = subprocess.run(
            ["sh", str(self.root / "infra" / "deploy.sh"), *arguments],
            env=known | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        calls = log.read_text().splitlines() if log.exists() else []
        assert "pa55word" not in "\n".join([*calls, done.stdout, done.stderr])
        return done.returncode, [" ".join(call.split()[:3]) for call in calls], done.stdout + done.stderr


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    for name in ("infra", "relay"):
        shutil.copytree(APP_FOLDER / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".funcignore", "host.json", "requirements.txt", "requirements-telemetry.txt"):
        shutil.copy(APP_FOLDER / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for path, text in (
        (tmp_path / "bin" / "az", AZ),
        (tmp_path / "bin" / "python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'),
        (tmp_path / "bin" / "sleep", '#!/bin/sh\necho "sleeps $1"\n'),
        (tmp_path / "infra" / "check.sh", '#!/bin/sh\necho "checks $functionAppName $BUDGET_START"\n'),
    ):
        path.write_text(text)
        path.chmod(0o755)
    return Shell(tmp_path)


def test_it_looks_deploys_publishes_and_checks(shell: Shell) -> None:
    code, calls, shown = shell.run(YES="1")
    assert code == 0
    changing = [call for call in calls if "show" not in call and not call.startswith(("rest", "ad "))]
    assert changing == [
        "deployment sub what-if",
        "deployment sub create",
        "functionapp deployment source",
        "storage blob upload",
        "storage blob list",
    ]
    assert "checks value-of-functionAppName" in shown


@pytest.mark.parametrize("asked_for", [True, False])
def test_the_package_holds_what_the_template_has_set(shell: Shell, asked_for: bool) -> None:
    outputs = json.loads(OUTPUTS)
    _, _, plain = shell.run(YES="1")
    told = json.dumps({**outputs, "workerTelemetry": {"value": asked_for}})
    _, _, shown = shell.run(YES="1", AZ_OUTPUTS=told)
    hashes = [re.findall(r"sha256 (\w+)", each) for each in (plain, shown)]
    assert len(hashes[0]) == 1
    assert (hashes[0] != hashes[1]) == asked_for


def test_an_output_reaches_the_check_as_it_is(shell: Shell) -> None:
    odd = {**json.loads(OUTPUTS), "functionAppName": {"value": "it's $HOME; `echo`"}}
    _, _, shown = shell.run(YES="1", AZ_OUTPUTS=json.dumps(odd))
    assert "checks it's $HOME; `echo` " in shown


def test_nothing_is_made_without_a_yes(shell: Shell) -> None:
    code, calls, _ = shell.run()
    assert code != 0
    assert calls[-1] == "deployment sub what-if"


def test_it_can_only_look(shell: Shell) -> None:
    code, calls, _ = shell.run("--what-if", "prod")
    assert (code, calls[-1]) == (0, "deployment sub what-if")


def test_only_who_deploys_has_its_rights_to_change_looked_at(shell: Shell) -> None:
    shell.run("--what-if", "prod")
    looked = (shell.root / "az.log").read_text().splitlines()[-1]
    assert looked.endswith("--validation-level ProviderNoRbac")
    shell.run("prod")
    asked_first = (shell.root / "az.log").read_text().splitlines()[-1]
    assert asked_first.startswith("deployment sub what-if")
    assert "--validation-level" not in asked_first


def test_a_refused_package_is_tried_again(shell: Shell) -> None:
    (shell.root / "refuses").touch()
    code, calls, shown = shell.run(YES="1")
    assert (code, calls.count("functionapp deployment source")) == (0, 2)
    assert "sleeps 60" in shown


def test_how_often_it_tries_again_can_be_said(shell: Shell) -> None:
    (shell.root / "refuses").touch()
    code, calls, _ = shell.run(YES="1", DEPLOY_PAUSES="")
    assert (code, calls.count("functionapp deployment source")) == (1, 1)


def test_a_budget_keeps_the_month_in_which_it_began(shell: Shell) -> None:
    _, _, shown = shell.run(YES="1", AZ_BUDGET="2026-03-01T00:00:00Z")
    assert "checks value-of-functionAppName 2026-03-01" in shown


def test_all_missing_settings_are_named_together_before_anything_is_asked(shell: Shell) -> None:
    code, calls, shown = shell.run(IM_APP_KEY="", ALERT_EMAIL="")
    assert (code, calls) == (2, [])
    assert shown == (
        "infra/deploy.sh: not set: IM_APP_KEY (the App Key of the IM app), ALERT_EMAIL (who gets the alerts); "
        "see infra/deploy.sh --help\n"
    )


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_needs_no_setting_and_asks_nothing(shell: Shell, option: str) -> None:
    code, calls, shown = shell.run(option, AZURE_LOCATION="")
    assert (code, calls) == (0, [])
    assert shown.startswith("Deploys the relay: ")
    assert "infra/deploy.sh --delete GROUP" in shown
    assert "set -eu" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--whatif"], "there is no option --whatif"),
        (["--delete"], "--delete needs the name of the resource group"),
        (["staging"], "there is no infra/staging.bicepparam"),
        (["--what-if", "staging"], "there is no infra/staging.bicepparam"),
    ],
)
def test_a_wrong_argument_is_one_sentence(shell: Shell, arguments: list[str], said: str) -> None:
    assert shell.run(*arguments) == (2, [], f"infra/deploy.sh: {said}; see infra/deploy.sh --help\n")


def test_deleting_also_frees_the_names(shell: Shell) -> None:
    code, calls, _ = shell.run("--delete", "rg-relay-try", YES="1")
    assert code == 0
    assert calls[-3:] == ["group delete -n", "keyvault purge -n", "cognitiveservices account purge"]


def test_deleting_takes_the_identitys_rights_outside_of_the_group_first(shell: Shell) -> None:
    inside, outside, like_it = (
        f"/subscriptions/s/resourceGroups/{group}/providers/P/accounts/a/providers/Microsoft.Authorization/1"
        for group in ("RG-relay-try", "models", "rg-relay-try2")
    )
    roles = "\n".join([inside, outside, like_it])
    code, calls, _ = shell.run("--delete", "rg-relay-try", YES="1", AZ_ROLES=roles)
    assert code == 0
    asked = (shell.root / "az.log").read_text().splitlines()
    assert "role assignment list --assignee principal-1 --all --query [].id -o tsv" in asked
    deleted = [call for call in asked if call.startswith("role assignment delete")]
    assert deleted == [f"role assignment delete --ids {each}" for each in (outside, like_it)]
    assert calls.index("group delete -n") > max(
        i for i, call in enumerate(calls) if call == "role assignment delete"
    )


def test_the_group_stays_when_those_rights_cannot_be_looked_up(shell: Shell) -> None:
    code, calls, _ = shell.run("--delete", "rg-relay-try", YES="1", AZ_DENIES="1")
    assert code != 0
    assert "group delete -n" not in calls


def test_nothing_is_deleted_without_a_yes(shell: Shell) -> None:
    code, calls, _ = shell.run(
        "--delete", "rg-relay-try", AZ_ROLES="/subscriptions/s/resourceGroups/models/1"
    )
    assert code != 0
    assert calls == ["group show -n", "resource list -g"]


def test_a_group_that_was_there_before_is_not_deleted(shell: Shell) -> None:
    code, calls, shown = shell.run("--delete", "team", YES="1", AZ_MADE="rg-?-other")
    assert (code, calls) == (2, ["group show -n"])
    assert "team was there before; what was put into it: az resource list -g team --tag" in shown


def test_a_group_of_ones_own_keeps_its_budget(shell: Shell) -> None:
    shell.run("--what-if", AZURE_RESOURCE_GROUP="team")
    asked = (shell.root / "az.log").read_text()
    assert "/resourceGroups/team/providers/Microsoft.Consumption/budgets" in asked


SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st"
NEEDED = [
    {
        "role": {"name": "Storage Table Data Contributor", "id": "table"},
        "scope": SCOPE,
        "principalId": "app",
        "principalType": "ServicePrincipal",
        "name": "11-22",
        "forApp": True,
    },
    {
        "role": {"name": "Storage Queue Data Contributor", "id": "queue"},
        "scope": SCOPE,
        "principalId": "operator",
        "principalType": "",
        "name": "33-44",
        "forApp": False,
    },
]
BY_AN_ADMINISTRATOR = json.dumps({**json.loads(OUTPUTS), "roleAssignments": {"value": NEEDED}})


def assigned(*roles: tuple[str, str]) -> str:
    """Role assignments, as Azure lists them."""
    given = [
        {"properties": {"principalId": who, "roleDefinitionId": f"/x/roleDefinitions/{role}"}}
        for who, role in roles
    ]
    return json.dumps({"value": given})


@pytest.mark.parametrize("arguments", [[], ["--code"]])
def test_roles_that_are_missing_are_commands_for_an_administrator_and_nothing_is_published(
    shell: Shell, arguments: list[str]
) -> None:
    code, calls, shown = shell.run(
        *arguments, YES="1", AZ_OUTPUTS=BY_AN_ADMINISTRATOR, AZ_ASSIGNED=assigned(("app", "queue"))
    )
    assert code == 3
    assert [line for line in shown.splitlines() if line.startswith("az ")] == [
        f"az role assignment create --name 11-22 --role 'Storage Table Data Contributor' --assignee-object-id app "
        f"--assignee-principal-type ServicePrincipal --scope {SCOPE}",
        f"az role assignment create --name 33-44 --role 'Storage Queue Data Contributor' --assignee operator "
        f"--scope {SCOPE}",
    ]
    assert shown.endswith("Once that is done: AZURE_ENV_NAME=try infra/deploy.sh --code main\n")
    assert "functionapp deployment source" not in calls


def test_once_they_are_assigned_it_goes_on(shell: Shell) -> None:
    done = assigned(("APP", "table"))  # ids have no case
    code, calls, shown = shell.run("--code", AZ_OUTPUTS=BY_AN_ADMINISTRATOR, AZ_ASSIGNED=done)
    assert (code, "functionapp deployment source" in calls) == (0, True)
    assert "--assignee operator" in shown, "an operator may have it by a group: nothing waits for that"


def test_an_answer_that_is_none_is_not_taken_for_missing_roles(shell: Shell) -> None:
    code, _, shown = shell.run("--code", AZ_OUTPUTS=BY_AN_ADMINISTRATOR, AZ_ASSIGNED="")
    assert code == 1
    assert "Once that is done" not in shown


def test_a_deployment_into_a_group_of_ones_own_has_a_record_of_its_own(shell: Shell) -> None:
    shell.run("--code", AZURE_RESOURCE_GROUP="team")
    assert "deployment sub show -n relay-team-try" in (shell.root / "az.log").read_text()


def test_what_cannot_be_kept_is_published_all_the_same(shell: Shell) -> None:
    code, calls, shown = shell.run("--code", AZ_KEEPS_NOT="1", DEPLOY_PAUSES="")
    assert (code, "functionapp deployment source" in calls) == (0, True)
    assert "It is published, and not kept for --rollback" in shown


def test_another_cloud_needs_a_server_of_models(shell: Shell) -> None:
    code, calls, shown = shell.run("china", RELAY_MODEL_NAME="a-model")
    assert (code, calls) == (2, [])
    assert (
        "not set: RELAY_MODEL_URL (your server of models, https://HOST/v1), RELAY_MODEL_KEY (its key; "
        in shown
    )


PYTHON = """#!/bin/sh
case "$*" in *"pip install"*) echo installed ;; *" check "*) env | sort; echo "arguments $*" ;; esac
"""


def checked(tmp_path: Path, *, has_python: bool = True) -> str:
    """What the check prints; it is asked with the settings of this machine, and has its python or makes it."""
    programs = {"bin/az": AZ, **({".dev/check/bin/python": PYTHON} if has_python else {})}
    for path, text in programs.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        (tmp_path / path).chmod(0o755)
    (tmp_path / "infra").mkdir(exist_ok=True)
    shutil.copy(APP_FOLDER / "infra" / "patiently.sh", tmp_path / "infra")
    check = Path(shutil.copy(APP_FOLDER / "infra" / "check.sh", tmp_path / "infra"))
    here = {"IM_REGION": "overseas", "RELAY_MODEL_URL": "http://127.0.0.1:1", "IM_APP_SECRET": "pa55word"}
    here["RELAY_MODEL_KEY"] = "a-key"
    return subprocess.run(
        ["sh", str(check)],
        env={"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "AZ_LOG": os.devnull}
        | here
        | {name: f"deployed-{name}" for name in outputs_of_main_bicep()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_what_is_checked_is_what_was_deployed(tmp_path: Path) -> None:
    """Another bots file, region and API version than this machine's settings have."""
    (tmp_path / "requirements.txt").write_text("openai==3.0\n")
    shown = checked(tmp_path)
    told = dict(line.partition("=")[::2] for line in shown.splitlines())
    assert told["RELAY_BOTS_FILE"] == "deployed-botsFile"
    assert told["IM_REGION"] == "deployed-imRegion"
    assert told["IM_API_VERSION"] == "deployed-imApiVersion"
    assert told["AzureWebJobsStorage__queueServiceUri"] == "deployed-queueServiceUri"
    assert told["AzureWebJobsStorage__tableServiceUri"] == "deployed-tableServiceUri"
    assert told["RELAY_MODEL_URL"] == "deployed-modelUrl", "not the one of this machine"
    assert "IP allow list of the console: deployed-outboundAddress" in shown
    assert "--webhook deployed-webhookUrl?code=" in shown


def test_the_check_installs_what_is_pinned_whenever_that_has_changed(tmp_path: Path) -> None:
    installed = []
    for pins in ("openai==3.0\n", "openai==3.0\n", "openai==3.1\n"):
        (tmp_path / "requirements.txt").write_text(pins)
        installed.append("installed" in checked(tmp_path))
    assert installed == [True, False, True]


def test_the_check_installs_all_of_it_where_its_python_is_gone(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("openai==3.0\n")
    checked(tmp_path)
    here = tmp_path / ".dev/check"
    (here / "bin/python").rename(tmp_path / "python")
    make = tmp_path / "bin/python3"
    make.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *"venv --clear"*) rm -r "{here}" ;; esac\n'
        f'mkdir -p "{here}/bin" && cp "{tmp_path / "python"}" "{here}/bin"\n'
    )
    make.chmod(0o755)
    assert "installed" in checked(tmp_path, has_python=False)


def test_the_check_gets_each_output_that_it_reads() -> None:
    check = (APP_FOLDER / "infra" / "check.sh").read_text(encoding="utf-8")
    read = set(re.findall(r"\$([a-z]+[A-Z]\w+)", check))
    assert read <= set(outputs_of_main_bicep())
