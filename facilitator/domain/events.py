"""What can happen in a session and in a study. State is a fold over these; nothing else is stored.

An undo is the opposite event with `undoes` set to the number of the event that it takes back. No event of the study
log and no field but `text`, `before`, `after`, `segments` and `title` of the session log may hold what people said.
"""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.consent import Consent
from facilitator.domain.entities import Action, Category
from facilitator.domain.guide import Guide
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.roster import Participant
from facilitator.domain.transcript import Segment, Word


class Event:
    """Base of all events. `kind` is the stable name under which the event is stored."""

    __slots__ = ()
    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class SessionPlanned(Event):
    kind: ClassVar[str] = "session.planned"
    title: str
    guide: Guide
    participants: tuple[ResearchNumber, ...]
    planned_for: str = ""


@dataclass(frozen=True, slots=True)
class QuestionAsked(Event):
    kind: ClassVar[str] = "question.asked"
    question_id: str


@dataclass(frozen=True, slots=True)
class SpeakerMarked(Event):
    kind: ClassVar[str] = "speaker.marked"
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class SpeakerMarkUndone(Event):
    kind: ClassVar[str] = "speaker.mark_undone"
    undoes: int


@dataclass(frozen=True, slots=True)
class NoteTaken(Event):
    kind: ClassVar[str] = "note.taken"
    note_kind: NoteKind
    text: str
    speaker: Speaker | None = None
    question_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingStarted(Event):
    """`rate` in Hz. The event's time is where on the session clock this take begins (0 for the first)."""

    kind: ClassVar[str] = "recording.started"
    rate: int
    device: str


@dataclass(frozen=True, slots=True)
class AudioGap(Event):
    """`length_ms` of the session clock hold no sound from the event's time on."""

    kind: ClassVar[str] = "recording.gap"
    length_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordingStopped(Event):
    """`samples` were stored in this take, which ended at `end_ms` of the session clock, gaps included.

    `head` is the digest of its last record.
    """

    kind: ClassVar[str] = "recording.stopped"
    samples: int
    end_ms: int
    head: str


@dataclass(frozen=True, slots=True)
class AudioImported(Event):
    """`source_sha256` lets a person find the file that it came from; its name is not kept."""

    kind: ClassVar[str] = "audio.imported"
    rate: int
    samples: int
    head: str
    source_sha256: str


@dataclass(frozen=True, slots=True)
class TranscriptionStarted(Event):
    kind: ClassVar[str] = "transcription.started"
    engine: str
    model: str
    weights_sha256: str
    language: str
    total_ms: int


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


@dataclass(frozen=True, slots=True)
class FoundMention:
    """Where a candidate stands, without its words: `entity_id` points into the register."""

    entity_id: str
    ref: str
    start: int
    end: int
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class CandidatesSearched(Event):
    """The search for identifiers read the texts whose digest is `texts_sha256` and found these."""

    kind: ClassVar[str] = "candidates.searched"
    texts_sha256: str
    recognizers: str
    mentions: tuple[FoundMention, ...]


@dataclass(frozen=True, slots=True)
class Approved(Event):
    """`approver` is a role or initials as typed at approval; `content_sha256` is what was checked."""

    kind: ClassVar[str] = "session.approved"
    content_sha256: str
    approver: str


@dataclass(frozen=True, slots=True)
class ExportedFile:
    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Exported(Event):
    kind: ClassVar[str] = "session.exported"
    content_sha256: str
    files: tuple[ExportedFile, ...]


@dataclass(frozen=True, slots=True)
class ParticipantAdded(Event):
    kind: ClassVar[str] = "participant.added"
    participant: Participant


@dataclass(frozen=True, slots=True)
class ConsentRecorded(Event):
    kind: ClassVar[str] = "consent.recorded"
    consent: Consent


@dataclass(frozen=True, slots=True)
class SessionCreated(Event):
    kind: ClassVar[str] = "session.created"
    session_id: SessionId


@dataclass(frozen=True, slots=True)
class EntityDecided(Event):
    """`replacement` carries its brackets; "" when the identifier is kept."""

    kind: ClassVar[str] = "entity.decided"
    entity_id: str
    category: Category
    action: Action
    replacement: str = ""
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class EntityReopened(Event):
    """Takes a decision back, so that the entity waits for one again."""

    kind: ClassVar[str] = "entity.reopened"
    entity_id: str
    undoes: int | None = None


SESSION_EVENTS: tuple[type[Event], ...] = (
    SessionPlanned,
    QuestionAsked,
    SpeakerMarked,
    SpeakerMarkUndone,
    NoteTaken,
    RecordingStarted,
    AudioGap,
    RecordingStopped,
    AudioImported,
    TranscriptionStarted,
    WindowTranscribed,
    TranscriptionFinished,
    DraftMade,
    TextCorrected,
    SpeakerCorrected,
    SegmentChecked,
    SegmentSplit,
    SegmentsMerged,
    CandidatesSearched,
    Approved,
    Exported,
)
STUDY_EVENTS: tuple[type[Event], ...] = (
    ParticipantAdded,
    ConsentRecorded,
    SessionCreated,
    EntityDecided,
    EntityReopened,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An event with the envelope it was stored in. `at_ms` is on the session clock, 0 in the study log."""

    seq: int
    at_utc: str
    at_ms: int
    actor: str
    event: Event
    hash: str
