import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.privacy.casing import with_capitals
from facilitator.privacy.lexicon import Kind, Lexicon

LEXICON = Lexicon.load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("before that i was with berit in skjoldnes", "Before that I was with Berit in Skjoldnes"),
        ("thank you, grace. we will grant it", "Thank you, Grace. We will grant it"),
        ("HE SAID THAT KRISTIN WENT TO MOLDE", "He said that Kristin went to Molde"),
        ("The DPS in Bergen, and I", "The DPS in Bergen, and I"),
        ("tom price and the price of it", "Tom Price and the price of it"),
        ("", ""),
    ],
)
def test_capitals_where_names_are_likely(text: str, expected: str) -> None:
    assert with_capitals(text, LEXICON) == expected


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_every_character_stays_in_its_place(text: str) -> None:
    read = with_capitals(text, LEXICON)
    assert len(read) == len(text)
    assert all(other in (one, one.lower(), one.upper()) for one, other in zip(text, read, strict=True))


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("house", Kind.EVERYDAY),
        ("houses", Kind.EVERYDAY),
        ("colour", Kind.EVERYDAY),
        ("don't", Kind.EVERYDAY),
        ("mm-hm", Kind.EVERYDAY),
        ("monday", Kind.EVERYDAY),
        ("kristin's", Kind.NAME),
        ("åge", Kind.NAME),
        ("age", Kind.EVERYDAY),
        ("john", Kind.NAME),
        ("skjoldnes", Kind.UNKNOWN),
    ],
)
def test_what_a_word_is(word: str, kind: Kind) -> None:
    assert LEXICON.kind(word) is kind
