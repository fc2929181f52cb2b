"""Dates as people say them: how coarse they can be put, and the same date some days later.

A date shifts by the same number of days everywhere in a study, so that what lies between two events stays true; whole
weeks keep the weekday.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from facilitator.domain.text import fold

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NORWEGIAN: Final = "januar februar mars april mai juni juli august september oktober november desember"
_NUMBERS: Final = {
    **{name.lower(): number for number, name in enumerate(_MONTHS, 1)},
    **{name: number for number, name in enumerate(_NORWEGIAN.split(), 1)},
}
_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
)
_DAYS: Final = {name: number for number, name in enumerate(_ORDINALS.split(), 1)}
_ISO: Final = re.compile(r"(?P<year>(?:19|20)\d\d)-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_EUROPEAN: Final = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:19|20)?\d\d)")
_MONTH: Final = re.compile(rf"\b({'|'.join(_NUMBERS)})\b")
_DAY_WORDS: Final = "|".join(sorted(_DAYS, key=len, reverse=True))
_DAY: Final = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|\.)?(?!\d)|\b({_DAY_WORDS})\b")
_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_ANY_YEAR: Final = 2021
"""Stands for the year of a date that has none; no leap year."""
_MIDDLE_DAY, _MIDDLE_MONTH = 15, 7
_EARLY, _MID = 4, 8


@dataclass(frozen=True, slots=True)
class SpokenDate:
    """What a date says: day 1 to 31, month 1 to 12 and year, each None where it does not say it.

    `month_first` and `numeric` (the sign between the numbers) are how it was said.
    """

    day: int | None
    month: int | None
    year: int | None
    month_first: bool = False
    numeric: str = ""


def spoken_date(text: str) -> SpokenDate | None:
    """The date in `text`, English or Norwegian, or None. Of 3/4/2021 only the year is certain."""
    plain = re.sub(r"\b(twenty|thirty)\s+", r"\1-", fold(text))
    for pattern, sign in ((_ISO, "-"), (_EUROPEAN, ".")):
        if found := pattern.search(plain):
            day, month, year = (int(found[part]) for part in ("day", "month", "year"))
            return SpokenDate(day, month, year if year > 99 else 2000 + year, numeric=sign) if month <= 12 else None
    year_said = _YEAR.search(plain)
    year_or_none = int(year_said[1]) if year_said else None
    named = _MONTH.search(plain)
    if named is None:
        return SpokenDate(None, None, year_or_none) if year_or_none else None
    day_said = _DAY.search(plain[: year_said.start()] if year_said else plain)
    day_or_none = (int(day_said[1]) if day_said[1] else _DAYS[day_said[2]]) if day_said else None
    first = day_said is not None and named.start() < day_said.start()
    return SpokenDate(day_or_none, _NUMBERS[named[1]], year_or_none, month_first=first)


def general_date(text: str) -> str:
    """As coarse as a third of a year, or a decade where only the year was said: early 2021, the 2020s, a date."""
    said = spoken_date(text)
    if said is None:
        return "a date"
    if said.month is None:
        return f"the {(said.year or _ANY_YEAR) // 10}0s"
    part = "early" if said.month <= _EARLY else "mid" if said.month <= _MID else "late"
    if said.year is None:
        return {"early": "early in the year", "mid": "mid-year", "late": "late in the year"}[part]
    return f"mid-{said.year}" if part == "mid" else f"{part} {said.year}"


def shifted_date(text: str, days: int) -> str | None:
    """The date `days` later, said as exactly and in the same order as in `text`.

    None where that has no date, only a year, or would say the same: what has to change is not the year.
    """
    said = spoken_date(text)
    if said is None or said.month is None:
        return None
    try:
        here = date(said.year or _ANY_YEAR, said.month or _MIDDLE_MONTH, said.day or _MIDDLE_DAY)
        then = here + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    same = (said.day in (None, then.day), said.month == then.month, said.year in (None, then.year))
    if all(same):
        return None
    if said.numeric == "-":
        return then.isoformat()
    if said.numeric == ".":
        return f"{then.day}.{then.month}.{then.year}"
    month = _MONTHS[then.month - 1] if said.month else ""
    day = str(then.day) if said.day else ""
    year = str(then.year) if said.year else ""
    parts = (month, day, year) if said.month_first else (day, month, year)
    return " ".join(part for part in parts if part)
