"""One deadline for a turn, whatever it does."""

from __future__ import annotations

from collections.abc import Callable

from relay.errors import ModelBlocked
from relay.ports import Prompt
from tests.doubles.model import Said
from tests.kit import RelayKit


def slow(relay: RelayKit, said: Said, *, taking: float) -> Callable[[Prompt], Said]:
    """The model says or raises this after so many seconds."""

    def answer(prompt: Prompt) -> Said:
        relay.clock.advance(taking)
        return said

    return answer


def test_the_second_try_without_history_has_only_the_time_that_is_left(relay: RelayKit) -> None:
    relay.post("one")
    relay.clock.advance(1)
    refusal = ModelBlocked("content filter on the prompt")
    relay.model.script = [slow(relay, refusal, taking=60), slow(relay, "Hi", taking=1)]
    relay.post("two")
    assert relay.model.seconds[1:3] == [90, 30]


def test_a_turn_takes_no_further_message_when_half_of_its_time_is_over(relay: RelayKit) -> None:
    relay.hold_lease(seconds=3, team="77")
    relay.model.default = slow(relay, "Hi", taking=50)
    now = relay.clock.now()
    relay.post("@Helper later", sender="bob", team="77", at=now + 2)
    relay.post("@Helper earlier", sender="alice", team="77", at=now + 1)
    relay.settle()
    assert [sent.mention for sent in relay.im.shown] == ["alice", "bob"]
    assert relay.model.seconds == [90, 90]
