"""The calls about accounts and their cards, of both protocols: ``check --live`` and ``bots --register`` use them.

v1 is ``user/create.action`` (doc DQ3Nzk1MTY), ``updateUinfo.action`` and ``getUinfos.action`` (doc zI0NzYyMDQ). v2 is
``POST /im/v2/accounts`` (doc TQyNjgyMzc), ``GET /im/v2/accounts/{account_id}`` (doc Dc5NzYxMTA), and
``/im/v2/users/{account_id}`` with GET and PATCH (docs TIzNjEzNjc, TA0NzYzNjk).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from playground.im.bodies import form_fields, json_object
from playground.im.chats import Card, Chats
from playground.im.dialects import V1, V2, Dialect
from playground.im.signing import why_refused

_ACCID = re.compile(r"[a-z0-9_@.-]{1,32}")
NAME_MAX_CHARS = 64
AVATAR_MAX_CHARS = 1024

Answer = dict[str, Any]
Take = Callable[[web.Request], Awaitable[Answer]]


class _Refused(Exception):
    """A call that is not taken: its code, and why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Accounts:
    """What both protocols do."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats

    def card(self, accid: str, dialect: Dialect) -> Card:
        """The card of a registered account."""
        if not self._chats.knows(accid):
            raise _Refused(dialect.account, f"[{accid}] not register")
        return self._chats.cards.get(accid, Card())

    def create(self, accid: str, fields: Mapping[str, str]) -> str:
        """Register an account; its token."""
        if not _ACCID.fullmatch(accid):
            raise _Refused(414, "illegal accid")
        if self._chats.knows(accid):
            raise _Refused(414, "already register")
        card = _card(Card(), fields)
        assert self._chats.accounts is not None
        self._chats.accounts.add(accid)
        self._chats.cards[accid] = card
        return uuid.uuid4().hex

    def update(self, accid: str, fields: Mapping[str, str], dialect: Dialect) -> None:
        """Change what is named of a card."""
        self._chats.cards[accid] = _card(self.card(accid, dialect), fields)


def account_routes(app_key: str, secret: str, chats: Chats) -> list[web.RouteDef]:
    """The calls."""
    accounts = Accounts(chats)

    def signed(dialect: Dialect, take: Take) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            wrong = why_refused(app_key, secret, request.headers, chats.now())
            if wrong is not None:
                code = dialect.app_key if wrong == "AppKey" else 414
                return web.json_response({"code": code, dialect.reason: f"bad {wrong}"})
            try:
                answer = await take(request)
            except _Refused as refused:
                return web.json_response({"code": refused.code, dialect.reason: str(refused)})
            success = {"code": 200, **({"msg": "success"} if dialect is V2 else {})}
            return web.json_response({**success, **answer})

        return handle

    async def v1_look(request: web.Request) -> Answer:
        accids: list[str] = json.loads((await form_fields(request)).get("accids", "[]"))
        if unknown := [accid for accid in accids if not chats.knows(accid)]:
            raise _Refused(414, f"{unknown} not register")
        cards = {accid: accounts.card(accid, V1) for accid in accids}
        return {
            "uinfos": [
                {
                    "accid": accid,
                    "name": card.name or accid,
                    **({"icon": card.avatar} if card.avatar else {}),
                }
                for accid, card in cards.items()
            ]
        }

    async def v1_create(request: web.Request) -> Answer:
        form = await form_fields(request)
        accid = form.get("accid", "")
        token = accounts.create(accid, {"name": form.get("name", ""), "avatar": form.get("icon", "")})
        return {"info": {"accid": accid, "name": form.get("name", ""), "token": token}}

    async def v1_update(request: web.Request) -> Answer:
        form = await form_fields(request)
        named = {key: form[field] for key, field in (("name", "name"), ("avatar", "icon")) if field in form}
        accounts.update(form.get("accid", ""), named, V1)
        return {}

    async def v2_create(request: web.Request) -> Answer:
        body = _exactly(await json_object(request), "account_id", "token", "user_information")
        accid, given = str(body.get("account_id", "")), body.get("user_information", {})
        card = _exactly(given if isinstance(given, dict) else {"": ""}, "name", "avatar")
        return {"data": {"account_id": accid, "token": accounts.create(accid, card)}}

    async def v2_account(request: web.Request) -> Answer:
        accid = request.match_info["account_id"]
        accounts.card(accid, V2)
        return {"data": {"account_id": accid}}

    async def v2_look(request: web.Request) -> Answer:
        accid = request.match_info["account_id"]
        card = accounts.card(accid, V2)
        return {"data": {"account_id": accid, "name": card.name or accid, "avatar": card.avatar}}

    async def v2_update(request: web.Request) -> Answer:
        body = _exactly(await json_object(request), "name", "avatar")
        accid = request.match_info["account_id"]
        accounts.update(accid, body, V2)
        return {"data": {"account_id": accid, **body}}

    return [
        web.post("/nimserver/user/getUinfos.action", signed(V1, v1_look)),
        web.post("/nimserver/user/create.action", signed(V1, v1_create)),
        web.post("/nimserver/user/updateUinfo.action", signed(V1, v1_update)),
        web.post("/im/v2/accounts", signed(V2, v2_create)),
        web.get("/im/v2/accounts/{account_id}", signed(V2, v2_account)),
        web.get("/im/v2/users/{account_id}", signed(V2, v2_look)),
        web.patch("/im/v2/users/{account_id}", signed(V2, v2_update)),
    ]


def _exactly(body: Answer, *known: str) -> Answer:
    """A body with documented fields alone."""
    if not body or body.keys() - set(known):
        raise _Refused(414, "a field is missing, or not documented")
    return body


def _card(card: Card, fields: Mapping[str, str]) -> Card:
    """A card with what is named changed."""
    changed = replace(card, **fields)
    if not (isinstance(changed.name, str) and isinstance(changed.avatar, str)):
        raise _Refused(414, "name and avatar are texts")
    if len(changed.name) > NAME_MAX_CHARS or len(changed.avatar) > AVATAR_MAX_CHARS:
        raise _Refused(414, "too long")
    return changed
