"""Names that sound alike: Whisper hears Kristin as Kristen and Kris as Chris."""

from collections.abc import Iterable
from typing import Final

from facilitator.domain.text import fold
from facilitator.privacy.surfaces import KnownSurface

ALIKE: Final = 80.0
"""Least similarity, 0 to 100, of two spellings by sound; Kristen and Kristin reach 85, Karen and Kristin 50."""

_DIGRAPHS: Final = (("sch", "s"), ("ch", "k"), ("ck", "k"), ("ph", "f"), ("th", "t"))
_LETTERS: Final = (("c", "k"), ("z", "s"), ("w", "v"))


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
        score = min(fuzz.ratio(word, part) for word, part in zip(words, parts, strict=True))
        if score >= ALIKE and score > best[0]:
            best = (score, candidate)
    return best[1]


def _by_sound(word: str) -> str:
    for spelling, sound in (*_DIGRAPHS, *_LETTERS):
        word = word.replace(spelling, sound)
    return "".join(
        char for index, char in enumerate(word) if char.isalnum() and (index == 0 or word[index - 1] != char)
    )
