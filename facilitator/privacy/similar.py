"""Names that sound alike, and initials: Whisper hears Kristin as Kristen, Kris as Chris and Anders as Enders."""

import re
from collections.abc import Iterable
from typing import Final, Protocol

from facilitator.domain.entities import Category
from facilitator.domain.spans import Span
from facilitator.domain.text import fold
from facilitator.privacy.everyday_names import EverydayNames, has_capitals
from facilitator.privacy.recognizers import Finding
from facilitator.privacy.surfaces import KnownSurface

ALIKE: Final = 80.0
"""Least similarity, 0 to 100, of two spellings by sound; Kristen and Kristin reach 85, Karen and Kristin 50."""
RULE: Final = "sounds like a name of the roster"
INITIALS_RULE: Final = "initials of a name of the roster"
EVERYDAY_RULE: Final = "name of the roster, or the word"
BY_PLACE_RULE: Final = "name of the roster, by the words around it"
ROSTER_RULES: Final = frozenset((RULE, INITIALS_RULE, EVERYDAY_RULE, BY_PLACE_RULE))
_INITIALS: Final = re.compile(
    r"(?<![\w.'’])(?:(?:[^\W\d_]\.\s?){1,3}[^\W\d_]\b|[^\W\d_]{2,3}\b|[^\W\d_]\s[^\W\d_]\b)(?!['’])"
)
"""K. H., k.h, KH, kh, k h."""
_OTHER: Final = "am pm eg ie us uk eu un tv"
_OTHER_SENSES: Final = frozenset(_OTHER.split())
_WORDS: Final = (
    "an as at be by do go he if in is it me my no of oh ok on or so to um up us we and are but can did for had has"
)
_SMALL_WORDS: Final = frozenset(_WORDS.split())
"""No initials where they are written as words are."""
_DIGRAPHS: Final = (("sch", "s"), ("ch", "k"), ("ck", "k"), ("ph", "f"), ("th", "t"))
_LETTERS: Final = (("c", "k"), ("z", "s"), ("w", "v"))
_VOWELS: Final = frozenset("aeiouy")
_CAPITALIZED: Final = re.compile(r"\b[^\W\d_a-z]\w{2,}")


class Finder(Protocol):
    """Proposes identifiers in a text."""

    def find(self, text: str) -> tuple[Finding, ...]: ...


class AlikeNames:
    """Adds to another finder's proposals each capitalized word that sounds like a name of the roster, and initials.

    Also names of the roster that are everyday words, in lower case: where a text has no capitals, each of them (Pål,
    written pal); else where the words around one speak for a name, and with these (`EverydayNames`).
    """

    def __init__(self, finder: Finder, known: Iterable[KnownSurface]) -> None:
        self._finder = finder
        names = tuple(known)
        self._names = [name for name in names if " " not in name.surface.strip()]
        self._everyday = EverydayNames(name.surface for name in self._names)
        self._initials = {letters for name in names if len(letters := _initials(name.surface)) > 1} - _OTHER_SENSES

    def find(self, text: str) -> tuple[Finding, ...]:
        """The other finder's proposals and ours, in text order; ours give way where both overlap."""
        found = list(self._finder.find(text))
        for word in _CAPITALIZED.finditer(text):
            span = Span(*word.span())
            if not any(span.overlaps(other.span) for other in found) and sounds_like(word.group(), self._names):
                found.append(Finding(span, Category.PERSON, RULE, ALIKE / 100))
        for letters in _INITIALS.finditer(text):
            span = Span(*letters.span())
            joined = fold("".join(char for char in letters[0] if char.isalpha()))
            if joined in self._initials and (len(letters[0]) > len(joined) or joined not in _SMALL_WORDS):
                found.append(Finding(span, Category.PERSON, INITIALS_RULE, ALIKE / 100))
        if has_capitals(text):
            for span in self._everyday.by_place(text):
                if not any(span.overlaps(other.span) for other in found):
                    found.append(Finding(span, Category.PERSON, BY_PLACE_RULE, ALIKE / 100))
        else:  # capitals tell nothing here
            places = self._everyday.alone(text)
            found += [Finding(span, Category.PERSON, EVERYDAY_RULE, ALIKE / 100) for span in places]
        return tuple(sorted(found, key=lambda finding: finding.span))


def _initials(name: str) -> str:
    return fold("".join(word[0] for word in re.split(r"[\s\-]+", name.strip()) if word))


def sounds_like(surface: str, known: Iterable[KnownSurface]) -> KnownSurface | None:
    """The known name that `surface` most resembles word by word, or None.

    Every word of `surface` has to resemble a word of the name in turn. A proposal for a person to decide, no match.
    """
    from rapidfuzz import fuzz

    words = [_by_sound(word) for word in fold(surface).split()]
    best: tuple[float, KnownSurface | None] = (0.0, None)
    for candidate in known:
        parts = [_by_sound(part) for part in fold(candidate.surface).split()]
        if not words or len(parts) != len(words) or min(map(len, (*words, *parts))) < 3:
            continue
        pairs = list(zip(words, parts, strict=True))
        if not all(_begin_alike(word, part) for word, part in pairs):
            continue
        score = min(fuzz.ratio(word, part) for word, part in pairs)
        if score >= ALIKE and score > best[0]:
            best = (score, candidate)
    return best[1]


def _begin_alike(one: str, other: str) -> bool:
    return one[0] == other[0] or {one[0], other[0]} <= _VOWELS


def _by_sound(word: str) -> str:
    for spelling, sound in (*_DIGRAPHS, *_LETTERS):
        word = word.replace(spelling, sound)
    return "".join(
        char for index, char in enumerate(word) if char.isalnum() and (index == 0 or word[index - 1] != char)
    )
