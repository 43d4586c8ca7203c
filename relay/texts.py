"""Every fixed sentence that a user may read, in the language of the message it answers."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Literal

from relay.clock import MINUTE_MS

Language = Literal["en", "zh"]

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA_OR_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")

FAILED: dict[Language, str] = {
    "en": "Sorry, I could not answer this message. Please send it again in a few minutes.",
    "zh": "抱歉，我没能回答这条消息。请过几分钟再发一次。",
}
BLOCKED: dict[Language, str] = {
    "en": "Sorry, I cannot answer this message: the content filter does not allow it. Please put it differently.",
    "zh": "抱歉，内容过滤规则不允许我回答这条消息，请换一种说法。",
}
REFUSED: dict[Language, str] = {
    "en": "Sorry, I cannot work with this message. Please put it differently.",
    "zh": "抱歉，我无法处理这条消息，请换一种说法。",
}
WITHHELD: dict[Language, str] = {
    "en": "Sorry, my answer was withheld by the app's moderation.",
    "zh": "抱歉，我的回答被应用的内容审核拦截了。",
}
EMPTY: dict[Language, str] = {
    "en": "Sorry, I have no answer to this message. Please put it differently.",
    "zh": "抱歉，我没有想出这条消息的回答，请换一种说法。",
}
UNFINISHED: dict[Language, str] = {
    "en": "Sorry, I ran out of room before I had an answer. Please ask a smaller question.",
    "zh": "抱歉，我还没想出答案就用完了篇幅，请把问题问得小一些。",
}
TOO_LONG: dict[Language, str] = {
    "en": "Sorry, your message is too long for me: it has {length:,} characters. Please shorten it, to half of that "
    "for example, or send it in parts.",
    "zh": "抱歉，你的消息太长了（共 {length} 个字符），请缩短一些（比如一半），或者分几条发送。",
}
TOO_LONG_BY: dict[Language, str] = {
    "en": "Sorry, your message is about {excess:,} characters too long for me. Please shorten it, or send it in parts.",
    "zh": "抱歉，你的消息大约超出了 {excess} 个字符，请缩短一些，或者分几条发送。",
}
THINKING: dict[Language, str] = {
    "en": "I am still thinking. My answer will follow in a moment.",
    "zh": "我还在思考，回答稍后发给你。",
}
LIMITED: dict[Language, str] = {
    "en": "Sorry, I cannot answer any more messages for now. You can write again {when}.",
    "zh": "抱歉，我暂时不能再回答更多消息，{when}可以再发。",
}
LAST: dict[Language, str] = {
    "en": "(This was the last message that I can answer for now. You can write again {when}.)",
    "zh": "（这是我暂时能回答的最后一条消息，{when}可以再发。）",
}
CANNOT_SEE: dict[Language, str] = {
    "en": "(I cannot see pictures.)",
    "zh": "（我看不到图片。）",
}
CANNOT_OPEN: dict[Language, str] = {
    "en": "(I could not open what you sent. Please send it again.)",
    "zh": "（我没能打开你发来的内容，请再发一次。）",
}
DID_NOT_HEAR: dict[Language, str] = {
    "en": "(I could not understand the voice message.)",
    "zh": "（我没听懂那条语音消息。）",
}
NOT_UNDERSTOOD: dict[Language, str] = {
    "en": "Sorry, I could not understand your voice message. Please say it again, or write to me.",
    "zh": "抱歉，我没听懂你的语音消息，请再说一次，或者用文字告诉我。",
}
DOES_NOT_LISTEN: dict[Language, str] = {
    "en": "(I cannot listen to voice messages.)",
    "zh": "（我听不了语音消息。）",
}
CANNOT_LISTEN: dict[Language, str] = {
    "en": "Sorry, I cannot listen to voice messages. Please write to me.",
    "zh": "抱歉，我听不了语音消息，请用文字告诉我。",
}
NOT_SHOWN: dict[Language, str] = {
    "en": "(Something belongs here that I could not show.)",
    "zh": "（这里有一条内容没能显示。）",
}
PART_WITHHELD: dict[Language, str] = {
    "en": "(A part of my answer was withheld by the app's moderation.)",
    "zh": "（我的部分回答被应用的内容审核拦截了。）",
}
SOURCES: dict[Language, str] = {
    "en": "Sources:",
    "zh": "来源：",
}
DISABLED: dict[Language, str] = {
    "en": "Sorry, I am switched off at the moment and cannot answer.",
    "zh": "抱歉，我目前已停用，无法回答。",
}
FORGOTTEN: dict[Language, str] = {
    "en": "This message was erased before I could answer it.",
    "zh": "这条消息在我回答之前已被清除。",
}
HELP: dict[Language, str] = {
    "en": (
        "I am {name}. Just write to me.\n"
        "/new – start afresh: I no longer look at what was said before\n"
        "/forget – erase your messages and my replies to them in this conversation\n"
        "/help – this text"
    ),
    "zh": (
        "我是{name}，直接给我发消息就行。\n"
        "/新对话 – 重新开始：我不再参考之前的内容\n"
        "/忘记 – 清除你在本会话中的消息和我对它们的回复\n"
        "/帮助 – 显示这段文字"
    ),
}
NEW: dict[Language, str] = {
    "en": "All right, we start afresh.",
    "zh": "好的，我们重新开始。",
}
FORGET: dict[Language, str] = {
    "en": "Erased: {messages} of your messages and {replies} of my replies.",
    "zh": "已清除你的 {messages} 条消息和我的 {replies} 条回复。",
}


def when(until: int, now: int, language: Language) -> str:
    """How long until a time, and which time that is, for people in any time zone. Both in Unix milliseconds."""
    minutes = math.ceil((until - now) / MINUTE_MS)
    if minutes <= 0:
        return {"en": "now", "zh": "现在"}[language]
    clock = datetime.fromtimestamp(until / 1000, UTC).strftime("%H:%M UTC")
    if minutes >= 120:
        hours = round(minutes / 60)
        return {"en": f"in about {hours} hours ({clock})", "zh": f"约 {hours} 小时后（{clock}）"}[language]
    unit = "minute" if minutes == 1 else "minutes"
    return {"en": f"in {minutes} {unit} ({clock})", "zh": f"{minutes} 分钟后（{clock}）"}[language]


def language_of(text: str) -> Language:
    """Chinese for a text with Han characters and neither kana nor hangul, else English."""
    return "zh" if _HAN.search(text) and not _KANA_OR_HANGUL.search(text) else "en"
