import time

import pytest
import regex

from facilitator.privacy.number_patterns import ELEVEN_DIGITS
from facilitator.privacy.patterns import RULES

COMPILED = [(rule, regex.compile(rule.pattern)) for rule in RULES]
PHONE, POSTCODE, LONG = "phone number", "postcode", "long number"


def proposed(text: str) -> dict[str, str]:
    """The rule by what it matched, the surest where several match the same."""
    found: dict[str, str] = {}
    for rule, pattern in sorted(COMPILED, key=lambda one: one[0].score):
        found |= dict.fromkeys((hit[0].strip() for hit in pattern.finditer(text)), rule.name)
    return found


@pytest.mark.parametrize(
    "number",
    [
        *("91234567", "912 34 567", "22 33 44 55", "+47 912 34 567", "0047 91 23 45 67"),  # Norway, Denmark
        *("020 7946 0958", "(020) 7946 0958", "0161 496 0000", "07700 900123", "+44 (0)20 7946 0958"),
        *("212-555-0123", "(212) 555-0123", "650.253.0000", "1-800-555-0199", "604 555 0123", "+1 416 967 1111"),
        *("070-174 06 05", "08-465 004 00", "0701740605", "+46 70 174 06 05"),  # Sweden
        *("030 23125 000", "0171 39200 12", "(030) 901820", "+49 171 3920012", "030/901820 11"),  # Germany
        *("020 624 1111", "06 12345678", "06-12345678", "+31 6 12345678"),  # the Netherlands
        *("01 677 4500", "085 123 4567", "(01) 677 4500", "+353 85 123 4567"),  # Ireland
        *("0412 345 678", "(02) 9374 4000", "02 9374 4000", "+61 412 345 678"),  # Australia
        *("555-0123", "five five five oh one two three"),
    ],
)
def test_telephone_numbers_are_found_whole(number: str) -> None:
    assert proposed(f"call me on {number}, please").get(number, "").startswith(PHONE)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "about 5 000 kroner",
            "100 000 people",
            "10 000 000 kroner",
            "from 10 000 to 20 000",
            "between 2010 and 2014",
        ),
        *("3.5 to 4.5 or 5.5", "it was 0.25 percent", "1, 2, 3, 4, 5", "on 12.05.1980", "at 10.30 or 11.45"),
        *("7 or 8 of 12", "in 2019, 2020 and 2021", "350 000 a year", "in 2010-2014"),
    ],
)
def test_other_numbers_are_no_telephones(text: str) -> None:
    assert not any(name.startswith(PHONE) for name in proposed(text).values())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("SW1A 1AA", "SW1A 1AA"), ("we moved to m1 1ae then", "m1 1ae"), ("it was CR2 6XH", "CR2 6XH")),
        *(("at K1A 0B1 in Ottawa", "K1A 0B1"), ("at 1234 AB in Leiden", "1234 AB"), ("D02 AF30", "D02 AF30")),
        *(("I live in 5020 Bergen", "5020"), ("2050 Jessheim", "2050"), ("2100 København", "2100")),
        *(
            ("to 123 45 Uppsala", "123 45"),
            ("10115 Berlin", "10115"),
            ("N-5020 Bergen", "N-5020"),
            ("D-10115", "D-10115"),
        ),
        *(("Austin, TX 78701", "78701"), ("in Texas 78701-1234", "78701-1234"), ("Sydney NSW 2000", "2000")),
        *(("my postcode is 2010", "2010"), ("zip code 90210", "90210"), ("postnummer 5020", "5020")),
        ("the postcode is five oh two oh", "five oh two oh"),
    ],
)
def test_postcodes_are_found_and_nothing_around_them(text: str, code: str) -> None:
    assert proposed(text).get(code) == POSTCODE


@pytest.mark.parametrize(
    "text",
    [
        *("in 2019 Bergen was", "about 1200 people", "2010 US figures", "2015 GP", "100 20 minutes", "on 2000 Monday"),
        *(
            "we had 4000 I think",
            "5 km and 12 mm",
            "q2 4th",
            "room 1204",
            "2000 EU rules",
            "at 5 pm",
            "FACT 2019",
            "2500 Norwegians",
        ),
    ],
)
def test_other_numbers_are_no_postcodes(text: str) -> None:
    assert POSTCODE not in proposed(text).values()


@pytest.mark.parametrize("number", ["12345678901", "010190 12345", "01.01.90 12345", "01 01 90 12345", "1234.56.78901"])
def test_eleven_digits_are_called_what_they_are(number: str) -> None:
    assert proposed(f"it says {number} here")[number] == ELEVEN_DIGITS


@pytest.mark.parametrize("text", ["1 2 3 4 5 6 7 8 9 10", "100 200 300 400", "112345678901", "1.5.2.3.4"])
def test_other_digits_are_not(text: str) -> None:
    assert ELEVEN_DIGITS not in proposed(text).values()


@pytest.mark.parametrize("spelled", ["K-R-I-S", "k r i s", "K - R - I - S", "K/R/I/S", "K. R. I. S."])
def test_letters_by_themselves_are_found(spelled: str) -> None:
    assert proposed(f"that is {spelled} okay").get(spelled.rstrip(".")) == "spelled out"


@pytest.mark.parametrize("text", ["1 " * 4_000, "0 12-" * 2_000, "five " * 3_000, "A1 " * 4_000, "a/ " * 4_000])
def test_long_runs_take_no_time(text: str) -> None:
    begun = time.process_time()
    proposed(text)
    assert time.process_time() - begun < 5
