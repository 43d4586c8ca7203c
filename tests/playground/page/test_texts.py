"""The page's words: each language has every sentence, and no module has one of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.page.routes import STATIC

LANGUAGES = ("en", "zh")
MODULES = sorted(STATIC.glob("*.js"))

SPOKEN = ("aria-label", "title", "placeholder", "alt")
"""Attributes that are read out or shown."""

MARKUP = {"kbd", "code"}
"""Elements that name a key, or what has the same name in every language."""

Text = str | dict[str, str]


def texts(language: str) -> dict[str, Text]:
    """The table of a language: what stands between its outer braces is JSON, but for comments and last commas."""
    source = (STATIC / "texts" / f"{language}.js").read_text(encoding="utf-8")
    table = re.sub(r"^\s*//.*$", "", source[source.index("= {") + 2 : source.rindex("}") + 1], flags=re.M)
    table = re.sub(r"\b(one|other): ", r'"\1": ', table)
    found: dict[str, Text] = json.loads(re.sub(r",(\s*})", r"\1", table), object_pairs_hook=_once)
    return found


def _once(pairs: list[tuple[str, Text]]) -> dict[str, Text]:
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), [key for key in keys if keys.count(key) > 1]
    return dict(pairs)


def forms(text: Text) -> list[str]:
    """A text, or its two."""
    return [text] if isinstance(text, str) else [text["one"], text["other"]]


def code(module: Path) -> str:
    """A module without its comments, and without the regular expressions that it hands on."""
    source = re.sub(r"/\*.*?\*/", "", module.read_text(encoding="utf-8"), flags=re.S)
    source = re.sub(r"(?<=\()/(?:\\.|\[[^\]\n]*\]|[^/\\\n])+/", "", source)
    return re.sub(r"(^|\s)//.*$", "", source, flags=re.M)


def templates(source: str) -> Iterator[str]:
    """What the templates of a module say by themselves, ``…`` where they have a value."""
    stack: list[
        tuple[str, list[str]]
    ] = []  # what a template has said so far, and the braces open in its value
    place = 0
    while place < len(source):
        here = source[place]
        if stack and not stack[-1][1]:  # inside a template
            said, braces = stack[-1]
            if here == "`":
                stack.pop()
                yield said
            elif source.startswith("${", place):
                stack[-1] = (f"{said}…", ["{"])
                place += 1
            else:
                stack[-1] = (said + source[place : place + 1 + (here == "\\")], braces)
                place += here == "\\"
        elif here == "`":
            stack.append(("", []))
        elif here in "\"'" and (
            end := re.compile(rf"{here}(?:\\.|[^{here}\\\n])*{here}").match(source, place)
        ):
            place = end.end() - 1
        elif stack and here in "{}":
            (stack[-1][1].append if here == "{" else lambda _: stack[-1][1].pop())(here)
        place += 1


def own_words(source: str) -> list[str]:
    """Sentences that a module says by itself: in its templates and their attributes, or as strings."""
    found: list[str] = []
    for said in templates(source):
        if not re.search(r"<[a-z]", said):
            found += re.findall(r"[A-Za-z]+[,.…!?]? [a-z]+.*", said)
            continue
        for attribute in SPOKEN:
            found += re.findall(rf'\s{attribute}="([^"]*[A-Za-z][^"]*)"', said)
        shown = re.sub(rf"<({'|'.join(MARKUP)})>[^<]*</\1>", "", said)
        found += [word for word in re.findall(r">([^<>]*)<", f">{shown}<") if re.search("[A-Za-z]{2}", word)]
    found += re.findall(r'"([A-Z][a-z]+[,.…]? [^"]*|[A-Z][a-z]+…)"', source)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_same_keys_as_english_in_the_same_order(language: str) -> None:
    assert list(texts(language)) == list(texts("en"))


def test_the_placeholders_of_a_sentence_are_the_same_in_every_language() -> None:
    chinese = texts("zh")
    for key, text in texts("en").items():
        wanted = {frozenset(re.findall(r"\{(\w+)\}", form)) for form in forms(text)}
        found = {frozenset(re.findall(r"\{(\w+)\}", form)) for form in forms(chinese[key])}
        assert len(wanted) == 1, key
        assert found == wanted, key


def test_only_what_has_a_chinese_sentence_is_chinese() -> None:
    """What reads the same in both is no sentence: a mark, a unit, or a name."""
    same = {key for key, text in texts("zh").items() if text == texts("en")[key]}
    assert same == {"status.delivered", "medium.kB", "medium.MB", "time.two"}


def test_every_key_that_a_module_uses_is_there_and_every_key_is_used() -> None:
    keys = set(texts("en"))
    used: set[str] = set()
    for module in MODULES:
        source = code(module)
        said = set(re.findall(r'"([a-z]+\.[\w.]+)"', source)) & {key for key in keys}
        asked = set(re.findall(r'\b(?:t|pieces)\(\s*"([^"]+)"', source))
        assert asked <= keys, f"{module.name}: {asked - keys}"
        begun = tuple(re.findall(r"\bt\(`([a-z]+\.)\$\{", source))
        used |= said | asked | {key for key in keys if begun and key.startswith(begun)}
    assert keys - used == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_says_no_sentence_of_its_own(module: Path) -> None:
    assert own_words(code(module)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('html`<p title="See it">${x}</p>`', ["See it"]),
        ("html`<p>${on ? html`<b>Done</b>` : nothing}</p>`", ["Done"]),
        ("html`<p>${name} is here</p>`", ["… is here"]),
        ('tell("There is none")', ["There is none"]),
        ("tell(`There are ${count} of them`)", ["There are … of them"]),
        ('html`<p class="faint" title=${t("a.b")}>${t("a.b")}</p>`', []),
        ("html`<kbd>Enter</kbd>`", []),
    ],
)
def test_a_sentence_in_a_module_is_noticed(source: str, found: list[str]) -> None:
    assert own_words(source) == found


def test_the_page_itself_says_nothing_before_its_words_are_there() -> None:
    shown = (STATIC / "index.html").read_text(encoding="utf-8").partition("<noscript>")[0]
    body = shown.partition("<body>")[2]
    assert re.sub(r"<[^>]*>", "", body).strip() == ""
