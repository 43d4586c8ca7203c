"""The commands that the page offers are those that the relay takes."""

import re
from typing import get_args

from playground.page.routes import STATIC
from relay.config.bots import Bot
from relay.turn.commands import Command, command_of

BOT = Bot(accid="helper", name="Helper", system_prompt="x")


def test_each_command_is_offered_by_names_that_mean_it() -> None:
    source = (STATIC / "slash.js").read_text(encoding="utf-8")
    offered = re.findall(r'names: \[(.+?)\], about: "slash\.(\w+)"', source)
    meant = {
        command_of(f"/{name}", BOT): about
        for names, about in offered
        for name in re.findall(r'"(.+?)"', names)
    }
    assert meant == {command: command for command in get_args(Command)}
