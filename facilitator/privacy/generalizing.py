"""What stands for an identifier: a name of its own ([Hospital A]), its general form ([a hospital]), or its kind."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import count
from typing import Final

from facilitator.domain.entities import Category
from facilitator.domain.text import fold
from facilitator.privacy.common_words import is_common
from facilitator.privacy.dates import general_date

_HEADS: Final = (
    ("University hospital", r"university hospital|universitetss[yj]u?kehus"),
    ("Hospital", r"hospital|\w*s(?:y|ju)kehus"),
    ("Nursing home", r"nursing home|care home|\w*s(?:y|ju)kehjem"),
    ("Clinic", r"clinic|\w*klinikk|dps|surgery|legesenter|legevakt"),
    ("Centre", r"centre|center|\w*senter"),
    ("Kindergarten", r"kindergarten|nursery|\w*barnehage"),
    ("University", r"university|universitet"),
    ("College", r"college|h.gskole|academy|institute"),
    ("School", r"school|\w*skole|\w*skule"),
    ("Ward", r"ward|unit|department|\w*avdeling"),
    ("Municipality", r"municipality|\w*kommune|council"),
    ("Church", r"church|\w*kirke|parish"),
    ("Health trust", r"trust|helseforetak|hf"),
    ("Company", r"company|limited|ltd|inc|corporation|asa?|bakery|factory|shipyard|brewery|logistics|transport"),
)
"""Kinds of institutions by a word of their names, the more particular first; folded."""
_HEAD_PATTERNS: Final = tuple((noun, re.compile(rf"\b(?:{words})(?:et|en|s)?\b")) for noun, words in _HEADS)
_COUNTRIES_AND_REGIONS: Final = re.compile(
    r"\b(?:north|south|east|west|northern|southern|eastern|western|county|region|coast|valley|province|district)\b"
)
_STREET: Final = re.compile(r"(?:\b(?:street|road|avenue|lane)|(?:gata|gaten|gate|veien|vegen|vei|veg))\b")
_CONTACTS: Final = (
    ("an e-mail address", r"@|\bat\b.*\bdot\b|alfa"),
    ("a web address", r"://|www|\.\w{2,4}\b|\bdot\b"),
)
_UNIT_WORDS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
seventeen eighteen nineteen"
)
_TEN_WORDS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_DECADES: Final = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties")
_UNITS: Final = _UNIT_WORDS.split()
_TENS: Final = _TEN_WORDS.split()
_ADULT, _TWENTY, _VERY_OLD = 18, 20, 90
_FEW_LETTERS: Final = 3


def named_form(category: Category, surface: str, taken: Collection[str]) -> str:
    """A name that is not in `taken`: [Hospital A] for an institution of a known kind, else [Place 3]."""
    noun = institution(surface) if category is Category.ORGANIZATION else None
    names = (f"[{noun} {_letters(index)}]" if noun else f"[{category.label} {index + 1}]" for index in count())
    return next(name for name in names if name not in taken)


def general_form(category: Category, surface: str) -> str:
    """What an identifier is one of, in brackets; what says too much in itself becomes coarser.

    Ages by decade, under 18, and 90 or older (as 45 CFR 164.514(b)(2)(i)(C) demands of ages over 89); dates by third of
    a year; institutions, streets and regions by their kind.
    """
    return f"[{_general(category, surface)}]"


def removed_form(category: Category) -> str:
    """Only which kind of identifier it was."""
    return "[identifier removed]" if category is Category.OTHER else f"[{category.value} removed]"


def institution(surface: str) -> str | None:
    """Which kind of institution a name says it is, such as Hospital."""
    plain = fold(surface)
    return next((noun for noun, pattern in _HEAD_PATTERNS if pattern.search(plain)), None)


def short_for(short: Sequence[str], long: Sequence[str]) -> bool:
    """Whether `short`, the words of a name, may stand for the name of the words `long`: Ashgrove for Ashgrove Hospital.

    All its words are in the longer name, and one of them is no everyday word and no kind of institution.
    """
    if len(short) >= len(long) or not all(word in long for word in short):
        return False
    return any(len(word) > _FEW_LETTERS and not is_common(word) and institution(word) is None for word in short)


@lru_cache(maxsize=1 << 12)
def name_words(surface: str) -> tuple[str, ...]:
    """The words of a name, folded, without a possessive ending."""
    return tuple(re.findall(r"\w+", re.sub(r"['’]s\b", "", fold(surface))))


def _general(category: Category, surface: str) -> str:
    plain = fold(surface)
    match category:
        case Category.PERSON:
            return "somebody"
        case Category.ORGANIZATION:
            noun = institution(surface)
            return _with_article(noun.lower()) if noun else "an organization"
        case Category.PLACE:
            return (
                "a street"
                if _STREET.search(plain)
                else "a region"
                if _COUNTRIES_AND_REGIONS.search(plain)
                else "a place"
            )
        case Category.DATE:
            return general_date(surface)
        case Category.AGE:
            return general_age(surface)
        case Category.CONTACT:
            return next((what for what, pattern in _CONTACTS if re.search(pattern, plain)), "a telephone number")
        case Category.NUMBER:
            return "a number"
        case Category.OTHER:
            return "a detail"


def general_age(surface: str) -> str:
    """The decade of an age in digits or English words: in their forties; “an age” where none is understood."""
    plain = fold(surface)
    if decade := next((name for name in _DECADES if name in plain), None):
        return f"in their {decade}"
    years = _number(plain)
    if years is None:
        return "an age"
    if years < _ADULT:
        return "under 18"
    if years < _TWENTY:
        return "in their late teens"
    return "90 or older" if years >= _VERY_OLD else f"in their {_DECADES[years // 10 - 2]}"


def _number(plain: str) -> int | None:
    """The first number from 0 to 999 in digits or English words."""
    if digits := re.search(r"(?<!\d)\d{1,3}(?!\d)", plain):
        return int(digits[0])
    words = re.findall(r"[a-z]+", plain)
    if "hundred" in words:
        return 100
    for at, word in enumerate(words):
        if word in _TENS:
            unit = words[at + 1] if at + 1 < len(words) else ""
            return (_TENS.index(word) + 2) * 10 + (_UNITS.index(unit) if unit in _UNITS[1:10] else 0)
        if word in _UNITS:
            return _UNITS.index(word)
    return None


def _letters(index: int) -> str:
    """A to Z, then AA, AB …"""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"
