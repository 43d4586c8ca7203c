"""An IM server API that misbehaves: what the user sees with its second and its first version."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from playground.im.chats import wall_clock_ms
from playground.im_server import ApiFault
from relay.texts import RELAYS_OWN
from tests.crashes.survival import VERSIONS
from tests.crashes.world import ROOMY, ROOMY_BOTS, CrashWorld, crash_world

pytestmark = pytest.mark.stack

FAULTS: dict[str, list[ApiFault]] = {
    "asks-to-try-again": [ApiFault("code", 449)],
    "loses-the-request": [ApiFault("close")],
    "loses-the-answer": [ApiFault("close", delivered=True)],
    "answers-late": [ApiFault("hang", delivered=True)],
    "is-behind-a-bad-gateway": [ApiFault("http", 502, delivered=True)],
    "loses-two-answers": [ApiFault("close", delivered=True), ApiFault("close")],
    "moderates": [ApiFault("antispam")],
}
"""What happens to the calls for one user, named by what the server does."""

THROTTLED = ("throttled-1", "throttled-2", "throttled-3")
FORGOTTEN = "forgets-after-a-minute"
BLOCKING = "blocking"

PAUSE_SECONDS = 10
"""For so long the platform answers 416 to everybody."""

FORGET_MS = 61_000
"""v1 knows a RequestId again for 60 seconds."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of all the messages of a world.

    Attributes:
        texts: what each user saw.
        outcomes: of the API calls for each user, in order.
        causes: in the poison queue, of each user who has one there.
        stored: how many replies are stored.
    """

    texts: dict[str, list[str]]
    outcomes: dict[str, list[str]]
    causes: dict[str, str]
    stored: int


async def misbehave(folder: Path, version: str) -> Seen:
    """Each fault for a user of its own."""
    forgotten_ms = 0
    users = [*FAULTS, BLOCKING, *THROTTLED, FORGOTTEN]
    async with crash_world(
        folder,
        bots=ROOMY_BOTS,
        now=lambda: wall_clock_ms() + forgotten_ms,
        settings={**ROOMY, "IM_API_VERSION": version},
    ) as world:
        for user, faults in FAULTS.items():
            for fault in faults:
                world.im.fail(replace(fault, to=user))
        world.im.chats.blocked.add((BLOCKING, "helper"))
        await asyncio.gather(*(world.im.say(user, "hello") for user in (*FAULTS, BLOCKING)))
        await world.at_rest()

        world.im.fail(ApiFault("code", 416, seconds=PAUSE_SECONDS))
        await asyncio.gather(*(world.im.say(user, "hello") for user in THROTTLED))
        await world.at_rest()

        world.im.fail(ApiFault("hang", delivered=True, to=FORGOTTEN))
        await world.im.say(FORGOTTEN, "hello")
        await world.im.wait_for(lambda: bool(world.texts(FORGOTTEN)), 30)
        forgotten_ms = FORGET_MS  # a minute passes before the relay asks again
        await world.at_rest()
        return Seen(
            {user: world.texts(user) for user in users},
            {user: outcomes(world, user) for user in users},
            {record.sender: record.cause for record in await world.account.failed()},
            stored=len(await world.account.replies()),
        )


def outcomes(world: CrashWorld, user: str) -> list[str]:
    """Of the API calls for one user: named in v1's form, or at the end of v2's conversation id."""
    return [
        call.outcome for call in world.im.calls if call.body.get("to") == user or f"|1|{user}/" in call.path
    ]


@pytest.fixture(scope="module")
def seen_by_version(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """All faults with all versions, in one go: most of it is waiting."""
    folder = tmp_path_factory.mktemp("faults")

    async def every_version() -> list[Seen]:
        return await asyncio.gather(*(misbehave(folder / version, version) for version in VERSIONS))

    return dict(zip(VERSIONS, asyncio.run(every_version()), strict=True))


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """The version of the API."""
    return str(request.param)


@pytest.fixture
def seen(version: str, seen_by_version: dict[str, Seen]) -> Seen:
    """What became of everything with this version."""
    return seen_by_version[version]


REPLY = "You said: hello"


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"moderates", "loses-two-answers"}))
def test_the_user_sees_the_reply_once(seen: Seen, fault: str) -> None:
    assert seen.texts[fault] == [REPLY]
    assert len(seen.outcomes[fault]) == 2


def test_a_repetition_is_known_by_its_id(seen: Seen, version: str) -> None:
    duplicate = {"v2": "107306", "v1": "431"}[version]
    assert seen.outcomes["loses-the-answer"] == ["closed", duplicate]
    assert seen.outcomes["answers-late"] == ["hung", duplicate]


def test_a_reply_whose_answers_are_lost_for_a_whole_turn_is_shown_twice_by_v1_only(
    seen: Seen, version: str
) -> None:
    assert seen.texts["loses-two-answers"] == [REPLY] * {"v2": 1, "v1": 2}[version]


def test_a_repetition_after_a_minute_is_shown_twice_by_v1_only(seen: Seen, version: str) -> None:
    assert seen.texts[FORGOTTEN] == [REPLY] * {"v2": 1, "v1": 2}[version]


def test_a_reply_that_moderation_refuses_is_replaced_once(seen: Seen) -> None:
    assert seen.texts["moderates"] == [RELAYS_OWN.withheld.en]


def test_a_user_who_blocks_the_bot_sees_nothing_and_the_cause_is_in_the_poison_queue(
    seen: Seen, version: str
) -> None:
    code = {"v2": "106403", "v1": "7101"}[version]
    assert seen.texts[BLOCKING] == []
    assert seen.outcomes[BLOCKING] == [code]
    assert f"result code {code}" in seen.causes.pop(BLOCKING)
    assert seen.causes == {}


@pytest.mark.parametrize("user", THROTTLED)
def test_while_the_app_is_shut_out_a_reply_waits_and_is_shown_once(seen: Seen, user: str) -> None:
    assert seen.texts[user] == [REPLY]


def test_while_the_app_is_shut_out_the_relay_keeps_silent(seen: Seen) -> None:
    refused = [outcome for user in THROTTLED for outcome in seen.outcomes[user] if outcome == "416"]
    assert 1 <= len(refused) <= len(THROTTLED)


def test_each_message_has_one_stored_reply(seen: Seen) -> None:
    assert seen.stored == len(seen.texts)
