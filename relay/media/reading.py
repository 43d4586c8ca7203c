"""What the child process does: make a picture smaller, or read the text of a file.

Whoever sends a file chooses its bytes, and a decoder that meets the wrong ones may hang, grow or crash. So this runs in
a process of its own (:mod:`relay.media.decoder`), which has no secrets, little memory, and is killed when its time is
up. The bytes come by standard input, and what was made of them leaves by standard output.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from html.parser import HTMLParser

from relay.errors import MediumRefused

PICTURE_PIXELS_MAX = 25_000_000
"""Larger ones are refused before they are decoded: three bytes a pixel, twice while it is made smaller."""

SIDE_MAX = 1536
"""Longest side of a picture that is made: models make larger ones smaller anyway."""

JPEG_QUALITY = 80

GUESSED_BYTES = 64 * 1024
"""What the encoding of a text is guessed from."""

ENCODINGS = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1251")
"""What it may be beside UTF-8 and UTF-16: of more that look alike, a short text would be taken for the wrong one."""

MEMORY_MAX_BYTES = 512 * 1024 * 1024
"""Address space of the process, where the system can bound it."""

REFUSED = 3
"""Exit code: it is not what it should be; the reason is on standard error, without any of its words."""


def smaller_picture(body: bytes) -> bytes:
    """A picture as a JPEG of at most :data:`SIDE_MAX` pixels a side: the first frame, upright, on white."""
    from PIL import Image, ImageOps

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = PICTURE_PIXELS_MAX
    try:
        with Image.open(io.BytesIO(body)) as picture:
            if picture.width * picture.height > PICTURE_PIXELS_MAX:
                raise MediumRefused("it has too many pixels")
            picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((SIDE_MAX, SIDE_MAX))
            rgba = upright.convert("RGBA")
            made = Image.new("RGB", rgba.size, "white")
            made.paste(rgba, mask=rgba.getchannel("A"))
            out = io.BytesIO()
            made.save(out, "JPEG", quality=JPEG_QUALITY)
            return out.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise MediumRefused("it is no picture that can be opened") from None


def text_of(body: bytes, characters: int) -> bytes:
    """The text of a file as UTF-8: at most so many characters, and one more if there were more."""
    if body.startswith(b"%PDF-"):
        return _cut(_text_of_pdf(body, characters), characters)
    text = _decoded(body)
    beginning = text[:1000].lstrip().lower()
    if beginning.startswith(("<!doctype html", "<html")):
        text = _text_of_html(text)
    return _cut(text, characters)


def _text_of_pdf(body: bytes, characters: int) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    pages: list[str] = []
    length = 0
    try:
        reader = PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise MediumRefused("it is locked with a password")
        for page in reader.pages:
            text = page.extract_text().strip()
            pages.append(text)
            length += len(text)
            if length > characters:
                break
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise MediumRefused("it is no PDF that can be read") from None
    if not length:
        raise MediumRefused("it holds no text, as scanned pages do not")
    return "\n\n".join(filter(None, pages))


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    if b"\0" in body[:4096]:
        raise MediumRefused("it is no text")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _guessed(body)


def _guessed(body: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(body[:GUESSED_BYTES], cp_isolation=list(ENCODINGS)).best()
    if best is None:
        raise MediumRefused("it is no text")
    return body.decode(best.encoding, "replace")


class _Text(HTMLParser):
    """The words of a page, without what nobody reads."""

    _BREAKS = frozenset(
        (
            *("p", "div", "br", "li", "tr", "ul", "ol", "pre", "table", "section", "article"),
            *("h1", "h2", "h3", "h4", "h5", "h6"),
        )
    )
    _UNREAD = frozenset(("script", "style", "template", "noscript"))

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in self._UNREAD
        if tag in self._BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._UNREAD and self._unread:
            self._unread -= 1

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.pieces.append(data)


def _text_of_html(text: str) -> str:
    parser = _Text()
    parser.feed(text)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).splitlines())
    return "\n".join(filter(None, lines))


def _cut(text: str, characters: int) -> bytes:
    text = text.replace("\r\n", "\n").replace("\0", "")
    return text[: characters + 1].encode("utf-8", "replace")


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows, where the relay is only tried out
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))


def main() -> int:
    """The process: ``picture``, or ``text`` and a number of characters."""
    what, *more = sys.argv[1:]
    work: Callable[[bytes], bytes] = (
        smaller_picture if what == "picture" else lambda body: text_of(body, int(more[0]))
    )
    _bound_memory()
    try:
        made = work(sys.stdin.buffer.read())
    except MediumRefused as refusal:
        sys.stderr.write(refusal.cause)
        return REFUSED
    except MemoryError:
        sys.stderr.write("it needs too much memory")
        return REFUSED
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
