"""The comparison with other packages runs, of them as much as needs none of their environment."""

from __future__ import annotations

import pytest

from bench.peers import dispatch, stores


async def test_every_request_of_the_comparison_is_queued_and_as_long_as_the_others() -> None:
    side = dispatch.Relayed()
    requests = [side.request() for _ in range(3)]
    assert {len(body) for _, body in requests} == {dispatch.BODY_BYTES}
    await side.handle(requests)
    headers, body = requests[0]
    with pytest.raises(AssertionError, match="401"):
        await side.handle([(headers, body + b" ")])


@pytest.mark.stack
async def test_both_stores_have_the_same_window_and_what_they_cost_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await stores.measure([30], 1, [stores.Plain])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[1:3] for line in lines if line[:1] == ["relay"]] == [["2", "30"], ["3", "0"]]
    assert [line[3:5] for line in lines if line[:1] == ["filter"]] == [["1", "30"], ["2", "0"]]
