import pytest

from facilitator.domain.entities import Category
from facilitator.privacy.language_models import without_torch

with without_torch():
    from facilitator.privacy.national_numbers import (
        NATIONAL_NUMBER,
        is_norwegian_national_number,
        national_number_recognizers,
    )

DRAWN = (3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def with_check_digits(nine: str) -> str:
    digits = [int(char) for char in nine]
    for weights in DRAWN:
        digits.append(-sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11)
    assert 10 not in digits, "no such number is given out"
    return "".join(map(str, digits))


BORN = with_check_digits("010190" + "101")
D_NUMBER = with_check_digits("410190" + "104")
LEAP_DAY = with_check_digits("290200" + "501")


@pytest.mark.parametrize("number", [BORN, D_NUMBER, LEAP_DAY, f"{BORN[:6]} {BORN[6:]}"])
def test_a_day_and_two_check_digits_make_a_national_number(number: str) -> None:
    assert is_norwegian_national_number(number)


@pytest.mark.parametrize("at", range(11))
def test_one_digit_misheard_makes_it_none(at: int) -> None:
    wrong = BORN[:at] + str((int(BORN[at]) + 1) % 10) + BORN[at + 1 :]
    assert not is_norwegian_national_number(wrong)


@pytest.mark.parametrize(
    "number", [with_check_digits("320190104"), with_check_digits("011390103"), BORN[:10], "", "0" * 11]
)
def test_what_is_no_day_is_no_national_number(number: str) -> None:
    assert not is_norwegian_national_number(number)


def found(text: str) -> set[tuple[str, str]]:
    results = [hit for one in national_number_recognizers() for hit in one.analyze(text, one.supported_entities, None)]
    assert all(hit.entity_type == Category.NUMBER.name and hit.score >= 0.5 for hit in results)
    return {(text[hit.start : hit.end], hit.recognition_metadata["recognizer_name"]) for hit in results}


@pytest.mark.parametrize(
    "written",
    [
        BORN,
        f"{BORN[:6]} {BORN[6:]}",
        f"{BORN[:6]}-{BORN[6:]}",
        f"{BORN[:2]}.{BORN[2:4]}.{BORN[4:6]} {BORN[6:]}",
        f"{BORN[:2]} {BORN[2:4]} {BORN[4:6]} {BORN[6:]}",
        f"{BORN[:6]} {BORN[6:9]} {BORN[9:]}",
    ],
)
def test_norwegian_numbers_are_found_as_people_write_them(written: str) -> None:
    assert found(f"it was {written}, I think") == {(written, NATIONAL_NUMBER)}


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("811228-9874", NATIONAL_NUMBER),  # Sweden, the example of its tax agency
        ("131052-308T", NATIONAL_NUMBER),  # Finland, the example of its population register
        ("943 476 5919", "NHS number"),  # the example of the NHS data dictionary
        ("046 454 286", ""),  # Canada's example, which is given to nobody: it begins with 0
        ("130 692 544", "social insurance number"),
    ],
)
def test_numbers_of_other_states_are_found_by_their_check_digits(written: str, rule: str) -> None:
    assert found(f"it was {written}, I think") == ({(written, rule)} if rule else set())


@pytest.mark.parametrize(
    "text", ["811228-9875", "131052-308U", "943 476 5918", "130 692 545", f"9{BORN}", "12345678901"]
)
def test_numbers_that_fail_their_check_are_not_found(text: str) -> None:
    assert found(f"it was {text}, I think") == set()
