"""The GitHub workflows: pinned, with few rights, and nothing in them runs what a stranger wrote."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from playground import install
from playground.install import Environment
from playground.runs import ROOT

FOLDER = ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}

LOGIN = "uses: azure/login@"


def jobs(text: str) -> dict[str, str]:
    """The jobs of a workflow by name."""
    parts = re.split(r"^  ([\w-]+):\n", text.split("\njobs:\n")[1], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    """What zizmor finds in workflows, without the network, with its strictest rules."""
    python = install.supply(Environment()).python
    program = python.with_name("zizmor.exe" if sys.platform == "win32" else "zizmor")
    command = [str(program), "--offline", "--pedantic", "--no-progress", "--no-config", str(folder)]
    return subprocess.run(
        command, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True, encoding="utf-8"
    )


@pytest.mark.parametrize("name", TEXTS)
def test_every_action_is_a_commit_whose_version_is_told(name: str) -> None:
    uses = re.findall(r"uses: (.+)", TEXTS[name])
    assert uses
    assert [use for use in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_an_action_is_the_same_commit_everywhere() -> None:
    uses = {use for text in TEXTS.values() for use in re.findall(r"uses: (.+)", text)}
    assert len(uses) == len({use.partition("@")[0] for use in uses})


@pytest.mark.parametrize("name", TEXTS)
def test_a_workflow_may_read_the_repository_and_no_more(name: str) -> None:
    (at_the_top,) = re.findall(r"^permissions:\n((?:  .+\n)+)", TEXTS[name], re.MULTILINE)
    assert at_the_top == "  contents: read\n"


@pytest.mark.parametrize("name", TEXTS)
def test_only_jobs_that_log_in_to_azure_have_another_right_and_only_that_one(name: str) -> None:
    for job in jobs(TEXTS[name]).values():
        rights = re.findall(r"^ +([\w-]+): write\b", job, re.MULTILINE)
        assert rights == (["id-token"] if LOGIN in job else [])


def test_nobody_logs_in_to_azure_for_a_fork() -> None:
    for text in TEXTS.values():
        assert "pull_request_target" not in text
        for job in jobs(text).values():
            if LOGIN in job:
                assert (
                    "head.repo.full_name == github.repository" in job or "event_name != 'pull_request'" in job
                )


def test_productions_identity_and_secrets_are_for_main_alone() -> None:
    """A pull request may change a workflow and every script that it runs: it must not be given what they could use."""
    for text in TEXTS.values():
        for job in jobs(text).values():
            on_main = "if: github.ref == 'refs/heads/main' && github.event_name != 'pull_request'" in job
            in_production = re.search(r"^    environment: production$", job, re.MULTILINE) is not None
            assert in_production == on_main
            if not on_main:
                assert "secrets." not in job
                assert "vars.AZURE_CLIENT_ID" not in job


def test_a_pull_request_logs_in_as_somebody_of_its_own() -> None:
    job = jobs(TEXTS["deploy.yml"])["what-if"]
    assert re.findall(r"^    environment: (.+)$", job, re.MULTILINE) == ["preview"]
    assert re.findall(r"client-id: (.+)", job) == ["${{ vars.AZURE_PREVIEW_CLIENT_ID }}"]
    assert re.findall(r"run: (infra/.+)", job) == ['infra/deploy.sh --what-if "$PARAMETERS"']


@pytest.mark.parametrize("name", TEXTS)
def test_a_job_ends_and_a_newer_run_does_not_run_beside_it(name: str) -> None:
    found = jobs(TEXTS[name])
    assert found
    assert [job for job, text in found.items() if "    timeout-minutes: " not in text] == []
    assert re.search(r"^concurrency:\n  group: .*github\.ref", TEXTS[name], re.MULTILINE)


@pytest.mark.parametrize("name", TEXTS)
def test_no_command_is_put_together_from_an_expression(name: str) -> None:
    lines = TEXTS[name].splitlines()
    assert [line for line in lines if "run:" in line and "${{" in line] == []


@pytest.mark.infra
def test_zizmor_finds_nothing() -> None:
    run = zizmor(FOLDER)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.infra
@pytest.mark.parametrize(
    ("line", "instead", "finding"),
    [
        ("persist-credentials: false", "fetch-depth: 1", "artipacked"),
        (r"@[0-9a-f]{40} # v", "@v", "unpinned-uses"),
        (
            r"- run: python dev\.py test",
            "- run: echo ${{ github.event.pull_request.title }}",
            "template-injection",
        ),
        (r"\npermissions:\n  contents: read\n", "\npermissions: write-all\n", "excessive-permissions"),
        (r"  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
    ],
)
def test_zizmor_would_find(tmp_path: Path, line: str, instead: str, finding: str) -> None:
    folder = tmp_path / ".github"
    shutil.copytree(FOLDER, folder)
    workflow = folder / "workflows" / "ci.yml"
    text, count = re.subn(line, instead, workflow.read_text(encoding="utf-8"))
    assert count
    workflow.write_text(text, encoding="utf-8")
    run = zizmor(folder)
    assert run.returncode != 0
    assert f"[{finding}]" in run.stdout
