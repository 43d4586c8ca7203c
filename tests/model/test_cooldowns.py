"""Which deployments are left alone, and for how long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import formatdate

import pytest

from relay.model.answers import retry_after
from relay.model.cooldowns import Cooldowns
from relay.model.endpoints import Endpoint

A = Endpoint("https://a.openai.azure.com/openai/v1/", "gpt", is_azure=True)
B = Endpoint("https://b.openai.azure.com/openai/v1/", "gpt", is_azure=True)
BOTH = (A, B)


@dataclass
class Rests:
    """Cooldowns under a clock that only the test moves."""

    at: float = 1000.0
    chance: float = 1.0
    of: Cooldowns = field(init=False)

    def __post_init__(self) -> None:
        self.of = Cooldowns(now=lambda: self.at, random=lambda: self.chance)

    def fail(self, endpoint: Endpoint, *, named: float | None = None, lasting: bool = False) -> None:
        """A request to the endpoint begins and fails at once."""
        self.of.failed(endpoint, self.of.begin(endpoint), named=named, lasting=lasting)

    def answer(self, endpoint: Endpoint) -> None:
        """A request to the endpoint begins and is answered at once."""
        self.of.answered(endpoint, self.of.begin(endpoint))

    def wait(self, endpoint: Endpoint) -> float:
        """For how long the endpoint is left alone from now on."""
        return self.of.left(endpoint)


@pytest.fixture
def rests() -> Rests:
    return Rests()


def test_the_first_place_is_preferred(rests: Rests) -> None:
    assert rests.of.choose(BOTH, {}) == (A, 0)


def test_a_place_that_failed_is_left_alone_by_every_turn(rests: Rests) -> None:
    rests.fail(A)
    assert rests.of.choose(BOTH, {}) == (B, 0)
    rests.at += 1
    assert rests.of.choose(BOTH, {}) == (A, 0)


def test_when_all_rest_the_first_whose_rest_ends_is_chosen(rests: Rests) -> None:
    rests.fail(A, named=5)
    rests.fail(B, named=3)
    assert rests.of.choose(BOTH, {}) == (B, 3)


def test_rests_grow_from_one_second_to_a_minute(rests: Rests) -> None:
    seen = []
    for _ in range(8):
        rests.fail(A)
        seen.append(rests.wait(A))
        rests.at += rests.wait(A)
    assert seen == [1, 2, 4, 8, 16, 32, 60, 60]


def test_processes_whose_rests_began_together_do_not_ask_again_together(rests: Rests) -> None:
    other = Rests(chance=0.2)
    for _ in range(3):
        for process in (rests, other):
            process.fail(A)
            process.at += process.wait(A)
    assert rests.at - 1000 == 7
    assert other.at - 1000 == pytest.approx(7 * 0.6)  # chance does not add up to other steps


def test_a_time_that_the_server_names_is_not_left_to_chance() -> None:
    rests = Rests(chance=0.2)
    rests.fail(A, named=30)
    assert rests.wait(A) == 30


def test_failures_of_requests_that_were_under_way_together_count_once(rests: Rests) -> None:
    began = [rests.of.begin(A) for _ in range(20)]
    for start in began:
        rests.of.failed(A, start)
    assert rests.wait(A) == 1


def test_an_answer_ends_what_is_known_of_failures(rests: Rests) -> None:
    for _ in range(3):
        rests.fail(A)
        rests.at += rests.wait(A)
    rests.answer(A)
    rests.fail(A)
    assert rests.wait(A) == 1


def test_a_time_that_the_server_names_counts_and_not_ours(rests: Rests) -> None:
    rests.fail(A, named=0.25)
    assert rests.wait(A) == 0.25
    rests.fail(B, named=30)
    assert rests.wait(B) == 30


def test_a_server_that_names_no_time_at_all_is_not_hammered(rests: Rests) -> None:
    rests.fail(A, named=0)
    assert rests.wait(A) == pytest.approx(0.1)


def test_an_answer_to_a_request_from_before_does_not_end_a_rest(rests: Rests) -> None:
    under_way = rests.of.begin(A)
    rests.at += 3
    rests.fail(A, named=30)
    rests.of.answered(A, under_way)
    assert rests.wait(A) == 30


def test_rests_do_not_grow_while_there_are_answers(rests: Rests) -> None:
    for _ in range(5):
        under_way = rests.of.begin(A)
        rests.fail(A)
        assert rests.wait(A) == 1
        rests.of.answered(A, under_way)
        rests.at += 1


def test_a_late_answer_leaves_a_rest_as_it_is_and_the_next_one_begins_small(rests: Rests) -> None:
    under_way = rests.of.begin(A)
    rests.at += 0.5
    rests.fail(A)
    rests.of.answered(A, under_way)
    assert rests.wait(A) == 1
    rests.at += 1
    rests.fail(A)
    assert rests.wait(A) == 1


def test_an_answer_of_the_very_moment_is_none_since_then(rests: Rests) -> None:
    rests.answer(A)
    assert not rests.of.has_answered_since(A, rests.at)
    rests.at += 0.001
    rests.answer(A)
    assert rests.of.has_answered_since(A, rests.at - 0.001)


def test_an_answer_in_the_middle_of_a_rest_that_nobody_named_ends_it(rests: Rests) -> None:
    rests.fail(A)
    rests.at += 0.5
    rests.answer(A)
    assert rests.wait(A) == 0


def test_a_burst_of_refusals_rests_for_the_longest_time_that_was_named(rests: Rests) -> None:
    under_way = [rests.of.begin(A) for _ in range(3)]
    for began, named in zip(under_way, (0.2, 0.4, 0.3), strict=True):
        rests.of.failed(A, began, named=named)
    assert rests.wait(A) == pytest.approx(0.4)


def test_a_named_time_is_not_cut_short_by_a_failure_that_was_under_way(rests: Rests) -> None:
    under_way = rests.of.begin(A)
    rests.fail(A, named=30)
    rests.of.failed(A, under_way)
    rests.of.failed(A, under_way, named=2)
    assert rests.wait(A) == 30


def test_a_senseless_time_is_bounded(rests: Rests) -> None:
    rests.fail(A, named=1e9)
    assert rests.wait(A) == 600


def test_what_an_operator_has_to_mend_rests_for_a_minute(rests: Rests) -> None:
    rests.fail(A, lasting=True)
    assert rests.wait(A) == 60


def test_after_a_rest_one_turn_probes_and_the_others_wait_for_it_elsewhere(rests: Rests) -> None:
    rests.fail(A)
    rests.at += 1
    probe = rests.of.begin(A)
    assert rests.of.choose(BOTH, {}) == (B, 0)
    rests.of.failed(A, probe)
    assert rests.wait(A) == 2


def test_a_probe_that_works_opens_the_place_for_all(rests: Rests) -> None:
    rests.fail(A)
    rests.at += 1
    rests.of.answered(A, rests.of.begin(A))
    assert rests.of.choose(BOTH, {}) == (A, 0)


def test_a_probe_that_never_ends_does_not_close_the_place(rests: Rests) -> None:
    rests.fail(A)
    rests.at += 1
    rests.of.begin(A)
    rests.at += 5
    assert rests.of.choose(BOTH, {}) == (A, 0)


def test_a_turn_asks_the_only_place_although_others_failed_there(rests: Rests) -> None:
    rests.fail(A)
    assert rests.of.choose([A], {}) == (A, 0)
    assert rests.of.choose([A], {A: rests.at + 1}) == (A, 1)


def test_a_turn_waits_for_its_own_failure_and_not_for_every_one_that_others_meet(rests: Rests) -> None:
    rests.fail(A)
    failed = {A: rests.at + 1}
    rests.at += 1
    rests.fail(A)
    assert rests.of.choose([A], failed) == (A, 0)


def test_when_one_of_several_has_named_its_time_that_is_waited_for(rests: Rests) -> None:
    rests.fail(A, lasting=True)
    rests.fail(B, named=5)
    assert rests.of.choose(BOTH, {}) == (B, 5)


def test_when_nobody_has_named_a_time_a_new_turn_asks_the_preferred_place(rests: Rests) -> None:
    for endpoint in BOTH:
        rests.fail(endpoint)
    assert rests.of.choose(BOTH, {}) == (A, 0)
    assert rests.of.choose(BOTH, {A: rests.at + 1}) == (B, 0)
    assert rests.of.choose(BOTH, {A: rests.at + 1, B: rests.at + 0.5}) == (B, 0.5)


def test_a_named_time_holds_for_every_turn_even_at_the_only_place(rests: Rests) -> None:
    rests.fail(A, named=7)
    assert rests.of.choose([A], {}) == (A, 7)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "150", "retry-after": "60"}, 0.15),
        ({"retry-after": "2"}, 2),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3),
        ({}, None),
        ({"retry-after": "later"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": formatdate(0, usegmt=True)}, 0),
        ({"retry-after": "Fri, 01 Jan 99999 00:00:00 GMT"}, None),
        ({"retry-after": f"Fri, 01 Jan {'9' * 20} 00:00:00 GMT"}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_may_be_a_date() -> None:
    seconds = retry_after({"retry-after": formatdate(time.time() + 30, usegmt=True)})
    assert seconds is not None
    assert 28 < seconds <= 30
