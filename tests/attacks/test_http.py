"""HTTP as no platform sends it, on real sockets to the real function host, with everything logged at DEBUG.

Whose job is what: on Azure a request first meets the front end and the Functions host. They read HTTP, refuse what is
none, bound the time of a slow request and the size of its headers and body, and hand the function whole requests. The
host here is a stand-in that reads HTTP with aiohttp; where a test expects a bare refusal, it shows only that nothing of
such a request reaches the relay or a log. The stand-in does not bound the time of a slow request, so what is shown is
that slow ones do not hold up others. All else is the relay's own doing: no header but the signature's is trusted,
nothing is unpacked, no charset but UTF-8 is read, and the size that counts is the real one.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from playground.im_server import ImServer
from playground.model_server import ModelServer
from relay.signature import sign_inbound
from tests.attacks.fuzz import answers
from tests.attacks.fuzz.messages import PLANTED
from tests.attacks.fuzz.odd_values import LOG_LINE
from tests.attacks.http import Connection, Headers, Response, chunked, exchange, head, request
from tests.scenarios.world import APP_KEY, BOTS, SECRET, World, settings_for
from tests.shared_azurite import SharedAzurite

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]

KIB = 1024
_RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING) [\w.]+ .*")
"""A line of the log: one record, and no error."""


@dataclass
class Site:
    """A relay behind a function host.

    Attributes:
        world: what it runs in.
        log: the host's log.
        numbers: tell messages apart.
    """

    world: World
    log: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        """Where the host listens."""
        return self.world.hosts[0].url

    def copy(self, **fields: Any) -> bytes:
        """A message copy from alice to the bot, unlike any other."""
        number = next(self.numbers)
        return json.dumps(
            {
                "eventType": "1",
                "convType": "PERSON",
                "to": "helper",
                "fromAccount": "alice",
                "msgType": "TEXT",
                "body": f"{PLANTED} {number}",
                "msgTimestamp": str(time.time_ns() // 1_000_000),
                "msgidClient": f"client-{number}",
                **fields,
            }
        ).encode()

    async def send(self, data: bytes) -> Response | None:
        """Send bytes on a connection of their own."""
        return await exchange(self.url, data)

    async def post(self, body: bytes, *headers: tuple[str, str]) -> str:
        """Post a signed body with more headers; gives the row of the answer table."""
        return row(await self.send(request(body, [*signed(body), *headers])))

    async def is_answered(self, body: bytes) -> None:
        """Wait until the user has seen the reply to a copy."""
        reply = f"You said: {json.loads(body)['body']}"
        await self.world.im.wait_for(lambda: reply in self.replies(), 30)

    def replies(self) -> list[str]:
        """What alice has seen from the bot."""
        return [said.text for said in self.world.im.chat("alice", "helper") if said.sender == "helper"]


def signed(body: bytes) -> list[tuple[str, str]]:
    """The platform's headers for a body."""
    return list(sign_inbound(SECRET, body, time.time_ns() // 1_000_000).items())


def row(response: Response | None) -> str:
    """The row of an answer of the relay."""
    assert response is not None
    return answers.row_of(response.status, response.body)


def is_refused_by_host(response: Response | None) -> bool:
    """Whether the relay never saw the request."""
    return response is None or (
        response.status in (400, 413, 417, 431, 501) and b'"error"' not in response.body
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    bots, log = folder / "bots.toml", folder / "host.log"
    bots.write_text(BOTS, encoding="utf-8")
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(SharedAzurite())
        model = await stack.enter_async_context(ModelServer())
        im = await stack.enter_async_context(ImServer(app_key=APP_KEY, secret=SECRET))
        settings = settings_for(storage, im, model, bots, {"HOST_LOG_LEVEL": "DEBUG"})
        world = World(storage, im, model, settings, stack)
        await world.start_host("--log", str(log))
        yield Site(world, log)


@pytest_asyncio.fixture(loop_scope="module")
async def site(running: Site) -> AsyncIterator[Site]:
    """The relay, which afterwards still takes a message, and has logged plain lines without anyone's words."""
    before = running.log.stat().st_size
    yield running
    assert await running.post(running.copy()) == answers.QUEUED
    logged = running.log.read_bytes()[before:].decode()
    assert " relay.inbound.webhook queued " in logged
    assert not any(word in logged for word in (PLANTED, SECRET, LOG_LINE))
    for line in logged.splitlines():
        assert _RECORD.fullmatch(line), line
        assert line.isprintable(), line


BREAKS = ("\r\n", "\n", "\r", "\x1b[2J\r", "\x00\n", "\u2028", "\x85", "\x0b")


@pytest.mark.parametrize("line_break", BREAKS)
async def test_an_accid_cannot_write_a_log_line(site: Site, line_break: str) -> None:
    attack = f"alice{line_break}{LOG_LINE}"
    assert await site.post(site.copy(fromAccount=attack)) == answers.QUEUED
    assert await site.post(site.copy(to=attack)) == answers.IGNORED["unknown_bot"]


@pytest.mark.parametrize("line_break", BREAKS)
async def test_an_id_cannot_write_a_log_line(site: Site, line_break: str) -> None:
    attack = f"1{line_break}{LOG_LINE}"
    robot = {"robotInfo": {"topic": attack, "function": attack, "customContent": attack}}
    body = site.copy(msgidClient=attack, msgidServer=attack, ext=robot, fromNick=attack)
    assert await site.post(body) == answers.QUEUED


@pytest.mark.parametrize(
    "name", ["convType", "msgType", "eventType", "antispam", "msgTimestamp", "fromClientType"]
)
async def test_a_value_that_is_refused_or_ignored_cannot_write_a_log_line(site: Site, name: str) -> None:
    await site.post(site.copy(**{name: f"\r\n{LOG_LINE}"}))
    assert await site.post(site.copy(**{name: [f"\r\n{LOG_LINE}"]})) == answers.BAD_REQUEST


async def test_a_field_name_cannot_write_a_log_line(site: Site) -> None:
    assert await site.post(site.copy(**{f"\r\n{LOG_LINE}": 1})) == answers.QUEUED
    assert await site.post(site.copy().replace(b'"to"', f'"\n{LOG_LINE}"'.encode())) == answers.BAD_REQUEST


async def test_a_url_cannot_write_a_log_line(site: Site) -> None:
    body = site.copy()
    path = f"/api/webhook?code={PLANTED}&a=%0d%0a{LOG_LINE.replace(' ', '%20')}%1b%5b2J"
    assert row(await site.send(request(body, signed(body), path=path))) == answers.QUEUED


@pytest.mark.parametrize(
    "name", ["User-Agent", "traceparent", "tracestate", "AppKey", "X-Request-ID", "Referer"]
)
async def test_a_header_cannot_write_a_log_line(site: Site, name: str) -> None:
    assert await site.post(site.copy(), (name, f"{LOG_LINE}é\udcff")) == answers.QUEUED
    for control in ("\r", "\n", "\x00", "\x1b[2J", "\r\n "):
        body = site.copy()
        data = request(body, [*signed(body), (name, f"a{control}{LOG_LINE}")])
        assert is_refused_by_host(await site.send(data)), control


@pytest.mark.parametrize("name", ["CurTime", "MD5", "CheckSum"])
@pytest.mark.parametrize("value", ["é", "\udcff", "\u2028", "İ", f"{LOG_LINE}\t", "x" * 8000, "１７"])
async def test_odd_bytes_in_a_signature_are_a_bad_signature(site: Site, name: str, value: str) -> None:
    body = site.copy()
    headers = dict(signed(body)) | {name: value}
    assert row(await site.send(request(body, headers.items()))) == answers.UNAUTHORIZED


@pytest.mark.parametrize("name", ["CurTime", "MD5", "CheckSum"])
async def test_a_signature_header_that_comes_twice_is_a_bad_signature(site: Site, name: str) -> None:
    body = site.copy()
    good = signed(body)
    for other in ("0" * 40, dict(good)[name], ""):
        for headers in ([*good, (name, other)], [(name.lower(), other), *good]):
            assert row(await site.send(request(body, headers))) == answers.UNAUTHORIZED


async def test_header_names_count_in_any_case(site: Site) -> None:
    for cased in (str.lower, str.upper, str.swapcase):
        body = site.copy()
        assert row(await site.send(request(body, [(cased(n), v) for n, v in signed(body)]))) == answers.QUEUED


async def test_a_header_with_another_name_is_no_signature(site: Site) -> None:
    body = site.copy()
    for changed in ("X-{}", "{}-", "Check_Sum", "{}0"):
        headers = [(changed.format(name), value) for name, value in signed(body)]
        assert row(await site.send(request(body, headers))) == answers.UNAUTHORIZED
    assert is_refused_by_host(await site.send(request(body, [(f"{n} ", v) for n, v in signed(body)])))


async def test_many_headers_do_not_matter_and_too_many_are_refused(site: Site) -> None:
    many = [(f"X-{number}", PLANTED) for number in range(100)]
    assert await site.post(site.copy(), *many) == answers.QUEUED
    body = site.copy()
    assert is_refused_by_host(await site.send(request(body, [*signed(body), *many * 50])))


async def test_a_huge_header_does_not_matter_and_a_larger_one_is_refused(site: Site) -> None:
    assert await site.post(site.copy(), ("X-Huge", PLANTED * 500)) == answers.QUEUED
    body = site.copy()
    assert is_refused_by_host(await site.send(request(body, [*signed(body), ("X-Huge", PLANTED * 100_000)])))


def whole(body: bytes, headers: Headers) -> bytes:
    """Declared."""
    return request(body, headers)


def in_pieces(body: bytes, headers: Headers) -> bytes:
    """Not declared."""
    return chunked([body[start : start + 5000] for start in range(0, len(body), 5000)], headers)


@pytest.mark.parametrize("sent", [whole, in_pieces])
async def test_64_kib_are_read_and_a_byte_more_is_refused(site: Site, sent: Any) -> None:
    for size, expected in ((64 * KIB, answers.BAD_REQUEST), (64 * KIB + 1, answers.BODY_TOO_LARGE)):
        body = PLANTED.encode().ljust(size)
        assert row(await site.send(sent(body, signed(body)))) == expected


@pytest.mark.parametrize("sent", [whole, in_pieces])
async def test_megabytes_are_refused_signed_or_not(site: Site, sent: Any) -> None:
    body = PLANTED.encode().ljust(5 * KIB * KIB)
    assert row(await site.send(sent(body, signed(body)))) == answers.BODY_TOO_LARGE
    assert row(await site.send(sent(body, []))) == answers.BODY_TOO_LARGE


async def test_a_message_in_chunks_is_a_message(site: Site) -> None:
    body = site.copy()
    assert row(await site.send(chunked([bytes([byte]) for byte in body], signed(body)))) == answers.QUEUED
    await site.is_answered(body)


@pytest.mark.parametrize("pair", ["[]", "{}"])
async def test_deep_json_is_refused(site: Site, pair: str) -> None:
    opening = pair[0] if pair == "[]" else '{"a":'
    for depth in (1000, 7000):
        deep = opening * depth + "1" + pair[1] * depth
        nested = site.copy().replace(b'"alice"', deep.encode())
        assert await site.post(nested) == answers.BAD_REQUEST
        assert await site.post(opening.encode() * depth) == answers.BAD_REQUEST
        assert await site.post(site.copy(ext=deep)) == answers.QUEUED  # an app's own business


@pytest.mark.parametrize(
    "charset", ["utf-16", "utf-16-le", "utf-32", "gb18030", "latin-1", "shift_jis", "cp037"]
)
async def test_a_body_in_another_charset_is_refused_whatever_its_header_says(
    site: Site, charset: str
) -> None:
    text = json.dumps({"body": f"{PLANTED}é你", "eventType": "1"}, ensure_ascii=False)
    body = text.encode(charset, "ignore")
    for declared in (charset, "utf-8"):
        header = ("Content-Type", f"application/json; charset={declared}")
        assert await site.post(body, header) == answers.BAD_REQUEST


@pytest.mark.parametrize(
    "media", ["application/json; charset=gbk", "text/plain", "application/x-www-form-urlencoded", "\u00e9"]
)
async def test_utf_8_is_read_whatever_its_header_says(site: Site, media: str) -> None:
    body = site.copy(body=f"{PLANTED} 你好 {next(site.numbers)}")
    assert await site.post(body, ("Content-Type", media)) == answers.QUEUED
    await site.is_answered(body)


def deflated(body: bytes) -> bytes:
    """Without zlib's frame."""
    return zlib.compress(body)[2:-4]


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", deflated)]
)
async def test_a_compressed_body_is_not_unpacked(site: Site, encoding: str, compress: Any) -> None:
    plain = site.copy()
    packed = compress(plain)
    assert await site.post(packed, ("Content-Encoding", encoding)) == answers.BAD_REQUEST
    over_the_plain_text = [*signed(plain), ("Content-Encoding", encoding)]
    assert row(await site.send(request(packed, over_the_plain_text))) == answers.UNAUTHORIZED


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_bomb_does_not_go_off(site: Site, encoding: str, compress: Any) -> None:
    small, large = compress(bytes(50 * KIB * KIB)), compress(bytes(80 * KIB * KIB))
    assert len(small) < 64 * KIB < len(large)
    response = await site.send(request(small, [*signed(small), ("Content-Encoding", encoding)]))
    assert response is not None
    assert row(response) == answers.BAD_REQUEST
    assert b"not UTF-8 at byte 2" in response.body  # of the packed bytes
    assert await site.post(large, ("Content-Encoding", encoding)) == answers.BODY_TOO_LARGE


async def test_a_plain_body_that_claims_to_be_compressed_is_read(site: Site) -> None:
    body = site.copy()
    assert await site.post(body, ("Content-Encoding", "gzip")) == answers.QUEUED
    await site.is_answered(body)


async def test_numbers_beyond_64_bits_are_ids_and_no_times(site: Site) -> None:
    body = site.copy(msgidClient=2**70, msgidServer=-(2**70), fromClientType=10**400)
    assert await site.post(body) == answers.QUEUED
    await site.is_answered(body)
    for number in (2**63, 2**64, 10**400, 1e300, -1):
        assert await site.post(site.copy(msgTimestamp=number)) == answers.BAD_REQUEST
    for text in (b"1e999", b"-1e999", b"9" * 5000, b"NaN"):
        broken = re.sub(rb'"msgTimestamp": "\d+"', b'"msgTimestamp": ' + text, site.copy())
        assert await site.post(broken) == answers.BAD_REQUEST


async def test_half_a_surrogate_pair_is_replaced(site: Site) -> None:
    number = next(site.numbers)
    body = site.copy(
        body=f"\ud83d {number}", fromNick="\udc00", msgidClient=f"\udfff{number}", ext='{"a":"\\ud800"}'
    )
    assert await site.post(body) == answers.QUEUED
    await site.world.im.wait_for(lambda: f"You said: \ufffd {number}" in site.replies(), 30)


async def test_of_a_key_that_comes_twice_the_last_counts(site: Site) -> None:
    body = site.copy()
    twice = b'{"body": "' + PLANTED.encode() + b' not this", "to": "nobody", ' + body[1:]
    assert await site.post(twice) == answers.QUEUED
    await site.is_answered(body)
    assert not any("not this" in text for text in site.replies())


async def test_a_body_longer_than_it_claims_is_not_read(site: Site) -> None:
    body = site.copy()
    response = await site.send(request(body, signed(body), length=10))
    assert is_refused_by_host(response) or row(response) == answers.UNAUTHORIZED


@pytest.mark.parametrize("sent_bytes", [0, 1, 100])
async def test_a_client_that_vanishes_in_its_body_leaves_nothing(site: Site, sent_bytes: int) -> None:
    vanished, good = site.copy(), site.copy()
    async with Connection(site.url) as connection:
        await connection.send(request(vanished, signed(vanished))[: -len(vanished) + sent_bytes])
    assert await site.post(good) == answers.QUEUED
    await site.is_answered(good)
    assert f"You said: {json.loads(vanished)['body']}" not in site.replies()


@pytest.mark.parametrize("claimed", ["-1", "abc", "0x10", "1 1", "+5", "9" * 30, "1,1"])
async def test_a_length_that_is_none_is_refused(site: Site, claimed: str) -> None:
    body = site.copy()
    assert is_refused_by_host(await site.send(head([("Content-Length", claimed), *signed(body)]) + body))


async def test_two_lengths_are_refused(site: Site) -> None:
    body = site.copy()
    smuggling = (
        [("Content-Length", "2")],
        [("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "x, chunked, y")],
    )
    for more in smuggling:
        assert is_refused_by_host(await site.send(request(body, [*signed(body), *more])))


async def test_broken_chunks_are_refused(site: Site) -> None:
    body = site.copy()
    for chunks in (b"zz\r\nabc\r\n", b"-1\r\na\r\n", b"5\r\nabcdefgh\r\n", b"f" * 20 + b"\r\na\r\n"):
        start = head([("Transfer-Encoding", "chunked"), *signed(body)])
        assert is_refused_by_host(await site.send(start + chunks))


async def test_a_good_request_behind_a_refused_one_on_the_same_connection_is_answered(site: Site) -> None:
    bad, worse, good = site.copy(), PLANTED.encode(), site.copy()
    pipeline = (
        request(bad, []) + request(worse, signed(worse)) + request(b"{}", []) + request(good, signed(good))
    )
    async with Connection(site.url) as connection:
        await connection.send(pipeline)
        rows = [row(await connection.response()) for _ in range(4)]
    assert rows == [answers.UNAUTHORIZED, answers.BAD_REQUEST, answers.ADDRESS_CHECK, answers.QUEUED]
    await site.is_answered(good)


async def test_what_comes_behind_something_that_is_no_http_is_not_read(site: Site) -> None:
    good = site.copy()
    async with Connection(site.url) as connection:
        await connection.send(b"NOT HTTP AT ALL\r\n\r\n" + request(good, signed(good)))
        assert is_refused_by_host(await connection.response())
        assert await connection.response() is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /api/webhook HTTP/9.0\r\nContent-Length: 2\r\n\r\n{}",
        b"POST/api/webhook\r\n\r\n",
        f"POST /api/webhook?{LOG_LINE} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
        b"\x00" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_in_one_line(site: Site, data: bytes) -> None:
    assert is_refused_by_host(await site.send(data))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
async def test_no_method_but_post_exists(site: Site, method: str) -> None:
    body = site.copy()
    response = await site.send(request(body, signed(body)).replace(b"POST", method.encode(), 1))
    assert response is not None
    assert (response.status, response.body) == (404, b"")


@pytest.mark.parametrize("started", ["headers", "body"])
async def test_slow_requests_do_not_hold_up_others(site: Site, started: str) -> None:
    body = site.copy()
    whole = request(body, signed(body))
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(Connection(site.url)) for _ in range(200)]
        for connection in slow:
            await connection.send(whole[: 40 if started == "headers" else -5])
        good = site.copy()
        assert await site.post(good) == answers.QUEUED
        await site.is_answered(good)
        await slow[0].send(whole[40 if started == "headers" else -5 :])
        assert row(await slow[0].response()) == answers.QUEUED


async def test_a_client_that_asks_before_it_sends_is_told_to_go_on(site: Site) -> None:
    body = site.copy()
    async with Connection(site.url) as connection:
        await connection.send(
            head([("Content-Length", str(len(body))), ("Expect", "100-continue"), *signed(body)])
        )
        told = await connection.response()
        assert told is not None
        assert told.status == 100
        await connection.send(body)
        assert row(await connection.response()) == answers.QUEUED
