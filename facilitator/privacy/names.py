"""The forms under which a person's name may be spoken."""

import re
from typing import Final

from facilitator.domain.text import fold

_PARTICLES = "af al bin da de del den der di dos du el la le ten ter van von"
_TITLES = "dr prof professor mr mrs ms miss herr fru jr sr phd md"
PARTICLES: Final = frozenset(_PARTICLES.split())
TITLES: Final = frozenset(_TITLES.split())
_SPELLED_OUT: Final = (("å", "aa"), ("ø", "oe"), ("ö", "oe"), ("ä", "ae"), ("ü", "ue"))
_PAIRS: Final = re.compile("aa|oe|ue", re.IGNORECASE)
_LONG: Final = 5
"""In shorter names, such as Sue and Zoe, the second vowel is part of the name."""
_HYPHENS: Final = re.compile(r"[\-\u2010-\u2015]")


def name_forms(name: str) -> tuple[str, ...]:
    """The whole name, each run of its parts, first with last, and each part by itself.

    Particles (van, de), titles and initials never stand alone and never end a form. Parts of a hyphenated part count
    when they have three letters. “Last, First” is put right first. Forms without any capital get one, so that the
    rule for everyday words can work.
    """
    last, comma, first = name.partition(",")
    words = (f"{first} {last}" if comma else name).split()
    parts = [word for word in words if fold(word).strip(".") not in TITLES]
    pieces = [piece for part in parts for piece in _HYPHENS.split(part)]
    forms = (" ".join(parts), *_runs(parts, 2), *(_runs(pieces, 3) if len(pieces) > len(parts) else ()))
    named = [_capitalized(form) for form in forms if _letters(form) > 1]
    return tuple(dict.fromkeys((*named, *(_respelled(form) for form in named))))


def _respelled(form: str) -> str:
    """Håkon as Haakon, Haakon as Hakon (accents are folded later); the form itself where nothing differs."""
    return " ".join(_respelled_word(word) for word in form.split())


def _respelled_word(word: str) -> str:
    spelled = word
    for letter, pair in _SPELLED_OUT:
        spelled = spelled.replace(letter, pair).replace(letter.upper(), pair.capitalize())
    if spelled != word or _letters(word) < _LONG:
        return spelled
    return _PAIRS.sub(lambda pair: pair.group()[0], word)


def _runs(parts: list[str], least: int) -> list[str]:
    """Runs of parts, those of one part with at least `least` letters, and the first part with the last."""
    stands = [_stands(part, 0 < index < len(parts) - 1) for index, part in enumerate(parts)]
    runs = [
        " ".join(parts[start:end])
        for start in range(len(parts))
        for end in range(len(parts), start, -1)
        if stands[end - 1] and (end - start > 1 or (stands[start] and _letters(parts[start]) >= least))
    ]
    alone = [part for part, stand in zip(parts, stands, strict=True) if stand]
    return [*runs, f"{alone[0]} {alone[-1]}"] if len(parts) > 2 and len(alone) > 1 else runs


def _stands(part: str, inner: bool) -> bool:
    """True for a part that can be used by itself. Le and Al are particles only inside a name or in lower case."""
    return _letters(part) > 1 and not (fold(part) in PARTICLES and (inner or part.islower()))


def _letters(text: str) -> int:
    return sum(char.isalpha() for char in text)


def _capitalized(form: str) -> str:
    return form.title() if form == form.lower() else form
