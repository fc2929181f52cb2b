import random
import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where the benchmarks lie

from benchmarks import pseudonymization_figures as figures
from benchmarks import pseudonymization_forms as forms
from benchmarks.pseudonymization_cast import Kind
from benchmarks.pseudonymization_corpus import DEVELOPMENT, STYLES, TEST, Document, corpus, document
from benchmarks.pseudonymization_names import EVERYDAY, FIRST, LAST
from benchmarks.pseudonymization_places import REGIONS, SMALL, TOWNS
from facilitator.domain.entities import PassageKind


@cache
def some(seeds: tuple[int, ...] = (*DEVELOPMENT[:10], *TEST[:10])) -> tuple[Document, ...]:
    return tuple(corpus(seeds))


def written(document: Document) -> list[tuple[str, str, str]]:
    """(form, category, text) of every mention."""
    texts = {passage.ref: passage.text for passage in document.passages}
    return [
        (mention.form, entity.category, texts[mention.ref][mention.span.start : mention.span.end])
        for entity in document.entities
        for mention in entity.mentions
    ]


def test_there_are_at_least_sixty_documents_and_no_seed_is_in_both_halves() -> None:
    assert len(DEVELOPMENT) + len(TEST) >= 60
    assert not set(DEVELOPMENT) & set(TEST)


def test_a_seed_gives_the_same_document_whatever_ran_before() -> None:
    before = document(3)
    document(8)
    assert document(3) == before
    assert document(5) != before


def test_the_pools_are_wide_and_name_nobody_twice() -> None:
    assert len(FIRST) >= 150 and len(LAST) >= 200
    assert len({*TOWNS, *SMALL, *REGIONS}) >= 120
    for pool in (FIRST, LAST, TOWNS, SMALL, REGIONS):
        assert len(set(pool)) == len(pool)


def test_a_document_is_a_group_with_a_roster_a_moderator_and_many_turns() -> None:
    for one in some():
        turns = [passage for passage in one.passages if passage.kind is PassageKind.SEGMENT]
        assert 60 <= len(turns) <= 120
        assert 5 <= len(one.identities) <= 9 and one.identities[-1].number == "M"
        assert len({identity.name.split()[0] for identity in one.identities}) == len(one.identities)
        assert len({passage.ref for passage in one.passages}) == len(one.passages)
        assert all(passage.text == " ".join(passage.text.split()) != "" for passage in one.passages)


def test_every_mention_stands_where_it_says_and_within_its_reach() -> None:
    for one in some():
        texts = {passage.ref: passage.text for passage in one.passages}
        for entity in one.entities:
            assert entity.mentions
            for mention in entity.mentions:
                assert 0 <= mention.reach.start <= mention.span.start < mention.span.end <= mention.reach.end
                assert mention.reach.end <= len(texts[mention.ref])
                surface = texts[mention.ref][mention.span.start : mention.span.end]
                assert surface == surface.strip() and any(char.isalnum() for char in surface)


def test_mentions_of_one_passage_do_not_overlap() -> None:
    for one in some():
        mentions = [mention for entity in one.entities for mention in entity.mentions]
        for mention in mentions:
            others = [other for other in mentions if other.ref == mention.ref and other is not mention]
            assert not any(mention.reach.overlaps(other.reach) for other in others)


def test_whole_names_of_the_roster_never_stand_unmarked() -> None:
    for one in some():
        marked = {(m.ref, m.span.start) for entity in one.entities for m in entity.mentions}
        for identity in one.identities:
            for passage in one.passages:
                at = passage.text.lower().find(identity.name.lower())
                assert at < 0 or (passage.ref, at) in marked


def test_all_forms_of_known_names_and_all_kinds_of_identifiers_are_planted() -> None:
    found = [mention for one in some() for mention in written(one)]
    assert {form for form, _, _ in found} >= {
        *(
            "first",
            "last",
            "whole name",
            "alias",
            "lower",
            "upper",
            "no accents",
            "respelled",
            "possessive",
            "genitive",
        ),
        *("initials", "spelled out", "mail", "spoken mail", "misheard", "broken off", "with a title", "in short"),
    }
    assert {category for _, category, _ in found} >= {
        *("person", "third person", "given place", "given organization", "contact", "town", "small", "region"),
        *("hospital", "clinic", "school", "employer", "street", "postcode", "phone", "email", "url", "date", "year"),
        *("age", "national", "role", "family", "illness", "award", "workplace", "country"),
    }


def test_rosters_of_tests_hold_no_name_of_those_of_development() -> None:
    def names(seeds: tuple[int, ...]) -> set[str]:
        return {identity.name.split()[0] for one in corpus(seeds) for identity in one.identities} - set(EVERYDAY)

    assert not names(DEVELOPMENT[:10]) & names(TEST[:10])


def test_the_styles_follow_each_other_and_lower_case_documents_have_no_capital_in_their_turns() -> None:
    assert {one.style for one in some()} == set(STYLES)
    for one in some():
        turns = "".join(passage.text for passage in one.passages if passage.kind is PassageKind.SEGMENT)
        assert (turns == turns.lower()) == (one.style == "lower")


def test_everyday_words_that_are_names_stand_only_with_a_capital() -> None:
    for one in some():
        everyday = {str(person.number) for person in one.identities if person.name.split()[0] in EVERYDAY}
        texts = {passage.ref: passage.text for passage in one.passages}
        for entity in one.entities:
            if entity.id in everyday:
                assert all(texts[m.ref][m.span.start].isupper() for m in entity.mentions)


def test_known_direct_entities_are_people_and_their_addresses() -> None:
    for one in some():
        for entity in one.entities:
            if entity.known:
                assert (entity.kind is Kind.DIRECT) == (entity.category in ("person", "contact"))


@pytest.mark.parametrize("seed", range(30))
def test_mishearings_are_others_than_the_name(seed: int) -> None:
    chance = random.Random(seed)
    for name in ("Kristin", "Ragnhild", "Anders", "Wanjiru", "Håkon"):
        heard = forms.misheard(name, chance)
        assert heard != name and heard[0].isupper()


def test_known_spellings() -> None:
    chance = random.Random(1)
    assert forms.plain("Håkon Sæbø") == "Hakon Saebo"
    assert forms.respelled("Håkon Ødegård") == "Haakon Oedegaard"
    assert forms.spoken("kristin.haugen@gmail.com") == "kristin dot haugen at gmail dot com"
    assert forms.initials("Ingrid Tangen", chance) == ""  # IT would be a word
    assert "Kristin".startswith(forms.broken_off("Kristin", chance))
    assert forms.broken_off("Pål", chance) == ""
    assert set("kristin") == set(forms.letters("Kristin", chance).lower()) - set(" -")


def test_national_numbers_have_right_check_digits() -> None:
    chance = random.Random(2)
    for _ in range(50):
        number = figures.a_national_number(chance)
        digits = [int(char) for char in number if char.isdigit()]
        if digits:
            assert len(digits) == 11
            first = sum(w * d for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), digits, strict=False))
            second = sum(w * d for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), digits, strict=True))
            assert first % 11 == 0 and second % 11 == 0
        else:
            assert len(number.split()) == 11


def test_an_address_of_two_last_names_takes_the_last() -> None:
    chance = random.Random(3)
    boxes = {forms.mailbox("Åse", "Bakke Sæbø", chance) for _ in range(20)}
    assert boxes == {"ase.saebo", "ase_saebo", "asaebo", "asesaebo"}


def test_numbers_in_words() -> None:
    assert figures.in_words(51) == "fifty-one"
    assert [figures.ordinal(day) for day in (1, 12, 20, 22, 25)] == [
        *("first", "twelfth", "twentieth", "twenty-second", "twenty-fifth")
    ]
    assert figures.year_in_words(1998) == "nineteen ninety-eight"
    assert figures.year_in_words(2008) == "two thousand and eight"
