"""From proposals in each text to one candidate for each distinct identifier."""

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from facilitator.domain.entities import Candidate, Category, Mention, Passage
from facilitator.domain.progress import Progress, Report, silent
from facilitator.domain.spans import Span
from facilitator.domain.text import fold
from facilitator.privacy.ignoring import glossary_terms, ignored, in_glossary
from facilitator.privacy.recognizers import Finding
from facilitator.privacy.similar import ROSTER_RULES
from facilitator.privacy.surfaces import KnownSurface, Match, SurfaceMatcher

_Counted = TypeVar("_Counted", str, Category)
SAME_WORDS = "same words"
_SAME_WORDS_SCORE = 0.5
_LABEL = "Looking for identifiers"
EVERYTHING: Final = 0.0
STEPS: Final[Mapping[str, float]] = MappingProxyType({"careful": EVERYTHING, "balanced": 0.4, "brief": 0.6})
"""How much is proposed: the least score of an identifier, by the name of the step.

What is under 0.4 rests on one word alone: in no dictionary (0.3), capital within a sentence (0.2). Under 0.6 are names
of the United States census (0.5), what the language model says of everyday words or of lower case (0.5), the weaker
patterns of roles, ages and regions (0.4 and 0.5), and numbers that could be telephones (0.4).
"""
_SURE: Final = 1.0
_LIKE_KNOWN: Final = 60.0
"""Least similarity, 0 to 100, of what may be a name of the roster by any stretch: Pjurnar for Bjørnar is 71."""
_SHORTEST: Final = 3


class Finder(Protocol):
    """What `find_candidates` needs of the recognizers."""

    def find(self, text: str) -> tuple[Finding, ...]: ...


@dataclass(slots=True)
class _Group:
    """Findings that share a key."""

    surfaces: Counter[str] = field(default_factory=Counter)
    categories: Counter[Category] = field(default_factory=Counter)
    score: float = 0.0


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Spare the garbage collector what is loaded: a language model of a million objects, again and again: a sixth of
    all time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@_without_collecting()
def find_candidates(
    passages: Iterable[Passage],
    matcher: SurfaceMatcher,
    recognizers: Finder,
    glossary: Iterable[str] = (),
    report: Report = silent,
    at_least: float = EVERYTHING,
) -> tuple[Candidate, ...]:
    """Every distinct identifier that the recognizers propose, with all its mentions in all passages.

    What `matcher` knows already is no candidate; of a person's name that it knows in part, the rest is one. Other
    identifiers that hold a known name (an address, a clinic) are proposed whole. Mentions stand where a
    replacement would: a shorter candidate inside a longer one is a mention of the longer one only, and a candidate
    without any mention of its own is left out.

    An identifier of which no finding has a score of `at_least` is left out too (see `STEPS`), unless a rule of the
    roster proposed it or a word of it resembles a name that `matcher` knows.
    """
    texts, terms = tuple(passages), glossary_terms(glossary)
    groups: dict[str, _Group] = {}
    proposed: dict[tuple[str, Span], Finding] = {}
    for done, passage in enumerate(texts):
        report(Progress(_LABEL, done, len(texts)))
        known = matcher.find(passage.text)
        for finding in recognizers.find(passage.text):
            rest = _unknown_part(passage.text, finding, known)
            surface = passage.text[rest.start : rest.end] if rest else ""
            if rest is None or in_glossary(surface, terms):
                continue
            if ignored(surface, finding.category) and finding.rule not in ROSTER_RULES:
                continue
            group = groups.setdefault(_key(surface), _Group())
            group.surfaces[surface] += 1
            group.categories[finding.category] += 1
            group.score = max(group.score, _SURE if finding.rule in ROSTER_RULES else finding.score)
            proposed[passage.ref, rest] = finding
    names = {fold(word) for known in matcher.surfaces for word in known.surface.split()}
    groups = {key: group for key, group in groups.items() if group.score >= at_least or _like_one(key, names)}
    mentions = _mentions(texts, matcher, groups, proposed)
    report(Progress(_LABEL, len(texts), len(texts)))
    return tuple(
        Candidate(key, _most_common(group.surfaces), _most_common(group.categories), tuple(mentions[key]))
        for key, group in groups.items()
        if mentions[key]
    )


def _like_one(key: str, names: Iterable[str]) -> bool:
    """Whether a word of `key` is close to one of `names`, both folded: misheard, broken off."""
    from rapidfuzz import fuzz

    words = [word for word in key.split() if len(word) >= _SHORTEST]
    return any(fuzz.ratio(word, name, score_cutoff=_LIKE_KNOWN) for word in words for name in names)


def _mentions(
    texts: tuple[Passage, ...],
    matcher: SurfaceMatcher,
    groups: dict[str, _Group],
    proposed: dict[tuple[str, Span], Finding],
) -> dict[str, list[Mention]]:
    """All places of all candidates, found as a replacement would find them."""
    keys = {f"E?{index}": key for index, key in enumerate(groups)}
    surfaces = [KnownSurface(surface, "", owner) for owner, key in keys.items() for surface in groups[key].surfaces]
    both = SurfaceMatcher((*matcher.surfaces, *surfaces))
    mentions: dict[str, list[Mention]] = {key: [] for key in groups}
    for passage in texts:
        for match in both.find(passage.text):
            if match.owner not in keys:
                continue
            finding = proposed.get((passage.ref, match.span))
            rule, score = (finding.rule, finding.score) if finding else (SAME_WORDS, _SAME_WORDS_SCORE)
            mentions[keys[match.owner]].append(Mention(passage.ref, match.span, match.surface, rule, score))
    return mentions


def _unknown_part(text: str, finding: Finding, known: tuple[Match, ...]) -> Span | None:
    """What of a finding is not known yet: all of it, the rest of a person's name, or None."""
    inside = [match.span for match in known if match.span.overlaps(finding.span)]
    if not inside:
        return finding.span
    if any(span.start <= finding.span.start and finding.span.end <= span.end for span in inside):
        return None
    if finding.category is not Category.PERSON:
        return None if not _has_word(_outside(text, finding.span, inside)) else finding.span
    edges = [finding.span.start, *(edge for span in inside for edge in (span.start, span.end)), finding.span.end]
    parts = [Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]
    rests = [_stripped(text, part) for part in parts]
    named = [rest for rest in rests if any(char.isupper() for char in text[rest.start : rest.end])]
    return max(named, key=len, default=None)


def _outside(text: str, whole: Span, inside: list[Span]) -> str:
    return "".join(
        " " if any(span.start <= index < span.end for span in inside) else text[index]
        for index in range(whole.start, whole.end)
    )


def _has_word(text: str) -> bool:
    return any(sum(char.isalnum() for char in word) > 1 for word in text.split())


def _stripped(text: str, part: Span) -> Span:
    """The part without possessive ending, punctuation and white space at its edges."""
    start, end = part.start, part.end
    if text[start:end].startswith(("'s", "’s")):
        start += 2
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return Span(start, end)


def _key(surface: str) -> str:
    return fold(" ".join(surface.split()))


def _most_common(counts: Counter[_Counted]) -> _Counted:
    return counts.most_common(1)[0][0]
