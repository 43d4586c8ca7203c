"""The server API that bots call: v1 ``sendMsg.action`` and ``upload.action``, v2 messages, stream messages and edits.

Whatever becomes of a call, its HTTP status is 200 and the result code is in the body, except on demand.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from playground.im.bodies import Answer, answered, form_fields, json_object, large_form, parsed
from playground.im.calls import (
    Conversation,
    Refused,
    Send,
    UploadForm,
    V1Form,
    V2Body,
    V2StreamBody,
)
from playground.im.chats import RECALLED, Chats, Delivered, TeamKind, private_key, team_key
from playground.im.dialects import V1, V2, Dialect
from playground.im.edits import Edits, V2EditBody
from playground.im.faults import ApiFault, ApiFaults, What
from playground.im.signals import Signals, signal_routes
from playground.im.signing import why_refused
from playground.im.streams import Streams
from playground.loopback import cut_connection

REQUEST_ID_SECONDS = 60
"""How long v1 refuses a RequestId that it has seen (code 431)."""

RECORDED_HEADERS = ("Nonce", "CurTime", "RequestId", "X-custom-traceid", "Content-Type")


@dataclass(slots=True)
class ApiCall:
    """One call as received and answered.

    Attributes:
        number: counts the calls.
        at: Unix milliseconds.
        path: path with the conversation id decoded.
        headers: those that tell calls apart; no signature.
        body: form fields or JSON.
        answer: JSON of the answer, None if there was none.
        outcome: the result code, or what came instead: ``HTTP 502``, ``closed``, ``hung``.
        server_id: id of the message that this call put into a chat, else None.
        milliseconds: until the answer; None before it.
    """

    number: int
    at: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    answer: dict[str, Any] | None = None
    outcome: str = ""
    server_id: str | None = None
    milliseconds: int | None = None


@dataclass
class ServerApi:
    """The handlers.

    Attributes:
        on_routed: gets each delivered message whose copy the caller did not switch off.
        store: keeps what is uploaded, given its bytes and their type, and says at which URL.
        faults: what goes wrong next.
        calls: every call so far.
        released: set it to end the calls that hang.
    """

    app_key: str
    secret: str
    chats: Chats
    on_routed: Callable[[Delivered], None]
    store: Callable[[bytes, str], str]
    faults: ApiFaults = field(default_factory=ApiFaults)
    calls: list[ApiCall] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    _request_ids: dict[str, int] = field(default_factory=dict)
    _client_ids: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._streams = Streams(self.chats)
        self._edits = Edits(self.chats)
        self.signals = Signals(self.chats)

    def routes(self) -> list[web.RouteDef]:
        """The calls, at the paths of the real hosts."""
        v2 = "/im/v2/conversations/{conversation_id}/messages"
        return [
            web.post("/nimserver/msg/sendMsg.action", self._v1),
            web.post("/nimserver/msg/upload.action", self._upload),
            web.post("/nimserver/msg/recall.action", self._v1_recall),
            web.post(v2, self._v2),
            web.delete(f"{v2}/{{server_id}}", self._v2_recall),
            web.post(f"{v2}/actions/stream_message", self._v2_stream),
            web.post("/im/v2/messages/actions/modifyMsg", self._v2_edit),
            *signal_routes(self.signals, self._show),
        ]

    async def _v1(self, request: web.Request) -> web.StreamResponse:
        form = await form_fields(request)
        return await self._serve(request, V1, form, lambda: V1Form.model_validate(form).send())

    async def _v2(self, request: web.Request) -> web.StreamResponse:
        body, conversation_id = await json_object(request), request.match_info["conversation_id"]
        return await self._serve(
            request, V2, body, lambda: V2Body.model_validate(body).send(Conversation.parse(conversation_id))
        )

    async def _v2_stream(self, request: web.Request) -> web.StreamResponse:
        body, conversation_id = await json_object(request), request.match_info["conversation_id"]
        return await self._serve(
            request,
            V2,
            body,
            lambda: V2StreamBody.model_validate(body).send(Conversation.parse(conversation_id)),
        )

    async def _v2_edit(self, request: web.Request) -> web.StreamResponse:
        body = await json_object(request)
        call = await self._begin(request, body)
        return await self._carry_out(
            request, call, V2, lambda: self._edits.edit(V2EditBody.model_validate(body))
        )

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        form = await large_form(request)
        call = await self._begin(request, {**form, "content": f"{len(form.get('content', ''))} characters"})

        def store() -> dict[str, Any]:
            upload = UploadForm.model_validate(form)
            content = upload.bytes()
            return {"code": 200, "url": self.store(content, upload.type)}

        return await self._carry_out(request, call, V1, store)

    async def _show(
        self, request: web.Request, dialect: Dialect, body: dict[str, Any], act: Callable[[], dict[str, Any]]
    ) -> web.StreamResponse:
        return await self._carry_out(request, await self._begin(request, body), dialect, act, "signal")

    async def _carry_out(
        self,
        request: web.Request,
        call: ApiCall,
        dialect: Dialect,
        act: Callable[[], Answer | Awaitable[Answer]],
        what: What = "message",
    ) -> web.StreamResponse:
        """Serve a call that puts no message into a chat: ``act`` checks it, carries it out, and answers."""
        try:
            self._check_signature(request, dialect)
            fault = self.faults.take("", self.chats.now(), what)
            if fault is not None and fault.cuts_the_line:
                if fault.delivered:
                    await answered(act)
                return await self._break_off(request, call, fault)
            if dialect.remembers_request_ids:
                self._check_request_id(request.headers.get("RequestId", ""))
            if fault is not None:
                raise Refused(fault.code or 500, "refused on demand")
            answer = await answered(act)
        except Refused as refused:
            answer = {"code": refused.code, dialect.reason: refused.reason}
        call.answer = answer
        await self._end(call, str(answer["code"]))
        return web.json_response(answer)

    async def _v1_recall(self, request: web.Request) -> web.StreamResponse:
        form = await form_fields(request)
        return await self._recall(request, V1, form, form.get("deleteMsgid", ""), form.get("from", ""))

    async def _v2_recall(self, request: web.Request) -> web.StreamResponse:
        sender = request.match_info["conversation_id"].partition("|")[0]
        return await self._recall(request, V2, dict(request.query), request.match_info["server_id"], sender)

    async def _recall(
        self, request: web.Request, dialect: Dialect, said: dict[str, Any], server_id: str, sender: str
    ) -> web.StreamResponse:
        call = await self._begin(request, said)
        try:
            self._check_signature(request, dialect)
            fault = self.faults.take("", self.chats.now())
            if fault is not None and fault.cuts_the_line:
                return await self._break_off(request, call, fault)
            if dialect.remembers_request_ids:
                self._check_request_id(request.headers.get("RequestId", ""))
            if fault is not None:
                raise Refused(fault.code or 500, "refused on demand")
            message = self.chats.find(server_id)
            if message is None or message.sender != sender:
                raise Refused(dialect.message, "no such message")
            if said.get("type") == "3":  # a deletion that nobody sees
                await self.chats.remove(server_id)
            else:
                await self.chats.change(server_id, RECALLED)
            answer: dict[str, Any] = {"code": 200}
        except Refused as refused:
            answer = {"code": refused.code, dialect.reason: refused.reason}
        call.answer = answer
        await self._end(call, str(answer["code"]))
        return web.json_response(answer)

    async def _begin(self, request: web.Request, body: dict[str, Any]) -> ApiCall:
        headers = {name: request.headers[name] for name in RECORDED_HEADERS if name in request.headers}
        call = ApiCall(len(self.calls), self.chats.now(), request.path, headers, body)
        self.calls.append(call)
        await self.chats.record.add("call", call)
        return call

    async def _serve(
        self, request: web.Request, dialect: Dialect, body: dict[str, Any], parse: Callable[[], Send]
    ) -> web.StreamResponse:
        call = await self._begin(request, body)
        try:
            self._check_signature(request, dialect)
            send = parsed(parse)
            fault = self.faults.take(send.to, self.chats.now())
            if fault is not None and fault.cuts_the_line:
                # The network in front of the server: unless the message is delivered all the same,
                # nothing behind it hears of the call, not even its RequestId.
                if fault.delivered:
                    await self._accept(call, request, dialect, send)
                return await self._break_off(request, call, fault)
            answer = await self._accept(call, request, dialect, send, fault)
        except Refused as refused:
            answer = {"code": refused.code, dialect.reason: refused.reason}
        call.answer = answer
        await self._end(call, str(answer["code"]))
        return web.json_response(answer)

    async def _accept(
        self, call: ApiCall, request: web.Request, dialect: Dialect, send: Send, fault: ApiFault | None = None
    ) -> dict[str, Any]:
        if dialect.remembers_request_ids:
            self._check_request_id(request.headers.get("RequestId", ""))
        if fault is not None and fault.kind == "code":
            raise Refused(fault.code, "refused on demand")
        if fault is not None and fault.kind == "antispam":
            if dialect is V2:
                raise Refused(107451, "hit antispam")
            data = {"msgid": int(self.chats.next_id()), "timetag": self.chats.now(), "antispam": True}
            return {"code": 200, "data": data}
        message = await self._deliver(dialect, send)
        call.server_id = message.server_id
        if send.routed:
            self.on_routed(message)
        return dialect.success(message)

    async def _break_off(self, request: web.Request, call: ApiCall, fault: ApiFault) -> web.StreamResponse:
        await self._end(call, {"close": "closed", "hang": "hung"}.get(fault.kind, f"HTTP {fault.code}"))
        if fault.kind == "http":
            return web.Response(status=fault.code)
        if fault.kind == "hang":
            await self.released.wait()
        cut_connection(request)
        return web.Response()

    async def _end(self, call: ApiCall, outcome: str) -> None:
        call.outcome, call.milliseconds = outcome, self.chats.now() - call.at
        await self.chats.record.add("call", call)

    def _check_signature(self, request: web.Request, dialect: Dialect) -> None:
        wrong = why_refused(self.app_key, self.secret, request.headers, self.chats.now())
        if wrong is not None:
            raise Refused(dialect.app_key if wrong == "AppKey" else 414, f"bad {wrong}")

    def _check_request_id(self, request_id: str) -> None:
        now = self.chats.now()
        seen = self._request_ids.get(request_id)
        if seen is not None and now - seen < REQUEST_ID_SECONDS * 1000:
            raise Refused(431, "request repeated")
        if request_id:
            # Whatever becomes of the call: a refused one repeats a request, too.
            self._request_ids[request_id] = now

    def has_delivered(self, message: Delivered) -> None:
        """A message of an earlier process: its client id is not taken again."""
        self._client_ids.add((message.sender, message.client_id))

    async def _deliver(self, dialect: Dialect, send: Send) -> Delivered:
        if send.chunk is not None and send.stream_id is not None:
            return await self._streams.go_on(send.stream_id, send.client_id, send.chunk)
        team_kind = self._check_receiver(dialect, send)
        self._check_quote(send)
        if (send.sender, send.client_id) in self._client_ids:
            raise Refused(107306, "duplicate client message id")
        if send.client_id:
            self._client_ids.add((send.sender, send.client_id))
        message = Delivered(
            sender=send.sender,
            to=send.to,
            team_kind=team_kind,
            text=send.text,
            attach=send.attach,
            client_id=send.client_id or str(uuid.uuid4()),
            server_id=self.chats.next_id(),
            at=self.chats.now(),
            msg_type=send.msg_type,
            mentions=send.mentions,
            origin="api",
            quotes=str(send.quoted.message_server_id) if send.quoted else "",
        )
        if send.chunk is not None:
            return await self._streams.begin(message, send.chunk)
        await self.chats.deliver(message)
        return message

    def _check_quote(self, send: Send) -> None:
        """Check that the quoted message is in the chat, and is the one that all its names say."""
        if send.quoted is None:
            return
        key = team_key(send.to) if send.team_kind else private_key(send.sender, send.to)
        named = send.quoted
        found = next(
            (one for one in self.chats.of(key) if one.server_id == str(named.message_server_id)), None
        )
        if found is None:
            raise Refused(V2.message, "the quoted message is not in this conversation")
        names = (named.sender_id, named.receiver_id, named.create_time, named.message_client_id)
        if names != (found.sender, found.to, found.at, found.client_id):
            raise Refused(414, "thread_reply names another message")

    def _check_receiver(self, dialect: Dialect, send: Send) -> TeamKind | None:
        """Check that the message may go where it is sent to, and tell the kind of the group (v1 names none)."""
        if not self.chats.knows(send.sender):
            raise Refused(dialect.account, "no such sender")
        if send.team_kind is None:
            if not self.chats.knows(send.to):
                raise Refused(dialect.account, "no such receiver")
            if (send.to, send.sender) in self.chats.blocked:
                raise Refused(dialect.blocked, "the receiver has blocked the sender")
            return None
        team = self.chats.teams.get(send.to)
        if team is None or (dialect is V2 and team.kind != send.team_kind):
            raise Refused(dialect.team, "no such group")
        if send.sender not in team.members:
            raise Refused(dialect.member, "the sender is not in the group")
        return team.kind
