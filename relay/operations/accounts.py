"""Asks the IM server whether an account is registered: it changes nothing, and needs key and secret to be right.

v2: ``GET /im/v2/accounts/{account_id}`` (doc Dc5NzYxMTA). v1: ``POST /nimserver/user/getUinfos.action`` (doc
zI0NzYyMDQ).
"""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

import httpx2

from relay.config.settings import Settings
from relay.errors import ImRejected, ImUnavailable
from relay.im.codes import Outcome, result_code
from relay.im.hosts import hosts
from relay.ports import Clock
from relay.signature import sign_outbound

_SUCCESS = 200


async def find_account(settings: Settings, accid: str, clock: Clock, *, seconds: float) -> None:
    """Look an account up; returning means that it is registered.

    Raises:
        ImUnavailable: no answer, or the server does not take key and secret.
        ImRejected: there is no such account, or it may not be used.
    """
    host = hosts(settings.im_region, settings.im_api_version, settings.im_api_url)[0]
    secret = settings.im_app_secret.get_secret_value()
    headers = sign_outbound(settings.im_app_key, secret, uuid.uuid4().hex, clock.now() // 1000)
    try:
        async with httpx2.AsyncClient(timeout=seconds) as http:
            if settings.im_api_version == "v2":
                path = f"/im/v2/accounts/{quote(accid, safe='')}"
                response = await http.get(host + path, headers=headers)
            else:
                path, form = "/nimserver/user/getUinfos.action", {"accids": json.dumps([accid])}
                response = await http.post(host + path, data=form, headers=headers)
        answer = response.json()
    except httpx2.RequestError as error:
        raise ImUnavailable(f"no answer ({type(error).__name__})") from None
    except ValueError:
        raise ImUnavailable(f"HTTP {response.status_code} without a result code") from None
    _judge(answer)


def _judge(answer: Any) -> None:
    code = answer.get("code") if isinstance(answer, dict) else None
    if not isinstance(code, int):
        raise ImUnavailable("an answer without a result code")
    if code == _SUCCESS:
        if answer.get("uinfos") == []:  # v1 leaves out whom it does not know
            raise ImRejected("no such account: is the bot's accid registered?")
        return
    if "not register" in str(answer.get("desc", "")):  # v1 has one code for this and for a wrong secret
        raise ImRejected(f"result code {code}: no such account: is the bot's accid registered?")
    known = result_code(code)
    cause = f"result code {code}: {known.reason}"
    raise ImRejected(cause) if known.outcome is Outcome.REJECTED else ImUnavailable(cause)
