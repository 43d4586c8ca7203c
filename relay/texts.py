"""Every fixed sentence that a user may read, and how a bots file words each of them anew (``texts``).

The relay's own are in the language of the message that they answer, English or Chinese. The file's own wording is shown
whatever language the message is in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from string import Formatter
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from relay.clock import MINUTE_MS
from relay.config.table import Table

WORDING_MAX_CHARS = 2000
"""It fits in one message, in either version of the API, with whatever is filled in."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA_OR_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Text:
    """One fixed sentence.

    Attributes:
        en: its English template; wording of a bot's own stands in both languages.
        zh: its Chinese one.
        needs: the placeholders without which it would not say what it has to.
    """

    en: str
    zh: str
    needs: tuple[str, ...] = ()

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What the relay fills in, in braces."""
        return tuple(dict.fromkeys(name for name, _ in _fields(self.en)))

    def say(self, like: str, **values: object) -> str:
        """The sentence in the language of another text, with its placeholders filled in."""
        is_chinese = _HAN.search(like) and not _KANA_OR_HANGUL.search(like)
        return (self.zh if is_chinese else self.en).format(**values)

    def worded(self, own: str) -> Text:
        """The same in other words.

        Raises:
            ValueError: they cannot be shown, or do not say what is needed; how, in a few words.
        """
        if not own.strip():
            raise ValueError("is blank")
        if len(own) > WORDING_MAX_CHARS:
            raise ValueError(f"is {len(own)} characters long")
        try:
            used = list(_fields(own))
        except ValueError:
            raise ValueError("has a single { or }; for the character write it twice") from None
        for field in used:
            if field not in _fields(self.en) and (field[0] not in self.placeholders or field[1]):
                raise ValueError(f"has {{{''.join(field)}}}")
        if missing := [name for name in self.needs if name not in dict(used)]:
            raise ValueError(f"lacks {_listed(missing)}")
        return Text(own, own, self.needs)


def _fields(template: str) -> Iterator[tuple[str, str]]:
    """The placeholders of a template, each with how it is formatted."""
    for _, name, spec, conversion in Formatter().parse(template):
        if name is not None:
            yield name, (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")


def _listed(placeholders: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in placeholders)


def _text(en: str, zh: str, *needs: str) -> Any:
    text = Text(en, zh, needs)
    others = [name for name in text.placeholders if name not in needs]
    accepted = [f"1 to {WORDING_MAX_CHARS} characters"]
    accepted += [f"with {_listed(needs)}"] if needs else []
    accepted += [f"in which {_listed(others)} may stand"] if others else []
    return Field(
        text, description=", ".join(accepted) + ("" if needs or others else ", without placeholders")
    )


class Texts(Table):
    """The fixed sentences of a bot. docs/configuration.md says when each is shown."""

    failed: Text = _text(
        "Sorry, I could not answer this message. Please send it again in a few minutes.",
        "抱歉，我没能回答这条消息。请过几分钟再发一次。",
    )
    blocked: Text = _text(
        "Sorry, I cannot answer this message: the content filter does not allow it. Please put it differently.",
        "抱歉，内容过滤规则不允许我回答这条消息，请换一种说法。",
    )
    refused: Text = _text(
        "Sorry, I cannot work with this message. Please put it differently.",
        "抱歉，我无法处理这条消息，请换一种说法。",
    )
    withheld: Text = _text(
        "Sorry, my answer was withheld by the app's moderation.",
        "抱歉，我的回答被应用的内容审核拦截了。",
    )
    empty: Text = _text(
        "Sorry, I have no answer to this message. Please put it differently.",
        "抱歉，我没有想出这条消息的回答，请换一种说法。",
    )
    unfinished: Text = _text(
        "Sorry, I ran out of room before I had an answer. Please ask a smaller question.",
        "抱歉，我还没想出答案就用完了篇幅，请把问题问得小一些。",
    )
    too_long: Text = _text(
        "Sorry, your message is too long for me: it has {length:,} characters. Please shorten it, to half of that "
        "for example, or send it in parts.",
        "抱歉，你的消息太长了（共 {length} 个字符），请缩短一些（比如一半），或者分几条发送。",
    )
    too_long_by: Text = _text(
        "Sorry, your message is about {excess:,} characters too long for me. Please shorten it, or send it in parts.",
        "抱歉，你的消息大约超出了 {excess} 个字符，请缩短一些，或者分几条发送。",
    )
    confirm: Text = _text(
        "{question}\n\nPlease answer “yes” or “no” (“是” / “否”) within {minutes} minutes.",
        "{question}\n\n请在 {minutes} 分钟内回复“是”或“否”（“yes” / “no”）。",
        "question",
    )
    confirm_in_group: Text = _text(
        "{question}\n\nPlease answer “@{name} yes” or “@{name} no” (“是” / “否”) within {minutes} minutes.",
        "{question}\n\n请在 {minutes} 分钟内回复“@{name} 是”或“@{name} 否”（“yes” / “no”）。",
        "question",
        "name",
    )
    thinking: Text = _text(
        "I am still thinking. My answer will follow in a moment.",
        "我还在思考，回答稍后发给你。",
    )
    limited: Text = _text(
        "Sorry, I cannot answer any more messages for now. You can write again {when}.",
        "抱歉，我暂时不能再回答更多消息，{when}可以再发。",
        "when",
    )
    last: Text = _text(
        "(This was the last message that I can answer for now. You can write again {when}.)",
        "（这是我暂时能回答的最后一条消息，{when}可以再发。）",
        "when",
    )
    cannot_see: Text = _text(
        "(I cannot see pictures.)",
        "（我看不到图片。）",
    )
    cannot_open: Text = _text(
        "(I could not open what you sent. Please send it again.)",
        "（我没能打开你发来的内容，请再发一次。）",
    )
    did_not_hear: Text = _text(
        "(I could not understand the voice message.)",
        "（我没听懂那条语音消息。）",
    )
    not_understood: Text = _text(
        "Sorry, I could not understand your voice message. Please say it again, or write to me.",
        "抱歉，我没听懂你的语音消息，请再说一次，或者用文字告诉我。",
    )
    does_not_listen: Text = _text(
        "(I cannot listen to voice messages.)",
        "（我听不了语音消息。）",
    )
    cannot_listen: Text = _text(
        "Sorry, I cannot listen to voice messages. Please write to me.",
        "抱歉，我听不了语音消息，请用文字告诉我。",
    )
    not_shown: Text = _text(
        "(Something belongs here that I could not show.)",
        "（这里有一条内容没能显示。）",
    )
    part_withheld: Text = _text(
        "(A part of my answer was withheld by the app's moderation.)",
        "（我的部分回答被应用的内容审核拦截了。）",
    )
    sources: Text = _text(
        "Sources:",
        "来源：",
    )
    disabled: Text = _text(
        "Sorry, I am switched off at the moment and cannot answer.",
        "抱歉，我目前已停用，无法回答。",
    )
    forgotten: Text = _text(
        "This message was erased before I could answer it.",
        "这条消息在我回答之前已被清除。",
    )
    help: Text = _text(
        (
            "I am {name}. Just write to me.\n"
            "/new – start afresh: I no longer look at what was said before\n"
            "/forget – erase your messages and my replies to them in this conversation\n"
            "/help – this text"
        ),
        (
            "我是{name}，直接给我发消息就行。\n"
            "/新对话 – 重新开始：我不再参考之前的内容\n"
            "/忘记 – 清除你在本会话中的消息和我对它们的回复\n"
            "/帮助 – 显示这段文字"
        ),
    )
    listens: Text = _text(
        "In groups I also read what is not addressed to me, and remember it for a while. To have erased what you wrote "
        "there, write: @{name} /forget",
        "在群里，没有@我的消息我也会读，并会记住一段时间。要清除你写过的内容，请发送：@{name} /忘记",
    )
    new: Text = _text(
        "All right, we start afresh.",
        "好的，我们重新开始。",
    )
    forget: Text = _text(
        "Erased: {messages} of your messages and {replies} of my replies.",
        "已清除你的 {messages} 条消息和我的 {replies} 条回复。",
        "messages",
        "replies",
    )
    now: Text = _text("now", "现在")
    in_a_minute: Text = _text("in 1 minute ({clock})", "1 分钟后（{clock}）")
    in_minutes: Text = _text("in {minutes} minutes ({clock})", "{minutes} 分钟后（{clock}）")
    in_hours: Text = _text("in about {hours} hours ({clock})", "约 {hours} 小时后（{clock}）")

    @field_validator("*", mode="before")
    @classmethod
    def _worded(cls, value: Any, info: ValidationInfo) -> Any:
        text: Text = cls.model_fields[str(info.field_name)].default
        return text.worded(value) if isinstance(value, str) else value

    @property
    def own(self) -> dict[str, str]:
        """The wording that is not the relay's, by name."""
        return {name: text.en for name, text in self if text != type(self).model_fields[name].default}

    def __str__(self) -> str:
        return ", ".join(self.own) or "the relay's own"

    def when(self, until: int, now: int, like: str) -> str:
        """How long until a time, and which time that is, for people in any time zone. Both in Unix milliseconds."""
        minutes = math.ceil((until - now) / MINUTE_MS)
        if minutes <= 0:
            return self.now.say(like)
        clock = datetime.fromtimestamp(until / 1000, UTC).strftime("%H:%M UTC")
        if minutes >= 120:
            return self.in_hours.say(like, hours=round(minutes / 60), clock=clock)
        if minutes == 1:
            return self.in_a_minute.say(like, clock=clock)
        return self.in_minutes.say(like, minutes=minutes, clock=clock)


RELAYS_OWN = Texts()
"""Every sentence in the relay's words."""
