"""How much of the gold corpus is caught, how much of what is marked is right, and what goes wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.pseudonymization_cast import Kind
from benchmarks.pseudonymization_corpus import DEVELOPMENT, TEST, Document, corpus
from benchmarks.pseudonymization_ours import our_marks
from benchmarks.pseudonymization_scoring import (
    NONE,
    Marks,
    Ratio,
    covered,
    print_cases,
    quoted,
    ratio,
    words_right,
)

KNOWN: Final = "known"
"""The group of names of the roster and of what was given; all others are grouped by their kind."""
_QUICK_DOCUMENTS: Final = 5


@dataclass(slots=True)
class GoldScore:
    """Counts over documents. `entities` is by (group, category), `forms` by the form of known names, in mentions."""

    entities: defaultdict[tuple[str, str], Ratio] = field(default_factory=lambda: defaultdict(lambda: NONE))
    forms: defaultdict[str, Ratio] = field(default_factory=lambda: defaultdict(lambda: NONE))
    precision: Ratio = NONE
    documents: int = 0
    leaked: int = 0
    missed: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, document: Document, marks: Marks) -> None:
        """Count one more document with what was marked in it."""
        texts = {passage.ref: passage.text for passage in document.passages}
        leaked = False
        for entity in document.entities:
            group = KNOWN if entity.known else entity.kind.value
            caught = [covered(texts[one.ref], one.span, marks.get(one.ref, ())) for one in entity.mentions]
            self.entities[group, entity.category] += ratio([all(caught)])
            for mention, hit in zip(entity.mentions, caught, strict=True):
                if entity.known:
                    self.forms[mention.form] += ratio([hit])
                if not hit:
                    case = f"{group}, {entity.category}, {mention.form}"
                    self.missed[case][quoted(texts[mention.ref], mention.span)] += 1
            leaked |= entity.known and entity.kind is Kind.DIRECT and not all(caught)
        self._add_precision(document, marks)
        self.documents += 1
        self.leaked += leaked

    def _add_precision(self, document: Document, marks: Marks) -> None:
        reaches = defaultdict(list)
        for entity in document.entities:
            for mention in entity.mentions:
                reaches[mention.ref].append(mention.reach)
        for passage in document.passages:
            found = marks.get(passage.ref, ())
            self.precision += words_right(passage.text, found, reaches[passage.ref])[0]
            for mark in found:
                _, wrong = words_right(passage.text, [mark], reaches[passage.ref])
                if wrong:
                    surface = passage.text[mark.span.start : mark.span.end]
                    self.wrong[f"{mark.kind}, {mark.rule}"][surface.lower()] += len(wrong)

    def recall(self, group: str) -> Ratio:
        """Entities of one group of which every mention was caught."""
        return sum((found for (one, _), found in self.entities.items() if one == group), NONE)

    @property
    def figures(self) -> dict[str, Any]:
        """What is promised."""
        return {
            "roster_recall": self.recall(KNOWN).value,
            "direct_recall": self.recall(Kind.DIRECT).value,
            "indirect_recall": self.recall(Kind.INDIRECT).value,
            "precision": self.precision.value,
            "leaked_documents": self.leaked,
            "documents": self.documents,
        }


def gold(quick: bool, development: bool, first: int | None = None, show: bool = False) -> dict[str, Any]:
    """Measure the documents for tests (or development), print tables, and return the figures."""
    seeds = DEVELOPMENT if development else TEST
    score = measured(corpus(seeds[: _QUICK_DOCUMENTS if quick else first]))
    print(f"\nGold corpus: {score.documents} documents for {'development' if development else 'tests'}")
    for group in (KNOWN, Kind.DIRECT, Kind.INDIRECT, Kind.OPTIONAL):
        print(f"  {group:<28} {score.recall(group)} entities whole")
        for category in sorted(category for one, category in score.entities if one == group):
            print(f"    {category:<26} {score.entities[group, category]}")
    print("  known names by form")
    for form, found in sorted(score.forms.items()):
        print(f"    {form:<26} {found} mentions")
    print(f"  {'precision':<28} {score.precision} words")
    if show:
        print_cases("Missed", score.missed)
        print_cases("Marked, but no identifier (words)", score.wrong)
    return score.figures


def measured(documents: Iterable[Document]) -> GoldScore:
    """The program's marks, counted."""
    score = GoldScore()
    for document in documents:
        score.add(document, our_marks(document.passages, document.identities, document.given))
    return score
