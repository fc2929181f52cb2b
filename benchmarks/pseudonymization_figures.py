"""Numbers that identify, as they are written and as they are said: ages, dates, years, phones, national numbers."""

import random
from typing import Final

_ONES_IN_WORDS: Final = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
_ONES: Final = _ONES_IN_WORDS.split()
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS: Final = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth"}
_ORDINALS_2: Final = {"nine": "ninth", "twelve": "twelfth"}
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)


def in_words(number: int) -> str:
    """0 to 99 in words: fifty-one."""
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")


def ordinal(number: int) -> str:
    """1 to 31 in words: twenty-first."""
    head, dash, last = in_words(number).rpartition("-")
    spelled = (_ORDINALS | _ORDINALS_2).get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return head + dash + spelled


def year_in_words(year: int) -> str:
    """1950 to 2024 as said: nineteen ninety-eight, two thousand and eight, twenty nineteen."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {in_words(rest)}" if rest else "")
    return f"{in_words(century)} {in_words(rest)}" if rest else f"{in_words(century)} hundred"


def a_year(chance: random.Random) -> str:
    """A year of somebody's life: mostly digits."""
    year = chance.randint(1961, 2023)
    return str(year) if chance.random() < 0.7 else year_in_words(year)


def a_date(chance: random.Random) -> str:
    """An exact date, with or without its year."""
    day, month, year = chance.randint(1, 28), chance.choice(MONTHS), chance.randint(1995, 2023)
    suffix = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(day, "th")
    return chance.choice(
        (
            f"{day}{suffix} of {month} {year}",
            f"{day} {month} {year}",
            f"{month} {day}{suffix}",
            f"{month} {day}, {year}",
            f"{day:02}.{MONTHS.index(month) + 1:02}.{year}",
            f"{ordinal(day)} of {month}",
            f"{ordinal(day)} of {month} {year_in_words(year)}",
            f"{month} the {ordinal(day)}",
        )
    )


def an_age(chance: random.Random, least: int = 19, most: int = 79) -> str:
    """Years of age, in digits or words, without the word years."""
    age = chance.randint(least, most)
    return str(age) if chance.random() < 0.5 else in_words(age)


def a_phone(chance: random.Random) -> str:
    """Eight digits as in Norway, in groups, with the code of the country, or said."""
    digits = [4, *(chance.randint(0, 9) for _ in range(7))]
    text = "".join(map(str, digits))
    pairs = [text[at : at + 2] for at in range(0, 8, 2)]
    said = [in_words(int(pair)) if pair[0] != "0" else f"oh {in_words(int(pair[1]))}" for pair in pairs]
    return chance.choice(
        (
            text,
            " ".join(pairs),
            f"{text[:3]} {text[3:5]} {text[5:]}",
            f"+47 {' '.join(pairs)}",
            " ".join(in_words(digit) for digit in digits),
            ", ".join(in_words(digit) for digit in digits),
            " ".join(said),
        )
    )


def a_national_number(chance: random.Random) -> str:
    """A Norwegian national identity number whose two check digits are right (Skatteetaten's weights, modulo 11)."""
    while True:
        day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(40, 99)
        digits = [int(char) for char in f"{day:02}{month:02}{year:02}{chance.randint(0, 499):03}"]
        for weights in (_FIRST_WEIGHTS, _SECOND_WEIGHTS):
            digits.append(-sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11)
        if 10 not in digits:
            text = "".join(map(str, digits))
            return chance.choice((text, f"{text[:6]} {text[6:]}", " ".join(in_words(digit) for digit in digits)))


_FIRST_WEIGHTS: Final = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_SECOND_WEIGHTS: Final = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
