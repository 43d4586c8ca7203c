"""The users' file of tools: found, imported, and its mistakes named with file and line."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from relay.config.bots import Bot, bots_in
from relay.errors import ToolsBroken
from relay.tools import Toolbox
from tests.tools.files import load, problems, write

ORDER = "@tool\ndef order(number: int) -> str:\n    return str(number)\n"


def bot(**keys: object) -> Bot:
    (bot,) = bots_in({"bots": [{"accid": "helper", "name": "H", "system_prompt": "x", **keys}]}, "bots.toml")
    return bot


def test_a_tool_knows_where_it_is(tmp_path: Path) -> None:
    (found,) = load(tmp_path, ORDER).chosen(bot(tools=["order"]))
    assert (found.name, found.where) == ("order", "tools.py:4")


def test_a_bot_has_its_tools_in_its_order_and_those_that_ship(tmp_path: Path) -> None:
    box = load(tmp_path, ORDER + ORDER.replace("order", "pay"))
    chosen = box.chosen(bot(tools=["pay", "now", "order"], draw={"model": "gpt-image-2"}))
    assert [found.name for found in chosen] == ["pay", "now", "order", "draw"]
    assert box.chosen(bot()) == ()


def test_the_same_draw_is_made_once(tmp_path: Path) -> None:
    box = load(tmp_path, ORDER)
    one, other = (bot(tools=["draw"], draw={"model": "gpt-image-2"}) for _ in range(2))
    assert box.chosen(one)[0] is box.chosen(other)[0]


def test_without_a_file_there_is_what_ships(tmp_path: Path) -> None:
    box = Toolbox.load(tmp_path / "tools.py")
    assert [found.name for found in box.chosen(bot(tools=["now"]))] == ["now"]
    with pytest.raises(ToolsBroken) as broken:
        box.chosen(bot(tools=["order"]))
    assert broken.value.problems == [
        'there is no tool "order", and no file tools.py; accepted: now, send_place'
    ]


def test_a_tool_that_does_not_exist_is_told_where_it_is_named(tmp_path: Path) -> None:
    box = load(tmp_path, ORDER)
    wrong = bot(tools=["ordre"], functions={"sales": {"tools": ["ordre", "draw"]}, "other": {}})
    assert box.problems([wrong], "bots.toml") == [
        'bots.toml: bot 1 ("helper"), key "tools": there is no tool "ordre" in tools.py; did you mean "order"?',
        'bots.toml: bot 1 ("helper"), function "sales", key "tools": "draw" needs a model; '
        'accepted: draw = { model = "…" } beside it',
    ]
    assert box.get("ordre") is None


def test_a_helper_module_beside_the_file_can_be_imported(tmp_path: Path) -> None:
    (tmp_path / "prices_of_a_test.py").write_text("PRICE = 3\n")
    box = load(tmp_path, f"from prices_of_a_test import PRICE\n\n{ORDER}")
    assert "order" in box.tools
    sys.modules.pop("prices_of_a_test")


def test_a_tool_of_another_module_is_one_of_the_file_that_imports_it(tmp_path: Path) -> None:
    write(tmp_path, ORDER, "shop_of_a_test.py")
    box = load(tmp_path, "from shop_of_a_test import order\nagain = order\n")
    assert [found.where for found in box.tools.values()] == ["shop_of_a_test.py:4"]
    sys.modules.pop("shop_of_a_test")


def test_the_file_is_the_module_that_a_test_of_the_users_imports(tmp_path: Path) -> None:
    path = write(tmp_path, ORDER)
    Toolbox.load(path)
    order = importlib.import_module("tools").order
    assert order(3) == "3"
    Toolbox.load(path)
    assert importlib.import_module("tools").order is order


def test_a_file_named_like_a_module_that_is_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolsBroken) as broken:
        Toolbox.load(write(tmp_path, ORDER, "json.py"))
    assert broken.value.problems == ["json.py: there is a module json already; give the file another name"]


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolsBroken) as broken:
        Toolbox.load(write(tmp_path, ORDER, "tools.txt"))
    assert broken.value.problems == ["tools.txt: is no Python file; accepted: a name that ends in .py"]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("x = 1\nimport stripe_of_a_test\n", "5: ModuleNotFoundError: No module named 'stripe_of_a_test'"),
        ("x = 1\ndef order(:\n", "5: SyntaxError: invalid syntax"),
        ("import os\nos.environ['SHOP']\n", "5: KeyError: 'SHOP'"),
        ("raise SystemExit\n", "4: SystemExit: "),
        (f"{ORDER}\n{ORDER}", "8: order: is defined a second time, after tools.py:4"),
        (
            f'{ORDER}\n@tool(name="order")\ndef pay() -> None: ...\n',
            "8: order: is the name of the tool at tools.py:4, too",
        ),
        ("@tool\ndef now() -> None: ...\n", "4: now: is the name of a tool that ships; give it another one"),
        (
            "@tool\ndef draw() -> None: ...\n",
            "4: draw: is the name of a tool that ships; give it another one",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_where(source: str, problem: str, tmp_path: Path) -> None:
    assert problems(tmp_path, source) == [f"tools.py:{problem}"]


def test_a_file_that_fails_is_read_anew(tmp_path: Path) -> None:
    problems(tmp_path, "raise ValueError")
    assert "order" in load(tmp_path, ORDER).tools


def test_what_fails_at_its_import_tells_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "sesame-open")
    (problem,) = problems(tmp_path, "import os\nraise ValueError(os.environ['SHOP_API_KEY'])\n")
    assert problem == "tools.py:5: ValueError: ***"
