"""From sound to a corrected transcript."""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.events.base import Event
from facilitator.domain.ids import Speaker
from facilitator.domain.transcript import Segment, Word


@dataclass(frozen=True, slots=True)
class TranscriptionStarted(Event):
    """`filled` are (start, length) in ms of the recording's gaps that were heard from a backup track."""

    kind: ClassVar[str] = "transcription.started"
    engine: str
    model: str
    weights_sha256: str
    language: str
    total_ms: int
    filled: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class HeardSegment:
    """What an engine heard, before anybody said who spoke. Times on the session clock."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...]
    no_speech: float = 0.0


@dataclass(frozen=True, slots=True)
class WindowTranscribed(Event):
    kind: ClassVar[str] = "transcription.window"
    index: int
    start_ms: int
    end_ms: int
    segments: tuple[HeardSegment, ...]


@dataclass(frozen=True, slots=True)
class TranscriptionFinished(Event):
    kind: ClassVar[str] = "transcription.finished"
    windows: int


@dataclass(frozen=True, slots=True)
class DraftMade(Event):
    """The draft transcript, cut into turns and attributed as far as the marks go."""

    kind: ClassVar[str] = "draft.made"
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class TextCorrected(Event):
    kind: ClassVar[str] = "segment.text"
    segment_id: int
    before: str
    after: str
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class SpeakerCorrected(Event):
    kind: ClassVar[str] = "segment.speaker"
    segment_id: int
    before: Speaker | None
    after: Speaker | None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class SegmentChecked(Event):
    kind: ClassVar[str] = "segment.checked"
    segment_id: int
    before: bool
    after: bool
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class SegmentSplit(Event):
    """The segment's text from code point `at` on becomes segment `new_id`."""

    kind: ClassVar[str] = "segment.split"
    segment_id: int
    new_id: int
    at: int
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class SegmentsMerged(Event):
    """Segment `merged_id` becomes the end of the segment, from code point `at` on."""

    kind: ClassVar[str] = "segment.merged"
    segment_id: int
    merged_id: int
    at: int
    undoes: int | None = None
