"""Every fixed sentence that a user may read, in the language of the message it answers."""

from __future__ import annotations

import re
from typing import Literal

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
WITHHELD: dict[Language, str] = {
    "en": "Sorry, my answer was withheld by the app's moderation.",
    "zh": "抱歉，我的回答被应用的内容审核拦截了。",
}
EMPTY: dict[Language, str] = {
    "en": "Sorry, I have no answer to this message. Please put it differently.",
    "zh": "抱歉，我没有想出这条消息的回答，请换一种说法。",
}
THINKING: dict[Language, str] = {
    "en": "I am still thinking. My answer will follow in a moment.",
    "zh": "我还在思考，回答稍后发给你。",
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


def language_of(text: str) -> Language:
    """Chinese for a text with Han characters and neither kana nor hangul, else English."""
    return "zh" if _HAN.search(text) and not _KANA_OR_HANGUL.search(text) else "en"
