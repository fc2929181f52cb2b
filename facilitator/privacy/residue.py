"""The second look: a plain search that shares no pattern with the one that replaced."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from facilitator.domain.spans import Span
from facilitator.privacy.common_words import counts_as_name
from facilitator.privacy.folding import Folded, folded

_TOKEN: Final = re.compile(r"[^\W\d_]+|\d+")
_CHUNK: Final = re.compile(r"[\w.@#+/:\-]+")
_ADDRESS: Final = re.compile(r"[@#_]|://|www\.|\d|\.[a-z]{2,4}/")
"""What makes a chunk an address or a handle, in which names stand glued to other letters."""
_STOPS: Final = re.compile(r"[.!?;:,]\s")
_SINGLE_LETTERS: Final = re.compile(r"(?:\b[^\W\d_]\b[\s.,\-]{0,2}){3,}")
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
    stops: tuple[bool, ...]

    @property
    def joined(self) -> str:
        return "".join(self.tokens)


def find_residue(texts: Iterable[tuple[str, str]], surfaces: Iterable[str]) -> tuple[Residue, ...]:
    """Every known surface that is still in `texts`, which are (ref, text).

    Compares folded words: a whole surface in any spelling of its spaces, hyphens and possessive ending; surfaces of 5
    letters and more also inside addresses and handles (khaugen@…); surfaces of several words and 8 letters also
    inside any word. Everyday words that are names need a capital letter, as in the search that replaces.
    """
    sought = _sought(surfaces)
    found = {hit for ref, text in texts for hit in _residue_of(ref, folded(text), sought)}
    return tuple(sorted(found, key=lambda item: (item.ref, item.span, item.index)))


def contains_any(text: str, surfaces: Iterable[str]) -> bool:
    """True when any of the surfaces is in the text; stops at the first."""
    return next(_residue_of("", folded(text), _sought(surfaces)), None) is not None


def _sought(surfaces: Iterable[str]) -> tuple[_Sought, ...]:
    found = []
    for index, surface in enumerate(surfaces):
        text = folded(surface).text
        tokens = list(_TOKEN.finditer(text))
        stops = tuple("." in text[before.end() : after.start()] for before, after in pairwise(tokens))
        if tokens:
            found.append(_Sought(index, tuple(token[0] for token in tokens), surface, stops))
    return tuple(found)


def _residue_of(ref: str, text: Folded, sought: Sequence[_Sought]) -> Iterator[Residue]:
    for item, start, end in (*_in_words(text, sought), *_glued(text, sought)):
        span = text.span(start, end)
        if counts_as_name(item.surface, text.source[span.start : span.end]):
            yield Residue(ref, span, item.index)
    for item, start, end in _letter_by_letter(text, sought):  # spelled out, it is a name
        yield Residue(ref, text.span(start, end), item.index)


def _in_words(text: Folded, sought: Sequence[_Sought]) -> Iterator[tuple[_Sought, int, int]]:
    """Surfaces as sequences of whole words."""
    tokens = list(_TOKEN.finditer(text.text))
    by_first: dict[str, list[_Sought]] = {}
    for item in sought:
        by_first.setdefault(item.tokens[0], []).append(item)
        if len(item.tokens) == 1:
            by_first.setdefault(item.tokens[0] + "s", []).append(item)
    for at, token in enumerate(tokens):
        for item in by_first.get(token[0], ()):
            run = tokens[at : at + len(item.tokens)]
            if _same_words(run, item.tokens) and _whole(text.text, run, item.stops):
                yield item, run[0].start(), run[-1].end()


def _same_words(run: Sequence[re.Match[str]], tokens: tuple[str, ...]) -> bool:
    *heads, last = (match[0] for match in run)
    ending = (tokens[-1], tokens[-1] + "s") if tokens[-1].isalpha() and len(tokens[-1]) > 1 else (tokens[-1],)
    return tuple(heads) == tokens[:-1] and last in ending


def _whole(text: str, run: Sequence[re.Match[str]], stops: Sequence[bool]) -> bool:
    """False where a sentence ends inside the run, or where a number is glued to further letters or digits.

    `stops`: after which words the surface itself has a full stop, as St. Olav has.
    """
    for (before, after), stop in zip(pairwise(run), stops, strict=True):
        if not stop and len(before[0]) > 1 and _STOPS.match(text[before.end() : after.start()]):
            return False
    start, end = run[0].start(), run[-1].end()
    glued_before = run[0][0].isdigit() and start > 0 and text[start - 1].isalnum()
    glued_after = run[-1][0].isdigit() and end < len(text) and text[end].isalnum()
    return not (glued_before or glued_after)


def _glued(text: Folded, sought: Sequence[_Sought]) -> Iterator[tuple[_Sought, int, int]]:
    """Surfaces inside longer words."""
    for chunk in _CHUNK.finditer(text.text):
        address = _ADDRESS.search(chunk[0]) is not None
        for item in sought:
            long_name = len(item.tokens) > 1 and len(item.joined) >= _GLUED_ANYWHERE
            if (long_name or (address and len(item.joined) >= _GLUED)) and (at := chunk[0].find(item.joined)) >= 0:
                yield item, chunk.start() + at, chunk.start() + at + len(item.joined)


def _letter_by_letter(text: Folded, sought: Sequence[_Sought]) -> Iterator[tuple[_Sought, int, int]]:
    """Surfaces spelled out: k r i s t i n."""
    by_letters = {item.joined: item for item in sought if item.joined.isalpha()}
    longest = max(map(len, by_letters), default=0)
    for run in _SINGLE_LETTERS.finditer(text.text):
        letters = [at for at in range(run.start(), run.end()) if text.text[at].isalpha()]
        joined = "".join(text.text[at] for at in letters)
        for first in range(len(joined)):
            for end in range(first + _LEAST_LETTERS, min(len(joined), first + longest) + 1):
                if item := by_letters.get(joined[first:end]):
                    yield item, letters[first], letters[end - 1] + 1
