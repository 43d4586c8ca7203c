"""Facts as the parts of the stack would tell them, for tests of what the page makes of them."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from playground.page.answers import answers_in
from playground.page.journal import Journal
from playground.page.robot import bot_for, robot_of
from playground.page.spans import SpanEvent, SpanFact
from relay import spans
from relay.config.bot import Bot

BEGAN = 1_700_000_000_000
HELPER = Bot(accid="helper", name="Helper", aliases=("小助手",), system_prompt="You are Helper.")


@dataclass
class Story:
    """A journal that is filled step by step; times are milliseconds after BEGAN."""

    journal: Journal = field(default_factory=lambda: Journal([HELPER]))
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def says(self, text: str, at: int = 0, *, sender: str = "alice", to: str = "helper") -> str:
        """A user's message is in the chat; returns its id."""
        return self._delivered(text, at, sender, to, "user")

    def replies(
        self, text: str, at: int, *, client_id: str = "", to: str = "alice", origin: str = "api"
    ) -> str:
        """A bot's message is in the chat; returns its id."""
        return self._delivered(text, at, "helper", to, origin, client_id)

    def posted(
        self,
        message: str,
        at: int = 0,
        *,
        status: int | None = 200,
        body: Any = None,
        failure: str = "",
        ended: bool = True,
        headers: dict[str, str] | None = None,
        input: str = "copy",
        function: str = "",
    ) -> str:
        """The webhook was told of a message; returns the trace."""
        number = next(self._numbers)
        trace = f"{number:032x}"
        told = {
            "kind": "post",
            "number": number,
            "at": BEGAN + at,
            "url": "http://127.0.0.1:7071/api/webhook?code=key",
            "headers": {
                "CurTime": str(BEGAN + at),
                "CheckSum": "abc",
                "traceparent": f"00-{trace}-{'1' * 16}-01",
                **(headers or {}),
            },
            "request": json.dumps(
                {"body": self.journal.messages[message].text, "robotInfo": {"function": function}}
            ),
            "server_id": message,
            "input": input,
            "status": status if ended else None,
            "body": json.dumps({"status": "queued"} if body is None else body) if ended else "",
            "milliseconds": 12.0,
            "failure": failure,
            "ended": ended,
        }
        self.journal.add(told)
        return trace

    def span(
        self,
        trace: str,
        name: str,
        at: float,
        ms: float = 1,
        *,
        parent: SpanFact | str = "",
        events: tuple[SpanEvent, ...] = (),
        error: bool = False,
        **attributes: Any,
    ) -> SpanFact:
        """The relay tells of a span; attributes are named as the constants of relay.spans."""
        made = SpanFact(
            trace,
            f"{next(self._numbers):016x}",
            parent.id if isinstance(parent, SpanFact) else parent,
            name,
            BEGAN + at,
            ms,
            {getattr(spans, key): value for key, value in attributes.items()},
            events,
            error,
        )
        self.journal.add_spans([made])
        return made

    def asked(
        self, span: SpanFact, at: int, *, status: int | None = 200, answer: Any = None, ended: bool = True
    ) -> None:
        """The model got a request from a span."""
        system = {"role": "system", "content": "You are Helper."}
        self.journal.add(
            {
                "kind": "request",
                "number": next(self._numbers),
                "at": BEGAN + at,
                "path": "/v1/chat/completions",
                "headers": {"traceparent": f"00-{span.trace}-{span.id}-01"},
                "body": {"model": "scripted", "messages": [system, {"role": "user", "content": "hello"}]},
                "status": status,
                "answer": json.dumps(answer or {}),
                "answer_headers": {"retry-after": "2"} if status == 429 else {},
                "milliseconds": 5 if ended else None,
            }
        )

    def called(self, client_id: str, at: int, outcome: str = "200") -> None:
        """The IM API got a call."""
        self.journal.add(
            {
                "kind": "call",
                "number": next(self._numbers),
                "at": BEGAN + at,
                "path": "/im/v2/conversations/helper|1|alice/messages",
                "headers": {},
                "body": {"message": {"message_client_id": client_id, "text": "hi"}},
                "answer": {"code": outcome},
                "outcome": outcome,
                "server_id": None,
                "milliseconds": 3,
            }
        )

    def settle(self) -> None:
        """Work out what answers what."""
        chat = list(self.journal.messages.values())
        journal = self.journal
        journal.answers.update(
            answers_in(
                chat, journal, lambda one: bot_for(one, robot_of(journal.posts_of(one.server_id)), [HELPER])
            )
        )

    def _delivered(self, text: str, at: int, sender: str, to: str, origin: str, client_id: str = "") -> str:
        number = next(self._numbers)
        server_id = str(10**18 + number)
        told = {
            "kind": "message",
            "sender": sender,
            "to": to,
            "team_kind": None,
            "text": text,
            "client_id": client_id or f"client-{number}",
            "server_id": server_id,
            "at": BEGAN + at,
            "origin": origin,
        }
        self.journal.add(told)
        return server_id


def answered_turn(
    story: Story, trace: str, message_hash: str, at: int, *, reply: str, covers: list[str]
) -> SpanFact:
    """The spans of a turn that answered: window, model, store and delivery. Returns the turn's."""
    turn = story.span(trace, spans.TURN, at, 100, parent="0" * 16, OUTCOME="answered", MESSAGE=message_hash)
    story.span(trace, spans.CLAIM, at + 1, 10, parent=turn, FRESH=True)
    story.span(trace, spans.LEASE, at + 11, 10, parent=turn, TAKEN=True, LEASE_UNTIL=BEGAN + 140_000)
    story.span(trace, f"{spans.CHAT}scripted", at + 30, 5, parent=turn)
    story.span(trace, spans.STORE, at + 40, 5, parent=turn, REPLY=reply, COVERS=covers)
    deliver = story.span(trace, spans.DELIVER, at + 50, 9, parent=turn, REPLY=reply, PARTS=1)
    story.span(trace, spans.IM_SEND, at + 51, 5, parent=deliver, IM_CLIENT_ID=reply)
    return turn
