import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.errors import InvalidInput
from facilitator.domain.text import SafeText, fold, one_line, plain_words, refuse_unsafe_name

HOSTILE = [
    "\x1b]0;owned\x07",
    "\x1b[31mred",
    "a\u202eb",
    "\u2066x\u2069",
    "line\u2028sep",
    "\x9b31m",
    "tag\U000e0041",
    "\x00",
]


@pytest.mark.parametrize("raw", HOSTILE)
def test_hostile_text_is_shown_but_steers_nothing(raw: str) -> None:
    shown = SafeText.of(raw)
    assert not any(unicodedata.category(char) == "Cc" for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
    assert shown


@given(st.text())
def test_the_gate_is_idempotent(raw: str) -> None:
    once = SafeText.of(raw)
    assert SafeText.of(once) == once


def test_square_brackets_are_data() -> None:
    assert SafeText.of("[/nope] […] [the program]") == "[/nope] […] [the program]"


def test_long_text_is_cut_with_a_sign() -> None:
    assert one_line("word " * 3000, limit=20) == "word word word word…"


@pytest.mark.parametrize(
    "name", ["[/nope]", "", "   ", "12", "a\x1b[31m", "b\u202ec", "{x}", "<b>", "x" * 200, "bad\x00name", "a\\b", "p|q"]
)
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse_unsafe_name(name)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("name", ["Kristin Haugen", "Anne-Lise O'Brien", "Åse Ødegård", "  Bjørn   Moe ", "李小龍"])
def test_ordinary_names_pass(name: str) -> None:
    assert refuse_unsafe_name(name) == " ".join(name.split())


@pytest.mark.parametrize("form", ["KRISTIN", "kristin", "Kristín", "Krístin"])
def test_fold_joins_case_and_accents(form: str) -> None:
    assert fold(form) == "kristin"


def test_fold_spells_northern_letters_out() -> None:
    assert fold("Bjørn Æsops") == "bjorn aesops"


def test_plain_words_are_what_is_compared() -> None:
    assert plain_words("That's Torbjørn, “OK”?") == ["that", "s", "torbjorn", "ok"]
    assert plain_words("…") == []
