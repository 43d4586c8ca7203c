"""The calls that look an account up, of both protocols: the relay's ``check --live`` uses them."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from playground.im.chats import Chats
from playground.im.dialects import V1, V2, Dialect
from playground.im.signing import why_refused


def account_routes(app_key: str, secret: str, chats: Chats) -> list[web.RouteDef]:
    """v1 ``user/getUinfos.action`` (doc zI0NzYyMDQ), v2 ``GET /im/v2/accounts/{account_id}`` (doc Dc5NzYxMTA)."""

    def refusal(request: web.Request, dialect: Dialect) -> web.Response | None:
        wrong = why_refused(app_key, secret, request.headers, chats.now())
        if wrong is None:
            return None
        code = dialect.app_key if wrong == "AppKey" else 414
        return web.json_response({"code": code, dialect.reason: f"bad {wrong}"})

    async def v1(request: web.Request) -> web.Response:
        accids: list[str] = json.loads(str((await request.post())["accids"]))
        answer: dict[str, Any] = {
            "code": 200,
            "uinfos": [{"accid": accid, "name": accid} for accid in accids],
        }
        unknown = [accid for accid in accids if not chats.knows(accid)]
        if unknown:
            answer = {"code": 414, "desc": f"{unknown} not register"}
        return refusal(request, V1) or web.json_response(answer)

    async def v2(request: web.Request) -> web.Response:
        accid = request.match_info["account_id"]
        answer: dict[str, Any] = {"code": 200, "msg": "success", "data": {"account_id": accid}}
        if not chats.knows(accid):
            answer = {"code": V2.account, "msg": "no such account"}
        return refusal(request, V2) or web.json_response(answer)

    return [web.post("/nimserver/user/getUinfos.action", v1), web.get("/im/v2/accounts/{account_id}", v2)]
