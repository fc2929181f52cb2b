"""What can happen in a session and in a study. State is a fold over these; nothing else is stored.

An undo is the opposite event with `undoes` set to the number of the event that it takes back. No event of the study
log and no field but `text`, `before`, `after`, `segments` and `title` of the session log may hold what people said.
"""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.access import Grant
from facilitator.domain.consent import Consent
from facilitator.domain.entities import Action, Category
from facilitator.domain.guide import Guide
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import Pause, Trouble
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
    """`rate` in Hz. The event's time is where on the session clock this take begins (0 for the first). `channel` of
    the device is recorded, from 1 on; None for the mix of all."""

    kind: ClassVar[str] = "recording.started"
    rate: int
    device: str
    channel: int | None = None


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
class RecordingReached(Event):
    """The record numbered `seq`, of digest `head`, was on the disk by then. Logged every ten seconds, so that a
    recording cut short at a record's edge can be told from one that ended there."""

    kind: ClassVar[str] = "recording.reached"
    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class TroubleBegan(Event):
    """`detail` may name a device. `track` is 0 for the recording, else a backup track."""

    kind: ClassVar[str] = "recording.trouble"
    trouble: Trouble
    detail: str = ""
    track: int = 0


@dataclass(frozen=True, slots=True)
class TroubleEnded(Event):
    kind: ClassVar[str] = "recording.trouble_over"
    trouble: Trouble
    track: int = 0


@dataclass(frozen=True, slots=True)
class RecordingPaused(Event):
    """Nothing is recorded from the event's time on, at the facilitator's wish."""

    kind: ClassVar[str] = "recording.paused"
    why: Pause


@dataclass(frozen=True, slots=True)
class RecordingResumed(Event):
    kind: ClassVar[str] = "recording.resumed"


@dataclass(frozen=True, slots=True)
class StrikeOrdered(Event):
    """A participant asked that `from_ms` to `to_ms` be destroyed. Stored first, so that a crash cannot forget it."""

    kind: ClassVar[str] = "strike.ordered"
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class AudioStruck(Event):
    """The records `first_seq` to `next_seq` - 1, `samples` long, from `from_ms` to `to_ms`, were destroyed.

    The record `next_seq` carries `link`, the digest of the last destroyed one, so that the chain of records still
    verifies. `destroyed` are the events, notes of that stretch, whose payloads were destroyed with it. One with
    `first_seq` equal to `next_seq` found no sound to destroy. `track` is 0 for the recording, else a backup track.
    """

    kind: ClassVar[str] = "audio.struck"
    from_ms: int
    to_ms: int
    first_seq: int
    next_seq: int
    samples: int
    link: str
    destroyed: tuple[int, ...] = ()
    track: int = 0


@dataclass(frozen=True, slots=True)
class BackupStarted(Event):
    """A second device records in parallel as track `track`, 1 or more."""

    kind: ClassVar[str] = "backup.started"
    track: int
    rate: int
    device: str


@dataclass(frozen=True, slots=True)
class BackupStopped(Event):
    kind: ClassVar[str] = "backup.stopped"
    track: int
    samples: int
    end_ms: int
    head: str


@dataclass(frozen=True, slots=True)
class BackupImported(Event):
    """A recorder's file became track `track`, aligned by cross-correlation.

    The file's first sample lies at `offset_ms` of the session clock (may be negative); `agreement` is the correlation
    at the best place, 0 to 1; `drift_ppm` the recorder's clock against ours. Off-the-record and struck stretches are
    not in it.
    """

    kind: ClassVar[str] = "backup.imported"
    track: int
    rate: int
    samples: int
    head: str
    source_sha256: str
    offset_ms: int
    agreement: float
    drift_ppm: float


@dataclass(frozen=True, slots=True)
class Precheck:
    """One line of the check before recording. `ok` is None where it could not be told, or was accepted as it is."""

    name: str
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Prechecked(Event):
    """What the check before recording found."""

    kind: ClassVar[str] = "recording.prechecked"
    checks: tuple[Precheck, ...]


@dataclass(frozen=True, slots=True)
class RecordingRecovered(Event):
    """An interrupted recording was put in order: `recovered_ms` of sound found, `missing_ms` of it not there."""

    kind: ClassVar[str] = "recording.recovered"
    recovered_ms: int
    missing_ms: int


@dataclass(frozen=True, slots=True)
class AudioRekeyed(Event):
    """All records were encrypted anew for `recipient` (age1…). `track` as in AudioStruck.

    `head_before` and `head_after` are the last one's digests.
    """

    kind: ClassVar[str] = "audio.rekeyed"
    recipient: str
    head_before: str
    head_after: str
    track: int = 0


@dataclass(frozen=True, slots=True)
class AudioPurged(Event):
    """The key of the audio, then its `records` records, were destroyed on purpose; `head` was the last one's digest."""

    kind: ClassVar[str] = "audio.purged"
    records: int
    samples: int
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


@dataclass(frozen=True, slots=True)
class OwnerNamed(Event):
    """`recipient` (age1…) is the researcher who made the study: everything is sealed for it."""

    kind: ClassVar[str] = "study.owner"
    recipient: str


@dataclass(frozen=True, slots=True)
class AccessGranted(Event):
    kind: ClassVar[str] = "access.granted"
    grant: Grant


@dataclass(frozen=True, slots=True)
class AccessRevoked(Event):
    kind: ClassVar[str] = "access.revoked"
    session_id: SessionId
    recipient: str


@dataclass(frozen=True, slots=True)
class RetentionSet(Event):
    """Dates (YYYY-MM-DD) by which audio and the linkage file are to be destroyed; "" for none."""

    kind: ClassVar[str] = "retention.set"
    audio_until: str
    linkage_until: str


@dataclass(frozen=True, slots=True)
class LinkageDestroyed(Event):
    """The linkage key, then the file, were destroyed on purpose."""

    kind: ClassVar[str] = "linkage.destroyed"


@dataclass(frozen=True, slots=True)
class BackedUp(Event):
    """A copy of the study was made elsewhere and read back."""

    kind: ClassVar[str] = "study.backed_up"
    sessions: int
    bytes: int


SESSION_EVENTS: tuple[type[Event], ...] = (
    SessionPlanned,
    QuestionAsked,
    SpeakerMarked,
    SpeakerMarkUndone,
    NoteTaken,
    RecordingStarted,
    AudioGap,
    RecordingStopped,
    RecordingReached,
    TroubleBegan,
    TroubleEnded,
    RecordingPaused,
    RecordingResumed,
    StrikeOrdered,
    AudioStruck,
    BackupStarted,
    BackupStopped,
    BackupImported,
    Prechecked,
    RecordingRecovered,
    AudioRekeyed,
    AudioPurged,
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
    OwnerNamed,
    AccessGranted,
    AccessRevoked,
    RetentionSet,
    LinkageDestroyed,
    BackedUp,
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
