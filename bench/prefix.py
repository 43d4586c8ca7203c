"""How much of a prompt a provider has seen before: the beginning that it shares with the prompt of the turn before.

``python -m bench.prefix``. A conversation of 24 messages, all within the window, once without context of the app, once
with it on every third message. Providers cache beginnings, from 1,024 tokens on.
"""

from __future__ import annotations

from relay.config.bot import Bot
from relay.memory.rows import Entry
from relay.ports import Prompt
from relay.turn.prompt import build_prompt

TURNS = 24
BOT = Bot(accid="helper", name="Helper", system_prompt="You are Helper, and answer briefly. " * 20)
QUESTION = "What does the ticket from the airport to the old town cost at night, and where is it sold? "
ANSWER = "It costs 3.20 at any time of the day, and is sold at the machine on the platform and by the app. "


def conversation(*, with_context: bool) -> list[Entry]:
    """Messages and replies, oldest first."""
    rows = []
    for turn in range(TURNS):
        context = f'{{"page": "tickets", "visit": {turn}}}' if with_context and turn % 3 == 0 else ""
        key = f"m|{turn:013d}|x|"
        rows.append(
            Entry(key + "1", "text", "answered", "alice", f"{QUESTION}({turn})", str(turn), custom=context)
        )
        rows.append(Entry(key + "0", "reply", "sent", "alice", f"{ANSWER}({turn})", str(turn)))
    return rows


def shared(prompts: list[str]) -> float:
    """The part of all prompts but the first that repeats the beginning of the prompt before."""
    return sum(map(_common, prompts, prompts[1:])) / sum(map(len, prompts[1:]))


def _common(before: str, after: str) -> int:
    """How many characters two texts begin with alike."""
    unlike = (place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
    return next(unlike, min(len(before), len(after)))


def as_text(prompt: Prompt) -> str:
    """A prompt as it is tokenised: message by message."""
    return "\n".join(f"{said.role}: {said.content}" for said in prompt.messages)


def main() -> None:
    """Print it."""
    for with_context in (False, True):
        rows = conversation(with_context=with_context)
        prompts = [
            as_text(build_prompt(BOT, rows[:place], [rows[place]], group=False))
            for place in range(0, len(rows), 2)
        ]
        print(f"{'with' if with_context else 'without'} context: {shared(prompts):.0%} seen before")


if __name__ == "__main__":
    main()
