"""Folded text that remembers where each of its characters came from."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from facilitator.domain.spans import Span
from facilitator.domain.text import fold


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` without case, accents and invisible characters; character i of it came from `origin[i]` of `source`."""

    source: str
    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """The span of `source` behind `text[start:end]`, which holds at least one character.

        What folds away after the last character, such as a combining accent, belongs to it.
        """
        last = self.origin[end - 1] + 1
        while last < len(self.source) and not _folded_char(self.source[last]):
            last += 1
        return Span(self.origin[start], last)


def folded(source: str) -> Folded:
    """Fold as `domain.text.fold` does, and also drop invisible characters and undo typographic variants (NFKD)."""
    if source.isascii():
        return Folded(source, source.lower(), tuple(range(len(source))))
    pieces: list[str] = []
    origin: list[int] = []
    for index, char in enumerate(source):
        piece = _folded_char(char)
        pieces.append(piece)
        origin.extend([index] * len(piece))
    return Folded(source, "".join(pieces), tuple(origin))


@lru_cache(maxsize=4096)
def _folded_char(char: str) -> str:
    if unicodedata.category(char) == "Cf":
        return ""
    return fold(unicodedata.normalize("NFKD", char))
