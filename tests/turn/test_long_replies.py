"""Long replies: in parts, each once, in the time there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.errors import ImBlocked, ImError, ImRejected, ImUnavailable
from relay.ports import Outgoing
from relay.texts import RELAYS_OWN
from tests.kit import RelayKit


def slow_im(relay: RelayKit, *, taking: float) -> Callable[[Outgoing], None]:
    """The IM server takes so many seconds for each message."""

    def take(outgoing: Outgoing) -> None:
        given = relay.im.seconds[-1]
        relay.clock.advance(min(taking, given))
        if given < taking:
            raise ImUnavailable("no answer in time")

    return take


def test_sending_a_long_reply_ends_with_the_sending_budget(relay: RelayKit) -> None:
    relay.im.default = slow_im(relay, taking=6)
    relay.model.script = ["A sentence. " * 5000]
    started = relay.clock.now()
    relay.post("hello")
    assert relay.clock.now() - started == 20_000


def test_a_long_reply_is_sent_in_parts_with_ids_of_their_own(relay: RelayKit) -> None:
    relay.model.script = ["A sentence. " * 1000]
    relay.post("hello")
    assert len(relay.replies) > 2
    assert len({sent.client_id for sent in relay.im.shown}) == len(relay.replies)
    assert " ".join(relay.replies).split() == ("A sentence. " * 1000).split()
    relay.clock.advance(1)
    relay.post("and?")
    assert ("assistant", ("A sentence. " * 1000).strip()) in relay.model.asked()[-1]


def test_a_long_reply_gets_on_with_each_attempt(relay: RelayKit) -> None:
    relay.im.default = slow_im(relay, taking=1.5)
    relay.model.script = ["A sentence. " * 5000]
    relay.post("hello")
    relay.settle()
    assert len(relay.replies) > 13  # more than fit one sending budget
    refused = [seconds for seconds in relay.im.seconds if seconds < 1.5]
    assert len(relay.im.attempts) == len(relay.replies) + len(refused)  # no part was taken twice


def test_forget_between_two_parts_keeps_the_rest_from_the_user(relay: RelayKit) -> None:
    def forgetting(outgoing: Outgoing) -> None:
        relay.im.show(outgoing)
        if len(relay.im.shown) == 2:
            relay.post("/forget", at=relay.clock.now() + 1)

    relay.im.default = forgetting
    relay.model.script = ["A sentence. " * 2000]
    relay.post("hello")
    relay.settle()
    assert len(relay.replies) == 3
    assert relay.replies[-1].startswith("Erased")


@pytest.mark.parametrize(
    ("refusal", "told", "state"),
    [
        (ImBlocked("moderation"), [RELAYS_OWN.withheld.en], "sent"),
        (ImRejected("no such account"), [], "undelivered"),
    ],
)
def test_the_refusal_of_a_later_part_ends_the_reply_at_once(
    relay: RelayKit, refusal: ImError, told: list[str], state: str
) -> None:
    relay.im.script = [None, refusal]
    relay.model.script = ["A sentence. " * 1000]
    relay.post("hello")
    assert relay.replies[1:] == told
    (reply,) = relay.tables.rows("reply")
    assert reply["state"] == state
    assert relay.waiting == []
