"""A command line whose mistakes are told in one sentence each. Standard library only."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from typing import NoReturn

WRONG_COMMAND = 2
"""Exit code, as argparse has it."""


class PlainParser(argparse.ArgumentParser):
    """What argparse says about a mistake, without the usage before it, and with what was probably meant."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        said = self._sentence(message)
        see = " See" if said.endswith("?") else "; see"
        self.exit(WRONG_COMMAND, f"{self.prog}: {said}{see} {self.prog} --help\n")

    def _sentence(self, message: str) -> str:
        if chosen := re.fullmatch(r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)", message):
            name, written, choices = chosen.groups()
            known = re.findall(r"[\w-]+", choices)
            return f'there is no {name.lower()} "{written}"{_meant(written, known)}'
        if unknown := re.fullmatch(r"unrecognized arguments: (.*)", message):
            first = unknown[1].split()[0].partition("=")[0]
            if not first.startswith("-"):
                return f'there is nothing to do with "{unknown[1]}"'
            known = re.findall(r"--[\w-]+", self.format_usage())
            return f"there is no {first}{_meant(first, known)}"
        if missing := re.fullmatch(r"the following arguments are required: (.*)", message):
            return f"missing: {missing[1]}"
        return message.removeprefix("argument ")


def _meant(written: str, known: list[str]) -> str:
    if close := get_close_matches(written.lower(), known, n=1):
        return f"; did you mean {close[0]}?"
    return f"; there are: {', '.join(dict.fromkeys(known))}" if known else ""


def port(text: str) -> int:
    """A port, for ``type=``; 0 lets the system choose."""
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f'"{text}" is no port: a whole number, 0 to 65535')
    return int(text)


def url(text: str) -> str:
    """An address of a web server, for ``type=``."""
    if not re.match(r"https?://[^/\s]+", text):
        raise argparse.ArgumentTypeError(f'"{text}" is no URL: it begins with http:// or https://')
    return text
