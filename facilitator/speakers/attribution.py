"""Give what was heard to the people who said it, from the facilitator's speaker marks.

A facilitator presses a key a moment after somebody has begun to speak. A mark therefore takes effect `reaction_ms`
earlier, and its change of speaker moves to the nearest place where speakers do change: between segments, after a
sentence, or at a pause. Without such a place nearby, each word goes to the mark in force at its midpoint.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from facilitator.domain.events import HeardSegment
from facilitator.domain.ids import Speaker
from facilitator.domain.notes import SpeakerMark
from facilitator.domain.transcript import Segment, Word, words_text

REACTION_MS: Final = 400
SNAP_MS: Final = 700
"""How far a change of speaker may move, either way."""
PAUSE_MS: Final = 300
"""Silence between two words from which a change of speaker is likely."""
_SENTENCE_ENDS: Final = (".", "?", "!", "…", "。", "？", "！")
_CLOSERS: Final = "\"'”’»)]"


@dataclass(frozen=True, slots=True)
class _Said:
    """A word, or a whole segment that came without words, and the number of the heard segment that it is from."""

    segment: int
    start_ms: int
    end_ms: int
    text: str
    word: Word | None

    @property
    def middle_ms(self) -> int:
        return (self.start_ms + self.end_ms) // 2


@dataclass(frozen=True, slots=True)
class _Boundary:
    """A place where a speaker may change: before word `before`, in the silence from `from_ms` to `to_ms`."""

    before: int
    from_ms: int
    to_ms: int

    def distance(self, at_ms: int) -> int:
        return max(self.from_ms - at_ms, at_ms - self.to_ms, 0)


def attribute(
    heard: Iterable[HeardSegment], marks: Sequence[SpeakerMark], *, reaction_ms: int = REACTION_MS
) -> tuple[Segment, ...]:
    """Cut what was heard wherever the speaker changes, and label each piece; no word is lost, moved or changed.

    Args:
        heard: in any order; times on the session clock.
        marks: in any order. Before the first mark, and from a mark without speaker on, the speaker is unknown.
        reaction_ms: how long after somebody began to speak the mark was pressed.

    Returns:
        Segments numbered from 1 in order of time. An unknown speaker is None.
    """
    ordered = sorted(heard, key=lambda segment: (segment.start_ms, segment.end_ms))
    said = [part for number, segment in enumerate(ordered) for part in _said(number, segment)]
    speakers = _speakers(said, _changes(marks, reaction_ms))
    made: list[Segment] = []
    first = 0
    for last in range(1, len(said) + 1):
        is_cut = last == len(said) or said[last].segment != said[first].segment or speakers[last] != speakers[first]
        if is_cut:
            made.append(_piece(len(made) + 1, ordered[said[first].segment], said[first:last], speakers[first]))
            first = last
    return tuple(made)


def fill_unknown(
    segments: Iterable[Segment], marks: Sequence[SpeakerMark], *, reaction_ms: int = REACTION_MS
) -> list[tuple[int, Speaker]]:
    """Speakers for the segments that have none, each by the mark in force during most of its words' time.

    Segments that have a speaker are left alone, since a person may have chosen it.

    Returns:
        Pairs of segment id and speaker, for those of the unknown segments that marks say something about.
    """
    changes = _changes(marks, reaction_ms)
    found: list[tuple[int, Speaker]] = []
    for segment in segments:
        if segment.speaker is None:
            speaker = _most_of(segment, changes)
            if speaker is not None:
                found.append((segment.id, speaker))
    return found


def _said(number: int, segment: HeardSegment) -> list[_Said]:
    words = [word for word in segment.words if word.text.strip()]
    if words:
        return [_Said(number, word.start_ms, word.end_ms, word.text, word) for word in words]
    return [_Said(number, segment.start_ms, segment.end_ms, segment.text, None)] if segment.text.strip() else []


def _changes(marks: Sequence[SpeakerMark], reaction_ms: int) -> list[SpeakerMark]:
    """Marks at the time they take effect, without repeats of the speaker before; of equal times the last holds."""
    changes: list[SpeakerMark] = []
    for mark in sorted(marks, key=lambda mark: mark.at_ms):
        if changes and changes[-1].at_ms == mark.at_ms - reaction_ms:
            changes.pop()
        if mark.speaker != (changes[-1].speaker if changes else None):
            changes.append(SpeakerMark(mark.at_ms - reaction_ms, mark.speaker))
    return changes


def _speakers(said: list[_Said], changes: list[SpeakerMark]) -> list[Speaker | None]:
    """The speaker of each word."""
    boundaries = _boundaries(said)
    speakers: list[Speaker | None] = [None] * len(said)
    place = 0
    for change in changes:
        place = max(place, _place(said, boundaries, change.at_ms))
        speakers[place:] = [change.speaker] * (len(said) - place)
    return speakers


def _boundaries(said: list[_Said]) -> list[_Boundary]:
    if not said:
        return []
    found = [_Boundary(0, min(said[0].start_ms, 0), said[0].start_ms)]
    for number, (left, right) in enumerate(pairwise(said), start=1):
        is_pause = right.start_ms - left.end_ms >= PAUSE_MS
        if left.segment != right.segment or is_pause or _ends_sentence(left.text):
            found.append(_Boundary(number, min(left.end_ms, right.start_ms), right.start_ms))
    found.append(_Boundary(len(said), said[-1].end_ms, said[-1].end_ms + SNAP_MS))
    return found


def _ends_sentence(text: str) -> bool:
    return text.strip().rstrip(_CLOSERS).endswith(_SENTENCE_ENDS)


def _place(said: list[_Said], boundaries: list[_Boundary], at_ms: int) -> int:
    """The number of the first word after a change at `at_ms`."""
    near = [(boundary.distance(at_ms), boundary.before) for boundary in boundaries]
    distance, before = min(near, default=(SNAP_MS + 1, 0))
    if distance <= SNAP_MS:
        return before
    return next((number for number, part in enumerate(said) if part.middle_ms >= at_ms), len(said))


def _piece(number: int, segment: HeardSegment, said: list[_Said], speaker: Speaker | None) -> Segment:
    words = tuple(part.word for part in said if part.word is not None)
    all_words = sum(1 for word in segment.words if word.text.strip())
    if len(words) == all_words:
        return Segment(number, segment.start_ms, segment.end_ms, speaker, segment.text.strip(), words)
    return Segment(number, said[0].start_ms, max(part.end_ms for part in said), speaker, _running_text(words), words)


def _running_text(words: tuple[Word, ...]) -> str:
    """Words that carry their own spaces are joined as they are; plain ones get a space between them."""
    if any(word.text[:1].isspace() for word in words):
        return " ".join("".join(word.text for word in words).split())
    return words_text(words)


def _most_of(segment: Segment, changes: list[SpeakerMark]) -> Speaker | None:
    times = [(word.start_ms, word.end_ms) for word in segment.words] or [(segment.start_ms, segment.end_ms)]
    spoken: dict[Speaker | None, int] = defaultdict(int)
    starts = [change.at_ms for change in changes]
    for start, end in times:
        # The mark in force at the midpoint takes the word; a word without length still counts a little.
        force = bisect_left(starts, (start + end) // 2 + 1) - 1
        spoken[changes[force].speaker if force >= 0 else None] += max(1, end - start)
    return max(spoken, key=lambda speaker: spoken[speaker])
