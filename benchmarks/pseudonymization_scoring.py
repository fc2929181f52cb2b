"""How caught identifiers are counted: by mention, by entity as in TAB (Pilán et al. 2022, arXiv 2202.00443), by word.

A mention is caught when every letter and digit of it lies in what was marked, whatever kind it was marked as. An entity
is caught when all its mentions are. Precision counts words: of those in marked spans, the share that lies in gold.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from facilitator.domain.spans import Span

_AROUND: Final = 25
_SHOWN: Final = 12
WORD: Final = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a system would replace or propose: `kind` in the words of that system, `rule` for the list of errors."""

    span: Span
    kind: str
    rule: str = ""


Marks = Mapping[str, Sequence[Mark]]
"""Marks by the reference of the passage in which they stand."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """`part` of `whole`; the value is 1.0 where there was nothing to find."""

    part: int = 0
    whole: int = 0

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole else 1.0

    def __add__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.part + other.part, self.whole + other.whole)

    def __str__(self) -> str:
        return f"{self.value:6.1%} ({self.part} of {self.whole})" if self.whole else "     – "


NONE: Final = Ratio()


def ratio(hits: Iterable[bool]) -> Ratio:
    """The share of true ones."""
    found = list(hits)
    return Ratio(sum(found), len(found))


def covered(text: str, span: Span, marks: Iterable[Mark]) -> bool:
    """True when every letter and digit of `text` in `span` lies in a mark."""
    near = [mark.span for mark in marks if mark.span.overlaps(span)]
    return all(
        any(one.start <= index < one.end for one in near)
        for index in range(span.start, span.end)
        if text[index].isalnum()
    )


def words_right(text: str, marks: Iterable[Mark], gold: Sequence[Span]) -> tuple[Ratio, list[str]]:
    """Words of `text` inside marks that lie in `gold`, of all inside marks, and those that do not, in text order."""
    spans = [mark.span for mark in marks]
    marked = [Span(*word.span()) for word in WORD.finditer(text) if _inside(Span(*word.span()), spans)]
    wrong = [word for word in marked if not _inside(word, gold)]
    return Ratio(len(marked) - len(wrong), len(marked)), [text[word.start : word.end] for word in wrong]


def quoted(text: str, span: Span) -> str:
    """The span in its context, <<so>>."""
    start, end = span.start, span.end
    return f"{text[max(0, start - _AROUND) : start]}<<{text[start:end]}>>{text[end : end + _AROUND]}"


def print_cases(title: str, cases: Mapping[str, Counter[str]]) -> None:
    """The commonest kinds of errors first, with the commonest texts of each."""
    print(f"\n{title}")
    for case, found in sorted(cases.items(), key=lambda entry: -entry[1].total()):
        print(f"  {found.total():>5}  {case}")
        for text, count in found.most_common(_SHOWN):
            print(f"         {count:>3}  {text}")


def _inside(word: Span, spans: Iterable[Span]) -> bool:
    return any(word.overlaps(span) for span in spans)
