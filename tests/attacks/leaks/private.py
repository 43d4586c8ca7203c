"""What must not be found: the secrets and the texts that a test has the relay handle."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from playground.im.chats import Delivered
from playground.model.script import Reply
from relay.messages import Message
from relay.ports import ChatMessage, Completion, Outgoing

SECRET_MIN_CHARS = 8
TEXT_MIN_CHARS = 4
"""What is shorter turns up by chance."""

BEGINNING_CHARS = 24
"""A long text is looked for by its beginning: whoever quotes one may cut it off behind that."""

_CONNECTION_STRING = re.compile(r"\w+=[^;]*(;|$)")
_KEY_IN_IT = re.compile("(?:AccountKey|SharedAccessSignature)=([^;]+)")


class Private:
    """What is noted: every secret of the run, and the texts of one test."""

    def __init__(self) -> None:
        self._secrets: dict[str, re.Pattern[str]] = {}
        self._texts: dict[str, re.Pattern[str]] = {}
        self._names: set[str] = set()

    @property
    def patterns(self) -> Mapping[str, re.Pattern[str]]:
        """By what is looked for, the pattern that finds it."""
        texts = {text: pattern for text, pattern in self._texts.items() if text not in self._names}
        return {**self._secrets, **texts}

    def clear(self) -> None:
        """Forget the texts: the next test begins. Secrets outlive it in settings that tests share."""
        self._texts.clear()
        self._names.clear()

    def name(self, accid: str) -> None:
        """Note what may be said, even if it is also somebody's text."""
        self._names.add(accid)

    def secret(self, value: str) -> None:
        """Note a secret; of a connection string, the key in it."""
        for secret in _KEY_IN_IT.findall(value) if _CONNECTION_STRING.match(value) else [value]:
            if len(secret) >= SECRET_MIN_CHARS:
                self._secrets[secret] = re.compile(re.escape(secret))

    def text(self, value: str) -> None:
        """Note what a person or a model wrote, as it is and as Python and JSON quote it."""
        text = value.strip()
        beginning = text[:BEGINNING_CHARS]
        if beginning in self._texts or len(beginning) < TEXT_MIN_CHARS or beginning.isdecimal():
            return
        # A whole text is found as a whole: "text" is not in "context".
        end = r"(?!\w)" if beginning == text else ""
        quoted = {quote(beginning)[1:-1] for quote in (repr, ascii, json.dumps)}
        for written in {beginning, *quoted}:
            self._texts[written] = re.compile(rf"(?<!\w){re.escape(written)}{end}")


def watch(private: Private) -> None:
    """Note everything that comes into being in this process from now on and holds a secret or a text.

    The relay puts all it is told into one of these classes, and so do the emulators, whichever way a test takes.
    """
    text, secret = private.text, private.secret
    _on_new(SecretStr, lambda new: secret(new.get_secret_value()))
    _on_new(Message, lambda new: [text(said) for said in (new.text, new.nick, new.custom, new.topic)])
    _on_new(Message, lambda new: private.name(new.bot))
    _on_new(ChatMessage, lambda new: text(new.content))
    for spoken in (Completion, Outgoing, Delivered, Reply):
        _on_new(spoken, lambda new: text(new.text or ""))


def _on_new(kind: type[Any], note: Callable[[Any], object]) -> None:
    """Have ``note`` see each instance once it is initialised."""
    initialise = kind.__init__

    @functools.wraps(initialise)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        initialise(self, *args, **kwargs)
        note(self)

    kind.__init__ = noted
