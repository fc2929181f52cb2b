"""Putting replacements in place of known surfaces."""

from dataclasses import dataclass

from facilitator.domain.spans import Replacement, apply
from facilitator.privacy.surfaces import SurfaceMatcher


@dataclass(frozen=True, slots=True)
class Pseudonymized:
    """A text to show others. `replacements` point into the original, in text order."""

    text: str
    replacements: tuple[Replacement, ...]


def pseudonymize(text: str, matcher: SurfaceMatcher) -> Pseudonymized:
    """Replace every known surface in one pass; what was put in is never searched."""
    replacements = tuple(Replacement(match.span, match.replacement) for match in matcher.find(text))
    return Pseudonymized(apply(text, replacements), replacements)
