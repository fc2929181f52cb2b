"""The program's own way from passages to marks, as `workflows.pseudonymizing` goes it."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from benchmarks.pseudonymization_scoring import Mark, Marks
from facilitator.domain.entities import Passage
from facilitator.domain.roster import Identity
from facilitator.privacy.candidates import find_candidates
from facilitator.privacy.recognizers import Recognizers
from facilitator.privacy.similar import AlikeNames
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher, known_from_identities
from facilitator.storage.guide_files import shipped_guides
from facilitator.workflows.guides import find_guide

GUIDE = "imr-practitioners"


@cache
def recognizers() -> Recognizers:
    """Loaded once."""
    return Recognizers.load()


@cache
def glossary() -> tuple[str, ...]:
    """Terms of the guide after which the made-up groups talk."""
    return find_guide(shipped_guides(), GUIDE).glossary


def our_marks(passages: Iterable[Passage], identities: Iterable[Identity] = (), given: Iterable[str] = ()) -> Marks:
    """What the program replaces at once and what it proposes.

    Known are the names of `identities`, and `given` places and organizations, which a person decided on before.
    """
    texts = tuple(passages)
    people = known_from_identities(identities)
    decided = [KnownSurface(surface, f"[Given {at}]", f"E{at:06X}") for at, surface in enumerate(given, 1)]
    matcher = SurfaceMatcher([*people, *decided])
    marks: defaultdict[str, list[Mark]] = defaultdict(list)
    for passage in texts:
        for match in matcher.find(passage.text):
            marks[passage.ref].append(Mark(match.span, "known", match.rule))
    for candidate in find_candidates(texts, matcher, AlikeNames(recognizers(), people), glossary()):
        for mention in candidate.mentions:
            marks[mention.ref].append(Mark(mention.span, candidate.category.value, mention.rule))
    return marks
