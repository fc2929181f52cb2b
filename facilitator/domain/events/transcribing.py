"""From sound to a corrected transcript."""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.doubts import Doubt
from facilitator.domain.events.base import Event
from facilitator.domain.ids import Speaker
from facilitator.domain.transcript import Segment, Word


@dataclass(frozen=True, slots=True)
class TranscriptionStarted(Event):
    """How the windows that follow are heard.

    Attributes:
        language: a code such as "en", or "auto" for whatever each window sounds like.
        total_ms: the length of the recording; 0 while it is still being made.
        filled: (start, length) in ms of the recording's gaps that were heard from a backup track.
        beam: how many readings were followed at once.
        fillers: asked for "um" and the like. `names`: the participants' names were among the words to expect.
        from_ms, to_ms: what of the recording is heard; a `to_ms` of 0 is its end.
        beside: the draft stays, and this is shown beside it.
    """

    kind: ClassVar[str] = "transcription.started"
    engine: str
    model: str
    weights_sha256: str
    language: str
    total_ms: int
    filled: tuple[tuple[int, int], ...] = ()
    beam: int = 5
    fillers: bool = False
    names: bool = False
    from_ms: int = 0
    to_ms: int = 0
    beside: bool = False


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
    """What was heard from `start_ms` to `end_ms` of the recording, which are one window.

    Attributes:
        speech: where in it a voice was detected.
        again: what was heard a second time, with other settings.
        language: the one that the text is written in; `spoken` what it sounded like, `spoken_chance` how surely.
        average: mean log probability of the tokens, at most 0.0.
        loops: the text repeats itself, or never came to an end.
        others: (start, end, language) of what in it sounds like another language than the text's.
    """

    kind: ClassVar[str] = "transcription.window"
    index: int
    start_ms: int
    end_ms: int
    segments: tuple[HeardSegment, ...]
    speech: tuple[tuple[int, int], ...] = ()
    again: tuple[tuple[int, int], ...] = ()
    language: str = ""
    spoken: str = ""
    spoken_chance: float = 0.0
    average: float = 0.0
    loops: bool = False
    others: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HeardUntil(Event):
    """The recording that is heard while it is made ended at `total_ms`; 0: it goes on after all."""

    kind: ClassVar[str] = "transcription.until"
    total_ms: int


@dataclass(frozen=True, slots=True)
class HearingForgotten(Event):
    """What was heard of sound that was taken back right after it was recorded; payloads of `destroyed` are gone."""

    kind: ClassVar[str] = "transcription.forgotten"
    from_ms: int
    destroyed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TranscriptionFinished(Event):
    kind: ClassVar[str] = "transcription.finished"
    windows: int


@dataclass(frozen=True, slots=True)
class DraftMade(Event):
    """The draft transcript, cut into turns and attributed as far as the marks go, and what is doubtful in it.

    A segment without text stands where somebody speaks and nothing was understood. `corrected`: this is a transcript
    that people had worked on, stored anew, and a new draft would lose that.
    """

    kind: ClassVar[str] = "draft.made"
    segments: tuple[Segment, ...]
    doubts: tuple[Doubt, ...] = ()
    corrected: bool = False


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
