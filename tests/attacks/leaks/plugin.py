"""The pytest plugin: what is said during a test is searched for what is private, when the test has run."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from itertools import islice

import pytest
from pydantic import SecretStr

from relay.config.settings import Settings, StorageSettings
from tests import tracing
from tests.attacks.leaks.evidence import Evidence, LogEvidence, SpanEvidence, keep_errors
from tests.attacks.leaks.private import Private, watch

SECRET_SETTINGS = [
    field.alias or "AzureWebJobsStorage"
    for owner in (Settings, StorageSettings)
    for field in owner.model_fields.values()
    if SecretStr.__name__ in str(field.annotation)
]
"""The settings that hold a secret; of the storage settings it is the connection string."""

SHOWN = 5
"""How many leaks of a test are told."""

evidence = Evidence()
private = Private()


def child_knows(environ: Mapping[str, str]) -> None:
    """Note the secrets in the environment of a child process that runs the relay."""
    for name in SECRET_SETTINGS:
        private.secret(environ.get(name, ""))


def child_said(output: str, name: str) -> None:
    """Have the output of a child process searched, too."""
    for line in output.splitlines():
        evidence.add(line, f"output of {name}")


def pytest_configure(config: pytest.Config) -> None:
    """Turn on debug logging and spans, and listen."""
    watch(private)
    keep_errors(evidence)
    tracing.provider().add_span_processor(SpanEvidence(evidence))
    logging.getLogger().addHandler(LogEvidence(evidence))
    # The relay's own level as well: a test may set another one at the root.
    for name in ("", "relay"):
        logging.getLogger(name).setLevel(logging.DEBUG)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have tests see what they would see without this plugin: warnings, unless they ask for more."""
    catching = session.config.pluginmanager.get_plugin("logging-plugin")
    if catching is not None:
        catching.caplog_handler.setLevel(logging.WARNING)
        catching.report_handler.setLevel(logging.WARNING)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Begin anew."""
    evidence.clear()
    private.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Search when the test has passed."""
    result = yield
    _search()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Search again: a process may have told its last only now."""
    result = yield
    _search()
    return result


def _search() -> None:
    leaks = list(islice(evidence.leaks(private), SHOWN))
    evidence.clear()  # what is told is not told again
    if leaks:
        pytest.fail("\n".join(["something private was said:", *leaks]), pytrace=False)
