"""Numbers that a state gives to one person, told from other numbers by their check digits.

presidio has the Swedish, Finnish, British and Canadian ones; the Norwegian is ours. What fails the check stays a
proposal under another name (`number_patterns.NUMBERS`): one digit misheard is enough to fail.
"""

from datetime import date
from typing import Final

from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import (
    CaSinRecognizer,
    FiPersonalIdentityCodeRecognizer,
    NhsRecognizer,
    SePersonnummerRecognizer,
)

from facilitator.domain.entities import Category
from facilitator.privacy.number_patterns import ELEVEN

NATIONAL_NUMBER: Final = "national number"
_FIRST_WEIGHTS: Final = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND_WEIGHTS: Final = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_ELEVEN: Final = 11
_D_NUMBER: Final = 40
"""What the day of a D-number is raised by, which people get who are not registered as residents."""
_UNCHECKED: Final = 0.5


def is_norwegian_national_number(written: str) -> bool:
    """Whether the digits in `written` are a Norwegian national number or D-number: a day, and two right check digits.

    Day, month, year of birth, three digits and two that make both weighted sums a multiple of 11, as the Norwegian Tax
    Administration describes it. From 2032 on numbers are given out whose first check digit follows a looser rule; they
    are told from others by nothing here.
    """
    digits = [int(char) for char in written if char.isdecimal()]
    if len(digits) != _ELEVEN:
        return False
    day, month, year = (10 * digits[at] + digits[at + 1] for at in (0, 2, 4))
    try:
        date(2000 + year, month, day - _D_NUMBER if day > _D_NUMBER else day)
    except ValueError:
        return False
    return not any(
        sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % _ELEVEN
        for weights in (_FIRST_WEIGHTS, _SECOND_WEIGHTS)
    )


class NorwegianNumberRecognizer(PatternRecognizer):
    """Eleven digits in any usual grouping, if they are a national number."""

    def __init__(self) -> None:
        super().__init__(
            Category.NUMBER.name, name=NATIONAL_NUMBER, patterns=[Pattern(NATIONAL_NUMBER, ELEVEN, _UNCHECKED)]
        )

    def validate_result(self, pattern_text: str) -> bool:
        """As presidio asks: True makes it sure, False drops it."""
        return is_norwegian_national_number(pattern_text)


def national_number_recognizers() -> tuple[PatternRecognizer, ...]:
    """One for each country, all of `Category.NUMBER`, each of which proposes only what passes its check.

    Their patterns are presidio's where these keep to one way of writing; else one digit in ten would do by chance.
    """
    entity = Category.NUMBER.name
    swedish = Pattern(NATIONAL_NUMBER, r"(?<![\d\-])(?:\d\d)?\d{6}[\-+]?\d{4}(?![\d\-])", _UNCHECKED)
    nhs = Pattern(NATIONAL_NUMBER, r"(?<![\d\-])\d{3} \d{3} \d{4}(?![\d\-])", _UNCHECKED)
    return (
        NorwegianNumberRecognizer(),
        SePersonnummerRecognizer([swedish], supported_entity=entity, name=NATIONAL_NUMBER),
        FiPersonalIdentityCodeRecognizer(
            FiPersonalIdentityCodeRecognizer.PATTERNS[:1], supported_entity=entity, name=NATIONAL_NUMBER
        ),
        NhsRecognizer([nhs], supported_entity=entity, name="NHS number"),
        CaSinRecognizer(CaSinRecognizer.PATTERNS[1:], supported_entity=entity, name="social insurance number"),
    )
