"""A person at the page who does random things in one chat, by its HTTP interface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from random import Random
from typing import Any

import aiohttp

from playground.media import pictures, sounds

SETTLED_SECONDS = 90
THINKING_SECONDS = 20

TEXTS = (
    "hello",
    "What time is it?",
    'a "quoted" line\nand another 👋',
    "你好，今天星期几？",
    "  spaces at both ends  ",
    "# a heading\n\n* one\n* two\n\n```\ncode \\ backslash\n```",
    "a longer question, so that an answer of few tokens has to be cut somewhere in its middle",
    "/help",
    "/new",
    "/forget",
    "'''\"\"\"",
    "tab\there",
)

ONCE = (
    "deliver-twice",
    "deliver-ten",
    "bad-signature",
    "stale-clock",
    "media-gone",
    "media-wrong-type",
    "model-429",
    "model-500",
    "prompt-filtered",
    "answer-filtered",
    "answer-empty",
    "voice-500",
    "im-449",
    "im-500",
    "im-antispam",
)
LASTING = (
    "deliver-twice",
    "bad-signature",
    "prompt-filtered",
    "answer-filtered",
    "answer-empty",
    "im-antispam",
    "media-gone",
)
GREETING = "Hello, everybody."
"""Of the translator."""

LATE = ("late",)


class Person:
    """Somebody at the page, and somebody else with whom they may share a group.

    Args:
        session: makes the requests.
        url: of the page.
        seed: of the walk; also their names.

    Attributes:
        walk: what was done, a line each.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, seed: int) -> None:
        self._session, self._url = session, url
        self._random = Random(seed)  # noqa: S311
        self._seed = seed
        self._team = ""
        self._lasting = ""
        self._sent: list[dict[str, Any]] = []
        self.walk: list[str] = []

    async def have_a_chat(self) -> str:
        """Do a few things; gives the key of the chat."""
        me, other = [
            (await self._call("POST", "users", {"name": f"{name}{self._seed}"}))["accid"]
            for name in ("Ada", "Bo")
        ]
        self._me, self._other, random = me, other, self._random
        if random.random() < 0.35:
            self._bot = ""
            bots = random.sample(["helper", "translator", "terse", "ear"], 2)
            self._members = [me, other, *bots]
            team = await self._call("POST", "teams", {"name": "G", "members": self._members})
            self._team = team["tid"]
            await self._greeted(int("translator" in bots))
            self.walk.append(f"group of {', '.join(self._members)}")
        else:
            self._bot = random.choice(["helper", "helper", "translator", "echo", "terse", "writer"])
            self.walk.append(f"chat with {self._bot}")
        await self._say(random.choice(TEXTS[:7]))
        for _ in range(random.randint(3, 6)):
            await self._one_of(
                (5, self._plain),
                (3, self._with_options),
                (4, self._with_fault),
                (3, self._medium),
                (2, self._recall),
                (2, self._edit),
                (1, self._last),
                (1, self._while_it_thinks),
                (0.2, self._kill),
                (0.25, self._kill_while_it_thinks),
                (0.2, self._late),
                (2 if self._team else 0, self._change_members),
            )
        if self._lasting:
            await self._last()
        if random.random() < 0.1:
            await self._leave_while_it_thinks()
        return f"team:{self._team}" if self._team else "|".join(sorted((me, self._bot)))

    async def save(self, chat: str) -> str:
        """The chat as a scenario."""
        async with self._session.get(f"{self._url}/api/scenario", params={"chat": chat}) as response:
            assert response.status == 200, await response.text()
            return await response.text()

    async def tidy(self) -> None:
        """Leave no fault and nothing under way for who comes next."""
        await self._call("DELETE", "faults")
        await self._until(lambda state: state["host"]["state"] == "running")

    async def _one_of(self, *choices: tuple[float, Callable[[], Any]]) -> None:
        weights, acts = zip(*choices, strict=True)
        await self._random.choices(acts, weights)[0]()

    async def _plain(self) -> None:
        await self._say(self._random.choice(TEXTS))

    async def _with_options(self) -> None:
        options = {
            "function": self._random.choice(["", "french", "nothing"]),
            "topic": self._random.choice(["", "trains"]),
            "customContent": self._random.choice(["", '{"page": "cart"}']),
        }
        way = self._random.choice(["copy", "chatbot", "both"])
        await self._say(self._random.choice(TEXTS[:7]), robot=options, input=way)

    async def _with_fault(self) -> None:
        fault = self._random.choice(ONCE)
        await self._fault(fault, "next")
        if fault.startswith(("media", "voice")):
            await self._medium()
        else:
            await self._say(self._random.choice(TEXTS[:7]))

    async def _last(self) -> None:
        """A fault that lasts begins, or ends."""
        if self._lasting:
            self.walk.append(f"no longer {self._lasting}")
            await self._call("DELETE", f"faults/{self._lasting}")
            self._lasting = ""
        else:
            self._lasting = self._random.choice(LASTING)
            await self._fault(self._lasting, "on")

    async def _late(self) -> None:
        await self._fault(self._random.choice(LATE), "next")
        await self._say("this one is overtaken", settle=False)
        await self._say("by this one")

    async def _medium(self) -> None:
        kind = self._random.choice(["picture", "audio", "file", "video", "location"])
        caption = self._random.choice(["", "look at this"])
        if kind == "location":
            medium = {"kind": kind, "title": "Wien, Burggarten", "latitude": 48.2, "longitude": 16.4}
            await self._say(caption, medium=medium)
            return
        name, content_type, content, measures = {
            "picture": ("a.png", "image/png", pictures.draw("red 64x48"), {"width": 64, "height": 48}),
            "audio": ("v.wav", "audio/wav", sounds.tone(1), {"milliseconds": 1040}),
            "file": ("notes.txt", "text/plain", b"Closed on Mondays.", {}),
            "video": ("f.mp4", "video/mp4", bytes(3000), {"width": 32, "height": 24, "milliseconds": 900}),
        }[kind]
        stored = await self._store(content, {"type": content_type})
        if kind == "video":
            await self._store(pictures.draw("blue 32x24"), {"type": "image/png", "frame_of": stored["url"]})
        fields = {key: stored[key] for key in ("url", "md5", "size")}
        await self._say(
            caption, medium={"kind": kind, "name": name, "type": content_type, **fields, **measures}
        )

    async def _while_it_thinks(self) -> None:
        """Two messages, or a message and its recall or edit, while the model thinks about the first."""
        await self._fault("model-slow", "next")
        said = await self._say("slowly, please", settle=False)
        if not await self._asked(said):
            await self._settle()
            return
        what = self._random.choice(["another", "recall", "edit"])
        if what == "another":
            await self._say("and this, too")
            return
        await self._change(said, what)

    async def _kill(self) -> None:
        self.walk.append("kill")
        await self._call("POST", "host/kill", {})
        await self._until(lambda state: state["host"]["state"] != "running")
        if self._random.random() < 0.3:
            await self._say("is anybody there?", settle=False)
        await self._until(lambda state: state["host"]["state"] == "running")
        await self._settle()

    async def _kill_while_it_thinks(self) -> None:
        await self._fault("model-slow", "next")
        said = await self._say("survive this", settle=False)
        await self._asked(said)
        await self._kill()

    async def _leave_while_it_thinks(self) -> None:
        await self._fault("model-slow", "next")
        await self._asked(await self._say("no answer to this", settle=False))

    async def _recall(self) -> None:
        if self._sent:
            await self._change(self._random.choice(self._sent), "recall")

    async def _edit(self) -> None:
        if self._sent:
            await self._change(self._random.choice(self._sent), "edit")

    async def _change(self, said: dict[str, Any], what: str) -> None:
        self.walk.append(f"{what} {said['text']!r}")
        who = {"as": said["sender"]}
        if what == "recall":
            await self._call("POST", f"messages/{said['id']}/recall", who)
            self._sent = [one for one in self._sent if one["id"] != said["id"]]
        else:
            await self._call("PUT", f"messages/{said['id']}/text", {**who, "text": "changed words"})
        await self._settle()

    async def _change_members(self) -> None:
        bot = self._random.choice(["helper", "translator", "terse"])
        if bot in self._members:
            self._members.remove(bot)
        else:
            self._members.append(bot)
        self.walk.append(f"group of {', '.join(self._members)}")
        before = await self._greetings()
        await self._call("PUT", f"teams/{self._team}", {"name": "G", "members": self._members})
        await self._greeted(before + (bot == "translator" and bot in self._members))

    async def _greetings(self) -> int:
        return self._greetings_in(await self._call("GET", "state"))

    async def _greeted(self, count: int) -> None:
        await self._until(lambda state: self._greetings_in(state) >= count)

    def _greetings_in(self, state: dict[str, Any]) -> int:
        here = (message for message in state["messages"] if message["team"] == self._team)
        return sum(message["text"] == GREETING for message in here)

    async def _say(self, text: str, *, settle: bool = True, **fields: Any) -> dict[str, Any]:
        random, sender = self._random, self._me
        if self._team:
            sender = random.choice([self._me, self._other])
            bots = [member for member in self._members if member not in (self._me, self._other)]
            if bots and random.random() < 0.7 and not text.startswith("/"):
                text = f"@{random.choice(bots).capitalize()} {text}"
        to = {"team": self._team} if self._team else {"to": self._bot}
        if self._bot == "echo" and "input" not in fields:
            fields["input"] = "chatbot"
        self.walk.append(
            f"{sender}: {text!r} {fields if 'medium' not in fields else fields['medium']['kind']}"
        )
        said: dict[str, Any] = await self._call(
            "POST", "messages", {"as": sender, "text": text, **to, **fields}
        )
        self._sent.append(said)
        if settle:
            await self._settle()
        return said

    async def _fault(self, name: str, scope: str) -> None:
        self.walk.append(f"{name} ({scope})")
        await self._call("PUT", f"faults/{name}", {"scope": scope})

    async def _settle(self) -> None:
        """Wait until nothing more comes about what was sent."""
        mine = {one["id"] for one in self._sent}

        def settled(state: dict[str, Any]) -> bool:
            return all(
                message["status"] not in ("sending", "waiting") or message["changed"] == "recalled"
                for message in state["messages"]
                if message["id"] in mine and self._is_for_a_bot(message)
            )

        await self._until(settled)

    def _is_for_a_bot(self, message: dict[str, Any]) -> bool:
        return message["bot"] is not None and (not self._team or message["bot"] in self._members)

    async def _asked(self, said: dict[str, Any]) -> bool:
        """Wait until the model is asked about a message; False where it is not."""
        async with asyncio.timeout(THINKING_SECONDS):
            while True:
                timeline = await self._call("GET", f"messages/{said['id']}/timeline")
                if '"kind": "model"' in json.dumps(timeline):
                    return True
                if timeline["complete"]:
                    return False
                await self._news()

    async def _until(self, condition: Callable[[dict[str, Any]], bool]) -> None:
        try:
            async with asyncio.timeout(SETTLED_SECONDS):
                while not condition(await self._call("GET", "state")):
                    await self._news()
        except TimeoutError:
            state = await self._call("GET", "state")
            mine = {one["id"] for one in self._sent}
            left = [m for m in state["messages"] if m["id"] in mine and m["status"] in ("sending", "waiting")]
            raise AssertionError(f"it did not settle: {left} {state['host']}") from None

    async def _news(self) -> None:
        """Wait for something to happen, or half a second."""
        seq = (await self._call("GET", "state"))["seq"]
        try:
            async with asyncio.timeout(0.5):
                async with self._session.get(f"{self._url}/api/events?after={seq}") as events:
                    async for line in events.content:
                        if line.startswith(b"data:"):
                            return
        except TimeoutError:
            pass

    async def _store(self, content: bytes, query: dict[str, str]) -> dict[str, Any]:
        headers = {"Content-Type": "application/octet-stream"}
        async with self._session.post(
            f"{self._url}/api/media", params=query, data=content, headers=headers
        ) as response:
            assert response.status == 201, await response.text()
            return dict(await response.json())

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        async with self._session.request(method, f"{self._url}/api/{path}", json=body) as response:
            assert response.status < 300, (path, body, await response.text())
            return await response.json()
