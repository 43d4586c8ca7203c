"""One message, one death at a named point: what the user saw of it, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from playground.im_server import ApiFault
from playground.model_server import Reply
from relay.im.split import split
from tests.crashes.points import DURING_MODEL, IN_A_STREAM, IN_PARTS, INSIDE_FIRST_CHUNK, ONE_MESSAGE
from tests.crashes.world import BOTS, HALF_A_MINUTE, LEASE_SECONDS, CrashWorld, crash_world

POINTS = (*ONE_MESSAGE, *IN_PARTS)

VERSIONS = ("v2", "v1")

PICTURE = "https://cdn.example.com/play.png"
LONG = "\n\n".join(f"{number}. " + "All work and no play. " * 40 for number in range(6))
"""A reply that is sent as several messages, behind a picture."""

STREAMING_BOTS = BOTS + "stream = true\n"

STREAMED = "It opens at nine o'clock in the morning, and closes at six, " * 4
"""A reply that is shown in several chunks."""

WRITES = Reply(text=STREAMED.strip(), tokens_per_second=80)
"""How the model says it to whoever asks again."""

_LANES = 3


@dataclass(frozen=True, slots=True)
class Survival:
    """What became of one message whose process died.

    Attributes:
        point: where it died.
        version: of the IM server API.
        shown: the messages that the user saw in answer, in order.
        growing: those of them that are streams without an end.
        expected: what the user should see.
        stored: stored replies.
        model_calls: requests to the model.
        asked_again: those of them that came after the death.
        poisoned: messages in the poison queue.
        answered_ms: from the death until the user had the whole reply; not positive if it was there before.
        next_ms: from the death until the user's next message was answered, sent once the first was.
    """

    point: str
    version: str
    shown: tuple[str, ...]
    growing: tuple[str, ...]
    expected: tuple[str, ...]
    stored: int
    model_calls: int
    asked_again: int
    poisoned: int
    answered_ms: int
    next_ms: int


async def die_once(world: CrashWorld, point: str, version: str) -> Survival:
    """Kill one host of a world at a point, restart it, and see its message through to an empty queue."""
    user = f"{point}-{version}"
    question = f"hello from {user}"
    text = f"You said: {question}"
    expected: tuple[str, ...] = (text,)
    if point in IN_PARTS:
        text, expected = f"![A play]({PICTURE})\n\n{LONG}", (PICTURE, *split(LONG))
    elif point in IN_A_STREAM:
        text, expected = STREAMED.strip(), (STREAMED.strip(),)
    if point == DURING_MODEL:
        world.model.when(question, Reply(hold=True), times=1)
        await world.im.say(user, question)
        await world.model.wait_for_held(seconds=HALF_A_MINUTE)
        world.points.order(point)
    elif point in IN_A_STREAM:
        await _begin_stream(world, point, user, question)
    else:
        world.model.when(question, Reply(text=text))
        world.points.order(point)
        await world.im.say(user, question)
    died_at = await world.bury()
    # Made visible only in the end: until then the dead process's message is hidden, as on Azure.
    left_behind = world.points.left_behind()
    restarted = asyncio.create_task(world.start_host())

    seconds = LEASE_SECONDS + 2 * HALF_A_MINUTE  # judged by the figures, not by this
    await world.im.wait_for(lambda: set(world.texts(user)) >= set(expected), seconds)
    seen = zip(world.texts(user), world.shown(user), strict=True)
    answered_at = {text: said.at for text, said in reversed([*seen])}
    await world.im.say(user, "and now?")
    await world.im.wait_for(lambda: world.texts(user)[-1:] == ["You said: and now?"], seconds)
    next_at = world.shown(user)[-1].at
    await restarted
    await world.account.show(left_behind)
    await world.at_rest()

    calls = [request for request in world.model.requests if request.messages[-1]["content"] == question]
    return Survival(
        point,
        version,
        tuple(world.texts(user)[:-1]),
        tuple(said.text for said in world.shown(user) if not said.finished),
        expected,
        stored=len(await world.account.replies(user)) - 1,
        model_calls=len(calls),
        asked_again=sum(request.at > died_at for request in calls),
        poisoned=sum(record.sender == user for record in await world.account.failed()),
        answered_ms=max(answered_at[part] for part in expected) - died_at,
        next_ms=next_at - died_at,
    )


async def _begin_stream(world: CrashWorld, point: str, user: str, question: str) -> None:
    """Ask, and let the model go on once the user has read the first words, so that more is to be shown, or the end."""
    # It stops once more when two chunks are wanted, for the second is not to be the last.
    stops = (15, 40) if point == "between-chunks" else (15,)
    world.model.when(question, replace(WRITES, hold_after=stops), times=1)
    world.model.when(question, WRITES)
    if point == INSIDE_FIRST_CHUNK:
        world.im.fail(ApiFault("hang", delivered=True, to=user))
    else:
        world.points.order(point)
    await world.im.say(user, question)
    if point in ("after-stream-note", "after-first-chunk"):
        return
    await world.im.wait_for(lambda: bool(world.texts(user)), HALF_A_MINUTE)
    if point == INSIDE_FIRST_CHUNK:
        world.points.order(point)
    else:
        await world.model.wait_for_held(seconds=HALF_A_MINUTE)  # the user may be quicker
        world.model.release()


async def die_in_streams(folder: Path) -> dict[tuple[str, str], Survival]:
    """Every point of a streamed reply; v1 has no streams."""
    return await die_everywhere(folder, IN_A_STREAM, versions=("v2",), bots=STREAMING_BOTS)


async def die_everywhere(
    folder: Path,
    points: Sequence[str] = POINTS,
    *,
    versions: Sequence[str] = VERSIONS,
    bots: str = BOTS,
) -> dict[tuple[str, str], Survival]:
    """Every point, with each version of the IM server API; several worlds side by side, as most of it is waiting."""

    count = min(_LANES, len(points) // 3)  # the start of hosts takes more time than their deaths

    async def lane(version: str, number: int) -> list[Survival]:
        mine = points[number::count]
        async with crash_world(
            folder / f"{version}-{number}", bots=bots, hosts=2, settings={"IM_API_VERSION": version}
        ) as world:
            return [await die_once(world, point, version) for point in mine]

    lanes = [lane(version, number) for version in versions for number in range(count)]
    survived = [survival for found in await asyncio.gather(*lanes) for survival in found]
    return {(survival.point, survival.version): survival for survival in survived}
