"""The page's HTTP interface: its files, ``/api/…``, and the stream of events."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from playground.azurite import AZURITE_FOLDER
from playground.faults import FAULTS
from playground.im.attach import MSG_TYPES, attach_of, place_of
from playground.im.storage import ITEM_MAX_BYTES
from playground.page.act_routes import ActRoutes
from playground.page.asked import Accid, Body, Signed, body_of, obeyed
from playground.page.guard import ApiError, add_headers, guard
from playground.page.media import served
from playground.page.page import Page
from playground.page.scenario_routes import SCENARIO_MAX_BYTES, ScenarioRoutes
from playground.page.words import answer, in_the_readers_language, say
from playground.runs import ROOT
from relay.attachments import NAME_MAX_CHARS, URL_MAX_CHARS
from relay.inbound.addressing import find_mention

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
STATIC = Path(__file__).parent / "static"
LIT_HTML = AZURITE_FOLDER / "node_modules" / "lit-html"
TEXT_MAX_CHARS = 5000
"""The platform's limit for a text."""

TOO_LARGE = "the platform's storage takes at most {size} MB"

Kill = Callable[[], Awaitable[None]]
"""Kills the function host and sees to it that it comes back."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class _Robot(Body):
    function: str = ""
    topic: str = ""
    customContent: str = ""  # noqa: N815 (the wire's name)
    account: str = ""


class _Stored(Body):
    """Something that the storage keeps, as it answered, with what the browser knows of it."""

    kind: Literal["picture", "audio", "video", "file"]
    url: Annotated[str, StringConstraints(max_length=URL_MAX_CHARS)]
    md5: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
    size: Annotated[int, Field(ge=0)]
    name: Annotated[str, StringConstraints(max_length=NAME_MAX_CHARS)] = ""
    type: str = ""
    width: Annotated[int, Field(ge=0)] = 0
    height: Annotated[int, Field(ge=0)] = 0
    milliseconds: Annotated[int, Field(ge=0)] = 0

    def fields(self) -> dict[str, Any]:
        """``msg_type`` and ``attach``."""
        attach = attach_of(
            self.kind,
            {"url": self.url, "md5": self.md5, "size": self.size},
            name=self.name,
            content_type=self.type,
            width=self.width,
            height=self.height,
            milliseconds=self.milliseconds,
        )
        return {"msg_type": MSG_TYPES[self.kind], "attach": attach}


class _Place(Body):
    """A place that is sent."""

    kind: Literal["location"]
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_MAX_CHARS)]
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]

    def fields(self) -> dict[str, Any]:
        """``msg_type`` and ``attach``."""
        return {
            "msg_type": MSG_TYPES[self.kind],
            "attach": place_of(self.title, self.latitude, self.longitude),
        }


class _NewMessage(Body):
    sender: Accid = Field(alias="as")
    to: Accid | None = None
    team: str | None = None
    text: Annotated[str, StringConstraints(max_length=TEXT_MAX_CHARS)]
    medium: Annotated[_Stored | _Place, Field(discriminator="kind")] | None = None
    robot: _Robot | None = None
    input: Literal["copy", "chatbot", "both"] = "copy"


class _Edit(Signed):
    text: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX_CHARS)]


class _NewUser(Body):
    name: Name


class _Group(Body):
    name: Name
    members: list[Accid] = Field(min_length=1, max_length=200)


class _Switch(Body):
    scope: Literal["next", "on"]


class Routes:
    """The handlers.

    Args:
        page: what is behind them.
        kill_host: None when the stack did not start the function host.
    """

    def __init__(self, page: Page, kill_host: Kill | None) -> None:
        self._page = page
        self._kill_host = kill_host
        self._killing: asyncio.Task[None] | None = None
        self._scenarios = ScenarioRoutes(page)

    def application(self) -> web.Application:
        """The whole of it, guarded."""
        app = web.Application(
            middlewares=[in_the_readers_language, guard], client_max_size=SCENARIO_MAX_BYTES
        )
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(lambda _: self._scenarios.aclose())
        app.add_routes(
            [
                web.get("/", _file("index.html")),
                web.get("/favicon.svg", _file("favicon.svg")),
                web.static("/static", STATIC),
                *([web.static("/lib/lit-html", LIT_HTML)] if LIT_HTML.is_dir() else []),
                web.get("/api/state", self._state),
                web.get("/api/events", self._events),
                web.post("/api/messages", self._say),
                web.post("/api/messages/{id}/recall", self._recall),
                web.put("/api/messages/{id}/text", self._edit),
                web.post("/api/media", self._store),
                web.get("/api/media/{key}", self._media),
                web.get("/api/messages/{id}/timeline", self._timeline),
                web.get("/api/messages/{id}/rows", self._rows),
                web.post("/api/users", self._add_user),
                web.post("/api/teams", self._add_team),
                web.put("/api/teams/{tid}", self._change_team),
                web.put("/api/faults/{name}", self._fault_on),
                web.delete("/api/faults/{name}", self._fault_off),
                web.delete("/api/faults", self._fault_off),
                web.post("/api/host/kill", self._kill),
                *self._scenarios.routes(),
                *ActRoutes(self._page).routes(),
            ]
        )
        return app

    async def _state(self, _: web.Request) -> web.Response:
        return answer({**self._page.state(), "version": VERSION})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            after = int(request.query.get("after", "0"))
        except ValueError:
            raise ApiError(400, "bad_request", say("after: must be a number")) from None
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ConnectionError):  # the page was closed
            async for line in self._page.events.follow(after):
                await response.write(line)
        return response

    async def _say(self, request: web.Request) -> web.Response:
        asked = await body_of(request, _NewMessage)
        page, robot = self._page, (asked.robot or _Robot()).model_dump()
        if asked.sender not in page.people.users:
            raise ApiError(400, "unknown_user", say("as: is no user of the playground"))
        if not asked.text and asked.medium is None:
            raise ApiError(400, "bad_request", say("text: nothing is written, and nothing attached"))
        if (asked.to is None) == (asked.team is None):
            raise ApiError(400, "bad_request", say("give either to or team"))
        if asked.team is None:
            receiver = {"to": str(asked.to)}
        elif (team := page.people.teams.get(asked.team)) is None:
            raise ApiError(404, "not_found", say("there is no such group"))
        else:
            receiver = {"team": asked.team}
            if asked.input != "copy" and not robot["account"]:
                # A chatbot request names its bot; in a group an app does so by robotInfo.account.
                members = [bot for bot in page.roster.current if bot.accid in team.members]
                mention = find_mention(asked.text, members)
                robot["account"] = mention[0].accid if mention else next((bot.accid for bot in members), "")
        medium = asked.medium.fields() if asked.medium else None
        said = await obeyed(page.say(asked.sender, receiver, asked.text, robot, asked.input, medium))
        return answer(said, status=201)

    async def _recall(self, request: web.Request) -> web.Response:
        asked = await body_of(request, Signed)
        await obeyed(self._page.recall(asked.sender, request.match_info["id"]))
        return answer({})

    async def _edit(self, request: web.Request) -> web.Response:
        asked = await body_of(request, _Edit)
        await obeyed(self._page.edit(asked.sender, request.match_info["id"], asked.text))
        return answer({})

    async def _store(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > ITEM_MAX_BYTES or len(
            content := await request.read()
        ) > ITEM_MAX_BYTES:
            raise ApiError(413, "too_large", say(TOO_LARGE, size=ITEM_MAX_BYTES // 1024**2))
        frame_of = request.query.get("frame_of", "")
        content_type = request.query.get("type") or "application/octet-stream"
        stored = await obeyed(self._page.store(content, content_type, frame_of))
        return answer(stored, status=201)

    async def _media(self, request: web.Request) -> web.Response:
        found = await (await self._page.parts()).im.media(request.match_info["key"])
        if found is None:
            raise ApiError(404, "not_found", say("the storage does not keep it (any more)"))
        content_type, content = found
        return served(request, content, content_type)

    async def _timeline(self, request: web.Request) -> web.Response:
        parts = await self._page.parts()
        return answer(await self._page.inspector.timeline(request.match_info["id"], parts.tables))

    async def _rows(self, request: web.Request) -> web.Response:
        parts = await self._page.parts()
        return answer(await self._page.inspector.rows(request.match_info["id"], parts.tables))

    async def _add_user(self, request: web.Request) -> web.Response:
        return answer(self._page.add_user((await body_of(request, _NewUser)).name), status=201)

    async def _add_team(self, request: web.Request) -> web.Response:
        return answer(await self._put_team(request, self._page.people.new_tid()), status=201)

    async def _change_team(self, request: web.Request) -> web.Response:
        tid = request.match_info["tid"]
        if not self._page.people.is_team(tid):
            raise ApiError(404, "not_found", say("there is no such group"))
        return answer(await self._put_team(request, tid))

    async def _put_team(self, request: web.Request, tid: str) -> dict[str, Any]:
        group = await body_of(request, _Group)
        if unknown := [accid for accid in group.members if not self._page.people.knows(accid)]:
            raise ApiError(
                400, "unknown_user", say("{accids}: neither a user nor a bot", accids=", ".join(unknown))
            )
        members = list(dict.fromkeys(group.members))
        return (await obeyed(self._page.put_team(tid, group.name, members))).as_json()

    async def _fault_on(self, request: web.Request) -> web.Response:
        name, scope = _fault_name(request), (await body_of(request, _Switch)).scope
        return answer(await obeyed(self._page.switchboard.turn_on(name, scope)))

    async def _fault_off(self, request: web.Request) -> web.Response:
        names = [_fault_name(request)] if "name" in request.match_info else []
        return answer(await obeyed(self._page.switchboard.turn_off(*names)))

    async def _kill(self, _: web.Request) -> web.Response:
        if self._kill_host is None:
            raise ApiError(
                409, "not_ours", say("the function host is somebody else's and cannot be killed from here")
            )
        if self._page.host.state != "running":
            raise ApiError(409, "not_running", say("the function host does not run at the moment"))
        self._killing = asyncio.create_task(_finish(self._kill_host()))
        return answer({}, status=202)


async def _finish(work: Awaitable[None]) -> None:
    await work


def _fault_name(request: web.Request) -> str:
    name = request.match_info["name"]
    if name not in FAULTS:
        raise ApiError(404, "not_found", say("there is no such fault"))
    return name


def _file(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def send(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / name)

    return send
