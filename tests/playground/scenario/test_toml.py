"""What is written is what is read."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.scenario.toml import key, literal, prose

# Half a surrogate pair is no character; st.characters() leaves it out by itself.
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    '"\\\n\r\t\x7f\x00 \u2028é👋', max_size=12
)
values = st.recursive(
    texts | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)


@given(texts)
@example('""')
@example('\n""')
@example('a\n"""')
@example('\\\n\\"')
@example("\r\n")
def test_prose_survives(text: str) -> None:
    assert tomllib.loads(f"text = {prose(text)}\n")["text"] == text


@given(values)
def test_every_value_survives_on_one_line(value: object) -> None:
    written = literal(value)
    assert "\n" not in written
    assert tomllib.loads(f"value = {written}\n")["value"] == value


@given(texts)
def test_every_key_survives(name: str) -> None:
    assert tomllib.loads(f"{key(name)} = 1\n") == {name: 1}


def test_a_text_of_several_lines_reads_as_it_is() -> None:
    assert prose('# Title\n\nSay "hello".\n') == '"""\n# Title\n\nSay "hello".\n"""'


def test_half_a_character_becomes_the_replacement_character() -> None:
    assert tomllib.loads("text = " + literal("a\ud83d")) == {"text": "a\N{REPLACEMENT CHARACTER}"}


def test_what_toml_has_no_word_for_is_refused() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        literal({"a": None})
