"""The part of the page's interface by which one acts on what is there, and looks at more than single messages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from playground.faults import FAULTS
from playground.im.chats import Team
from playground.im.control import HeaderName, HeaderValue
from playground.page import acts
from playground.page.asked import Body, Signed, body_of, obeyed
from playground.page.cards import card_of
from playground.page.guard import ApiError
from playground.page.page import Page
from playground.page.templates import Setting, templates
from playground.page.usage import usage_of
from playground.page.words import answer, say
from relay.clock import DAY_MS, MINUTE_MS

SENT_MAX_CHARS = 256 * 1024
"""More than the webhook takes."""

CLOCK_MAX_MINUTES = 10 * DAY_MS // MINUTE_MS
HEADERS_MAX = 32


class _Request(Body):
    body: Annotated[str, StringConstraints(max_length=SENT_MAX_CHARS)]
    headers: Annotated[dict[HeaderName, HeaderValue], Field(default_factory=dict, max_length=HEADERS_MAX)]
    signature: Literal["good", "bad", "missing"] = "good"
    clock_minutes: Annotated[float, Field(ge=-CLOCK_MAX_MINUTES, le=CLOCK_MAX_MINUTES)] = 0


class _Again(Signed):
    fault: str = ""


class ActRoutes:
    """The handlers.

    Args:
        page: what is behind them.
    """

    def __init__(self, page: Page) -> None:
        self._page = page

    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [
            web.post("/api/messages/{id}/again", self._again),
            web.delete("/api/messages/{id}", self._delete),
            web.delete("/api/chats/{chat}", self._clear),
            web.get("/api/chats/{chat}/usage", self._usage),
            web.delete("/api/teams/{tid}", self._dismiss),
            web.get("/api/bots/{accid}", self._card),
            web.get("/api/templates", self._templates),
            web.get("/api/requests", self._requests),
            web.post("/api/requests", self._send),
            web.get("/api/requests/{number:[0-9]+}", self._one_request),
            web.get("/api/log", self._log),
        ]

    async def _again(self, request: web.Request) -> web.Response:
        asked = await body_of(request, _Again)
        if asked.fault and asked.fault not in FAULTS:
            raise ApiError(400, "bad_request", say("there is no such fault"))
        order = acts.say_again(self._page, asked.sender, request.match_info["id"], asked.fault)
        return answer(await obeyed(order), status=201)

    async def _delete(self, request: web.Request) -> web.Response:
        await obeyed(acts.delete(self._page, request.match_info["id"]))
        return answer({})

    async def _clear(self, request: web.Request) -> web.Response:
        return answer({"cleared": acts.clear(self._page, request.match_info["chat"])})

    async def _usage(self, request: web.Request) -> web.Response:
        return answer(usage_of(self._page.journal, request.match_info["chat"]))

    async def _dismiss(self, request: web.Request) -> web.Response:
        tid = request.match_info["tid"]
        if not self._page.people.is_team(tid):
            raise ApiError(404, "not_found", say("there is no such group"))
        await obeyed(acts.dismiss(self._page, tid))
        return answer({})

    async def _card(self, request: web.Request) -> web.Response:
        bot = next(
            (one for one in self._page.roster.current if one.accid == request.match_info["accid"]), None
        )
        if bot is None:
            raise ApiError(404, "not_found", say("there is no such bot"))
        sender, parts = request.query.get("as", "").lower(), await self._page.parts()
        return answer(await card_of(bot, sender, self._page.model, parts.tables, _now()))

    async def _templates(self, request: web.Request) -> web.Response:
        return answer([asdict(one) for one in templates(self._setting(request.query))])

    def _setting(self, query: Mapping[str, str]) -> Setting:
        page, sender, to = self._page, query.get("as", "").lower(), query.get("to", "").lower()
        team = page.people.teams.get(query.get("team", ""))
        members = team.members if team else (to,)
        if sender not in page.people.users or not (team or page.people.knows(to)):
            raise ApiError(400, "bad_request", say("as, to or team: there is no such user or group"))
        return Setting(
            sender=sender,
            to=team.tid if team else to,
            team=Team(team.tid, team.members) if team else None,
            bot=next((bot for bot in page.roster if bot.accid in members), None),
            message=page.journal.messages.get(query.get("message", "")),
            now=_now(),
        )

    async def _requests(self, _: web.Request) -> web.Response:
        return answer(self._page.requests.newest())

    async def _one_request(self, request: web.Request) -> web.Response:
        return answer(self._page.requests.whole(int(request.match_info["number"])))

    async def _send(self, request: web.Request) -> web.Response:
        asked, im = await body_of(request, _Request), (await self._page.parts()).im
        order = self._page.requests.send(im, asked.body, asked.headers, asked.signature, asked.clock_minutes)
        return answer(await obeyed(order), status=201)

    async def _log(self, request: web.Request) -> web.Response:
        lines, after = (await self._page.parts()).host_lines, request.query.get("after", "0")
        if not after.isascii() or not after.isdigit():
            raise ApiError(400, "bad_request", say("after: must be a number"))
        found: list[dict[str, Any]] = [asdict(line) for line in lines.after(int(after))] if lines else []
        return answer({"visible": lines is not None, "lines": found})


def _now() -> int:
    return time.time_ns() // 1_000_000
