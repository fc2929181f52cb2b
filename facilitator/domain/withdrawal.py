"""Withdrawal of a participant: the two rules, and what in a session is theirs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from facilitator.domain.consent import Consent
from facilitator.domain.ids import Speaker
from facilitator.domain.notes import SpeakerMark
from facilitator.domain.roster import Participant
from facilitator.domain.stretches import Stretch, common, merged, total, without
from facilitator.domain.transcript import Segment, Word, words_text

if TYPE_CHECKING:
    from facilitator.domain.events import HeardSegment, WindowTranscribed

TEXT: Final = "[withdrawn]"
"""Stands in a transcript where somebody spoke who withdrew."""
GAP: Final = "withdrawn"
"""The reason of the gap that destroying their sound leaves."""
REPLACEMENT: Final = "[withdrawn participant]"
"""Stands where others say the name of somebody whose number was destroyed."""
PAD_MS: Final = 250
"""Word times of a speech model are that far off often, and a record lasts as long."""
_PRESSED_LATE_MS: Final = 1100
_PRESSED_EARLY_MS: Final = 300
"""How long after, and before, a turn begins a key is pressed for it: as far as attribution moves a mark."""


class Rule(StrEnum):
    """What becomes of the contributions of somebody who withdraws: as their consent form says."""

    DESTROY = "destroy"
    MASK = "mask"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Somebody who withdrew, with the background and consent that were on record. `finished_utc` is "" until all of
    it was carried out and read back."""

    participant: Participant
    consent: Consent | None
    rule: Rule
    ordered_utc: str
    finished_utc: str = ""


def hidden(segment: Segment) -> Segment:
    """The turn of somebody who withdrew as it is shown: its time and speaker, none of its words."""
    return replace(segment, text=TEXT, words=(), checked=True)


def has_words(segment: Segment) -> bool:
    """Whether a turn holds anything that a withdrawal takes out."""
    return segment.text.strip() not in ("", TEXT) or bool(segment.words)


def spoken(
    number: str, segments: Iterable[Segment], marks: Sequence[SpeakerMark], takes: Iterable[Stretch]
) -> tuple[Stretch, ...]:
    """When `number` spoke, in ms of the session clock, in order.

    Their turns, and where they were marked as speaking and nobody else has a turn; each 250 ms longer at both ends, as
    far as nobody else has a turn there.

    Args:
        segments: the transcript.
        marks: in time order; a mark holds until the next one.
        takes: when the session was recorded.
    """
    segments, takes = tuple(segments), tuple(takes)
    own = [(one.start_ms, max(one.end_ms, one.start_ms + 1)) for one in segments if one.speaker == number]
    others = [(one.start_ms, one.end_ms) for one in segments if one.speaker != number]
    last_ms = max((end for _, end in takes), default=0)
    ends = [later.at_ms for _, later in pairwise(marks)] + [last_ms]
    marked = [(mark.at_ms, end) for mark, end in zip(marks, ends, strict=False) if mark.speaker == Speaker(number)]
    talked = [*own, *without(common(marked, takes), others)]
    padded = [(max(0, start - PAD_MS), end + PAD_MS) for start, end in talked]
    return tuple(merged([*own, *without(padded, others)]))


def introduces(mark: SpeakerMark, number: str, segments: Iterable[Segment], stretches: Sequence[Stretch]) -> bool:
    """Whether the first words noted for a mark are, or may be, of `number`, who spoke in `stretches`.

    Those of a mark that names them are. A mark that names nobody, or somebody who has no turn there, says nothing of
    whose turn it was: its first words are theirs if it lies where they spoke, or if the turn that begins nearest to it
    is theirs.
    """
    if mark.speaker == number:
        return True
    near = range(mark.at_ms - _PRESSED_LATE_MS, mark.at_ms + _PRESSED_EARLY_MS + 1)
    begun = [one for one in segments if one.start_ms in near or one.start_ms <= mark.at_ms < one.end_ms]
    if mark.speaker is not None and any(one.speaker == mark.speaker for one in begun):
        return False
    if any(start <= mark.at_ms < end for start, end in stretches):
        return True
    usual_ms = mark.at_ms - (_PRESSED_LATE_MS - _PRESSED_EARLY_MS) // 2
    nearest = min(begun, key=lambda one: abs(one.start_ms - usual_ms), default=None)
    return nearest is not None and nearest.speaker == number


def given_back(segments: Iterable[Segment], spoken_in: Mapping[Speaker, Sequence[Stretch]]) -> tuple[Segment, ...]:
    """A new transcript in which all that was heard while somebody spoke who withdrew is theirs, whatever marks say.

    A segment is cut where its words go from one to the other: a word is theirs if its middle lies in their stretches.
    Without word times a segment is theirs wholly if its middle lies there, or more than 250 ms of it. Ids may repeat.
    """
    found: list[Segment] = []
    for one in segments:
        if not one.words:
            found.append(replace(one, speaker=_whose(one, spoken_in)))
            continue
        pieces = [(speaker, tuple(words)) for speaker, words in groupby(one.words, partial(_speaker, one, spoken_in))]
        if len(pieces) == 1:
            found.append(replace(one, speaker=pieces[0][0]))
        else:
            found += [
                Segment(one.id, words[0].start_ms, words[-1].end_ms, speaker, words_text(words), words)
                for speaker, words in pieces
            ]
    return tuple(found)


def _speaker(said: Segment, spoken_in: Mapping[Speaker, Sequence[Stretch]], word: Word) -> Speaker | None:
    if said.speaker in spoken_in:
        return said.speaker
    middle = (word.start_ms + word.end_ms) // 2
    inside = (who for who, stretches in spoken_in.items() if any(start <= middle < end for start, end in stretches))
    return next(inside, said.speaker)


def _whose(said: Segment, spoken_in: Mapping[Speaker, Sequence[Stretch]]) -> Speaker | None:
    if said.speaker in spoken_in:
        return said.speaker
    middle, whole = (said.start_ms + said.end_ms) // 2, [(said.start_ms, said.end_ms)]
    for who, stretches in spoken_in.items():
        if total(common(whole, stretches)) > PAD_MS or any(start <= middle < end for start, end in stretches):
            return who
    return said.speaker


def without_speech(
    window: "WindowTranscribed", stretches: Sequence[Stretch], others: Sequence[Stretch]
) -> "WindowTranscribed":
    """What was heard in a window less all that may be the words of somebody who spoke in `stretches`.

    A word stays only if it touches none of these and its middle lies in a turn of somebody else (`others`).
    """
    taken, kept = merged(stretches), merged((start, max(end, start + 1)) for start, end in others)
    heard = (_cut(segment, taken, kept) for segment in window.segments)
    return replace(
        window,
        segments=tuple(segment for segment in heard if segment is not None),
        speech=tuple(without(window.speech, taken)),
    )


def _cut(segment: "HeardSegment", taken: list[Stretch], kept: list[Stretch]) -> "HeardSegment | None":
    words = tuple(word for word in segment.words if _stays(word.start_ms, word.end_ms, taken, kept))
    if not words:
        return None
    if len(words) == len(segment.words):
        return segment
    return replace(segment, start_ms=words[0].start_ms, end_ms=words[-1].end_ms, text=words_text(words), words=words)


def _stays(start_ms: int, end_ms: int, taken: list[Stretch], kept: list[Stretch]) -> bool:
    middle = (start_ms + end_ms) // 2
    touched = any(start < max(end_ms, start_ms + 1) and start_ms < end for start, end in taken)
    return not touched and any(start <= middle < end for start, end in kept)
