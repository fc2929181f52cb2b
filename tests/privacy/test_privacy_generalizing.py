import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.entities import Category
from facilitator.privacy.generalizing import (
    general_form,
    institution,
    name_words,
    named_form,
    removed_form,
    short_for,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("St. Olavs Hospital", "Hospital"),
        ("Haukeland universitetssjukehus", "University hospital"),
        ("Nordlandssykehuset", "Hospital"),
        ("Solli DPS", "Clinic"),
        ("Rosewood Primary School", "School"),
        ("Innlandet HF", "Health trust"),
        ("Atlas", None),
        ("Acme", None),
    ],
)
def test_institutions_say_in_their_names_what_they_are(name: str, kind: str | None) -> None:
    assert institution(name) == kind


def test_a_name_of_its_own_is_one_that_nothing_else_has() -> None:
    hospitals = ["[Hospital A]", "[Hospital C]"]
    assert named_form(Category.ORGANIZATION, "Ashgrove Hospital", hospitals) == "[Hospital B]"
    assert named_form(Category.ORGANIZATION, "Acme", hospitals) == "[Organization 1]"
    assert named_form(Category.PLACE, "Levanger", ["[Place 1]", "[Place 2]"]) == "[Place 3]"
    taken: list[str] = []
    for _ in range(28):
        taken.append(named_form(Category.ORGANIZATION, "X Clinic", taken))
    assert taken[25:] == ["[Clinic Z]", "[Clinic AA]", "[Clinic AB]"]


@pytest.mark.parametrize(
    ("category", "said", "general"),
    [
        (Category.AGE, "I'm 52", "[in their fifties]"),
        (Category.AGE, "forty-seven years old", "[in their forties]"),
        (Category.AGE, "in her early thirties", "[in their thirties]"),
        (Category.AGE, "nine", "[under 18]"),
        (Category.AGE, "a 19 year old", "[in their late teens]"),
        (Category.AGE, "turned 93", "[90 or older]"),
        (Category.AGE, "a hundred and two years old", "[90 or older]"),
        (Category.AGE, "aged 1950", "[an age]"),
        (Category.AGE, "aged", "[an age]"),
        (Category.PLACE, "Ashgrove Road 14", "[a street]"),
        (Category.PLACE, "Kirkegata 3", "[a street]"),
        (Category.PLACE, "Northern Ireland", "[a region]"),
        (Category.PLACE, "Levanger", "[a place]"),
        (Category.ORGANIZATION, "Ashgrove University", "[a university]"),
        (Category.ORGANIZATION, "Acme", "[an organization]"),
        (Category.CONTACT, "anders.berg@example.org", "[an e-mail address]"),
        (Category.CONTACT, "www.example.org", "[a web address]"),
        (Category.CONTACT, "99 88 77 66", "[a telephone number]"),
        (Category.PERSON, "Berit", "[somebody]"),
    ],
)
def test_general_forms_follow_stated_rules(category: Category, said: str, general: str) -> None:
    assert general_form(category, said) == general


@given(st.sampled_from(Category), st.text(max_size=40))
def test_general_and_removed_forms_are_bracketed_and_hold_nothing_of_what_was_said(
    category: Category, said: str
) -> None:
    for form in (general_form(category, said), removed_form(category)):
        assert form.startswith("[") and form.endswith("]") and "[" not in form[1:]
        words = [word for word in name_words(said) if len(word) > 12]
        assert not any(word in form for word in words)


def test_a_short_name_stands_for_a_longer_one_only_by_a_telling_word() -> None:
    def short(one: str, other: str) -> bool:
        return short_for(name_words(one), name_words(other))

    assert short("Ashgrove", "Ashgrove Medical Centre") and short("Torbjørn's", "Torbjørn Lie")
    assert not short("Hospital", "Ashgrove Hospital"), "every hospital is one"
    assert not short("Will", "Will Ashgrove"), "an everyday word"
    assert not short("Ashgrove", "Ashgrove") and not short("Ashgrove Medical Centre", "Ashgrove")
