"""Where two people speak at once, as far as the facilitator's marks show it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.events import HeardSegment
from facilitator.domain.notes import SpeakerMark
from facilitator.domain.stretches import Stretch, common, merged, total

AT_ONCE_MS: Final = 1_200
"""Nobody finishes a turn in less: two marks so close together are two people who speak at the same time."""
REACTION_MS: Final = 400
_LEAST_MS: Final = 100


def overlaps(heard: Iterable[HeardSegment], marks: Sequence[SpeakerMark]) -> Iterator[Doubt]:
    """A doubt for each place where marks of different people follow each other at once while words are heard.

    Whisper writes down one voice of two, so that there the other is missing, or mixed in.

    Args:
        heard: times on the session clock.
        marks: in any order.
    """
    said = merged((word.start_ms, word.end_ms) for segment in heard for word in segment.words)
    for start, end in merged(_close(marks)):
        if total(common([(start, end)], said)) >= _LEAST_MS:
            yield Doubt(Rule.OVERLAP, start, end, "two speaker marks at once")


def _close(marks: Sequence[SpeakerMark]) -> Iterator[Stretch]:
    ordered = sorted(marks, key=lambda mark: mark.at_ms)
    for before, after in pairwise(ordered):
        apart = after.at_ms - before.at_ms
        if before.speaker and after.speaker and before.speaker != after.speaker and apart <= AT_ONCE_MS:
            yield max(0, before.at_ms - REACTION_MS), after.at_ms
