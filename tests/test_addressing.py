"""Who a group message is for, by what stands behind an @."""

from __future__ import annotations

import pytest

from relay.addressing import find_mention, strip_mention
from relay.bots import Bot


def bot(accid: str, name: str, *aliases: str) -> Bot:
    prompt = "You are a bot."
    return Bot.model_validate({"accid": accid, "name": name, "aliases": aliases, "system_prompt": prompt})


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


BOT2, ZOE = bot("bot2", "Бот"), bot("bot3", "Zoé")


@pytest.mark.parametrize(
    "text",
    [
        "look https://www.youtube.com/@helper/videos",
        "look www.example.com/x?u=@helper",
        "look youtube.com/@helper",
        "看https://x.cn/路径/@helper",
        "npm i @helper/core",
        "cd node_modules/@helper",
        r"C:\\src\\@helper",
        "git@helper:repo",
        "user_@helper",
        "a+@helper",
        "иван@helper",
        "γιάννης@helper",
        "@helper@mastodon.example",
        "@helper:matrix.example",
        "@helper.example",
        "pkg@helper",
        "ssh://root@helper",
    ],
)
def test_an_at_in_a_link_a_path_a_package_or_an_address_mentions_nobody(text: str) -> None:
    assert find_mention(text, BOTS) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@helper https://www.youtube.com/@helper/videos", "https://www.youtube.com/@helper/videos"),
        ("https://www.youtube.com/@helper/videos @helper", "https://www.youtube.com/@helper/videos"),
        ("看https://x.cn/a，@helper 总结", "看https://x.cn/a，总结"),
        ("https://x.cn/a,@helper sum up", "https://x.cn/a,sum up"),
        ("npm i @helper/core, @helper?", "npm i @helper/core,?"),
        ("cc:@helper", "cc:"),
    ],
)
def test_a_mention_beside_a_link_leaves_the_link_whole(text: str, rest: str) -> None:
    found = find_mention(text, BOTS)
    assert found is not None
    assert found[1].replace(" ", "") == rest.replace(" ", "")
    assert found[0] == HELPER


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Бот", "@Ботаник привет"),
        ("Zoe", "@Zoé hi"),
        ("Zoe", "@Zoe\u0301 hi"),
        ("Νίκος", "@Νίκοσα γεια"),
        ("علي", "@عليكم"),
        ("राम", "@रामा"),
        ("דן", "@דנה"),
        ("می", "@می\u200cخواهم"),
    ],
)
def test_a_name_ends_where_its_word_ends(name: str, text: str) -> None:
    assert find_mention(text, [bot("b", name)]) is None


@pytest.mark.parametrize(
    ("name", "text", "rest"),
    [
        ("Бот", "@Бот, привет", ", привет"),
        ("Бот", "@БОТ привет", "привет"),
        ("Бот", "@Бот你好", "你好"),
        ("小助手", "@小助手abc", "abc"),
        ("ちゃん", "@ちゃんです", "です"),
        ("도우미", "@도우미야 안녕", "야 안녕"),
        ("ผู้ช่วย", "@ผู้ช่วยสวัสดี", "สวัสดี"),
        ("Zoé", "@Zoe\u0301 hi", "hi"),
        ("Zoe\u0301", "@zoé hi", "hi"),
        ("Straße", "@STRASSE hi", "hi"),
        ("Helper", "＠Ｈｅｌｐｅｒ hi", "hi"),
        ("İstanbul", "@İSTANBUL hi", "hi"),
        ("Bot 🤖", "@bot 🤖 hi", "hi"),
        ("Helper Bot", "@helper\u00a0bot hi", "hi"),
    ],
)
def test_names_compare_by_normal_form_and_case(name: str, text: str, rest: str) -> None:
    them = bot("b", name)
    assert find_mention(text, [them]) == (them, rest)


def test_what_is_not_the_mention_stays_as_it_was_typed() -> None:
    text = "e\u0301 ﬁ ＡＢＣ @Zoe\u0301 ﬀ é"
    assert find_mention(text, [ZOE]) == (ZOE, "e\u0301 ﬁ ＡＢＣ ﬀ é")


def test_a_bot_is_addressed_by_any_of_its_names() -> None:
    them = bot("helper", "Helper", "小助手", "helper bot")
    for name in ("helper", "小助手", "Helper Bot", "ＨＥＬＰＥＲ　ＢＯＴ"):
        assert find_mention(f"@{name} hi", [them, BOT2]) == (them, "hi")
    assert strip_mention("@小助手 hi", them) == "hi"


def test_of_two_bots_with_one_name_the_first_of_the_file_is_meant() -> None:
    first, second = bot("a", "Same"), bot("b", "Other", "same")
    assert find_mention("@same hi", [first, second]) == (first, "hi")


@pytest.mark.parametrize(
    "text", ["@" * 30_000, "@h" * 15_000, "a" * 60_000 + "@", "a.b/@" * 6_000, "a." * 30_000 + "@"]
)
def test_a_hostile_text_mentions_nobody(text: str) -> None:
    assert find_mention(text, BOTS) is None
