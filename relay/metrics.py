"""Metrics: what the relay counts and measures, and every name it uses for that.

Only ``opentelemetry-api`` is used here: where nothing has set a provider of meters up, each of them is a no-op. On
Azure the worker does so when its telemetry is on (docs/deploy.md). They hold numbers and the few words named here, so
their volume does not grow with that of the messages.

============================================  ====  =================================================================
Metric                                        Unit  What it measures
============================================  ====  =================================================================
``relay.webhook.duration``                    s     one request of the IM platform to its answer, also one that is
                                                    ignored; by status and reason
``relay.queue.wait``                          s     from the webhook to the turn, of each step with a queue message
``relay.turn.duration``                       s     one step with one queue message; by bot and outcome
``relay.turn.replies``                        –     replies stored; by bot and outcome
``gen_ai.client.operation.duration``          s     one request to one deployment; by model, provider and error
``gen_ai.client.operation.time_to_first_chunk``  s  of a streamed answer, until its first piece; by model and provider
``gen_ai.client.token.usage``                 –     tokens of one answer; by model, provider and type (input, output)
============================================  ====  =================================================================
"""

from __future__ import annotations

from typing import Final

from opentelemetry import metrics

_meter = metrics.get_meter("relay")

WEBHOOK_DURATION: Final = _meter.create_histogram("relay.webhook.duration", "s")
QUEUE_WAIT: Final = _meter.create_histogram("relay.queue.wait", "s")
TURN_DURATION: Final = _meter.create_histogram("relay.turn.duration", "s")
REPLIES: Final = _meter.create_counter("relay.turn.replies")
# OpenTelemetry's GenAI conventions.
MODEL_DURATION: Final = _meter.create_histogram("gen_ai.client.operation.duration", "s")
FIRST_CHUNK: Final = _meter.create_histogram("gen_ai.client.operation.time_to_first_chunk", "s")
TOKENS: Final = _meter.create_histogram("gen_ai.client.token.usage", "{token}")

DIRECTION: Final = "gen_ai.token.type"
"""``input`` or ``output``."""
