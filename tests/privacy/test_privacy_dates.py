from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.privacy.dates import SpokenDate, general_date, shifted_date, spoken_date


@pytest.mark.parametrize(
    ("said", "day", "month", "year"),
    [
        ("14 March", 14, 3, None),
        ("the 14th of March 2021", 14, 3, 2021),
        ("March 14th, 2021", 14, 3, 2021),
        ("fourteenth of March", 14, 3, None),
        ("the twenty first of June", 21, 6, None),
        ("14. mars 2021", 14, 3, 2021),
        ("March 2020", None, 3, 2020),
        ("2019", None, None, 2019),
        ("14.3.2021", 14, 3, 2021),
        ("2021-03-14", 14, 3, 2021),
        ("14.03.21", 14, 3, 2021),
    ],
)
def test_dates_are_read_as_they_are_said(said: str, day: int | None, month: int | None, year: int | None) -> None:
    found = spoken_date(said)
    assert found is not None and (found.day, found.month, found.year) == (day, month, year)


def test_what_is_no_date_is_none() -> None:
    assert spoken_date("next week") is None
    assert spoken_date("14.13.2021") is None
    assert shifted_date("next week", 70) is None
    assert shifted_date("31 February 2021", 70) is None, "a slip of the tongue is not made a date"
    assert shifted_date("2019", 14) is None, "it would say the same year"
    assert shifted_date("3/4/2021", 70) is None and shifted_date("March 2021", 7) is None
    assert spoken_date("3/4/2021") == SpokenDate(None, None, 2021), "two countries read it in two ways"


@pytest.mark.parametrize(
    ("said", "general"),
    [
        ("14 March 2021", "early 2021"),
        ("5.8.2021", "mid-2021"),
        ("December 2021", "late 2021"),
        ("14 March", "early in the year"),
        ("2019", "the 2010s"),
        ("in two thousand and nineteen", "a date"),
    ],
)
def test_dates_become_thirds_of_a_year_and_years_decades(said: str, general: str) -> None:
    assert general_date(said) == general


@pytest.mark.parametrize(
    ("said", "later"),
    [
        ("14 March 2021", "28 March 2021"),
        ("March 14th, 2021", "March 28 2021"),
        ("14.3.2021", "28.3.2021"),
        ("2021-12-24", "2022-01-07"),
        ("24 December", "7 January"),
    ],
)
def test_a_shifted_date_is_said_as_exactly_and_in_the_same_order(said: str, later: str) -> None:
    assert shifted_date(said, 14) == later


@given(
    st.dates(date(1950, 1, 1), date(2049, 12, 31)),
    st.integers(-52, 52).filter(bool),
    st.sampled_from(["{0:%d %B %Y}", "{0}"]),
)
def test_a_shift_by_weeks_keeps_the_weekday_and_what_lies_between(day: date, weeks: int, form: str) -> None:
    shifted = shifted_date(form.format(day), 7 * weeks)
    found = spoken_date(shifted or "")
    assert found and found.day and found.month and found.year
    then = date(found.year, found.month, found.day)
    assert then - day == timedelta(weeks=weeks) and then.weekday() == day.weekday()
