"""The program's own way from passages to marks, as `workflows.pseudonymizing` goes it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from benchmarks.pseudonymization_scoring import Mark, Marks
from facilitator.domain.entities import Candidate, Passage
from facilitator.domain.roster import Identity
from facilitator.privacy.candidates import EVERYTHING, find_candidates
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


@dataclass(frozen=True, slots=True)
class Search:
    """What is known in some passages, and what is proposed beside it."""

    passages: tuple[Passage, ...]
    matcher: SurfaceMatcher
    candidates: tuple[Candidate, ...]

    @property
    def marks(self) -> Marks:
        """What the program replaces at once and what it proposes."""
        marks: defaultdict[str, list[Mark]] = defaultdict(list)
        for passage in self.passages:
            for match in self.matcher.find(passage.text):
                marks[passage.ref].append(Mark(match.span, "known", match.rule))
        for candidate in self.candidates:
            for mention in candidate.mentions:
                marks[mention.ref].append(Mark(mention.span, candidate.category.value, mention.rule))
        return marks


def search(
    passages: Iterable[Passage],
    identities: Iterable[Identity] = (),
    given: Iterable[str] = (),
    at_least: float = EVERYTHING,
) -> Search:
    """Known are the names of `identities`, and `given` places and organizations, which a person decided on before."""
    texts = tuple(passages)
    people = known_from_identities(identities)
    decided = [KnownSurface(surface, f"[Given {at}]", f"E{at:06X}") for at, surface in enumerate(given, 1)]
    matcher = SurfaceMatcher([*people, *decided])
    recognizers().expect(passage.text for passage in texts)
    finder = AlikeNames(recognizers(), people)
    return Search(texts, matcher, find_candidates(texts, matcher, finder, glossary(), at_least=at_least))


def our_marks(passages: Iterable[Passage], identities: Iterable[Identity] = (), given: Iterable[str] = ()) -> Marks:
    """The marks of a search for everything."""
    return search(passages, identities, given).marks
