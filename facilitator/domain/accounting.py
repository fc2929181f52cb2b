"""What became of each moment of a recording: nothing of what was said is left out without a mark.

Each millisecond is exactly one of text, a pause between words, silence, sound that is missing, or unresolved: speech
of which there is no text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from facilitator.domain.stretches import Stretch, common, merged, total, without
from facilitator.domain.transcript import Word

REACH_MS: Final = 400
"""Word times of a speech model are that far off now and then; so far around a word, speech counts as its own."""
LEAST_MS: Final = 1_500
"""Less speech in one piece is no more than a breath, a laugh or an "um" that the model does not write."""


class Fate(StrEnum):
    """What became of a moment."""

    TEXT = "text"
    PAUSE = "pause"
    SILENCE = "silence"
    MISSING = "missing"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one fate, in ms on the session clock."""

    fate: Fate
    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """More than 0."""
        return self.end_ms - self.start_ms


def uncovered(speech: Iterable[Stretch], words: Iterable[Word]) -> list[Stretch]:
    """Speech of at least 1.5 s in one piece that no word is near."""
    said = [(word.start_ms - REACH_MS, word.end_ms + REACH_MS) for word in words]
    return [one for one in without(speech, said) if one[1] - one[0] >= LEAST_MS]


def account(
    total_ms: int, speech: Sequence[Stretch], words: Sequence[Word], missing: Sequence[Stretch]
) -> tuple[Part, ...]:
    """The whole recording from 0 to `total_ms` as parts in order, each moment in exactly one.

    Args:
        total_ms: its length.
        speech: where a voice was detected.
        words: of the draft, in any order.
        missing: where there is no sound: gaps, breaks, what was struck.
    """
    whole = [(0, total_ms)]
    text = common(((word.start_ms, max(word.end_ms, word.start_ms + 1)) for word in words), whole)
    open_speech = common(uncovered(speech, words), whole)
    unresolved = without(open_speech, text)
    absent = without(common(missing, whole), [*text, *unresolved])
    pauses = without(common(_between(text), speech), [*text, *unresolved, *absent])
    silence = without(whole, [*text, *unresolved, *absent, *pauses])
    by_fate = (
        (Fate.TEXT, text),
        (Fate.UNRESOLVED, unresolved),
        (Fate.MISSING, absent),
        (Fate.PAUSE, pauses),
        (Fate.SILENCE, silence),
    )
    parts = [Part(fate, start, end) for fate, stretches in by_fate for start, end in merged(stretches)]
    return tuple(sorted(parts, key=lambda part: part.start_ms))


def sums(parts: Iterable[Part]) -> dict[Fate, int]:
    """How long each fate lasts together, in ms; together they are the length of the recording."""
    parts = tuple(parts)
    return {fate: total((part.start_ms, part.end_ms) for part in parts if part.fate is fate) for fate in Fate}


def is_whole(parts: Iterable[Part], total_ms: int) -> bool:
    """Whether parts follow each other without a gap from 0 to `total_ms`."""
    at_ms = 0
    for part in parts:
        if part.start_ms != at_ms:
            return False
        at_ms = part.end_ms
    return at_ms == total_ms


def _between(text: Sequence[Stretch]) -> list[Stretch]:
    return [(before[1], after[0]) for before, after in pairwise(text)]
