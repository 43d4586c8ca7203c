"""Which messages a reply is sent as: its text, cut where it is too long, and its media in their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from relay.config.bots import Bot
from relay.im.split import split
from relay.memory.rows import Entry
from relay.outgoing import Medium, line_of
from relay.turn.linked_media import Linked, pieces_of

MEDIA_MAX = 10
"""Media beside the text of one reply; more are not sent."""


def in_parts(bot: Bot, reply: Entry, media: Sequence[Medium] = ()) -> Entry:
    """The reply with the messages that it is sent as, ready to be stored.

    A reply that is one text has no parts: it is its text. Plain texts of ours (``excluded``) are not searched.

    Args:
        bot: who replies; its ``send_links`` and ``texts``.
        reply: with its text and its note.
        media: what is shown behind the text, in order.
    """
    pieces: list[str | Linked] = [reply.text] if reply.text else []
    if bot.send_links and not reply.excluded:
        pieces = pieces_of(reply.text)
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
    if any(mediums):
        return replace(reply, parts=texts, media=mediums)
    return replace(reply, parts=() if texts == (reply.shown,) else texts, media=())
