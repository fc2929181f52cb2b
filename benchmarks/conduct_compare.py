"""What an event log holds of a group, against what a script says that it must hold."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

from benchmarks.conduct_script import Item, label_of
from facilitator.domain import events as ev

TIMED: Final = frozenset({"mark", "mark undone", "note", "asked", "skipped", "parked", "step undone"})
"""Notes, marks and guide steps: those that are promised to bear the time of their key."""


def stored_items(history: Iterable[ev.Stored]) -> list[Item]:
    """Everything of the group in the order in which it was stored, notes as they read in the end."""
    items: dict[int, Item] = {}
    for one in history:
        content = _content(one.event, items)
        if content is not None:
            items[one.seq] = Item(one.at_ms, *content)
        elif isinstance(one.event, ev.NoteEdited) and one.event.note_id in items:
            edited, before = one.event, items[one.event.note_id]
            text = (edited.note_kind.value, label_of(edited.speaker), before.content[2], edited.text)
            items[edited.note_id] = replace(before, content=text)
    return [item for item in items.values() if item.what != "note" or item.content[3]]


def _content(event: ev.Event, items: dict[int, Item]) -> tuple[str, tuple[str, ...]] | None:
    match event:
        case ev.SpeakerMarked(speaker):
            return "mark", (label_of(speaker),)
        case ev.SpeakerMarkUndone(undoes):
            return "mark undone", items[undoes].content
        case ev.FirstWordsNoted(mark, text):
            return "first words", (*items[mark].content, text)
        case ev.NoteTaken(kind, text, speaker, question):
            return "note", (kind.value, label_of(speaker), question or "", text)
        case ev.QuestionAsked(question):
            return "asked", (question,)
        case ev.QuestionSkipped(question, text):
            return "skipped", (question, text)
        case ev.QuestionParked(question):
            return "parked", (question,)
        case ev.QuestionStepUndone(undoes):
            return "step undone", items[undoes].content[:1]
        case ev.QuestionReworded(question, text):
            return "reworded", (question, text)
    return _more_content(event, items)


def _more_content(event: ev.Event, items: dict[int, Item]) -> tuple[str, tuple[str, ...]] | None:
    match event:
        case ev.StimulusShown(question, index):
            return "stimulus", (question, str(index))
        case ev.PresenceChanged(number, presence):
            return "presence", (number, presence.value)
        case ev.NoteSettled(note, done):
            return "settled", (items[note].content[3], str(done))
        case ev.ItemTicked(name, done):
            return "ticked", (name, str(done))
        case ev.RecordingPaused(why):
            return "paused", (why.value,)
        case ev.RecordingResumed():
            return "resumed", ()
    return None


@dataclass(frozen=True, slots=True)
class Compared:
    """Items of the script with those found for each, what is missing, and what was stored beside them."""

    pairs: tuple[tuple[Item, Item], ...]
    missing: tuple[Item, ...]
    extra: tuple[Item, ...]

    def errors_ms(self, *, timed: bool = True) -> list[int]:
        """How much later than scripted each stands in the log: notes, marks and steps, or all the others."""
        return [found.at_ms - item.at_ms for item, found in self.pairs if (item.what in TIMED) is timed]

    def worst_by_kind(self) -> dict[str, tuple[int, float, int]]:
        """How many of each kind there are, their mean error and the largest, in ms."""
        kinds: dict[str, list[int]] = {}
        for item, found in self.pairs:
            kinds.setdefault(item.what, []).append(found.at_ms - item.at_ms)
        return {kind: (len(errors), sum(errors) / len(errors), max(errors, key=abs)) for kind, errors in kinds.items()}


def compare(wanted: Sequence[Item], found: Sequence[Item]) -> Compared:
    """Pair what has the same content in the same order."""
    first, second = ([(item.what, item.content) for item in items] for items in (wanted, found))
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    paired = [(one.a + step, one.b + step) for one in blocks for step in range(one.size)]
    mine, theirs = {a for a, _ in paired}, {b for _, b in paired}
    return Compared(
        tuple((wanted[a], found[b]) for a, b in paired),
        tuple(item for place, item in enumerate(wanted) if place not in mine),
        tuple(item for place, item in enumerate(found) if place not in theirs),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent * len(ordered) / 100) - 1)] if ordered else 0.0
