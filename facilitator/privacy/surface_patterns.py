"""The regular expression of one known surface, over folded text."""

import re
from collections.abc import Container, Iterator
from itertools import pairwise
from typing import Final

PART: Final = re.compile(r"[^\W_]+")
_RUN: Final = re.compile(r"[^\W\d_]+|\d+")
NOT_AFTER_LETTER: Final = r"(?<![^\W\d_])"
HIDDEN: Final = "\0"
"""Stands where a longer match was found; no pattern reaches over it."""
_LETTER_APART: Final = rf"(?:[^\w{HIDDEN}]|_){{1,3}}"
SPELLED_OUT: Final = re.compile(rf"(?<![^\W_])[^\W\d_](?:{_LETTER_APART}[^\W\d_]){{2,}}(?![^\W_])")
"""Letters by themselves, three and more: K-R-I-S, k r i s, K - R - I - S, K/R/I/S."""
LEAST_SPELLED: Final = 3
_BETWEEN: Final = rf"(?:[^\w\[\]{HIDDEN}]|_)"
"""What may stand between the parts of a name: no brackets, which replacements have."""
_STOPS: Final = ",;:!?"
_NO_STOP: Final = rf"(?![.{_STOPS}]\s)"
"""Kristin. Haugen are two sentences."""
_NAME_GAP: Final = re.compile(r"[\s\-\u2010-\u2015_'\u2019.]*")
_HYPHEN: Final = re.compile(r"\s*[\-\u2010-\u2015'\u2019]\s*")
_JOINED: Final = 8
"""Letters from which a spaced name may also stand joined (KristinHaugen): shorter ones collide with words."""
_LONGEST_GAP: Final = 4


def squeezed(text: str) -> str:
    """Only the letters and digits of a folded text."""
    return "".join(PART.findall(text))


def surface_pattern(surface: str) -> str:
    """A pattern that matches `surface`, folded and with at least one letter or digit, as a whole word.

    White space and hyphens between its parts are interchangeable. A possessive ending, or a bare genitive s after
    two letters, may follow and is no part of the match. Digits beside a name do not make it another word
    (kristin82), but they do beside a number.
    """
    parts = list(PART.finditer(surface))
    length = len(squeezed(surface))
    pieces = [_opening(surface[: parts[0].start()].strip(), parts[0][0]), re.escape(parts[0][0])]
    for before, after in pairwise(parts):
        gap = surface[before.end() : after.start()]
        pieces += (_between(gap, before[0], after[0], length), re.escape(after[0]))
    return "".join(pieces) + _ending(parts[-1][0])


def _opening(lead: str, first: str) -> str:
    boundary = NOT_AFTER_LETTER if first[0].isalpha() else r"(?<![^\W_])"
    return boundary + (f"(?:{re.escape(lead)})?" if lead else "")


def _ending(last: str) -> str:
    if not last[-1].isalpha():
        return r"(?![^\W_])"
    return r"(?=s?(?![^\W\d_]))" if len(last) > 1 else r"(?![^\W\d_])"


def _between(gap: str, before: str, after: str, length: int) -> str:
    before, after = _RUN.findall(before)[-1], _RUN.findall(after)[0]
    most = max(_LONGEST_GAP, len(gap) + 2)
    if before.isdigit() and after.isdigit():
        return rf"{_BETWEEN}{{{int(not _HYPHEN.fullmatch(gap) and length < _JOINED)},{most}}}"
    joinable = bool(_HYPHEN.fullmatch(gap)) or length >= _JOINED or before.isdigit() != after.isdigit()
    if any(stop in gap for stop in _STOPS) and before.isalpha() and after.isalpha():
        return rf"(?=[^\w\[\]]{{0,{_LONGEST_GAP - 1}}}[{_STOPS}]){_BETWEEN}{{1,{_LONGEST_GAP}}}"
    if not _NAME_GAP.fullmatch(gap):
        return rf"{_BETWEEN}{{{int(not joinable)},{most}}}"
    if len(before) == 1:
        return rf"{_BETWEEN}{{0,{_LONGEST_GAP}}}"
    no_stop = "" if "." in gap else _NO_STOP  # St. Olav, Mt. Sinai
    return rf"{no_stop}{_BETWEEN}{{{int(not joinable)},{_LONGEST_GAP}}}"


def spelled_names(text: str, names: Container[str], longest: int) -> Iterator[tuple[int, int, str]]:
    """(start, end, name) of each of `names` that is spelled out in a folded text, the longest at each place.

    They may overlap. `longest` is the most letters that a name has.
    """
    for run in SPELLED_OUT.finditer(text):
        places = [at for at in range(run.start(), run.end()) if text[at].isalpha()]
        letters = "".join(text[at] for at in places)
        for first in range(len(letters) - LEAST_SPELLED + 1):
            ends = range(min(len(letters), first + longest), first + LEAST_SPELLED - 1, -1)
            end = next((end for end in ends if letters[first:end] in names), None)
            if end is not None:
                yield places[first], places[end - 1] + 1, letters[first:end]
