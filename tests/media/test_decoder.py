"""Pictures and files are opened in a process of its own, whatever their bytes are, and it ends in time."""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from relay.errors import MediumRefused, MediumUnavailable
from relay.media.decoder import Decoder
from relay.media.reading import SIDE_MAX
from tests.crashes.storage import until


def picture(form: str, size: tuple[int, int] = (64, 48), colour: str = "red", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form)
    return out.getvalue()


def pdf(*pages: str) -> bytes:
    """A PDF with a line of text on each page."""
    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(width=600, height=400)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 24 Tf 50 300 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = stream
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


async def made(body: bytes, seconds: float = 20) -> Image.Image:
    return Image.open(io.BytesIO(await Decoder().smaller_picture(body, seconds=seconds)))


async def read(body: bytes, characters: int = 1000) -> str:
    return await Decoder().text(body, characters, seconds=20)


async def test_a_large_picture_becomes_a_jpeg_that_models_take() -> None:
    small = await made(picture("JPEG", (4000, 3000), "blue"))
    assert (small.format, small.size) == ("JPEG", (SIDE_MAX, SIDE_MAX * 3 // 4))
    red, _, blue = small.getpixel((10, 10))  # type: ignore[misc]
    assert blue > 200 > 100 > red


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP", "BMP", "TIFF"])
async def test_other_forms_become_one(form: str) -> None:
    assert (await made(picture(form))).size == (64, 48)


async def test_what_is_transparent_is_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    assert (await made(out.getvalue())).getpixel((5, 5)) == (255, 255, 255)


async def test_of_a_moving_picture_the_first_frame_stays() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    red, _, blue = (await made(out.getvalue())).getpixel((5, 5))  # type: ignore[misc]
    assert red > 200 > 100 > blue


async def test_a_picture_that_lies_on_its_side_is_put_upright() -> None:
    turned = Image.new("RGB", (40, 20), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    turned.save(out, "JPEG", exif=exif)
    assert (await made(out.getvalue())).size == (20, 40)


def png_of(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says how large it is, and holds nothing but zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * min(height, 1000)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BROKEN = {
    "a bomb of pixels": png_of(50_000, 50_000),
    "a wide bomb": png_of(26_000_000, 1),
    "half a picture": picture("PNG", (500, 500))[:200],
    "a beginning": b"\xff\xd8\xff\xe0",
    "nothing": b"",
    "words": b"I am a picture",
    "a script in a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) run\n",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
async def test_what_is_no_picture_is_refused(body: bytes) -> None:
    with pytest.raises(MediumRefused):
        await made(body)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("# Häuser\n\n你好".encode(), "# Häuser\n\n你好"),
        ("\ufeffa,b\r\n1,2\r\n".encode(), "a,b\n1,2\n"),
        ("Größe und Weite der Welt: schöne Grüße aus Köln".encode("cp1252"), "schöne Grüße"),
        (
            "这是一个用来检查编码的测试文件。今天天气很好，我们去公园散步。".encode("gb18030"),
            "我们去公园散步",
        ),
        ("hello, 世界".encode("utf-16"), "hello, 世界"),
        (b'{"a": [1, 2]}', '{"a": [1, 2]}'),
        (
            b"<!DOCTYPE html><html><head><style>p{}</style><script>steal()</script></head>"
            b"<body><h1>Hours</h1><p>Mon &amp; Tue</p></body></html>",
            "Hours\nMon & Tue",
        ),
    ],
)
async def test_the_text_of_a_file_is_read(body: bytes, text: str) -> None:
    assert text in await read(body)


async def test_a_pdf_is_read_page_by_page_until_there_is_enough() -> None:
    assert await read(pdf("Opening hours", "Prices")) == "Opening hours\n\nPrices"
    assert await read(pdf("x" * 50, "y" * 50), 20) == "x" * 21


async def test_a_cut_text_has_one_character_more_than_was_asked() -> None:
    assert await read(b"x" * 5000, 1000) == "x" * 1001


@pytest.mark.parametrize(
    "body",
    [
        b"\x00\x01\x02" * 100,
        b"%PDF-1.7\nnot really",
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj trailer<</Root 1 0 R>>",
        pdf(""),
    ],
)
async def test_what_holds_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(MediumRefused):
        await read(body)


async def test_a_locked_pdf_is_refused() -> None:
    writer = PdfWriter()
    writer.add_blank_page(width=10, height=10)
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(MediumRefused, match="password"):
        await read(out.getvalue())


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A decoder that never ends in the place of the real one; it writes down its process id."""
    pid = tmp_path / "pid"
    (tmp_path / "endless.py").write_text(
        f"import os, time\nopen({str(pid)!r} + '~', 'w').write(str(os.getpid()))\n"
        f"os.rename({str(pid)!r} + '~', {str(pid)!r})\ntime.sleep(600)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("relay.media.decoder.CHILD", "endless")
    return pid


def is_alive(pid: Path) -> bool:
    return Path(f"/proc/{pid.read_text()}").exists()


async def test_a_decoder_that_hangs_is_killed_when_its_time_is_up(endless: Path) -> None:
    with pytest.raises(MediumRefused, match="too long"):
        await made(b"x", seconds=1)
    assert not is_alive(endless)


async def test_one_decode_runs_at_a_time(endless: Path) -> None:
    decoder = Decoder()
    first = asyncio.create_task(decoder.smaller_picture(b"x", seconds=60))

    async def has_begun() -> bool:
        return await asyncio.to_thread(endless.exists)

    await until(has_begun, "the first decode")
    with pytest.raises(MediumUnavailable):
        await decoder.smaller_picture(b"x", seconds=0.05)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not is_alive(endless)


async def test_the_process_has_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IM_APP_SECRET", "hunter2")
    (tmp_path / "telltale.py").write_text("import os, sys; sys.stdout.write(repr(dict(os.environ)))")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("relay.media.decoder.CHILD", "telltale")
    seen = await Decoder().text(b"", 10, seconds=20)
    assert "PYTHONPATH" in seen
    assert "hunter2" not in seen
