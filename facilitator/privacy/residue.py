"""The second look: a plain search that shares no pattern with the one that replaced."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

from facilitator.domain.spans import Span
from facilitator.privacy.common_words import counts_as_name
from facilitator.privacy.folding import Folded, folded

_TOKEN: Final = re.compile(r"[^\W\d_]+|\d+")
_CHUNK: Final = re.compile(r"[\w.@#+/:\-]+")
_ADDRESS: Final = re.compile(r"[@#_]|://|www\.|\d|\.[a-z]{2,4}/")
"""What makes a chunk an address or a handle, in which names stand glued to other letters."""
_STOPS: Final = re.compile(r"[.!?;:,]\s")
_PUNCTUATION: Final = re.compile("[,;:!?]")
_GAP: Final = 4
"""Signs that may stand between two words of one surface, brackets excepted."""
_LETTER: Final = re.compile(r"(?<![^\W_])[^\W\d_](?![^\W_])")
_LETTERS_APART: Final = 3
_LEAST_LETTERS: Final = 3
_GLUED: Final = 5
_GLUED_ANYWHERE: Final = 8


@dataclass(frozen=True, slots=True)
class Residue:
    """A known surface left in a text: number `index` of those searched for, at `span` of the text `ref`."""

    ref: str
    span: Span
    index: int


@dataclass(frozen=True, slots=True)
class _Sought:
    index: int
    tokens: tuple[str, ...]
    surface: str
    gaps: tuple[str, ...]


class _Wanted:
    """Surfaces by what a search starts from."""

    def __init__(self, surfaces: Iterable[str]) -> None:
        self.by_first: defaultdict[str, list[_Sought]] = defaultdict(list)
        self.by_letters: dict[str, _Sought] = {}
        self.in_addresses: list[tuple[str, _Sought]] = []
        self.in_any_word: list[tuple[str, _Sought]] = []
        for index, surface in enumerate(surfaces):
            text = folded(surface).text
            tokens = list(_TOKEN.finditer(text))
            gaps = tuple(text[before.end() : after.start()] for before, after in pairwise(tokens))
            if tokens:
                self._add(_Sought(index, tuple(token[0] for token in tokens), surface, gaps))
        self.longest = max(map(len, self.by_letters), default=0)

    def _add(self, item: _Sought) -> None:
        joined = "".join(item.tokens)
        for first in (item.tokens[0], item.tokens[0] + "s")[: 2 if len(item.tokens) == 1 else 1]:
            self.by_first[first].append(item)
        if joined.isalpha():
            self.by_letters[joined] = item
        if len(joined) >= _GLUED:
            self.in_addresses.append((joined, item))
        if len(joined) >= _GLUED_ANYWHERE and len(item.tokens) > 1:
            self.in_any_word.append((joined, item))


def find_residue(texts: Iterable[tuple[str, str]], surfaces: Iterable[str]) -> tuple[Residue, ...]:
    """Every known surface that is still in `texts`, which are (ref, text).

    Compares folded words: a whole surface in any spelling of its spaces, hyphens and possessive ending, and letter by
    letter; surfaces of 5 letters and more also inside addresses and handles (khaugen@…); surfaces of several words and
    8 letters also inside any word. Everyday words that are names need a capital letter, as in the search that replaces.
    """
    wanted = _Wanted(surfaces)
    found = {hit for ref, text in texts for hit in _residue_of(ref, folded(text), wanted)}
    return tuple(sorted(found, key=lambda item: (item.ref, item.span, item.index)))


def contains_any(text: str, surfaces: Iterable[str]) -> bool:
    """True when any of the surfaces is in the text; stops at the first."""
    return next(_residue_of("", folded(text), _Wanted(surfaces)), None) is not None


def _residue_of(ref: str, text: Folded, wanted: _Wanted) -> Iterator[Residue]:
    for item, start, end in chain(_in_words(text, wanted), _glued(text, wanted)):
        span = text.span(start, end)
        if counts_as_name(item.surface, text.source[span.start : span.end]):
            yield Residue(ref, span, item.index)
    for item, start, end in _letter_by_letter(text, wanted):  # spelled out, it is a name
        yield Residue(ref, text.span(start, end), item.index)


def _in_words(text: Folded, wanted: _Wanted) -> Iterator[tuple[_Sought, int, int]]:
    """Surfaces as sequences of whole words."""
    tokens = list(_TOKEN.finditer(text.text))
    for at, token in enumerate(tokens):
        for item in wanted.by_first.get(token[0], ()):
            run = tokens[at : at + len(item.tokens)]
            if _same_words(run, item.tokens) and _whole(text.text, run, item.gaps):
                yield item, run[0].start(), run[-1].start() + len(item.tokens[-1])


def _same_words(run: Sequence[re.Match[str]], tokens: tuple[str, ...]) -> bool:
    *heads, last = (match[0] for match in run)
    ending = (tokens[-1], tokens[-1] + "s") if tokens[-1].isalpha() and len(tokens[-1]) > 1 else (tokens[-1],)
    return tuple(heads) == tokens[:-1] and last in ending


def _whole(text: str, run: Sequence[re.Match[str]], gaps: Sequence[str]) -> bool:
    """False where words of the run do not belong together, or where a number is glued to further letters or digits.

    `gaps`: what stands between the words of the surface itself.
    """
    for (before, after), gap in zip(pairwise(run), gaps, strict=True):
        if not _together(before[0], text[before.end() : after.start()], after[0], gap):
            return False
    start, end = run[0].start(), run[-1].end()
    glued_before = run[0][0].isdigit() and start > 0 and text[start - 1].isalnum()
    glued_after = run[-1][0].isdigit() and end < len(text) and text[end].isalnum()
    return not (glued_before or glued_after)


def _together(before: str, here: str, after: str, gap: str) -> bool:
    """Whether two words stand by each other as in a surface that has `gap` between them.

    Kristin. Haugen are two sentences, but St. Olav has a full stop itself; of letters beside digits, and of words
    with a comma between them, the surface says whether they are apart.
    """
    if not gap or len(here) > max(_GAP, len(gap) + 2) or "[" in here or "]" in here:
        return here == gap
    if before.isalpha() and after.isalpha() and _PUNCTUATION.search(gap):
        return _PUNCTUATION.search(here) is not None
    numbers = before.isdigit() and after.isdigit()
    return numbers or "." in gap or len(before) == 1 or _STOPS.match(here) is None


def _glued(text: Folded, wanted: _Wanted) -> Iterator[tuple[_Sought, int, int]]:
    """Surfaces inside longer words."""
    for chunk in _CHUNK.finditer(text.text):
        for joined, item in wanted.in_addresses if _ADDRESS.search(chunk[0]) else wanted.in_any_word:
            if (at := chunk[0].find(joined)) >= 0:
                yield item, chunk.start() + at, chunk.start() + at + len(joined)


def _letter_by_letter(text: Folded, wanted: _Wanted) -> Iterator[tuple[_Sought, int, int]]:
    """Surfaces spelled out: k r i s t i n."""
    for run in _runs(text.text):
        joined = "".join(text.text[at] for at in run)
        for first in range(len(joined)):
            for end in range(first + _LEAST_LETTERS, min(len(joined), first + wanted.longest) + 1):
                if item := wanted.by_letters.get(joined[first:end]):
                    yield item, run[first], run[end - 1] + 1


def _runs(text: str) -> Iterator[list[int]]:
    """Places of letters that stand by themselves, each run of them with nothing but a few signs in between."""
    run: list[int] = []
    for letter in _LETTER.finditer(text):
        at = letter.start()
        if run and (at - run[-1] - 1 > _LETTERS_APART or any(map(str.isalnum, text[run[-1] + 1 : at]))):
            yield run
            run = []
        run.append(at)
    if run:
        yield run
