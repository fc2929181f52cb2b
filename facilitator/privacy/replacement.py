"""Putting replacements in place of known surfaces."""

from collections.abc import Sequence
from dataclasses import dataclass

from facilitator.domain.spans import Replacement, apply
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher


@dataclass(frozen=True, slots=True)
class Pseudonymized:
    """A text to show others. `replacements` point into the original, in text order."""

    text: str
    replacements: tuple[Replacement, ...]


def pseudonymize(text: str, matcher: SurfaceMatcher) -> Pseudonymized:
    """Replace every known surface in one pass; what was put in is never searched."""
    replacements = tuple(Replacement(match.span, match.replacement) for match in matcher.find(text))
    return Pseudonymized(apply(text, replacements), replacements)


class Replacer:
    """Replaces known surfaces and remembers what became of each text, so that one edit costs one search."""

    def __init__(self, known: Sequence[KnownSurface]) -> None:
        self.known = tuple(known)
        self._matcher = SurfaceMatcher(self.known)
        self._done: dict[str, str] = {}

    def text(self, raw: str) -> str:
        """`raw` with every known surface replaced."""
        if raw not in self._done:
            self._done[raw] = pseudonymize(raw, self._matcher).text
        return self._done[raw]
