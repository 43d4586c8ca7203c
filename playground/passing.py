"""What passes the IM emulator, a line for each request, without a word of anybody's."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.client import HTTPException
from typing import Any

from relay.inbound.routing import identities
from relay.messages import message_hash

WAIT_SECONDS = 20.0


def watch(im_url: str, say: Callable[[str], None]) -> threading.Thread:
    """Say each request that the emulator posts and each call that it gets, until it ends; returns the thread."""
    watching = threading.Thread(target=_watch, args=(im_url, say), daemon=True)
    watching.start()
    return watching


def _watch(im_url: str, say: Callable[[str], None]) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    after = 0
    while True:
        url = f"{im_url}/_control/record?after={after}&seconds={WAIT_SECONDS:.0f}"
        try:
            with direct.open(url, timeout=2 * WAIT_SECONDS) as answer:
                found = json.load(answer)
        except (OSError, HTTPException):  # the emulator has ended, and the command says so
            return
        after = found["next"]
        for line in lines_of(found["facts"]):
            say(line)


def lines_of(facts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Of facts of the emulator's record, those that have come to an end, each in a line."""
    for fact in facts:
        if fact["kind"] == "post" and fact["ended"]:
            yield f"{_clock(fact)} → {fact['input']:<7} {_outcome(fact)}  {_about(fact['request'])}"
        elif fact["kind"] == "call" and fact["milliseconds"] is not None:
            yield f"{_clock(fact)} ← {fact['path']}  {fact['outcome']} in {fact['milliseconds']} ms"


def _clock(fact: Mapping[str, Any]) -> str:
    return time.strftime("%H:%M:%S", time.localtime(fact["at"] / 1000))


def _outcome(post: Mapping[str, Any]) -> str:
    if post["status"] is None:
        return str(post["failure"])
    took = f"{post['status']} in {post['milliseconds']:.0f} ms"
    try:
        answer = json.loads(post["body"])
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return took
    words = [str(answer[name]) for name in ("status", "reason", "error") if name in answer]
    return " ".join([took, *words, *(["with a reply"] if "reply" in answer else [])])


def _about(request: str) -> str:
    """Kind, people and size of what was posted."""
    try:
        body = json.loads(request)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return f"{len(request)} characters"
    kind = body.get("msgType") or f"event {body.get('eventType', '?')}"
    size = len(str(body.get("body") or body.get("text") or ""))
    sender, to = body.get("fromAccount") or body.get("from", "?"), body.get("to", "?")
    ids = identities(
        str(sender).lower(),
        str(body.get("msgidClient") or body.get("clientId") or ""),
        str(body.get("msgidServer") or body.get("msgId") or ""),
    )
    called = f", message {message_hash(ids[0])}" if ids else ""
    return f"{kind} {sender} → {to}, {size} characters{called}"
