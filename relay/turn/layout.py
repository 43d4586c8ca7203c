"""Which messages a reply is sent as: its text, cut where it is too long, and its media in their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from relay.config.bots import Bot
from relay.frozen import replaced
from relay.im.plain_text import plain_text
from relay.im.split import split
from relay.memory.rows import REPLY_MAX_CHARS, Entry
from relay.outgoing import Medium, line_of
from relay.turn.linked_media import Linked, pieces_of

MEDIA_MAX = 10
"""Media beside the text of one reply; more are not sent."""


def in_parts(bot: Bot, reply: Entry, media: Sequence[Medium] = ()) -> Entry:
    """The reply with what is shown of it and the messages that it is sent as, ready to be stored.

    A reply that is one text, as it was written, has no parts: it is its text. Links that become media are taken out of
    the model's own text, what is left is made readable. Plain texts of ours (``excluded``) are not searched for links.

    Args:
        bot: who replies; its ``send_links``, ``markdown`` and ``texts``.
        reply: with its text and its note.
        media: what is shown behind the text, in order.
    """
    plain = shown_text(bot, reply.text)
    pieces: list[str | Linked] = [plain] if plain else []
    if bot.send_links and not reply.excluded:
        pieces = [_readable(bot, piece) for piece in pieces_of(reply.text)]
    if reply.note:
        last = pieces.pop() if pieces and isinstance(pieces[-1], str) else ""
        pieces.append(f"{last}\n\n{reply.note}" if last else reply.note)
    pieces += [Linked(medium, line_of(medium)) for medium in media[:MEDIA_MAX]]
    parts: list[tuple[str, Medium | None]] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts += [(text, None) for text in split(piece)]
        else:
            parts.append((piece.line or bot.texts.not_shown.say(reply.text), piece.medium))
    texts = tuple(text for text, _ in parts)
    mediums = tuple(medium for _, medium in parts)
    laid_out = replaced(reply, plain="" if plain == reply.text else plain)
    if any(mediums):
        return replaced(laid_out, parts=texts, media=mediums)
    return replaced(laid_out, parts=() if texts == (reply.shown,) else texts, media=())


def shown_text(bot: Bot, text: str) -> str:
    """What users of a bot read for a text of its model."""
    if bot.markdown == "keep":
        return text
    plain = plain_text(text)
    return plain if len(plain) <= REPLY_MAX_CHARS else text  # the cells of tables, each with its header


def _readable(bot: Bot, piece: str | Linked) -> str | Linked:
    if isinstance(piece, str):
        return shown_text(bot, piece)
    return replace(piece, line=shown_text(bot, piece.line))
