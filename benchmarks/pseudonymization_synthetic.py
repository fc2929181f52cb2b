"""presidio-research's synthetic sentences (MIT): recall by type of what is marked there, ours beside presidio's.

A span is caught when every letter and digit of it is marked, as any kind. Each sentence stands alone, so nothing is
learned from one for another.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.pseudonymization_ours import our_marks
from benchmarks.pseudonymization_peers import presidio_marks
from benchmarks.pseudonymization_scoring import NONE, Marks, Ratio, covered, ratio
from facilitator.domain.entities import Passage, PassageKind
from facilitator.domain.spans import Span

DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "text" / "presidio_synthetic"
_QUICK_STEP: Final = 30


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, with (type, span) of what identifies in it."""

    passage: Passage
    spans: tuple[tuple[str, Span], ...]


def absent() -> str | None:
    """Why there are no sentences, or None."""
    return None if any(DATA.glob("*.json")) else "the sentences in shared/data beside the project are absent"


def sentences() -> Iterator[Sentence]:
    """All sentences of all files."""
    for file in sorted(DATA.glob("*.json")):
        for at, item in enumerate(json.loads(file.read_text(encoding="utf-8"))):
            spans = ((one["entity_type"], Span(one["start_position"], one["end_position"])) for one in item["spans"])
            yield Sentence(Passage(PassageKind.SEGMENT, f"{file.stem} {at}", item["full_text"]), tuple(spans))


def synthetic(quick: bool) -> dict[str, Any]:
    """Measure both, print a table, and return the figures; every thirtieth sentence when `quick`."""
    if why := absent():
        return {"synthetic_left_out": why}
    chosen = list(sentences())[:: _QUICK_STEP if quick else 1]
    ours, theirs = (_recall(chosen, marks) for marks in (our_marks, presidio_marks))
    print(f"\npresidio_synthetic: {len(chosen)} sentences; recall by type, ours and presidio's")
    for kind in sorted(ours, key=lambda kind: -ours[kind].whole):
        print(f"  {kind:<20} {ours[kind]!s:<24} {theirs[kind]}")
    return {
        "synthetic_recall": sum(ours.values(), NONE).value,
        "synthetic_recall_presidio": sum(theirs.values(), NONE).value,
        "synthetic_recall_by_type": {kind: round(found.value, 4) for kind, found in ours.items()},
        "synthetic_recall_by_type_presidio": {kind: round(found.value, 4) for kind, found in theirs.items()},
    }


def _recall(chosen: list[Sentence], marked: Callable[[list[Passage]], Marks]) -> dict[str, Ratio]:
    found: defaultdict[str, Ratio] = defaultdict(lambda: NONE)
    for sentence in chosen:
        marks = marked([sentence.passage]).get(sentence.passage.ref, ())
        for kind, span in sentence.spans:
            found[kind] += ratio([covered(sentence.passage.text, span, marks)])
    return found
