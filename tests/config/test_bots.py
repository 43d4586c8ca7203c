from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from relay.config.bot import Deployment
from relay.config.bots import Bot, Bots, load_bots
from relay.config.settings import APP_FOLDER
from relay.errors import ConfigError
from tests.mistakes import GOOD_BOT

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Puts a text into a bots file."""

    def write_bots(text: str) -> Path:
        path = tmp_path / "bots.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_bots


def only(bots: Bots) -> Bot:
    (bot,) = bots
    return bot


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        load_bots(path)
    return refusal.value.problems


def test_the_smallest_bot_has_the_documented_defaults(write: Write) -> None:
    bot = only(load_bots(write(GOOD_BOT)))
    assert (bot.accid, bot.name, bot.avatar, bot.model) == ("helper", "Helper", None, None)
    assert (bot.reply, bot.commands, bot.moderate_replies, bot.allow) == ("send", True, False, frozenset())
    assert (bot.rewind_messages, bot.rewind_minutes, bot.max_message_age_minutes) == (20, 1440, 1440)
    assert (bot.turn_seconds, bot.answer_within_minutes, bot.context_characters) == (90, 10, 60_000)
    assert (bot.max_reply_tokens, bot.temperature) == (None, None)
    assert (bot.enabled, bot.limits) == (True, None)


def test_every_key_can_be_set(write: Write) -> None:
    keys = """
aliases = ["小助手", "helper bot"]
avatar = "https://example.com/a.png"
model = "gpt"
reply = "response"
stream = true
rewind_messages = 0
rewind_minutes = 10080
moderate_replies = false
recall_reply = true
allow = ["Alice", "bob"]
commands = false
max_message_age_minutes = 1
turn_seconds = 1.5
answer_within_minutes = 0.5
context_characters = 1000
max_reply_tokens = 1
temperature = 2
reasoning_effort = "xhigh"
verbosity = "high"
kinds = ["text", "picture"]
pictures = 0
file_characters = 0
gather_seconds = { medium = 0.3, text = 0.2 }
transcribe = "im"
speak = { model = "tts" }
greeting = "Hello, everybody."
send_links = true
typing = true
read_receipts = true
quote = true
markdown = "keep"
texts = { failed = "Xin lỗi." }
handover_minutes = 30
listen = false
group_memory = "member"
server_tools = [{ type = "web_search" }]
tools = ["now"]
tool_rounds = 1
tool_seconds = 0.5
tool_characters = 100
confirm_minutes = 1
draw = { model = "gpt-image-2" }
enabled = false
limits = { per_sender = { minute = 10, day = 200 }, per_bot = { minute = 300, day = 20000 } }
"""
    bot = only(load_bots(write(GOOD_BOT + keys)))
    assert bot.model_fields_set == Bot.model_fields.keys() - {"models"}  # "model" is its short form
    assert (bot.reply, bot.turn_seconds, bot.answer_within_minutes) == ("response", 1.5, 0.5)
    assert bot.temperature == 2
    assert (bot.reasoning_effort, bot.verbosity) == ("xhigh", "high")
    assert bot.allow == {"alice", "bob"}
    assert bot.aliases == ("小助手", "helper bot")


def test_a_call_is_shorter_than_its_turn(write: Write) -> None:
    for keys in ('tools = ["now"]\nturn_seconds = 20\n', 'draw = { model = "x" }\nturn_seconds = 10\n'):
        (problem,) = problems(write(GOOD_BOT + keys))
        assert 'key "tool_seconds": is 20, but turn_seconds is' in problem
    assert problems(write(f"{GOOD_BOT}turn_seconds = 10\ntool_seconds = 10\n"))
    load_bots(write(f"{GOOD_BOT}turn_seconds = 10\n"))
    load_bots(write(f'{GOOD_BOT}tools = ["now"]\nturn_seconds = 30\n'))


def test_a_greeting_may_be_as_long_as_a_message_of_the_platform(write: Write) -> None:
    bot = only(load_bots(write(f'{GOOD_BOT}greeting = "{"x" * 5000}"\n')))
    assert bot.greeting == "x" * 5000
    (problem,) = problems(write(f'{GOOD_BOT}greeting = "{"x" * 5001}"\n'))
    assert problem.endswith('key "greeting": is 5001 characters long; accepted: 1 to 5000 characters')


def test_a_bot_cannot_be_changed(write: Write) -> None:
    with pytest.raises(ValueError, match="frozen"):
        Bot.__setattr__(only(load_bots(write(GOOD_BOT))), "name", "Other")


def test_an_accid_is_found_in_any_case(write: Write) -> None:
    bots = load_bots(write(GOOD_BOT.replace("helper", "Support.Bot")))
    assert only(bots).accid == "support.bot"
    assert bots.get("SUPPORT.bot") is only(bots)
    assert bots.get("support") is None


def test_bots_stand_in_the_order_of_the_file(write: Write) -> None:
    bots = load_bots(write(GOOD_BOT.replace("helper", "zoe") + GOOD_BOT))
    assert [bot.accid for bot in bots] == ["zoe", "helper"]
    assert len(bots) == 2


@pytest.mark.parametrize("accid", ["a", "support.bot", "a@b-c_d", "100234", "x" * 32])
def test_an_accid_may_be(write: Write, accid: str) -> None:
    assert only(load_bots(write(GOOD_BOT.replace("helper", accid)))).accid == accid


@pytest.mark.parametrize("accid", ["", "two words", "a|b", "tab\\t", "бот", "x" * 33])
def test_an_accid_may_not_be(write: Write, accid: str) -> None:
    (problem,) = problems(write(GOOD_BOT.replace("helper", accid)))
    assert 'key "accid": is ' in problem


def test_a_byte_order_mark_is_tolerated(write: Write) -> None:
    assert load_bots(write("\ufeff" + GOOD_BOT)).get("helper")


# Layers


def test_a_bot_overrides_the_defaults(write: Write) -> None:
    text = f"[defaults]\nrewind_minutes = 5\nrewind_messages = 7\n{GOOD_BOT}rewind_minutes = 6\n"
    bot = only(load_bots(write(text)))
    assert (bot.rewind_minutes, bot.rewind_messages) == (6, 7)


def test_the_defaults_may_hold_the_prompt(write: Write) -> None:
    text = '[defaults]\nsystem_prompt = "Be kind."\n[[bots]]\naccid = "helper"\nname = "Helper"\n'
    assert only(load_bots(write(text))).system_prompt == "Be kind."


def test_a_function_overrides_the_bot(write: Write) -> None:
    text = f"[defaults]\nrewind_messages = 7\n{GOOD_BOT}[bots.functions.french]\ntemperature = 0\nmodel = 'gpt'\n"
    bot = only(load_bots(write(text)))
    french = bot.for_function("french")
    assert (french.temperature, french.model) == (0, "gpt")
    assert (bot.temperature, bot.model) == (None, None)
    assert (french.accid, french.system_prompt) == (bot.accid, bot.system_prompt)
    assert french.rewind_messages == 7


def test_models_stand_in_order_each_where_it_is(write: Write) -> None:
    east = '{ model = "b", endpoint = "https://EAST.openai.azure.com/openai/v1/" }'
    other = '{ model = "c", url = "https://models.example.com/v1/", key_setting = "RELAY_MODEL_KEY_C" }'
    bot = only(load_bots(write(f'{GOOD_BOT}models = ["a", {east}, {other}]\n')))
    assert bot.deployments == (
        Deployment(model="a"),
        Deployment(model="b", endpoint="https://east.openai.azure.com"),
        Deployment(model="c", url="https://models.example.com/v1", key_setting="RELAY_MODEL_KEY_C"),
    )


def test_model_is_the_short_form_of_models(write: Write) -> None:
    short = only(load_bots(write(f'{GOOD_BOT}model = "a"\n')))
    long = only(load_bots(write(f'{GOOD_BOT}models = ["a"]\n')))
    assert short.deployments == long.deployments == (Deployment(model="a"),)


@pytest.mark.parametrize(
    ("below", "above"), [('model = "a"', 'models = ["b"]'), ('models = ["a"]', 'model = "b"')]
)
def test_either_form_of_models_replaces_the_other_of_a_layer_below(
    write: Write, below: str, above: str
) -> None:
    text = f"[defaults]\n{below}\n{GOOD_BOT}{above}\n[bots.functions.french]\n{below}\n"
    bot = only(load_bots(write(text)))
    assert bot.deployments == (Deployment(model="b"),)
    assert bot.for_function("french").deployments == (Deployment(model="a"),)


@pytest.mark.parametrize("name", ["", "german", "FRENCH"])
def test_an_unknown_function_is_the_bot_itself(write: Write, name: str) -> None:
    bot = only(load_bots(write(f"{GOOD_BOT}[bots.functions.french]\ntemperature = 0\n")))
    assert bot.for_function(name) is bot


@pytest.mark.parametrize("key", ["accid", "name", "aliases", "avatar", "reply", "allow"])
def test_a_function_leaves_the_bot_who_it_is(write: Write, key: str) -> None:
    (problem,) = problems(write(f'{GOOD_BOT}[bots.functions.french]\n{key} = "x"\n'))
    assert problem == (
        f'bots.toml: bot 1 ("helper"), function "french", key "{key}": '
        "belongs to the whole bot, not to one of its functions"
    )


@pytest.mark.parametrize("key", ["accid", "name", "aliases", "avatar"])
def test_the_defaults_name_no_bot(write: Write, key: str) -> None:
    (problem,) = problems(write(f'[defaults]\n{key} = "x"\n{GOOD_BOT}'))
    assert problem == f'bots.toml: [defaults], key "{key}": belongs to one bot, not to [defaults]'


def test_the_longest_limit_looks_at_every_bot_and_function(write: Write) -> None:
    text = f"[defaults]\nrewind_minutes = 5\nmax_message_age_minutes = 6\n{GOOD_BOT}"
    assert load_bots(write(text)).longest_limit_minutes == 6
    text += GOOD_BOT.replace("helper", "second") + "rewind_minutes = 7\n"
    assert load_bots(write(text)).longest_limit_minutes == 7
    text += "[bots.functions.french]\nmax_message_age_minutes = 8\n"
    assert load_bots(write(text)).longest_limit_minutes == 8


# Problems


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("rewind_messages = -1", "is -1; accepted: a whole number, 0 to 500"),
        ("rewind_messages = 501", "is 501; accepted: a whole number, 0 to 500"),
        ("rewind_messages = 2.5", "is 2.5; accepted: a whole number, 0 to 500"),
        ("rewind_minutes = 0", "is 0; accepted: a whole number, 1 to 10080"),
        ("rewind_minutes = 10081", "is 10081; accepted: a whole number, 1 to 10080"),
        ("max_message_age_minutes = 10081", "is 10081; accepted: a whole number, 1 to 10080"),
        ("turn_seconds = 0.5", "is 0.5; accepted: a number, 1 to 300"),
        ("turn_seconds = 301", "is 301; accepted: a number, 1 to 300"),
        ("answer_within_minutes = 0", "is 0; accepted: a number, above 0 and at most 1440"),
        ("answer_within_minutes = 1441", "is 1441; accepted: a number, above 0 and at most 1440"),
        ("context_characters = 999", "is 999; accepted: a whole number, 1000 to 1000000"),
        ("context_characters = 1000001", "is 1000001; accepted: a whole number, 1000 to 1000000"),
        ("max_reply_tokens = 0", "is 0; accepted: a whole number, 1 or more"),
        (
            'models = "a"',
            "is text; accepted: a list of up to 8 names or { model, endpoint or url, key_setting, api }",
        ),
        (
            'models = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]',
            "has 9 entries; accepted: a list of up to 8 names or { model, endpoint or url, key_setting, api }",
        ),
        ('aliases = "a"', "is text; accepted: a list of up to 16 names, 1 to 64 characters each"),
        (
            f"aliases = {['a'] * 17}",
            "has 17 entries; accepted: a list of up to 16 names, 1 to 64 characters each",
        ),
        ("temperature = 2.1", "is 2.1; accepted: a number, 0 to 2"),
        ("temperature = nan", "is nan; accepted: a number, 0 to 2"),
        (
            'reasoning_effort = "hgih"',
            'is not valid; accepted: "none", "minimal", "low", "medium", "high", "xhigh" or "max"; '
            'did you mean "high"?',
        ),
        ('reply = "respond"', 'is not valid; accepted: "send" or "response"; did you mean "response"?'),
        ("model = 5", "is 5, not text in quotes; accepted: the name of a deployment or model"),
        ("verbosity = 1", 'is not valid; accepted: "low", "medium" or "high"'),
        ('temperature = "0.7"', "is text; accepted: a number, 0 to 2"),
        ("commands = 1", "is 1; accepted: true or false"),
        ("rewind_minutes = true", "is true; accepted: a whole number, 1 to 10080"),
        ("rewind_minutes = 2026-01-01", "is a date or a time; accepted: a whole number, 1 to 10080"),
        ('allow = "alice"', "is text; accepted: a list of accids"),
        ('reply = "later"', 'is not valid; accepted: "send" or "response"'),
        ('avatar = "a.png"', "is not valid; accepted: an http or https URL"),
        ('model = ""', "is not valid; accepted: the name of a deployment or model"),
    ],
)
@pytest.mark.parametrize(
    ("before", "place"),
    [(GOOD_BOT, 'bot 1 ("helper")'), ("[defaults]\n", "[defaults]")],
    ids=["bot", "defaults"],
)
def test_a_bad_value_is_named_with_what_is_accepted(
    write: Write, before: str, place: str, line: str, wrong: str
) -> None:
    key = line.partition(" ")[0]
    if place == "[defaults]" and key in ("aliases", "avatar"):
        wrong = "belongs to one bot, not to [defaults]"
    after = GOOD_BOT if place == "[defaults]" else ""
    assert problems(write(f"{before}{line}\n{after}")) == [f'bots.toml: {place}, key "{key}": {wrong}']


def test_a_number_for_a_prompt_is_told_to_be_no_text(write: Write) -> None:
    (problem,) = problems(write(GOOD_BOT.replace('"You are a friendly assistant."', "5")))
    assert problem.endswith('key "system_prompt": is 5, not text in quotes; accepted: 1 to 100000 characters')


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        (
            "rewind_messages = 3",
            '"rewind_messages": is in no table; write it below [defaults], or below the [[bots]] of one bot',
        ),
        (
            "rewind_mesages = 3",
            '"rewind_mesages": unknown; did you mean "rewind_messages"? It is in no table; '
            "write it below [defaults], or below the [[bots]] of one bot",
        ),
        ('name = "Helper"', '"name": is in no table; write it below the [[bots]] of its bot'),
        (
            "limits.per_bot.minute = 3",
            '"limits": is in no table; write [defaults.limits], or below a bot [bots.limits]',
        ),
        ("functions = 3", '"functions": is in no table; write [bots.functions.<name>] below a bot'),
        ("zzz = 3", '"zzz": unknown; accepted: bots, defaults'),
    ],
)
def test_a_key_above_the_tables_is_told_where_it_belongs(write: Write, written: str, wrong: str) -> None:
    assert problems(write(f"{written}\n{GOOD_BOT}")) == [f"bots.toml: {wrong}"]


@pytest.mark.parametrize(
    ("alias", "wrong"),
    [
        ('""', "is 0 characters long"),
        ('" \\u3000"', "is blank"),
        ('"\\u200b\\ufe0f"', "is blank"),
        (f'"{"x" * 65}"', "is 65 characters long"),
        ("3", "is 3, not text in quotes"),
    ],
)
def test_an_alias_is_a_name_that_people_can_see(write: Write, alias: str, wrong: str) -> None:
    (problem,) = problems(write(f'{GOOD_BOT}aliases = ["a", {alias}]\n'))
    assert problem == (
        f'bots.toml: bot 1 ("helper"), key "aliases", entry 2: {wrong}; '
        "accepted: a list of up to 16 names, 1 to 64 characters each"
    )


@pytest.mark.parametrize("blank", ["", "  "])
@pytest.mark.parametrize("key", ["name", "system_prompt"])
def test_a_name_and_a_prompt_are_not_blank(write: Write, key: str, blank: str) -> None:
    value = {"name": "Helper", "system_prompt": "You are a friendly assistant."}[key]
    (problem,) = problems(write(GOOD_BOT.replace(value, blank)))
    assert problem.startswith(f'bots.toml: bot 1 ("helper"), key "{key}": is ')


def test_a_name_of_invisible_marks_is_blank(write: Write) -> None:
    (problem,) = problems(write(GOOD_BOT.replace("Helper", "\u200b\ufe0f")))
    assert problem.endswith('key "name": is blank; accepted: 1 to 64 characters')


def test_a_long_name_is_measured_not_quoted(write: Write) -> None:
    (problem,) = problems(write(GOOD_BOT.replace("Helper", "x" * 65)))
    assert (
        problem
        == 'bots.toml: bot 1 ("helper"), key "name": is 65 characters long; accepted: 1 to 64 characters'
    )


def test_an_entry_of_a_list_is_counted(write: Write) -> None:
    (problem,) = problems(write(f'{GOOD_BOT}allow = ["alice", "b ob"]\n'))
    assert (
        problem
        == 'bots.toml: bot 1 ("helper"), key "allow", entry 2: is not valid; accepted: a list of accids'
    )


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        (
            '{ model = "x", endpoint = "http://h" }',
            ', key "endpoint": is http, which would show tokens to the network; '
            "accepted: https://host, such as https://name.openai.azure.com",
        ),
        (
            '{ model = "x", url = "//h/v1" }',
            ', key "url": does not begin with http:// or https://; '
            "accepted: a base URL, such as http://localhost:8080/v1",
        ),
        ('{ url = "http://h" }', ', key "model": missing; accepted: the name of a deployment or model'),
        (
            '{ model = "x", keysetting = "RELAY_MODEL_KEY_X" }',
            ', key "keysetting": unknown; did you mean "key_setting"?',
        ),
        (
            '{ model = "x", url = "http://h", key_setting = "IM_APP_SECRET" }',
            ', key "key_setting": is not valid; '
            "accepted: the name of a setting, AZURE_OPENAI_API_KEY_<name> or RELAY_MODEL_KEY_<name>",
        ),
        (
            '{ model = "x", key_setting = "RELAY_MODEL_KEY_X" }',
            ": has a key_setting, but neither endpoint nor url that the key would be for; "
            "accepted: a list of up to 8 names or { model, endpoint or url, key_setting, api }",
        ),
        (
            '{ model = "x", endpoint = "https://h", url = "https://h" }',
            ": has an endpoint and a url, but is at one place; "
            "accepted: a list of up to 8 names or { model, endpoint or url, key_setting, api }",
        ),
        ("3", ": is 3; accepted: a list of up to 8 names or { model, endpoint or url, key_setting, api }"),
    ],
)
def test_a_wrong_entry_of_models_is_named(write: Write, entry: str, wrong: str) -> None:
    (problem,) = problems(write(f'{GOOD_BOT}models = ["a", {entry}]\n'))
    assert problem == f'bots.toml: bot 1 ("helper"), key "models", entry 2{wrong}'


def test_a_bot_has_one_form_of_models(write: Write) -> None:
    (problem,) = problems(write(f'{GOOD_BOT}model = "a"\nmodels = ["b"]\n'))
    assert problem == (
        'bots.toml: bot 1 ("helper"), key "model": is the short form of "models"; accepted: one of the two'
    )


@pytest.mark.parametrize("written", ["TEMPERATURE", "Temperature", "temprature"])
def test_a_key_in_another_case_or_misspelt_gets_a_suggestion(write: Write, written: str) -> None:
    (problem,) = problems(write(f"{GOOD_BOT}{written} = 1\n"))
    assert problem == f'bots.toml: bot 1 ("helper"), key "{written}": unknown; did you mean "temperature"?'


def test_an_unknown_key_without_a_likely_name_lists_them_all(write: Write) -> None:
    (problem,) = problems(write(f"{GOOD_BOT}zzz = 1\n"))
    assert problem.startswith('bots.toml: bot 1 ("helper"), key "zzz": unknown; accepted: accid, name,')


def test_all_problems_of_all_places_are_reported_together(write: Write) -> None:
    text = f"[defaults]\nreply = 1\n{GOOD_BOT}rewind = 1\n[bots.functions.french]\nmodel = 1\n[[bots]]\nname = 'x'\n"
    places = [problem.split(": ")[1] for problem in problems(write(text))]
    assert places == [
        '[defaults], key "reply"',
        'bot 1 ("helper"), key "rewind"',
        'bot 1 ("helper"), function "french", key "model"',
        'bot 2, key "accid"',
        'bot 2, key "system_prompt"',
    ]


def test_a_duplicate_accid_names_both_places(write: Write) -> None:
    (problem,) = problems(
        write(GOOD_BOT + GOOD_BOT.replace("helper", "b") + GOOD_BOT.replace("helper", "HELPER"))
    )
    assert problem.startswith('bots.toml: bot 3 ("HELPER"), key "accid": is taken by bot 1 ("helper")')


def test_two_bots_without_accid_are_no_duplicates(write: Write) -> None:
    nameless = GOOD_BOT.replace('accid = "helper"', "")
    assert [problem.split(":")[2] for problem in problems(write(nameless * 2))] == [" missing; accepted"] * 2


@pytest.mark.parametrize(
    ("text", "accids"),
    [
        ("[bots.helper]\nname = 'x'", ["helper"]),
        ("[bots.support.bot]\nname = 'x'", ["support.bot"]),
        ("[bots.support.bot.functions.french]\nmodel = 'x'", ["support.bot"]),
        ("[bots.a.b]\nname = 'x'\n[bots.a.c]\nname = 'x'", ["a.b", "a.c"]),
    ],
)
def test_a_bot_written_as_a_table_is_explained(write: Write, text: str, accids: list[str]) -> None:
    assert problems(write(text)) == [
        f'bots.toml: [bots.{accid}]: unknown; for a bot write [[bots]] and accid = "{accid}"'
        for accid in accids
    ]


@pytest.mark.parametrize(
    "text", ["bots = 3", "bots = [1]", "[bots]\naccid = 'helper'", "[bots.functions.french]"]
)
def test_bots_that_are_no_list_of_tables_are_explained(write: Write, text: str) -> None:
    assert problems(write(text)) == [
        'bots.toml: "bots": is not a list of tables; write [[bots]] above each bot'
    ]


@pytest.mark.parametrize("text", ["", "bots = []", "[defaults]\n"])
def test_a_file_without_a_bot_is_refused(write: Write, text: str) -> None:
    assert problems(write(text)) == [
        "bots.toml: [[bots]]: missing; accepted: one or more, with accid, name and system_prompt"
    ]


@pytest.mark.parametrize("line", ["functions = 3", "functions.french = 3"])
def test_functions_that_are_no_tables_are_explained(write: Write, line: str) -> None:
    (problem,) = problems(write(f"{GOOD_BOT}{line}\n"))
    assert problem.endswith('key "functions": is not a table of tables; write [bots.functions.<name>]')


def test_defaults_that_are_no_table_are_explained(write: Write) -> None:
    assert problems(write(f"[[defaults]]\n{GOOD_BOT}")) == [
        'bots.toml: "defaults": is not a table; write [defaults]'
    ]


def test_an_unknown_table_is_refused_with_the_likely_name(write: Write) -> None:
    assert problems(write(f"[default]\n{GOOD_BOT}")) == [
        'bots.toml: "default": unknown; did you mean "defaults"?'
    ]


def test_a_turn_fits_into_the_time_for_the_answer(write: Write) -> None:
    assert load_bots(write(f"{GOOD_BOT}turn_seconds = 60\nanswer_within_minutes = 1\n"))
    (problem,) = problems(write(f"{GOOD_BOT}turn_seconds = 61\nanswer_within_minutes = 1\n"))
    assert 'key "answer_within_minutes": is 1, but turn_seconds is 61' in problem


def test_the_defaults_may_wait_for_the_bots_to_make_the_times_fit(write: Write) -> None:
    assert load_bots(write(f"[defaults]\nanswer_within_minutes = 1\n{GOOD_BOT}turn_seconds = 30\n"))


def test_a_turn_of_a_function_fits_too(write: Write) -> None:
    text = f"{GOOD_BOT}answer_within_minutes = 2\n[bots.functions.slow]\nturn_seconds = 121\n"
    (problem,) = problems(write(text))
    assert problem.startswith('bots.toml: bot 1 ("helper"), function "slow", key "answer_within_minutes"')


def test_times_that_do_not_fit_are_reported_once(write: Write) -> None:
    text = f"{GOOD_BOT}answer_within_minutes = 1\n[bots.functions.french]\nmodel = 'gpt'\n"
    assert len(problems(write(text))) == 1


# The file


def test_a_missing_file_is_named_with_its_setting(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert problems(path) == [f"RELAY_BOTS_FILE: there is no file {path}"]


def test_a_folder_is_no_bots_file(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"RELAY_BOTS_FILE: {tmp_path} cannot be read: ")


def test_another_encoding_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "bots.toml"
    path.write_bytes('name = "助手"'.encode("gbk"))
    assert problems(path) == ["bots.toml: is not UTF-8; save it with that encoding"]


def test_what_is_not_toml_is_named_with_line_and_column(write: Write) -> None:
    assert problems(write("[defaults]\nreply = send\n")) == [
        "bots.toml: is not TOML: Invalid value (at line 2, column 9)"
    ]


def test_the_bots_of_this_repository_are_good() -> None:
    bots = load_bots(APP_FOLDER / "bots.toml")
    assert [bot.accid for bot in bots] == ["helper", "translator"]
    translator = bots.get("translator")
    assert translator is not None
    assert translator.functions.keys() == {"chinese", "french"}


def test_the_bots_of_this_repository_show_every_key() -> None:
    text = (APP_FOLDER / "bots.toml").read_text(encoding="utf-8")
    missing = [key for key in Bot.model_fields if f"{key} = " not in text and f"{key}." not in text]
    assert missing == []
