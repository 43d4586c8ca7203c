"""The Log Analytics workspace of an app, asked with ``az rest``: the CLI's own log commands are an extension."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from relay.errors import ConfigError, NoLogs

API = "https://api.loganalytics.io"
"""Azure: Log Analytics API, ``POST /v1/workspaces/{workspaceId}/query``; also the audience of its tokens."""

QUERY_SECONDS = 120
"""The service answers, or gives up, within three minutes; a person would rather ask for less."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_UNIT_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


def add_workspace(parser: argparse.ArgumentParser, since: str) -> None:
    """The options of commands that read logs."""
    parser.add_argument(
        "--workspace", metavar="ID", help="the workspace (Azure portal: Workspace ID), asked by az rest"
    )
    parser.add_argument(
        "--since", default=since, type=span, metavar="TIME", help=f"30m, 1h, 7d; {since} if not given"
    )
    parser.add_argument("--print", action="store_true", help="print the query (KQL), ask nothing")


def span(text: str) -> str:
    """A time such as ``30m``, which KQL spells likewise."""
    if not re.fullmatch("[1-9][0-9]{0,4}[mhd]", text):
        raise argparse.ArgumentTypeError(
            f'"{text}" is no time: a whole number of {", ".join(_UNITS.values())}, such as 1h'
        )
    return text


def seconds_of(text: str) -> int:
    """How long that is."""
    return int(text[:-1]) * _UNIT_SECONDS[text[-1]]


def quoted(text: str) -> str:
    """A text as KQL spells it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def rest_call(workspace: str, body: Path) -> list[str]:
    """The arguments of ``az`` that post a body to a workspace."""
    return [
        *("rest", "--method", "post", "--url", f"{API}/v1/workspaces/{workspace}/query"),
        *("--resource", API, "--headers", "Content-Type=application/json", "--body", f"@{body}"),
    ]


def ask(workspace: str, query: str) -> list[dict[str, Any]]:
    """The rows that a workspace answers a query with.

    Raises:
        ConfigError: the Azure CLI is not there, or the workspace's id is none.
        NoLogs: it says no.
    """
    if not re.fullmatch("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", workspace):
        raise ConfigError(
            [
                f"--workspace: {workspace} is no Workspace ID; accepted: the GUID of the portal, or of "
                "az resource show --query properties.customerId"
            ]
        )
    az = shutil.which("az")
    if az is None:
        raise ConfigError(
            [
                "the Azure CLI (az) is not on PATH; install it, or take the query that --print prints to the portal"
            ]
        )
    with tempfile.TemporaryDirectory() as folder:
        body = (
            Path(folder) / "query.json"
        )  # on Windows az is a batch file, which would read the query's quotes
        body.write_text(json.dumps({"query": query}), encoding="utf-8")
        command = [az, *rest_call(workspace, body)]
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, text=True, timeout=QUERY_SECONDS, encoding="utf-8"
            )
        except subprocess.TimeoutExpired:
            raise NoLogs(f"az rest: no answer within {QUERY_SECONDS} s; ask for less with --since") from None
    if done.returncode:
        said = done.stderr.strip() or "it says nothing"
        raise NoLogs(
            f"az rest: {said}\nIs az logged in (az login), with the role Log Analytics Data Reader there?"
        )
    try:
        table = json.loads(done.stdout)["tables"][0]
        names = [column["name"] for column in table["columns"]]
        return [dict(zip(names, row, strict=True)) for row in table["rows"]]
    except (ValueError, LookupError, TypeError):
        raise NoLogs("az rest: the answer has no table") from None
