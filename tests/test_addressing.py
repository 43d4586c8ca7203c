"""Who a group message is for, by what stands behind an @."""

from __future__ import annotations

import pytest

from relay.addressing import find_mention, strip_mention
from relay.bots import Bot


def bot(accid: str, name: str) -> Bot:
    return Bot.model_validate({"accid": accid, "name": name, "system_prompt": "You are a bot."})


HELPER = bot("helper", "Helper")
SUPPORT = bot("support", "Support")
SUPPORT_BOT = bot("support.bot", "Support Desk")
ASSISTANT = bot("zhushou", "小助手")
BOTS = [HELPER, SUPPORT, SUPPORT_BOT, ASSISTANT]


@pytest.mark.parametrize(
    ("text", "expected", "rest"),
    [
        ("@helper hi", HELPER, "hi"),
        ("@HELPER hi", HELPER, "hi"),
        ("＠Helper hi", HELPER, "hi"),
        ("hi @helper", HELPER, "hi"),
        ("hey @helper what now", HELPER, "hey what now"),
        ("hey @helper, what now", HELPER, "hey, what now"),
        ("hey @helper\nwhat now", HELPER, "hey\nwhat now"),
        ("(@helper hi)", HELPER, "(hi)"),
        ("@helper\u2005hi", HELPER, "hi"),
        ("@helper\u00a0hi", HELPER, "hi"),
        ("\n@helper \n hi", HELPER, "hi"),
        ("@helper你好", HELPER, "你好"),
        ("@helper. hi", HELPER, ". hi"),
        ("@小助手你好", ASSISTANT, "你好"),
        ("你好@小助手你在吗", ASSISTANT, "你好你在吗"),
        ("你好 @小助手 你在吗", ASSISTANT, "你好 你在吗"),
        ("@ZHUSHOU 你好", ASSISTANT, "你好"),
        ("@support hi", SUPPORT, "hi"),
        ("@support. hi", SUPPORT, ". hi"),
        ("@support-hi", None, ""),
        ("@support- hi", SUPPORT, "- hi"),
        ("@support.bot hi", SUPPORT_BOT, "hi"),
        ("@support desk hi", SUPPORT_BOT, "hi"),
        ("@support desks hi", SUPPORT, "desks hi"),
        ("@support.bots hi", None, ""),
        ("@helpers hi", None, ""),
        ("@helper_2 hi", None, ""),
        ("@helper2 hi", None, ""),
        ("me@helper hi", None, ""),
        ("me@helper.example and @helper hi", HELPER, "me@helper.example and hi"),
        ("我@helper hi", HELPER, "我hi"),
        ("@ helper hi", None, ""),
        ("helper hi", None, ""),
        ("@nobody @support and @helper hi", SUPPORT, "@nobody and @helper hi"),
        ("@@helper hi", HELPER, "@hi"),
        ("", None, ""),
    ],
)
def test_a_mention_is_found_and_taken_out(text: str, expected: Bot | None, rest: str) -> None:
    assert find_mention(text, BOTS) == ((expected, rest) if expected else None)


@pytest.mark.parametrize("text", ["@helper", " @Helper ", "@helper\u2005"])
def test_a_text_of_nothing_but_the_mention_stays(text: str) -> None:
    assert find_mention(text, BOTS) == (HELPER, text)


def test_only_the_matched_mention_is_taken_out() -> None:
    assert find_mention("@helper who is @helper?", BOTS) == (HELPER, "who is @helper?")


def test_an_accid_goes_before_the_same_name_of_another_bot() -> None:
    impostor = bot("impostor", "Helper")
    assert find_mention("@helper hi", [impostor, HELPER]) == (HELPER, "hi")


def test_a_name_is_no_pattern() -> None:
    assert find_mention("@axb hi", [bot("a.b", "(a|x)")]) is None
    dotted = bot("a.b", "C++ (beta)")
    assert find_mention("@c++ (beta) hi", [dotted]) == (dotted, "hi")


def test_without_bots_nobody_is_mentioned() -> None:
    assert find_mention("@helper hi", []) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@Helper hi", "hi"),
        ("  @helper hi", "hi"),
        ("hi @helper", "hi @helper"),
        ("@support hi", "@support hi"),
        ("@helpers hi", "@helpers hi"),
        ("@helper", "@helper"),
    ],
)
def test_a_bot_addressed_otherwise_loses_its_leading_mention(text: str, rest: str) -> None:
    assert strip_mention(text, HELPER) == rest
