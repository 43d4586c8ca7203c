"""Accounts of the IM app, by its server API: looked up, registered, and given their names and avatars.

v2: ``GET /im/v2/accounts/{account_id}`` (doc Dc5NzYxMTA), ``POST /im/v2/accounts`` (doc TQyNjgyMzc), and
``/im/v2/users/{account_id}`` with GET and PATCH (docs TIzNjEzNjc, TA0NzYzNjk). v1: ``user/getUinfos.action`` and
``updateUinfo.action`` (doc zI0NzYyMDQ), ``create.action`` (doc DQ3Nzk1MTY).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

from relay.config.settings import Settings
from relay.errors import ImRejected, ImUnavailable
from relay.im.codes import Outcome, result_code
from relay.im.hosts import hosts
from relay.ports import Clock
from relay.sdk import server_certificates
from relay.signature import sign_outbound

_SUCCESS = 200
_NO_SUCH_ACCOUNT = 102404
"""v2 (the vendor's SDK: V2NIM error codes)."""


@dataclass(frozen=True, slots=True)
class Card:
    """What users see of an account; empty where nothing is said."""

    name: str = ""
    avatar: str = ""


class Accounts:
    """The accounts of the settings' IM app.

    Every method raises ImUnavailable when there is no answer, or key and secret are not taken, and ImRejected for a
    definite no.

    Args:
        settings: which app, and which of the two protocols.
        clock: for signatures.
        seconds: for each call.
    """

    def __init__(self, settings: Settings, clock: Clock, *, seconds: float) -> None:
        self._settings = settings
        self._clock = clock
        self._seconds = seconds
        self._is_v1 = settings.im_api_version == "v1"

    async def find(self, accid: str) -> None:
        """Look an account up; returning means that it is registered."""
        if self._is_v1:
            answer = await self._v1("getUinfos", {"accids": json.dumps([accid])})
        else:
            answer = await self._v2("GET", f"/im/v2/accounts/{quote(accid, safe='')}")
        if _is_unknown(answer):
            code = answer["code"]
            raise ImRejected(f"result code {code}: no such account: is the bot's accid registered?", code)
        _judge(answer)

    async def card(self, accid: str) -> Card | None:
        """What users see of an account; None when there is no such account."""
        if self._is_v1:
            answer = await self._v1("getUinfos", {"accids": json.dumps([accid])})
        else:
            answer = await self._v2("GET", f"/im/v2/users/{quote(accid, safe='')}")
        if _is_unknown(answer):
            return None
        _judge(answer)
        found = answer["uinfos"][0] if self._is_v1 else answer.get("data", {})
        return Card(str(found.get("name") or ""), str(found.get("icon" if self._is_v1 else "avatar") or ""))

    async def register(self, accid: str, card: Card) -> None:
        """Register an account. Its token, with which a client could log in as it, is not kept."""
        if self._is_v1:
            _judge(await self._v1("create", {"accid": accid, **self._named(card)}))
        else:
            body = {"account_id": accid, "user_information": self._named(card)}
            _judge(await self._v2("POST", "/im/v2/accounts", body))

    async def update(self, accid: str, card: Card) -> None:
        """Give an account a name, and an avatar if there is one."""
        if self._is_v1:
            _judge(await self._v1("updateUinfo", {"accid": accid, **self._named(card)}))
        else:
            _judge(await self._v2("PATCH", f"/im/v2/users/{quote(accid, safe='')}", self._named(card)))

    def _named(self, card: Card) -> dict[str, str]:
        avatar = {"icon" if self._is_v1 else "avatar": card.avatar} if card.avatar else {}
        return {"name": card.name, **avatar}

    async def _v1(self, action: str, form: Mapping[str, str]) -> dict[str, Any]:
        return await self._call("POST", f"/nimserver/user/{action}.action", data=form)

    async def _v2(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return await self._call(method, path, **({"json": body} if body is not None else {}))

    async def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        settings = self._settings
        host = hosts(settings.im_region, settings.im_api_version, settings.im_api_url)[0]
        secret = settings.im_app_secret.get_secret_value()
        headers = sign_outbound(settings.im_app_key, secret, uuid.uuid4().hex, self._clock.now() // 1000)
        certificates = await server_certificates()
        try:
            async with httpx2.AsyncClient(timeout=self._seconds, verify=certificates) as http:
                response = await http.request(method, host + path, headers=headers, **content)
            answer = response.json()
        except httpx2.RequestError as error:
            raise ImUnavailable(f"no answer ({type(error).__name__})") from None
        except ValueError:
            raise ImUnavailable(f"HTTP {response.status_code} without a result code") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("code"), int):
            raise ImUnavailable("an answer without a result code")
        return answer


def _is_unknown(answer: Mapping[str, Any]) -> bool:
    """Whether there is no such account. v1 has one code for this and for a wrong secret, or leaves the account out."""
    if answer["code"] == _SUCCESS:
        return answer.get("uinfos") == []
    return answer["code"] == _NO_SUCH_ACCOUNT or "not register" in str(answer.get("desc", ""))


def _judge(answer: Mapping[str, Any]) -> None:
    code = answer["code"]
    if code == _SUCCESS:
        return
    known = result_code(code)
    cause = f"result code {code}: {known.reason}"
    raise ImRejected(cause, code) if known.outcome is Outcome.REJECTED else ImUnavailable(cause)
