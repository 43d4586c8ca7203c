"""The downloader fetches what it may, and nothing else, whatever an address, a name or a server tries."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from playground.loopback import serving
from playground.ports import free_port
from relay.errors import MediumError, MediumGone, MediumRefused, MediumUnavailable
from relay.media.download import Budget, Downloader
from relay.media.hosts import Hosts, is_public

MAX = 1000
NAME = "media.netease.im"


async def attempt(downloader: Downloader, url: str, seconds: float = 5) -> bytes | MediumError:
    try:
        async with downloader.fetch(url, max_bytes=MAX, seconds=seconds) as fetched:
            return fetched.body
    except MediumError as error:
        return error
    finally:
        await downloader.aclose()


FORBIDDEN = {
    "another scheme": "ftp://nos.netease.com/a",
    "a file": "file:///etc/passwd",
    "data": "data:text/plain,hello",
    "no scheme": "//nos.netease.com/a",
    "no host": "https:///a",
    "nothing": "",
    "words": "not an address",
    "another host": "https://example.com/a",
    "a host that begins alike": "https://nos.netease.com.example.com/a",
    "a host that ends alike": "https://evilnetease.com/a",
    "the bare domain": "https://netease.com/a",
    "a user before another host": "https://nos.netease.com@example.com/a",
    "a user with a password": "https://user:pass@nos.netease.com/a",
    "an empty user": "https://@nos.netease.com/a",
    "an escaped at sign": "https://nos.netease.com%40example.com/a",
    "a backslash": "https://example.com\\@nos.netease.com/a",
    "a backslash for a slash": "https:\\\\nos.netease.com/a",
    "a fragment that hides a host": "https://example.com#@nos.netease.com/a",
    "a query that hides a host": "https://example.com?@nos.netease.com/a",
    "a space": "https://nos.netease.com /a",
    "a line break": "https://nos.netease.com\r\nHost: example.com/a",
    "a tab inside of the host": "https://nos.net\tease.com/a",
    "a null": "https://nos.netease.com\x00.example.com/a",
    "full-width letters": "https://ｎｏｓ.netease.com/a",
    "a full stop of another script": "https://nos。netease。com/a",
    "an international name": "https://nós.netease.com/a",
    "another port": "https://nos.netease.com:8443/a",
    "the port of a database": "https://nos.netease.com:6379/a",
    "a port that is none": "https://nos.netease.com:99999/a",
    "a port in words": "https://nos.netease.com:https/a",
    "loopback": "https://127.0.0.1/a",
    "loopback by http": "http://127.0.0.1/a",
    "loopback with a port": "http://127.0.0.1:8080/a",
    "loopback by name": "https://localhost/a",
    "loopback, short": "https://127.1/a",
    "loopback, decimal": "https://2130706433/a",
    "loopback, octal": "https://0177.0.0.1/a",
    "loopback, hexadecimal": "https://0x7f.0.0.1/a",
    "loopback, IPv6": "https://[::1]/a",
    "loopback, IPv4 in IPv6": "https://[::ffff:127.0.0.1]/a",
    "everything": "https://0.0.0.0/a",
    "the metadata service": "http://169.254.169.254/latest/meta-data/",
    "the metadata service, decimal": "http://2852039166/latest/meta-data/",
    "the metadata service, IPv6": "http://[fd00:ec2::254]/latest/meta-data/",
    "the metadata service by name": "http://metadata.google.internal/",
    "the identity endpoint of Azure": "http://169.254.130.2:8081/msi/token",
    "a private network": "https://10.0.0.5/a",
    "another private network": "https://192.168.0.1/a",
    "a zone": "https://[fe80::1%25eth0]/a",
    "an address longer than any": "https://nos.netease.com/" + "a" * 2100,
    "an underscore": "https://nos_x.netease.com/a",
    "an empty label": "https://nos..netease.com/a",
}


@pytest.mark.parametrize("url", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_an_address_that_is_forbidden_is_not_even_looked_up(url: str) -> None:
    looked_up: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["93.184.216.34"]

    assert isinstance(await attempt(Downloader(Hosts(), resolve=resolve), url), MediumRefused)
    assert looked_up == []


PRIVATE = {
    "loopback": "127.0.0.1",
    "all of loopback": "127.255.255.254",
    "this network": "0.0.0.0",  # noqa: S104
    "ten": "10.1.2.3",
    "a hundred and seventy-two": "172.31.0.1",
    "a hundred and ninety-two": "192.168.1.1",
    "a carrier's": "100.64.0.1",
    "link-local": "169.254.169.254",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "documentation": "192.0.2.1",
    "loopback, IPv6": "::1",
    "unspecified, IPv6": "::",
    "local, IPv6": "fd00::1",
    "link-local, IPv6": "fe80::1",
    "link-local with its zone": "fe80::1%eth0",
    "site-local, IPv6": "fec0::1",
    "multicast, IPv6": "ff02::1",
    "mapped": "::ffff:10.0.0.1",
    "translated": "64:ff9b::a00:1",
    "translated, locally": "64:ff9b:1::7f00:1",
    "6to4": "2002:7f00:1::",
    "Teredo": "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "no address": "nowhere",
}


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE)
async def test_a_name_that_leads_to_an_address_that_is_not_public_is_not_connected_to(address: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", address]

    refused = await attempt(Downloader(Hosts(), resolve=resolve), f"https://{NAME}/a")
    assert isinstance(refused, MediumRefused)
    assert "not public" in refused.cause


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_the_platforms_own_http_is_fetched_by_https() -> None:
    hosts = Hosts(("*.cdn.example.com", "files.example.com"))
    assert hosts.checked("http://b.nos.netease.com/a?b=c#d") == "https://b.nos.netease.com/a?b=c"
    assert hosts.checked("http://nos.netease.com:80/a") == "https://nos.netease.com/a"
    assert hosts.checked("HTTPS://NOS.Netease.com./a") == "https://nos.netease.com/a"
    assert hosts.checked("https://x.cdn.example.com/a") == "https://x.cdn.example.com/a"
    assert hosts.checked("https://files.example.com") == "https://files.example.com/"
    for url in ("http://files.example.com/a", "https://a.files.example.com/", "https://cdn.example.com/"):
        with pytest.raises(MediumRefused):
            hosts.checked(url)


@dataclass
class Storage:
    """A server of media on loopback, which tests allow."""

    url: str
    asked: list[web.Request] = field(default_factory=list)

    @property
    def hosts(self) -> Hosts:
        return Hosts((self.url.removeprefix("http://"),))

    async def attempt(self, path: str, seconds: float = 5) -> bytes | MediumError:
        return await attempt(Downloader(self.hosts), self.url + path, seconds)


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def storage(answer: Answer) -> AsyncIterator[Storage]:
    running = Storage("")

    async def handle(request: web.Request) -> web.StreamResponse:
        running.asked.append(request)
        return await answer(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    async with serving(app) as url:
        running.url = url
        yield running


async def test_a_medium_is_fetched() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"\xff\xd8", content_type="image/jpeg")

    async with storage(answer) as running:
        assert await running.attempt("/a") == b"\xff\xd8"
        (request,) = running.asked
    sent = {name.lower() for name in request.headers}
    assert sent == {"host", "accept", "accept-encoding", "user-agent"}
    assert request.headers["Accept-Encoding"] == "identity"


REDIRECTS = {
    "to another host": "https://example.com/",
    "to loopback": "http://127.0.0.1:1/",
    "to the metadata service": "http://169.254.169.254/latest/meta-data/",
    "to another scheme": "file:///etc/passwd",
    "to nowhere": "",
    "to a user at another host": "https://nos.netease.com@example.com/",
    "without a scheme to another host": "//example.com/a",
    "in a circle": "/again",
    "with half an IPv6 address": "https://[::1/",
}


@pytest.mark.parametrize("to", REDIRECTS.values(), ids=REDIRECTS)
async def test_each_redirect_is_checked_anew(to: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": to})

    async with storage(answer) as running:
        assert isinstance(await running.attempt("/a"), MediumRefused)
        assert len(running.asked) <= 6


async def test_a_short_link_is_followed() -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/short":
            return web.Response(status=302, headers={"Location": "/long", "Set-Cookie": "a=b"})
        return web.Response(body=b"long")

    async with storage(answer) as running:
        assert await running.attempt("/short") == b"long"
        assert "Cookie" not in running.asked[-1].headers


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, MediumGone),
        (403, MediumGone),
        (404, MediumGone),
        (410, MediumGone),
        (429, MediumUnavailable),
        (500, MediumUnavailable),
        (503, MediumUnavailable),
        (206, MediumRefused),
        (418, MediumRefused),
    ],
)
async def test_what_is_gone_is_told_from_what_is_late(status: int, error: type[MediumError]) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, body=b"x")

    async with storage(answer) as running:
        assert type(await running.attempt("/a")) is error


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(100_000):
        await response.write(b"x" * 1024)
    return response


async def too_long(request: web.Request) -> web.Response:
    return web.Response(body=b"x" * (MAX + 1))


async def lying(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(MAX * 1000)})
    await response.prepare(request)
    await response.write(b"x")
    return response


async def packed(request: web.Request) -> web.Response:
    bomb = gzip.compress(b"\0" * 1_000_000)[:MAX]
    return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize("answer", [endless, too_long, lying, packed], ids=lambda answer: answer.__name__)
async def test_what_is_too_large_or_packed_is_refused(answer: Answer) -> None:
    async with storage(answer) as running:
        assert isinstance(await running.attempt("/a"), MediumRefused)


async def test_a_slow_drip_ends_with_its_time() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.01)

    async with storage(drip) as running:
        late = await running.attempt("/a", seconds=0.3)
        assert isinstance(late, MediumUnavailable)
        assert "did not come" in late.cause


async def test_a_server_that_says_nothing_ends_with_its_time() -> None:
    done = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        await done.wait()
        return web.Response()

    async with storage(answer) as running:
        assert isinstance(await running.attempt("/a", seconds=0.3), MediumUnavailable)
        done.set()


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000])
async def test_a_server_of_something_else_is_no_medium(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        assert isinstance(await attempt(Downloader(Hosts((place,))), f"http://{place}/a"), MediumUnavailable)
    finally:
        server.close()


async def test_nobody_there_is_late_and_not_gone() -> None:
    place = f"127.0.0.1:{free_port()}"
    assert isinstance(await attempt(Downloader(Hosts((place,))), f"http://{place}/a"), MediumUnavailable)


async def test_a_name_that_nobody_knows_is_late_and_not_gone() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    assert isinstance(
        await attempt(Downloader(Hosts(), resolve=resolve), f"https://{NAME}/a"), MediumUnavailable
    )


async def test_proxies_of_the_machine_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"direct")

    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with storage(answer) as running:
        assert await running.attempt("/a") == b"direct"


async def test_downloads_share_one_budget() -> None:
    first, held, order = asyncio.Event(), asyncio.Event(), list[str]()

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"x")

    async with storage(answer) as running:
        downloader = Downloader(running.hosts, Budget(1))

        async def one(name: str) -> None:
            async with downloader.fetch(running.url, max_bytes=MAX, seconds=10):
                order.append(f"{name} has it")
                first.set()
                await held.wait()
                order.append(f"{name} is done")

        both = asyncio.gather(one("first"), one("second"))
        await first.wait()
        assert isinstance(
            await attempt(Downloader(running.hosts, Budget(0)), running.url, 0.1), MediumUnavailable
        )
        held.set()
        await both
        await downloader.aclose()
    assert order == ["first has it", "first is done", "second has it", "second is done"]


def certificate(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side and a client's side of TLS that trust each other for one name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    pem.write_bytes(private + public)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=public.decode())


@asynccontextmanager
async def https_server(tls: ssl.SSLContext) -> AsyncIterator[int]:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(text=request.host)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_the_connection_goes_to_the_address_that_was_checked_and_the_certificate_is_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that resolve to another address a moment later (DNS rebinding) lead nowhere else."""
    answers = iter((["127.0.0.1"], ["127.0.0.2"]))
    checked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        return next(answers)

    def is_safe(address: str) -> bool:
        checked.append(address)
        return address == "127.0.0.1"  # stands for a public one

    server, client = certificate(NAME, tmp_path)
    async with https_server(server) as port:
        monkeypatch.setattr(Hosts, "checked", lambda self, url: url.replace("PORT", str(port)))
        downloader = Downloader(Hosts(), resolve=resolve, tls=client, is_safe=is_safe)
        async with downloader.fetch(f"https://{NAME}:PORT/a", max_bytes=MAX, seconds=5) as fetched:
            assert fetched.body.decode() == f"{NAME}:{port}"
        assert checked == ["127.0.0.1"]
        await downloader.aclose()
        again = Downloader(Hosts(), resolve=resolve, tls=client, is_safe=is_safe)
        assert isinstance(await attempt(again, f"https://{NAME}:PORT/a"), MediumRefused)


async def test_a_certificate_of_another_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    server, client = certificate("other.netease.im", tmp_path)
    async with https_server(server) as port:
        monkeypatch.setattr(Hosts, "checked", lambda self, url: url.replace("PORT", str(port)))
        downloader = Downloader(Hosts(), resolve=resolve, tls=client, is_safe=lambda address: True)
        assert isinstance(await attempt(downloader, f"https://{NAME}:PORT/a"), MediumUnavailable)


async def test_no_cause_holds_an_address() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=int(request.path.strip("/")))

    async with storage(answer) as running:
        for status in (404, 418, 500):
            error = await running.attempt(f"/{status}")
            assert isinstance(error, MediumError)
            assert "127.0.0.1" not in str(error)
    for url in FORBIDDEN.values():
        error = await attempt(Downloader(Hosts()), url)
        assert not url or url not in str(error)
