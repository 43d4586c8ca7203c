"""The audio endpoints of the model server; what their requests mean is in :mod:`playground.model.audio`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from playground.model.audio import SPOKEN_HERE, BadRequest, Ear, Speech, recording_of
from playground.model.script import Fault, Reply, Script, Step
from playground.model.wire import refused

Respond = Callable[[Reply], Awaitable[web.Response]]
"""Makes the answer to a request that was taken."""

Recorded = Callable[
    [web.Request, dict[str, Any], Callable[[], Awaitable[web.StreamResponse | None]]],
    Awaitable[web.StreamResponse],
]
"""Records a request with this body, and gives its answer."""


@dataclass
class Sounding:
    """The handlers.

    Args:
        recorded: see :data:`Recorded`.
        allowed: whether a request carries the key.
        wait: does what a step says about time.

    Attributes:
        script: what happens next; a reply is what is heard.
        ear: what recordings say.
    """

    recorded: Recorded
    allowed: Callable[[web.Request], bool]
    wait: Callable[[Step], Awaitable[None]]
    script: Script = field(default_factory=Script)
    ear: Ear = field(default_factory=Ear)

    def routes(self) -> list[web.RouteDef]:
        """At any path that ends like OpenAI's."""
        return [
            web.post("/{prefix:.*}audio/transcriptions", self._transcribe),
            web.post("/{prefix:.*}audio/speech", self._speak),
            web.post("/_control/heard", self._learn),
        ]

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        form = await request.post() if request.content_type == "multipart/form-data" else {}
        file = form.get("file")
        content, name = (file.file.read(), file.filename) if isinstance(file, web.FileField) else (b"", "")
        recording = recording_of(form, content, name)

        async def respond(step: Reply) -> web.Response:
            text = self.ear.heard(recording) if step.text is None else step.text
            if recording.response_format == "text":
                return web.Response(text=text)
            return web.json_response(recording.transcript(text))

        def check() -> Respond:
            if not isinstance(file, web.FileField):
                raise BadRequest("file", "the body must be multipart/form-data with a file")
            recording.check()
            return respond

        return await self._answer(request, recording.as_recorded(), self.ear.heard(recording), check)

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None

        def check() -> Respond:
            speech = Speech.read(body)

            async def respond(_: Reply) -> web.Response:
                sound = await asyncio.to_thread(self.ear.speak, speech)
                return web.Response(body=sound, content_type=SPOKEN_HERE[speech.response_format])

            return respond

        fields = body if isinstance(body, dict) else {}
        return await self._answer(request, fields, str(fields.get("input", "")), check)

    async def _answer(
        self, request: web.Request, body: dict[str, Any], words: str, check: Callable[[], Respond]
    ) -> web.StreamResponse:
        """The answer of an endpoint.

        Args:
            request, body: as received.
            words: what the rules of the script look at.
            check: gives what answers, or raises BadRequest.
        """

        async def answer() -> web.StreamResponse | None:
            if not self.allowed(request):
                return refused(Fault("unauthorized"))
            try:
                respond = check()
            except BadRequest as error:
                return web.json_response(error.body(), status=error.status)
            step = self.script.take(words) or Reply()
            await self.wait(step)
            return refused(step) if isinstance(step, Fault) else await respond(step)

        return await self.recorded(request, body, answer)

    async def _learn(self, request: web.Request) -> web.Response:
        match await request.json():
            case {"md5": str(md5), "text": str(text)}:
                self.ear.learn(md5, text)
                return web.json_response({})
        return web.json_response({"error": "give md5 and text"}, status=400)
