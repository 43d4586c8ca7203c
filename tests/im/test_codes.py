"""What result codes mean for a message."""

from __future__ import annotations

import pytest

from relay.im.codes import Outcome, result_code

DOCUMENTED = [
    *(
        200,
        301,
        302,
        315,
        403,
        404,
        405,
        408,
        414,
        415,
        416,
        417,
        419,
        422,
        423,
        431,
        449,
        463,
        500,
        503,
        508,
    ),
    *(514, *range(801, 816), 7101),
    *(101303, 102304, 102404, 102421, 102422, 104404, 106403, 107306, 107316, 107323, 107329, 107330, 107336),
    *(107337, 107404, 107410, 107449, 107451, 108404, 109404, 109424, 189308, *range(189318, 189322), 189451),
    *(195001, 195002),
]


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_words_of_its_own(code: int) -> None:
    assert result_code(code).reason != result_code(-1).reason


def test_an_unknown_code_is_a_rejection() -> None:
    assert result_code(987654).outcome is Outcome.REJECTED


@pytest.mark.parametrize("code", [302, 315, 403, 414, 101303, 107410])
def test_what_a_person_can_put_right_is_no_rejection(code: int) -> None:
    assert result_code(code).outcome is Outcome.MISCONFIGURED


@pytest.mark.parametrize("code", [107451, 189451, 195001, 195002])
def test_antispam_is_a_refusal_of_the_text(code: int) -> None:
    assert result_code(code).outcome is Outcome.BLOCKED


def test_only_the_apps_own_rate_limit_makes_everybody_wait() -> None:
    assert [code for code in DOCUMENTED if result_code(code).outcome is Outcome.THROTTLED] == [416]


def test_only_success_and_a_duplicate_count_as_delivered() -> None:
    assert [code for code in DOCUMENTED if result_code(code).outcome is Outcome.DELIVERED] == [200, 107306]
