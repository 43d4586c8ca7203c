"""The example in the checkout and those of docs/tools.md are tools, and do what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relay.config.settings import APP_FOLDER
from relay.outgoing import Place
from relay.ports import FunctionCall
from relay.tools import Call, Result, Toolbox, run_call
from relay.tools.results import MEDIA_MAX
from relay.tools.shipped import shipped
from tests.kit import RelayKit
from tests.test_docs import DOCUMENTS, code_blocks, table_below

PAGE = DOCUMENTS["docs/tools.md"]
EXAMPLES = [block for block in code_blocks(PAGE, "python") if "@tool" in block]


def written(folder: Path, source: str) -> Toolbox:
    path = folder / "tools.py"
    path.write_text(source, encoding="utf-8")
    return Toolbox.load(path)


async def call(box: Toolbox, name: str, arguments: str) -> Result:
    asked = FunctionCall("1", name, arguments)
    return await run_call(box.get(name), asked, Call(nick="Alice"), seconds=5, characters=1000)


async def test_the_example_of_the_checkout_sends_a_place() -> None:
    box = Toolbox.load(APP_FOLDER / "tools.py")
    (place,) = (await call(box, "nearest_shop", '{"city": "Rome"}')).media
    assert isinstance(place, Place)
    assert place.title == "Via Appia 1, Rome"
    refused = await call(box, "nearest_shop", '{"city": "Paris"}')
    assert (refused.outcome, refused.text) == (
        "error",
        "We have no shop there. There are shops in: rome, milan.",
    )


async def test_the_eight_lines_are_eight_and_a_tool(tmp_path: Path) -> None:
    lines = [*EXAMPLES[0].splitlines(), *code_blocks(PAGE, "toml")[0].splitlines()]
    assert len([line for line in lines if line]) <= 8
    (place,) = (await call(written(tmp_path, EXAMPLES[0]), "nearest_shop", '{"city": "Rome"}')).media
    assert place == Place(41.8902, 12.4922, "Via Appia 1, Rome")
    assert f"    {Toolbox.load(tmp_path / 'tools.py').get('nearest_shop')}  tools.py:4" in PAGE


async def test_a_table_is_booked_on_any_day_but_monday(tmp_path: Path) -> None:
    box = written(tmp_path, EXAMPLES[1])
    booked = await call(box, "book_table", '{"day": "2026-12-24", "guests": 4}')
    assert booked == Result("Booked for Alice: 4 on Thursday, inside.")
    closed = await call(box, "book_table", '{"day": "2026-12-21", "guests": 4}')
    assert closed == Result("Closed on Mondays. Offer another day.", outcome="error")


def test_a_payment_asks_first(tmp_path: Path) -> None:
    paying = written(tmp_path, EXAMPLES[2]).get("pay")
    assert paying
    assert paying.question(paying.arguments('{"order": 7, "euros": 20}')) == "Pay 20 euros for order 7?"
    assert len(EXAMPLES) == 3


def test_the_test_of_the_page_runs(relay: RelayKit) -> None:
    (block,) = [block for block in code_blocks(PAGE, "python") if "def test_" in block]
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102  (our own file)
    names["test_finds_a_shop"](relay)
    assert [type(medium) for medium in relay.sent] == [Place]


def test_what_ships_is_what_the_page_names() -> None:
    named = [cell.strip("`").partition("(")[0] for cell in table_below(PAGE, "Tool")]
    assert named == [*shipped(), "draw"]
    assert f"up to {MEDIA_MAX} of them" in PAGE


def test_a_call_has_what_the_page_says() -> None:
    fields = {name for name in Call.__dataclass_fields__ if not name.startswith("_")}
    assert [name for name in fields if f"`call.{name}`" not in PAGE] == []
