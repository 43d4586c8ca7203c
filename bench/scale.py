"""``python -m bench.scale``: what a number of users comes to, and which limit is met first. Calculated, not measured.

Limits are Azure's documented ones ("Scalability and performance targets for Blob, Queue and Table storage", November
2026); prices and the seconds of an answer are those of docs/deploy.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

DAY_SECONDS = 86_400
MONTH_DAYS = 30

ACTIVE_SHARE = 0.1
"""Of the users, who write to a bot on a day."""

MESSAGES_OF_AN_ACTIVE_USER = 10
"""A day, to a bot."""

OTHER_MESSAGES_OF_A_USER = 5
"""A day and user, for no bot: with message copy the webhook gets them, too."""

PEAK = 5
"""The busiest seconds of a day have so many times the messages of its mean second."""

ANSWER_SECONDS = 4
TOKENS_IN, TOKENS_OUT = 1_000, 150
USD_PER_TOKEN_IN, USD_PER_TOKEN_OUT = 0.20e-6, 1.20e-6
USD_PER_GB_SECOND = 0.000026
INSTANCE_GB = 2

QUEUE_CALLS = 3
"""Of the relay for an answer: the watch and the message are put, the watch is deleted."""

HOST_QUEUE_CALLS = 2
"""Of the function host: the message is taken and deleted."""

TABLE_CALLS = 6

QUEUE_CALLS_PER_SECOND = 2_000
"""Azure's limit of one queue, for messages of 1 KiB."""

ACCOUNT_CALLS_PER_SECOND = 20_000
"""Azure's limit of one storage account."""

TEMPLATE_IM_CALLS = 100
"""``imCallsPerSecond`` of the templates: what the vendor's ordinary plan allows."""

TEMPLATE_TOKENS_PER_MINUTE = 50_000
"""``capacity`` of the templates' deployment."""

TEMPLATE_TURNS = 40 * 5
"""Turns at a time with ``imCallsPerSecond`` 100: instances and the turns on each."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that ends somewhere.

    Attributes:
        name: what.
        answers_per_second: how many it carries.
        lifted_by: what one does then.
    """

    name: str
    answers_per_second: float
    lifted_by: str


LIMITS = (
    Limit(
        "the model's quota (`capacity` 50)",
        TEMPLATE_TOKENS_PER_MINUTE / 60 / (TOKENS_IN + TOKENS_OUT),
        "a larger `capacity`, then further deployments in `models`",
    ),
    Limit(
        "instances (40 × 5 turns)",
        TEMPLATE_TURNS / ANSWER_SECONDS,
        "a larger IM plan and `imCallsPerSecond` after it; then `maximumInstanceCount`",
    ),
    Limit("calls of the IM server API", TEMPLATE_IM_CALLS, "a larger plan of the vendor"),
    Limit(
        "one queue",
        QUEUE_CALLS_PER_SECOND / (QUEUE_CALLS + HOST_QUEUE_CALLS),
        "several queues, by conversation: not built",
    ),
    Limit(
        "one storage account",
        ACCOUNT_CALLS_PER_SECOND / (QUEUE_CALLS + HOST_QUEUE_CALLS + TABLE_CALLS),
        "several accounts, by conversation: not built",
    ),
)
"""Of the templates as they are, the lowest first."""


@dataclass(frozen=True, slots=True)
class Load:
    """What so many users come to."""

    users: int

    @property
    def answers_a_day(self) -> float:
        """Messages to a bot."""
        return self.users * ACTIVE_SHARE * MESSAGES_OF_AN_ACTIVE_USER

    @property
    def copies_a_day(self) -> float:
        """Messages for no bot, which the webhook drops."""
        return self.users * OTHER_MESSAGES_OF_A_USER

    @property
    def answers_per_second(self) -> float:
        """In the busiest seconds."""
        return self.answers_a_day / DAY_SECONDS * PEAK

    @property
    def webhook_per_second(self) -> float:
        """Requests in the busiest seconds."""
        return (self.answers_a_day + self.copies_a_day) / DAY_SECONDS * PEAK

    @property
    def turns_at_a_time(self) -> float:
        """In the busiest seconds."""
        return self.answers_per_second * ANSWER_SECONDS

    @property
    def tokens_per_minute(self) -> float:
        """In the busiest seconds."""
        return self.answers_per_second * 60 * (TOKENS_IN + TOKENS_OUT)

    @property
    def storage_calls_per_second(self) -> float:
        """In the busiest seconds, of the relay and the host."""
        return self.answers_per_second * (QUEUE_CALLS + HOST_QUEUE_CALLS + TABLE_CALLS)

    @property
    def queue_calls_per_second(self) -> float:
        """Of these, those of the queue ``relay-turns``."""
        return self.answers_per_second * (QUEUE_CALLS + HOST_QUEUE_CALLS)

    @property
    def model_usd_a_month(self) -> float:
        """Without what a provider's cache saves."""
        answer = TOKENS_IN * USD_PER_TOKEN_IN + TOKENS_OUT * USD_PER_TOKEN_OUT
        return self.answers_a_day * MONTH_DAYS * answer

    @property
    def turns_usd_a_month(self) -> float:
        """Of the instances of ``answer``, if no two turns shared one; those that do cost a part of it."""
        return self.answers_a_day * MONTH_DAYS * ANSWER_SECONDS * INSTANCE_GB * USD_PER_GB_SECOND

    def walls(self) -> list[Limit]:
        """The limits that are met, the lowest first."""
        return [limit for limit in LIMITS if limit.answers_per_second < self.answers_per_second]


ROWS = (
    ("answers a day", "answers_a_day"),
    ("messages for no bot, a day", "copies_a_day"),
    ("answers a second", "answers_per_second"),
    ("requests of the webhook a second", "webhook_per_second"),
    ("turns at a time", "turns_at_a_time"),
    ("tokens of the model a minute", "tokens_per_minute"),
    ("calls of storage a second", "storage_calls_per_second"),
    ("of these, of one queue", "queue_calls_per_second"),
    ("model, USD a month", "model_usd_a_month"),
    ("instances of `answer`, USD a month", "turns_usd_a_month"),
)


def report(*users: int) -> Iterator[str]:
    """The tables of docs/benchmarks.md, line by line."""
    loads = [Load(number) for number in users]
    yield f"| users | {' | '.join(f'{number:,}' for number in users)} |"
    yield f"|---{'|---' * len(users)}|"
    for title, name in ROWS:
        yield f"| {title} | {' | '.join(f'{round(getattr(load, name)):,}' for load in loads)} |"
    yield f"| limits that are met | {' | '.join(str(len(load.walls())) for load in loads)} |"
    yield ""
    yield "| Limit, the lowest first | carries answers a second | met with so many users | lifted by |"
    yield "|---|---|---|---|"
    for limit in LIMITS:
        met = limit.answers_per_second / Load(1).answers_per_second
        yield f"| {limit.name} | {limit.answers_per_second:,.1f} | {round(met, -3):,.0f} | {limit.lifted_by} |"


if __name__ == "__main__":
    print("\n".join(report(100_000, 1_000_000, 10_000_000)))
