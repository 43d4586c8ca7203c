"""Who a group message is for, by what stands behind an @."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config.bots import Bot
from relay.inbound.addressing import find_mention, strip_mention
from relay.spelling import INVISIBLE


def bot(accid: str, name: str, *aliases: str) -> Bot:
    keys = {"accid": accid, "name": name, "aliases": aliases, "system_prompt": "You are a bot."}
    return Bot.model_validate(keys)


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
        ("hey @helper你好", HELPER, "hey 你好"),
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


@pytest.mark.parametrize(
    "text", ["@helper", " @Helper ", "@helper\u2005", "\ufeff@helper\u200b", "\u2068@helper\u2069 "]
)
def test_a_text_of_nothing_but_the_mention_stays(text: str) -> None:
    assert find_mention(text, BOTS) == (HELPER, text)


def test_only_the_matched_mention_is_taken_out() -> None:
    assert find_mention("@helper who is @helper?", BOTS) == (HELPER, "who is @helper?")


def test_an_accid_goes_before_the_same_name_of_another_bot() -> None:
    impostor = bot("impostor", "Helper")
    assert find_mention("@helper hi", [impostor, HELPER]) == (HELPER, "hi")


def test_of_two_bots_with_one_name_the_first_of_the_file_answers() -> None:
    first, second = bot("one", "Zoé"), bot("two", "ZOE\u0301")
    assert find_mention("@zoé hi", [first, second]) == (first, "hi")
    assert find_mention("@zoé hi", [second, first]) == (second, "hi")


def test_an_alias_mentions_the_bot_as_its_name_does() -> None:
    called = bot("b", "Helper", "小助手", "helper bot", "Ассистент")
    for name in ("Helper", "小助手", "HELPER BOT", "ассистент", "b"):
        assert find_mention(f"hey @{name} hi", [SUPPORT, called]) == (called, "hey hi")
        assert strip_mention(f"@{name} hi", called) == "hi"
    assert find_mention("@Ассистента hi", [called]) is None


def test_of_two_bots_with_one_alias_the_first_of_the_file_answers() -> None:
    first, second = bot("one", "One", "Zed"), bot("two", "ZED")
    assert find_mention("@zed hi", [first, second]) == (first, "hi")
    assert find_mention("@zed hi", [second, first]) == (second, "hi")


def test_the_longest_alias_wins_whoever_comes_first() -> None:
    first, second = bot("one", "One", "Zed"), bot("two", "Two", "Zed Two")
    assert find_mention("@zed two hi", [first, second]) == (second, "hi")


# Where a mention begins


@pytest.mark.parametrize(
    "before",
    [
        "",
        " ",
        "\n",
        "(",
        "[",
        "“",
        "「",
        "<",
        "**",
        "_",
        "hi,",
        "hi.",
        "hi!",
        "我",
        "안녕",
        "ครับ",
        "👍",
        "👍🏽",
        "✌️",
    ],
)
def test_a_mention_begins_behind_what_is_no_word(before: str) -> None:
    assert find_mention(f"{before}@Helper hi", BOTS) is not None


@pytest.mark.parametrize("before", ["وعليكم السلام و", "و", "ל", "היי, ול", "\u2067x\u2069\u2068", "x\u200b"])
def test_a_mention_begins_behind_what_a_script_writes_together_with_the_next_word(before: str) -> None:
    assert find_mention(f"{before}@Helper hi", BOTS) is not None


@pytest.mark.parametrize(
    "before",
    [
        "me",
        "кто",
        "zoé",
        "zoe\u0301",
        "سلام",
        "שלום",
        "मैं",
        "me\u200d",
        "me\u00ad",
        "9",
        "a.b",
        "me_",
        "me+",
        "me-",
        "__",
    ],
)
def test_an_at_behind_a_word_is_an_address(before: str) -> None:
    assert find_mention(f"write to {before}@helper please", BOTS) is None


# Links, paths, packages, addresses


@pytest.mark.parametrize(
    "link",
    [
        "https://www.youtube.com/@helper/videos",
        "https://www.youtube.com/@helper",
        "HTTPS://YOUTUBE.COM/@HELPER",
        "youtube.com/@helper",
        "youtu.be/x?a=b&@helper",
        "example.com:8080/a,@helper",
        "пример.рф/a,@helper",
        "https://example.com/?user=@helper",
        "https://example.com/a,@helper",
        "https://example.com/a(@helper)b",
        "https://example.com/Ada_(@helper)",
        "https://example.com/#!@helper",
        "https://zh.wikipedia.org/wiki/用户?a,@helper",
        "https://@helper/x",
        "https://me:@helper/x",
        "example.com?to=(@helper)",
        "example.com#@helper",
        "git+ssh://git@helper/x",
        "/@helper/x",
        "a/@helper",
        "app/@helper/page.tsx",
        "./src/@helper",
        "C:\\Users\\@helper",
        "/api/users?a,@helper",
        "~/src/a,@helper",
        "../a/b:@helper",
        "?user=@helper",
        "names[]=@helper",
        "@helper/core",
        "@helper/core@1.2",
        "@helper/*",
        "npm:@helper/core",
        "@helper\\core",
        "pkg@helper",
        "someone@helper",
        "a.b@helper.com",
        "user_@helper",
        "user+tag@helper",
        "mailto:someone@helper",
        "@helper@host",
        "@helper@host.example",
        "acct:@helper@host",
        "@helper＠host",
        "@helper.com",
        "@helper-2",
        "@helper\u2011two",
    ],
)
@pytest.mark.parametrize("frame", ["{}", "look {} there", "看（{}）吧", "看：{}", "<{}>", "[x]({})"])
def test_a_link_is_no_mention_and_stays_whole_beside_one(link: str, frame: str) -> None:
    text = frame.format(link)
    assert find_mention(text, BOTS) is None
    assert find_mention(f"{text} @Helper hi", BOTS) == (HELPER, f"{text} hi")
    assert find_mention(f"@Helper {text}", BOTS) == (HELPER, text)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("https://example.com/a @Helper hi", "https://example.com/a hi"),
        ("https://example.com/a\n@Helper hi", "https://example.com/a\nhi"),
        ("https://example.com/a，@Helper hi", "https://example.com/a，hi"),
        ("https://example.com看一下@Helper 谢谢", "https://example.com看一下谢谢"),
        ("（https://example.com）@Helper hi", "（https://example.com）hi"),
        ("(https://example.com)@Helper hi", "(https://example.com)hi"),
        ("<https://example.com>@Helper hi", "<https://example.com>hi"),
        ("[x](https://example.com/@helper)@Helper hi", "[x](https://example.com/@helper)hi"),
        ("Node.js?@Helper hi", "Node.js?hi"),
        ("and/or,@Helper hi", "and/or,hi"),
        ("/new,@Helper", "/new,"),
        ("1+1=@Helper 是多少", "1+1=是多少"),
        ("C++@Helper hi", "C++hi"),
        ("e.g.@Helper hi", "e.g.hi"),
    ],
)
def test_a_mention_beside_a_link_is_one(text: str, rest: str) -> None:
    assert find_mention(text, BOTS) == (HELPER, rest)


# Where a name ends


@pytest.mark.parametrize(
    ("behind", "rest"),
    [
        (".", "."),
        ("!", "!"),
        ("?", "?"),
        (", hi", ", hi"),
        ("：你好", "：你好"),
        ("。", "。"),
        (")", ")"),
        ("'s turn", "'s turn"),
        ("…", "…"),
        ("/", "/"),
        ("/ hi", "/ hi"),
        ("/小明 你们好", "/小明 你们好"),
        ("／new", "／new"),
        ("你好", "你好"),
        ("さん", "さん"),
        ("야", "야"),
        ("ครับ", "ครับ"),
        ("ຂໍ", "ຂໍ"),
        ("សួស្តី", "សួស្តី"),
        ("မင်္ဂလာ", "မင်္ဂလာ"),
        ("👍", "👍"),
        ("@小助手 hi", "@小助手 hi"),
        ("\u200bhello", "hello"),
        ("\u200e hi", "hi"),
    ],
)
def test_a_name_ends_with_its_word(behind: str, rest: str) -> None:
    assert find_mention(f"@Helper{behind}", BOTS) == (HELPER, rest)


@pytest.mark.parametrize(
    ("name", "longer"),
    [
        ("Helper", "Helpers"),
        ("Helper", "Helperß"),
        ("Helper", "Helperｓ"),
        ("Helper", "Helper\u0301"),
        ("Helper", "Helper\u200ds"),
        ("Helper", "Helper\u200cs"),
        ("Helper", "Helper\u00ads"),
        ("Helper", "Helper\u2060s"),
        ("Zoe", "Zoé"),
        ("Zoe", "Zoe\u0301"),
        ("Бот", "Ботаник"),
        ("Бот", "БОТЫ"),
        ("Bot", "Botы"),
        ("Ρομπότ", "Ρομπότα"),
        ("مساعد", "مساعدون"),
        ("مساعد", "مساعد\u200cها"),
        ("מלון", "מלונות"),
        ("बॉट", "बॉटों"),
        ("बॉट", "बॉट्स"),
        ("Բոտ", "Բոտը"),
        ("ბოტი", "ბოტის"),
        ("ቦት", "ቦቶች"),
        ("Bot 2", "Bot 23"),
        ("하", "한"),
        ("하", "\u1112\u1161\u11ab"),
        ("ホ", "ホ\u3099"),
        ("ﾎ", "ﾎﾞ"),
        ("น", "น้ำ"),
        ("น", "นำ"),
        ("က", "က္က"),
        ("👨", "👨\u200d👩"),
        ("👍", "👍🏽"),
    ],
)
def test_a_name_is_not_the_beginning_of_a_longer_word(name: str, longer: str) -> None:
    named = bot("b", name)
    assert find_mention(f"@{longer} hi", [named]) is None
    assert find_mention(f"@{name} hi", [named]) == (named, "hi")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("小助手", "@小助手你好"),
        ("小助手", "@小助手hello"),
        ("アシスタント", "@アシスタントさん"),
        ("도우미", "@도우미야"),
        ("ผู้ช่วย", "@ผู้ช่วยสวัสดี"),
        ("ຜູ້ຊ່ວຍ", "@ຜູ້ຊ່ວຍສະບາຍດີ"),
        ("ជំនួយ", "@ជំនួយសួស្តី"),
        ("အကူ", "@အကူမင်္ဂလာ"),
        ("🤖", "@🤖hello"),
        ("C++", "@c++hello"),
    ],
)
def test_a_name_without_word_ends_is_followed_by_anything(name: str, text: str) -> None:
    named = bot("b", name)
    assert find_mention(text, [named]) == (named, text[1 + len(name) :])


# Spelling


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Zoé", "Zoe\u0301"),
        ("Zoe\u0301", "ZOÉ"),
        ("Helper", "Ｈｅｌｐｅｒ"),
        ("Ｈｅｌｐｅｒ", "helper"),
        ("Helper Bot", "helper\u3000bot"),
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("İzmir", "izmir"),
        ("Işık", "IŞIK"),
        ("ﬁx", "FIX"),
        ("ボット", "ﾎﾞｯﾄ"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("❤️ Bot", "❤ bot"),
        ("Helper", "\u200eHelper\u200e"),
        ("Helper", "\u2068Helper\u2069"),
        ("Hel\u00adper", "Helper"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("(a|x).*", "(A|X).*"),
        ("[", "["),
        (" Helper ", "Helper"),
        ("@Helper", "Helper"),
        ("@Helper", "@Helper"),
    ],
)
def test_a_name_is_found_in_another_spelling(name: str, written: str) -> None:
    named = bot("b", name)
    before, after = "ＡＢＣ ﬁ ½ Zoe\u0301", "Ａ İ ß e\u0323\u0302 ﷺ"
    assert find_mention(f"{before} @{written} {after}", [named]) == (named, f"{before} {after}")


def test_a_name_of_nothing_but_an_at_is_not_behind_every_at() -> None:
    assert find_mention("@ hi @\u200b hi", [bot("b", "@")]) is None


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="@＠"), max_size=20)


def seen(text: str) -> str:
    return "".join(INVISIBLE.sub("", text).split())


@given(TEXTS, TEXTS, st.sampled_from(["@Helper", "＠ＨＥＬＰＥＲ", "@小助手", "@support.bot"]))
def test_nothing_but_the_mention_is_taken_out(before: str, after: str, mention: str) -> None:
    found = find_mention(f"{before} {mention} {after}", BOTS)
    assert found is not None
    assert seen(found[1]) == (seen(before + after) or mention)


@pytest.mark.parametrize(
    "text",
    [
        "@" * 60_000,
        "@\u200d" * 30_000,
        "@" + "\u200d" * 60_000 + "x",
        "@Helper" + "\u0301\u0323" * 30_000,
        "@helperx" * 8_000,
        "x@helper" * 8_000,
        "https://" * 8_000 + "@helper",
        "a.bc/,@helper " * 4_000,
        "http://(" * 8_000 + "/@helper",
        "a.bc/" + "(" * 60_000 + "/@helper",
        "a." * 30_000 + "@x",
        "a.bc?" + "%" * 60_000 + "@x",
        " /" * 30_000 + "@helper",
        "好@" * 30_000,
        "http://" + "好@x" * 20_000,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_a_hostile_text_is_read_to_its_end(text: str) -> None:
    assert find_mention(text, BOTS) is None
    assert strip_mention(text, HELPER) == text


def test_a_name_is_no_pattern() -> None:
    assert find_mention("@axb hi", [bot("a.b", "(a|x)")]) is None
    dotted = bot("a.b", "C++ (beta)")
    assert find_mention("@c++ (beta) hi", [dotted]) == (dotted, "hi")


def test_an_accid_may_hold_an_at() -> None:
    accid = bot("bot@corp", "Bot")
    assert find_mention("@bot@corp hi", [accid]) == (accid, "hi")
    assert find_mention("@bot@corporate hi", [accid]) is None


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
        ("\ufeff@Ｈｅｌｐｅｒ\u2005hi", "hi"),
        ("\u2068@helper\u2069 hi", "hi"),
        ("@helper/core hi", "@helper/core hi"),
        ("/@helper hi", "/@helper hi"),
        ("\u200b", "\u200b"),
        ("", ""),
    ],
)
def test_a_bot_addressed_otherwise_loses_its_leading_mention(text: str, rest: str) -> None:
    assert strip_mention(text, HELPER) == rest
