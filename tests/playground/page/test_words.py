"""What the server says to the reader of the page, in both languages."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from playground import play
from playground.faults import FAULTS
from playground.page import words
from playground.page.words import CHINESE, Said, answer, count, in_the_readers_language, say
from playground.stack import MODEL_LABELS
from relay.im.codes import _WORDS

FOLDER = Path(words.__file__).parent

BROUGHT = {
    *(text for fault in FAULTS.values() for text in (fault.group, fault.label, fault.explanation)),
    *MODEL_LABELS.values(),
    *(play.THEIR_MODEL, play.MODEL_OF_SETTINGS, play.ONLY_IM, play.NO_SPANS),
}
"""Sentences of other modules that the page tells."""

OF_THE_IM_API = {text for of_outcome in _WORDS.values() for text in of_outcome.values()}
"""The relay's words for result codes: those that the emulator gives are translated."""


def sentences(path: Path) -> Iterator[str]:
    """Every English sentence that a module hands to ``say``, ``Said`` or ``count``."""
    module = import_module(f"playground.page.{path.stem}")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if getattr(module, node.func.id, None) is not getattr(words, node.func.id, words):
            continue  # another function of that name
        if node.func.id in ("say", "Said"):
            yield from _told(module, node.args[0])
        elif node.func.id == "count" and isinstance(node.args[1], ast.Constant):
            word = str(node.args[1].value)
            yield from (f"{{count}} {word}", f"{{count}} {word}s")


def _told(module: ModuleType, first: ast.expr) -> Iterator[str]:
    """A sentence that is written out, a constant, or every one of a table of constants."""
    for node in ast.walk(first):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node is first:
            yield node.value
        elif isinstance(node, ast.Name) and node.id.isupper():
            yield from _texts(getattr(module, node.id))


def _texts(value: Any) -> Iterator[str]:
    yield from value.values() if isinstance(value, Mapping) else [value]


SAID = {sentence for path in FOLDER.glob("*.py") if path.stem != "words" for sentence in sentences(path)}
SAID |= {sentence for sentence in sentences(FOLDER / "words.py")} | BROUGHT


def test_every_sentence_of_the_server_has_its_chinese() -> None:
    worded = {said for said in SAID if re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", said))}
    assert worded - set(CHINESE) == set()


def test_what_is_refused_is_said_in_the_readers_language() -> None:
    for path in set(FOLDER.glob("*.py")) - {FOLDER / "guard.py"}:  # those are no readers
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ApiError":
                assert not isinstance(node.args[-1], ast.Constant), ast.unparse(node)


def test_no_chinese_is_left_of_a_sentence_that_nobody_says() -> None:
    assert set(CHINESE) - SAID - OF_THE_IM_API == set()


def test_the_placeholders_are_the_same_in_both_languages() -> None:
    for english, chinese in CHINESE.items():
        assert sorted(re.findall(r"\{(\w+)\}", english)) == sorted(re.findall(r"\{(\w+)\}", chinese)), english


def test_the_sentences_of_the_page_are_really_looked_at() -> None:
    assert {
        "Waited in the queue",
        "{count} message",
        "no bot is mentioned in it",
        "by the other input",
    } <= SAID


def test_one_is_told_from_many() -> None:
    assert [count(1, "message"), count(2, "message")] == ["1 message", "2 messages"]


async def test_each_reader_is_told_in_their_language() -> None:
    kept = Said("the webhook gave no answer: {why}", {"why": Said("the connection was cut")})

    async def tell(_: web.Request) -> web.Response:
        return answer({"kept": kept, "said": say("Waited in the queue")})

    app = web.Application(middlewares=[in_the_readers_language])
    app.add_routes([web.get("/", tell)])
    async with TestClient(TestServer(app)) as client:

        async def told(path: str, accept: str) -> list[str]:
            async with client.get(path, headers={"Accept-Language": accept}) as response:
                return list(json.loads(await response.text()).values())

        english = ["the webhook gave no answer: the connection was cut", "Waited in the queue"]
        chinese = ["回调没有响应：连接中断", "在队列中等待"]
        assert await told("/", "zh-CN,zh;q=0.9") == chinese
        assert await told("/", "fr") == english
        assert await told("/?language=zh", "en") == chinese
