"""Putting replacements in place of known surfaces."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from facilitator.domain.spans import Replacement, apply
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher


@dataclass(frozen=True, slots=True)
class Pseudonymized:
    """A text to show others. `replacements` point into the original, in text order."""

    text: str
    replacements: tuple[Replacement, ...]


Place = tuple[str, int]
"""(owner, start) of a known surface in a text."""


def pseudonymize(text: str, matcher: SurfaceMatcher, kept: Collection[Place] = ()) -> Pseudonymized:
    """Replace every known surface in one pass, but for `kept` places; what was put in is never searched."""
    replacements = tuple(
        Replacement(match.span, match.replacement)
        for match in matcher.find(text)
        if (match.owner, match.span.start) not in kept
    )
    return Pseudonymized(apply(text, replacements), replacements)


class Replacer:
    """Replaces known surfaces and remembers what became of each text, so that one edit costs one search."""

    def __init__(self, known: Sequence[KnownSurface]) -> None:
        self.known = tuple(known)
        self._matcher = SurfaceMatcher(self.known)
        self._done: dict[tuple[str, frozenset[Place]], Pseudonymized] = {}

    def replaced(self, raw: str, kept: frozenset[Place] = frozenset()) -> Pseudonymized:
        """`raw` with every known surface replaced, but for `kept` places."""
        if (raw, kept) not in self._done:
            self._done[raw, kept] = pseudonymize(raw, self._matcher, kept)
        return self._done[raw, kept]
