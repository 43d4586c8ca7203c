"""What the answers of a chat took, as the relay's spans of the model's answers tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from playground.page.journal import Journal
from playground.page.spans import SpanFact
from relay import spans

_TOKENS = {
    "prompt": spans.GEN_AI_INPUT_TOKENS,
    "completion": spans.GEN_AI_OUTPUT_TOKENS,
    "cached": spans.GEN_AI_CACHED_TOKENS,
    "reasoning": spans.GEN_AI_REASONING_TOKENS,
}


def usage_of(journal: Journal, chat: str) -> dict[str, Any]:
    """Calls of the model and tokens, together and by the model that answered; ``visible`` is False without spans."""
    whole: Counter[str] = Counter()
    by_model: dict[str, Counter[str]] = {}
    for span in _asked_in(journal, chat):
        took = Counter({name: int(span.attributes.get(key, 0)) for name, key in _TOKENS.items()})
        took["calls"] = 1
        model = span.attributes.get(spans.GEN_AI_RESPONSE_MODEL) or span.name.removeprefix(spans.CHAT)
        by_model.setdefault(str(model), Counter()).update(took)
        whole.update(took)
    models = [{"model": model, **_counts(took)} for model, took in sorted(by_model.items())]
    return {"visible": journal.spans_visible, **_counts(whole), "models": models}


def _counts(took: Counter[str]) -> dict[str, int]:
    return {name: took[name] for name in ("calls", *_TOKENS)}


def _asked_in(journal: Journal, chat: str) -> Iterator[SpanFact]:
    for span in list(journal.spans.values()):
        if span.name.startswith(spans.CHAT):
            about = (journal.messages[message] for message in journal.messages_of(span.trace))
            if any(message.chat == chat for message in about):
                yield span
