"""Known surface forms, and the one search that finds them in original text."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from facilitator.domain.ids import MODERATOR, number_value
from facilitator.domain.roster import Identity
from facilitator.domain.spans import Replacement, Span, longest_first
from facilitator.privacy.common_words import counts_as_name
from facilitator.privacy.folding import Folded, folded
from facilitator.privacy.names import name_forms
from facilitator.privacy.surface_patterns import (
    HIDDEN,
    NOT_AFTER_LETTER,
    PART,
    spelled_names,
    squeezed,
    surface_pattern,
)

_LABEL: Final = re.compile(r"\[[^\[\]]*\]")
"""What a replacement usually is."""


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
    given without. Where two surfaces have the same letters and digits, a participant's wins, then the owner that sorts
    first: the order in which they are given never matters. Surfaces without letter or digit match nothing, nor does
    anything within one of the surfaces' replacements in brackets: what was replaced stays as it is.
    """

    def __init__(self, surfaces: Iterable[KnownSurface]) -> None:
        self.surfaces = tuple(surfaces)
        self._known: defaultdict[str, list[KnownSurface]] = defaultdict(list)
        branches: dict[str, str] = {}
        for item in sorted(self.surfaces, key=_rank):
            form = folded(item.surface).text
            if key := squeezed(form):
                self._known[key].append(item)
                branches[surface_pattern(form)] = key
                branches[surface_pattern(form[PART.search(form).start() :])] = key  # type: ignore[union-attr]
        self._longest = max(map(len, self._known), default=0)
        self._regex = _any_of(branches)
        words = tuple(
            key for key, same in self._known.items() if not any(counts_as_name(one.surface, key) for one in same)
        )
        within = {key for key in self._known if key not in words and any(word.startswith(key) for word in words)}
        self._within_words = _any_of({branch: key for branch, key in branches.items() if key in within})
        labels = {item.replacement for item in self.surfaces if _LABEL.fullmatch(item.replacement)}
        ordered = sorted(map(re.escape, labels), key=lambda label: (-len(label), label))
        self._labels = re.compile("|".join(ordered) or "(?!)")

    def find(self, text: str) -> tuple[Match, ...]:
        """All matches in text order, without overlaps; the longest wins."""
        source = folded(text)
        chosen: dict[Span, Match] = {}
        hidden = self._without_labels(source)
        while found := self._search(source, hidden):
            kept = [item.span for item in longest_first(Replacement(span, "") for span in found)]
            chosen.update((span, found[span][1]) for span in kept)
            if len(kept) == len(found):
                break
            # a match that lost may have hidden a shorter one beside the winner
            for place in (found[span][0] for span in kept):
                hidden = _hide(hidden, place)
        return tuple(chosen[span] for span in sorted(chosen))

    def _without_labels(self, source: Folded) -> str:
        hidden = source.text
        for label in self._labels.finditer(source.source) if "[" in source.source else ():
            hidden = _hide(hidden, Span(*(bisect_left(source.origin, at) for at in label.span())))
        return hidden

    def _search(self, source: Folded, hidden: str) -> dict[Span, tuple[Span, Match]]:
        """Matches by their span in the source, each with its span in the folded text."""
        found: dict[Span, tuple[Span, Match]] = {}
        for first in self._regex.finditer(hidden):
            hit: re.Match[str] | None = first
            known = self._meant(source, first)
            if known is None and (hit := self._within_words.match(hidden, first.start())):
                known = self._meant(source, hit)  # Mar’s, though Mars is an everyday word
            if hit and known:
                place = Span(*hit.span(1))
                match = _match(source, place, known)
                found[match.span] = (place, match)
        for start, end, name in spelled_names(hidden, self._known, self._longest):
            # whatever its case: who spells a word means a name
            match = _match(source, Span(start, end), self._known[name][0])
            found.setdefault(match.span, (Span(start, end), match))
        return found

    def _meant(self, source: Folded, hit: re.Match[str]) -> KnownSurface | None:
        span = source.span(*hit.span(1))
        written = source.source[span.start : span.end]
        return next((one for one in self._known[squeezed(hit[1])] if counts_as_name(one.surface, written)), None)


def _any_of(branches: dict[str, str]) -> re.Pattern[str]:
    """Patterns by what each matches, in one that finds overlapping matches too, the longest at each place.

    Grouped by their first letter, of which a place has one: with 500 names that is seventeen times as fast.
    """
    by_first: dict[str, list[str]] = {}
    for branch in sorted(branches, key=lambda branch: (-len(branches[branch]), branch)):
        bare = branch.removeprefix(NOT_AFTER_LETTER)  # stands before all of them
        by_first.setdefault(bare[0] if bare[0].isalpha() else "", []).append(bare)
    others = by_first.pop("", [])
    either = [f"{first}(?:{'|'.join(one[1:] for one in same)})" for first, same in by_first.items()]
    return re.compile(f"{NOT_AFTER_LETTER}(?=({'|'.join(either + others)}))" if branches else "(?!)")


def _match(source: Folded, place: Span, known: KnownSurface) -> Match:
    span = source.span(place.start, place.end)
    rule = "register" if _of_register(known) else "participant"
    return Match(span, source.source[span.start : span.end], known.replacement, known.owner, rule)


def _hide(text: str, place: Span) -> str:
    return text[: place.start] + HIDDEN * len(place) + text[place.end :]


def _of_register(known: KnownSurface) -> bool:
    return known.owner.startswith("E")


def _rank(known: KnownSurface) -> tuple[bool, bool, int, str, str, str]:
    """Participants before the register, and what is in it before what is only proposed (E?3)."""
    owner = known.owner
    return _of_register(known), not owner.isalnum(), len(owner), owner, known.surface, known.replacement


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
