"""The emulator's HTTP interface for other processes: a terminal chat, a page, a test in another process.

==============================  ==============================================================================
``POST /_control/say``          a user's message; JSON of :meth:`Platform.say`'s arguments → its record
``POST /_control/deliver``      ``{"message": server id, "delivery": {…}}`` → the record after one more request
``POST /_control/recall``       ``{"message": server id, "delivery"}``: its sender recalls it → the request
``POST /_control/edit``         the same with the new ``"text"``
``POST /_control/delete``       ``{"message": server id}``: it is gone from its chat, and no copy tells the webhook
``POST /_control/post``         ``{"body", "headers", "delivery"}``: any body, signed, with more or other headers (an
                                empty one is left out) → the request
``POST /_control/teams``        ``{"tid", "members", "kind"}``; with ``"report": true`` the webhook hears whom the
                                first member has added
``POST /_control/dismiss``      ``{"tid"}``: the group is gone; the webhook gets the notification of that
``POST /_control/webhook``      ``{"url"}``
``POST /_control/faults``       ``{"api": {…ApiFault}}``, ``{"delivery": {…Delivery}}`` and/or
                                ``{"storage": {…StorageFault}}``; DELETE ends them all
``POST /_control/media``        bytes to store, with their ``Content-Type`` → ``{"url", "md5", "size"}``;
                                with ``?frame_of=URL``, the first picture of the film that lies there
``GET /_control/media/KEY``     what lies at a URL that ends with this key, unharmed by faults and unrecorded
``GET /_control/chats``         every chat with its messages, and the groups
``GET /_control/events``        ``?after=N&seconds=S``: messages as they are delivered, from number N on; waits for
                                one up to S seconds; a stream message comes again with each chunk
``GET /_control/calls``         the server API calls as received and answered
``GET /_control/signals``       what bots have shown beside messages: that they type, what they have read
``GET /_control/posts``         the requests to the webhook and their outcomes
``GET /_control/record``        ``?after=N&seconds=S``: all of these in order, from number N on, as ``{"kind", …}``:
                                ``team``, ``message``, ``post``, ``call``, ``fetch`` (of media); what changes
                                comes again under its number
==============================  ==============================================================================

What is wrong with a request is answered with 400 and ``{"error"}``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any

from aiohttp import web
from pydantic import StringConstraints, ValidationError, validate_call

from playground.im.copies import NO_HEADERS, Post
from playground.im.faults import ApiFault, Delivery
from playground.im.platform import Platform
from playground.im.storage import StorageFault

EVENTS_WAIT_MAX_SECONDS = 60.0

HeaderName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", max_length=128)]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\t\x20-\x7e]*$", max_length=4096)]
Headers = Mapping[HeaderName, HeaderValue]
"""What may stand in a request's head (RFC 9110, section 5), as far as it is ASCII."""


def control_routes(im: Platform) -> list[web.RouteDef]:
    """Routes that act on ``im``."""

    async def say(**arguments: Any) -> Any:
        return (await validate_call(im.say)(**arguments)).as_json()

    async def deliver(**arguments: Any) -> Any:
        return (await validate_call(im.deliver)(**arguments)).as_json()

    async def recall(**arguments: Any) -> Any:
        return asdict(await validate_call(im.recall)(**arguments))

    async def edit(**arguments: Any) -> Any:
        return asdict(await validate_call(im.edit)(**arguments))

    async def delete(**arguments: Any) -> Any:
        @validate_call
        async def remove(message: str) -> None:
            await im.chats.remove(message)

        return await remove(**arguments)

    async def post(**arguments: Any) -> Any:
        @validate_call
        async def send(body: str, headers: Headers = NO_HEADERS, delivery: Delivery | None = None) -> Post:
            return await im.post(body.encode("utf-8", "surrogatepass"), delivery, headers)

        return asdict(await send(**arguments))

    async def dismiss(**arguments: Any) -> Any:
        validate_call(im.dismiss)(**arguments)
        await im.record.announce()

    async def create_team(*, report: bool = False, **arguments: Any) -> Any:
        team = validate_call(im.add_to_team if report else im.create_team)(**arguments)
        await im.record.announce()
        return asdict(team)

    async def set_webhook(**arguments: Any) -> Any:
        @validate_call
        def set_url(url: str) -> None:
            im.webhook = url

        return set_url(**arguments)

    async def misbehave(**arguments: Any) -> Any:
        @validate_call
        def add(
            api: ApiFault | None = None,
            delivery: Delivery | None = None,
            storage: StorageFault | None = None,
        ) -> None:
            if api is not None:
                im.fail(api)
            if delivery is not None:
                im.delivery = delivery
            if storage is not None:
                im.storage.fail(storage)

        return add(**arguments)

    async def store(request: web.Request) -> web.Response:
        content, url = await request.read(), request.query.get("frame_of", "")
        try:
            if url:
                im.storage.put_frame(url, content)
            else:
                url = im.storage.put(content, request.content_type)
        except (ValueError, LookupError) as error:
            return web.json_response({"error": str(error)}, status=400)
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return web.json_response({"url": url, "md5": md5, "size": len(content)})

    async def read(request: web.Request) -> web.Response:
        item = im.storage.get(request.match_info["key"])
        if item is None:
            return web.Response(status=404)
        return web.Response(body=item.content, headers={"Content-Type": item.content_type})

    async def behave(_: web.Request) -> web.Response:
        im.behave()
        return web.json_response({})

    async def chats(_: web.Request) -> web.Response:
        messages = {key: [asdict(message) for message in im.chats.of(key)] for key in im.chats.active()}
        return web.json_response(
            {"chats": messages, "teams": [asdict(team) for team in im.chats.teams.values()]}
        )

    async def events(request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        seconds = min(float(request.query.get("seconds", "0")), EVENTS_WAIT_MAX_SECONDS)
        with contextlib.suppress(TimeoutError):  # nothing new is an answer, too
            await im.wait_for(lambda: len(im.chats.events) > after, seconds)
        return web.json_response(
            {
                "events": [asdict(event) for event in im.chats.events[after:]],
                "next": max(after, len(im.chats.events)),
            }
        )

    async def calls(_: web.Request) -> web.Response:
        return web.json_response([asdict(call) for call in im.calls])

    async def signals(_: web.Request) -> web.Response:
        return web.json_response([asdict(shown) for shown in im.signals])

    async def posts(_: web.Request) -> web.Response:
        return web.json_response([asdict(post) for post in im.posts])

    return [
        web.post("/_control/say", _with_arguments(say)),
        web.post("/_control/deliver", _with_arguments(deliver)),
        web.post("/_control/recall", _with_arguments(recall)),
        web.post("/_control/edit", _with_arguments(edit)),
        web.post("/_control/delete", _with_arguments(delete)),
        web.post("/_control/post", _with_arguments(post)),
        web.post("/_control/dismiss", _with_arguments(dismiss)),
        web.post("/_control/teams", _with_arguments(create_team)),
        web.post("/_control/webhook", _with_arguments(set_webhook)),
        web.post("/_control/faults", _with_arguments(misbehave)),
        web.delete("/_control/faults", behave),
        web.post("/_control/media", store),
        web.get("/_control/media/{key}", read),
        web.get("/_control/chats", chats),
        web.get("/_control/events", events),
        web.get("/_control/calls", calls),
        web.get("/_control/signals", signals),
        web.get("/_control/posts", posts),
        web.get("/_control/record", im.record.serve),
    ]


def _with_arguments(
    action: Callable[..., Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that takes the arguments from a JSON object, and says what is wrong with them."""

    async def handle(request: web.Request) -> web.Response:
        try:
            arguments = json.loads(await request.read())
            if not isinstance(arguments, dict):
                raise ValueError("the body is not a JSON object")
            return web.json_response(await action(**arguments) or {})
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
            ]
            return web.json_response({"error": "; ".join(problems)}, status=400)
        except (ValueError, LookupError, RuntimeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle
