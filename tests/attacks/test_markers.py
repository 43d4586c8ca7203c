"""Nothing of what a person has said, or was told, is left once it is forgotten, deleted, recalled or expired."""

from __future__ import annotations

import pytest

from relay.memory.rows import Entry
from tests.attacks.markers.ends import ENDS, PLACES, run
from tests.attacks.markers.planted import KINDS, Kind
from tests.kit import RelayKit


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nothing_is_left(relay: RelayKit, kind: Kind, end: str) -> None:
    found = run(kind, end)
    assert found.before == kind.is_kept
    assert found.after == ()
    assert found.named == ()


def test_the_search_finds_what_is_left(relay: RelayKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Entry, "blanked", lambda entry: {})
    assert set(run(KINDS[0], "/forget").after) == {"tables", "export"}
    assert set(PLACES) == {"tables", "queues", "log", "spans", "export"}
