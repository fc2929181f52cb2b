"""Spans of text and the one-pass replacement that everything else relies on."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Code points `start` to `end` (exclusive) of a text."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def overlaps(self, other: "Span") -> bool:
        """True when they share at least one code point."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Replacement:
    """`span` of the original text becomes `text`."""

    span: Span
    text: str


def longest_first(replacements: Iterable[Replacement]) -> tuple[Replacement, ...]:
    """A set without overlaps, in text order: longer spans win, then earlier ones."""
    chosen: list[Replacement] = []
    for candidate in sorted(replacements, key=lambda item: (-len(item.span), item.span.start)):
        at = bisect_left(chosen, candidate.span.start, key=lambda item: item.span.start)
        if len(candidate.span) > 0 and not any(
            candidate.span.overlaps(one.span) for one in chosen[max(0, at - 1) : at + 1]
        ):
            chosen.insert(at, candidate)
    return tuple(chosen)


def apply(text: str, replacements: Iterable[Replacement]) -> str:
    """Replace in one pass over the original text; what was put in is never searched again.

    Raises:
        ValueError: spans that overlap or leave the text.
    """
    pieces: list[str] = []
    at = 0
    for item in sorted(replacements, key=lambda item: item.span.start):
        if item.span.start < at or item.span.end > len(text) or item.span.start >= item.span.end:
            raise ValueError("replacement spans overlap or leave the text")
        pieces += (text[at : item.span.start], item.text)
        at = item.span.end
    return "".join((*pieces, text[at:]))
