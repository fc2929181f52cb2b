"""Known surface forms, and the one search that finds them in original text."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from facilitator.domain.ids import MODERATOR, number_value
from facilitator.domain.roster import Identity
from facilitator.domain.spans import Replacement, Span, longest_first
from facilitator.privacy.common_words import counts_as_name
from facilitator.privacy.folding import Folded, folded
from facilitator.privacy.names import name_forms
from facilitator.privacy.surface_patterns import HIDDEN, NOT_AFTER_LETTER, spelled_names, squeezed, surface_pattern


@dataclass(frozen=True, slots=True)
class KnownSurface:
    """A form to replace wherever it stands. `owner` is a research number (P3), M, or a register id (E7)."""

    surface: str
    replacement: str
    owner: str


@dataclass(frozen=True, slots=True)
class Match:
    """A known surface in a text. `surface` is as written there; `span` leaves a possessive ending out.

    `rule` is "participant" or "register".
    """

    span: Span
    surface: str
    replacement: str
    owner: str
    rule: str


class SurfaceMatcher:
    """Finds known surfaces whatever their case, accents, hyphens and possessive endings, and spelled out too.

    Everyday words that are names too, such as Even and Will, match only with a capital letter, unless a surface was
    given without. Where two surfaces have the same letters and digits, a participant's wins, then the one given
    first. Surfaces without letter or digit match nothing.
    """

    def __init__(self, surfaces: Iterable[KnownSurface]) -> None:
        self.surfaces = tuple(surfaces)
        self._known: defaultdict[str, list[KnownSurface]] = defaultdict(list)
        branches: dict[str, int] = {}
        for item in sorted(self.surfaces, key=_of_register):
            form = folded(item.surface).text
            if key := squeezed(form):
                self._known[key].append(item)
                branches[surface_pattern(form)] = len(key)
        self._longest = max(map(len, self._known), default=0)
        longest = sorted(branches, key=lambda branch: -branches[branch])
        # a lookahead finds overlapping matches too, so that the longest can be chosen over the first
        self._regex = re.compile(f"{NOT_AFTER_LETTER}(?=({'|'.join(longest)}))" if longest else "(?!)")

    def find(self, text: str) -> tuple[Match, ...]:
        """All matches in text order, without overlaps; the longest wins."""
        source = folded(text)
        chosen: dict[Span, Match] = {}
        hidden = source.text
        while found := self._search(source, hidden):
            kept = [item.span for item in longest_first(Replacement(span, "") for span in found)]
            chosen.update((span, found[span][1]) for span in kept)
            if len(kept) == len(found):
                break
            # a match that lost may have hidden a shorter one beside the winner
            for place in (found[span][0] for span in kept):
                hidden = hidden[: place.start] + HIDDEN * len(place) + hidden[place.end :]
        for span, match in self._spelled(source):
            if not any(span.overlaps(other) for other in chosen):
                chosen[span] = match
        return tuple(chosen[span] for span in sorted(chosen))

    def _spelled(self, source: Folded) -> Iterator[tuple[Span, Match]]:
        """K-R-I-S-T-I-N, whatever its case: who spells a word means a name."""
        for start, end, name in spelled_names(source.text, self._known, self._longest):
            known, span = self._known[name][0], source.span(start, end)
            rule = "register" if _of_register(known) else "participant"
            yield span, Match(span, source.source[span.start : span.end], known.replacement, known.owner, rule)

    def _search(self, source: Folded, hidden: str) -> dict[Span, tuple[Span, Match]]:
        """Matches by their span in the source, each with its span in the folded text."""
        found: dict[Span, tuple[Span, Match]] = {}
        for hit in self._regex.finditer(hidden):
            span = source.span(*hit.span(1))
            surface = source.source[span.start : span.end]
            same = self._known[squeezed(hit[1])]
            known = next((one for one in same if counts_as_name(one.surface, surface)), None)
            if known is None:
                continue
            rule = "register" if _of_register(known) else "participant"
            match = Match(span, surface, known.replacement, known.owner, rule)
            found[span] = (Span(*hit.span(1)), match)
        return found


def _of_register(known: KnownSurface) -> bool:
    return known.owner.startswith("E")


def known_from_identities(identities: Iterable[Identity]) -> list[KnownSurface]:
    """Every form by which participants may be called: whole names, first, middle and last names, and aliases.

    A form that several people share names all of them, [P1 or P4], as surface and as owner: safe, and never wrong.
    """
    owners: defaultdict[str, set[str]] = defaultdict(set)
    surfaces: dict[str, list[str]] = {}
    for identity in identities:
        for name in (identity.name, *identity.aliases):
            for form in name_forms(name):
                key = squeezed(folded(form).text)
                owners[key].add(identity.number)
                surfaces.setdefault(key, []).append(form)
    return [
        KnownSurface(form, f"[{label}]", label)
        for key, label in ((key, _either(numbers)) for key, numbers in owners.items())
        for form in dict.fromkeys(surfaces[key])
    ]


def _either(numbers: Iterable[str]) -> str:
    """P1, “P1 or P4”, “P1, P2 or P4”."""
    *others, last = sorted(numbers, key=lambda number: (number == MODERATOR, number_value("P0" + number[1:])))
    return f"{', '.join(others)} or {last}" if others else last
