import pytest

from facilitator.domain.entities import Category
from facilitator.privacy.ignoring import glossary_terms, ignored, in_glossary


@pytest.mark.parametrize(
    "surface", ["3rd of May", "sept 2019", "12. mai", "i august", "den 3. märz", "maart", "le 5 février", "2 de enero"]
)
def test_a_month_makes_a_date_in_every_language_that_is_read(surface: str) -> None:
    assert not ignored(surface, Category.DATE)


@pytest.mark.parametrize("surface", ["today", "last week", "two weeks", "every Tuesday", "the 90's", "twenty percent"])
def test_days_and_durations_are_no_dates(surface: str) -> None:
    assert ignored(surface, Category.DATE)


@pytest.mark.parametrize("surface", ["P3", "[Place 1]", "um", "IMR", "40", "…"])
def test_labels_fillers_terms_and_numbers_identify_nobody(surface: str) -> None:
    assert ignored(surface, Category.PERSON)


def test_a_glossary_covers_its_terms_parts_and_abbreviations() -> None:
    terms = glossary_terms(["Illness Management and Recovery", "Coping Skills"])
    assert all(in_glossary(one, terms) for one in ("IMR", "the Illness Management", "coping  skills"))
    assert not any(in_glossary(one, terms) for one in ("CS", "Skillsby", "Management of Illness"))
