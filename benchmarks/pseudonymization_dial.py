"""What is found, and how much a person is asked about, at each step from careful to brief.

Development documents of the gold corpus and a few earnings calls, each searched once and sifted by the least score of
each step. `proposals` are the decisions that a person has to make.
"""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from benchmarks.pseudonymization_cast import Kind
from benchmarks.pseudonymization_corpus import DEVELOPMENT, corpus
from benchmarks.pseudonymization_earnings import DATA, Call, Score, absent, read_calls, score
from benchmarks.pseudonymization_gold import KNOWN, GoldScore
from benchmarks.pseudonymization_ours import search
from facilitator.privacy.candidates import STEPS

_DOCUMENTS, _CALLS = 15, 2
_QUICK_DOCUMENTS: Final = 2


@dataclass(slots=True)
class _Step:
    """Counts of one step."""

    gold: GoldScore = field(default_factory=GoldScore)
    asked_gold: int = 0
    calls: Score = field(default_factory=Score)
    lower: Score = field(default_factory=Score)
    asked_calls: int = 0


def dial(quick: bool, folder: Path | None = None, first: int | None = None) -> dict[str, Any]:
    """Measure every step, print a table, and return the figures; `first` documents and calls (15 and 2 of itself)."""
    steps = {name: _Step() for name in STEPS}
    for document in corpus(DEVELOPMENT[: _QUICK_DOCUMENTS if quick else first or _DOCUMENTS]):
        for name, step in steps.items():
            found = search(document.passages, document.identities, document.given, STEPS[name])
            step.gold.add(document, found.marks)
            step.asked_gold += len(found.candidates)
    where, count = folder or DATA, 0 if quick else first or _CALLS
    calls = [] if absent(where) else list(islice(read_calls(where), count))
    for call in calls:
        for name, step in steps.items():
            spoken, step.asked_calls = _add(call, STEPS[name], step.asked_calls)
            step.calls += spoken
            step.lower += _add(call.lower, STEPS[name], 0)[0]
    figures: dict[str, Any] = {"dial_calls": len(calls)}
    documents = next(iter(steps.values())).gold.documents
    print(f"\nFrom careful to brief: {documents} gold documents for development, {len(calls)} earnings calls")
    for name, step in steps.items():
        figures |= {f"{name}_{key}": value for key, value in _printed(name, step, bool(calls)).items()}
    return figures


def _add(call: Call, at_least: float, asked: int) -> tuple[Score, int]:
    found = search(call.passages, at_least=at_least)
    return score(call, found.marks), asked + len(found.candidates)


def _printed(name: str, step: _Step, with_calls: bool) -> dict[str, Any]:
    gold = {f"{group}_recall": step.gold.recall(group) for group in (KNOWN, Kind.DIRECT, Kind.INDIRECT)}
    gold["precision"] = step.gold.precision
    calls = {
        f"earnings_{what}{ending}": getattr(found, what)
        for found, ending in ((step.calls, ""), (step.lower, "_lower"))
        for what in ("person", "place", "precision")
    }
    print(f"  {name}, score {STEPS[name]} and more")
    for what, ratio in (gold | (calls if with_calls else {})).items():
        print(f"    {what:<28} {ratio}")
    print(f"    {'proposals':<28} {step.asked_gold} in the documents, {step.asked_calls} in the calls")
    figures: dict[str, Any] = {what: ratio.value for what, ratio in (gold | (calls if with_calls else {})).items()}
    return figures | {
        "leaked_documents": step.gold.leaked,
        "proposals": step.asked_gold,
        "earnings_proposals": step.asked_calls,
    }
