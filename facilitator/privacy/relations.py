"""What somebody who was named is to the one who named them: “my colleague Berit” in P2's turn is P2's colleague."""

import re
from collections.abc import Collection
from itertools import count
from typing import Final

_RELATIONS: Final = (
    "colleague|coworker|co-worker|boss|manager|leader|supervisor|husband|wife|partner|spouse|son|daughter|child|brother|"
    "sister|mother|mum|mom|father|dad|grandmother|grandfather|aunt|uncle|cousin|nephew|niece|friend|patient|client|"
    "neighbour|neighbor|boyfriend|girlfriend|teacher|student|doctor|therapist|nurse|psychologist|psychiatrist"
)
_BEFORE: Final = re.compile(rf"(?i)\b(?:my|our)\s+(?:[\w-]+\s+)?({_RELATIONS})(?:,|\s+called|\s+named)?\s+$")
_AFTER: Final = re.compile(rf"(?i)^,\s+(?:who(?:\s+is|['’]s|\s+was)\s+)?(?:my|our)\s+(?:[\w-]+\s+)?({_RELATIONS})\b")
_ONE_EACH: Final = frozenset(("husband", "wife", "partner", "spouse", "mother", "mum", "mom", "father", "dad", "boss"))


def relation(before: str, after: str) -> str:
    """The word for it, in lower case, from the text on both sides of a name; "" where nothing is said."""
    said = _BEFORE.search(before) or _AFTER.search(after)
    return said[1].lower() if said else ""


def related_form(speaker: str, what: str, taken: Collection[str]) -> str:
    """[P2's colleague 1], with the first number that is not in `taken`; what one has one of goes without."""
    names = (f"[{speaker}'s {what}{f' {number}' if number else ''}]" for number in count())
    return next(name for name in names if name not in taken and (what in _ONE_EACH or not name.endswith(f"{what}]")))
