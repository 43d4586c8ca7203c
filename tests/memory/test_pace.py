"""What tells a machine from a person: eight replies in a row, each answered within three seconds."""

from __future__ import annotations

from dataclasses import replace

from relay.keys import message_key
from relay.memory.pace import loop
from relay.memory.rows import Entry

NOON = 1_795_435_200_000
ANSWERED_AFTER = 1_000


def message(at: int, sender: str = "other.bot") -> Entry:
    return Entry(message_key(at, f"{sender}{at}"), "text", "waiting", sender, "and you?", f"{sender}{at}")


def exchanges(count: int, pause: int = 500, parts: int = 1) -> tuple[list[Entry], int]:
    """Rows of exchanges, each begun so long (ms) after the reply before; and when the next message would come."""
    rows: list[Entry] = []
    at = NOON
    for _ in range(count):
        question = message(at)
        reply = Entry.reply_to([question], "fine", "x")
        sent = tuple((str(n), at + ANSWERED_AFTER + n) for n in range(parts))
        reply = replace(reply, state="sent", sent_at=str(sent[-1][1]), delivered=sent)
        rows += [replace(question, state="answered", reply=reply.key), reply]
        at = sent[-1][1] + pause
    return rows, at


def test_the_message_after_eight_quick_exchanges_is_a_machines() -> None:
    rows, at = exchanges(8, pause=3_000)
    assert loop(rows, message(at)) == "begins"


def test_after_seven_nobody_knows_yet() -> None:
    rows, at = exchanges(7)
    assert loop(rows, message(at)) == ""


def test_one_pause_among_the_eight_is_a_persons() -> None:
    for slow in range(8):
        rows, at = exchanges(8)
        when = rows[2 * slow + 1].at + ANSWERED_AFTER
        sent = str(when - 3_000)
        rows[2 * slow + 1] = replace(rows[2 * slow + 1], sent_at=sent, delivered=())
        assert loop(rows, message(at)) == "", f"exchange {slow}"


def test_who_writes_before_the_reply_is_there_is_a_person() -> None:
    rows, at = exchanges(8)
    late = str(rows[-1].at + 60_000)
    rows[-1] = replace(rows[-1], sent_at=late, delivered=())
    assert loop(rows, message(at)) == ""


def test_a_machine_may_be_faster_than_the_answer_of_the_server_api() -> None:
    rows, at = exchanges(8, pause=0)
    rows = [replace(row, sent_at=str(int(row.sent_at) + 2_000)) if row.sent_at else row for row in rows]
    assert loop(rows, message(at)) == "begins"


def test_another_sender_breaks_the_row() -> None:
    rows, at = exchanges(8)
    between = replace(message(rows[8].at - 1, "alice"), state="answered")
    rows = sorted([*rows, between], key=lambda row: row.key, reverse=True)
    assert loop(rows, message(at)) == ""


def test_the_exchanges_of_another_sender_say_nothing() -> None:
    rows, at = exchanges(8)
    assert loop(rows, message(at, "alice")) == ""


def test_a_message_in_two_pieces_is_one_exchange() -> None:
    rows, at = exchanges(8)
    for n in range(0, 32, 3):
        if n < len(rows):
            second = replace(rows[n], key=message_key(rows[n].at + 1, f"second{n}"))
            reply = replace(rows[n + 1], key=second.key[:-1] + "0")
            rows[n : n + 2] = [
                replace(rows[n], reply=reply.key),
                replace(second, reply=reply.key),
                reply,
            ]
    assert loop(rows, message(at)) == "begins"


def test_it_goes_on_until_a_minute_of_silence() -> None:
    rows, at = exchanges(8)
    closed = replace(message(at), state="closed", looping=True)
    assert loop([*rows, closed], message(at + 59_999)) == "goes_on"
    assert loop([*rows, closed], message(at + 60_000)) == ""
    assert loop([*rows, closed], message(at + 10, "alice")) == ""


def test_rows_of_later_are_not_looked_at() -> None:
    rows, at = exchanges(8)
    assert loop([*rows, message(at + 5, "alice")], message(at)) == "begins"
