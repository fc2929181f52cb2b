"""Putting replacements in place of known surfaces."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from facilitator.domain.release import BLANK
from facilitator.domain.spans import Replacement, Span, apply
from facilitator.domain.stretches import without
from facilitator.privacy.surfaces import KnownSurface, Match, SurfaceMatcher

Place = tuple[str, int]
"""(owner, start) of a known surface in a text."""


@dataclass(frozen=True, slots=True)
class Pseudonymized:
    """A text to show others. `replacements` point into the original, in text order.

    `searched` is the text as a second search is to read it: `blanked`, which are in it on purpose, are blanks there.
    """

    text: str
    replacements: tuple[Replacement, ...]
    searched: str
    blanked: frozenset[str] = frozenset()


def pseudonymize(
    text: str, matcher: SurfaceMatcher, kept: Collection[Place] = (), made: Collection[KnownSurface] = ()
) -> Pseudonymized:
    """Replace every known surface in one pass; what was put in is never searched.

    Args:
        text: as it was said.
        matcher: finds what is known.
        kept: places to leave as they are. Other known surfaces inside them are replaced all the same.
        made: surfaces whose replacements may look like another known surface, such as a year.
    """
    matches = matcher.find(text)
    left = [match for match in matches if (match.owner, match.span.start) in kept]
    replaced = [match for match in matches if match not in left]
    if left:
        owners = {match.owner for match in left}
        others = SurfaceMatcher(one for one in matcher.surfaces if one.owner not in owners)
        replaced += [match for match in others.find(text) if not any(match.span.overlaps(one.span) for one in replaced)]
    replacements = tuple(
        Replacement(match.span, match.replacement) for match in sorted(replaced, key=lambda match: match.span)
    )
    labels = {(one.owner, one.replacement) for one in made}
    hidden = [match for match in replaced if (match.owner, match.replacement) in labels]
    stays = _outside(left, replaced)
    blanks = [Replacement(match.span, BLANK) for match in hidden] + [Replacement(span, BLANK) for span in stays]
    shown = [one for one in replacements if one.span not in {match.span for match in hidden}]
    return Pseudonymized(
        apply(text, replacements),
        replacements,
        apply(text, (*shown, *blanks)),
        frozenset((*(match.replacement for match in hidden), *(text[span.start : span.end] for span in stays))),
    )


def _outside(left: Sequence[Match], replaced: Sequence[Match]) -> list[Span]:
    """What of kept places is left when others inside them are replaced."""
    taken = [(match.span.start, match.span.end) for match in replaced]
    parts = without([(match.span.start, match.span.end) for match in left], taken)
    return [Span(start, end) for start, end in parts]


class Replacer:
    """Replaces known surfaces and remembers what became of each text, so that one edit costs one search."""

    def __init__(self, known: Sequence[KnownSurface], made: Collection[KnownSurface] = ()) -> None:
        self.known, self.made = tuple(known), tuple(made)
        self._matcher = SurfaceMatcher(self.known)
        self._done: dict[tuple[str, frozenset[Place]], Pseudonymized] = {}

    def replaced(self, raw: str, kept: frozenset[Place] = frozenset()) -> Pseudonymized:
        """`raw` with every known surface replaced, but for `kept` places."""
        if (raw, kept) not in self._done:
            self._done[raw, kept] = pseudonymize(raw, self._matcher, kept, self.made)
        return self._done[raw, kept]
