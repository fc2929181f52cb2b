"""The state of one session, folded from its events."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from facilitator.domain import events as ev
from facilitator.domain.edits import Edit, edited, touched
from facilitator.domain.guide import Guide
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.notes import Note, SpeakerMark
from facilitator.domain.timebase import samples_to_ms
from facilitator.domain.transcript import Segment


@dataclass(frozen=True, slots=True)
class Take:
    """One stretch of recording. `end_ms` is None while it runs, or when it was cut off."""

    at_ms: int
    at_utc: str
    rate: int
    device: str
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved which content, and by which event."""

    content_sha256: str
    approver: str
    at_utc: str
    seq: int


@dataclass(slots=True)
class SessionState:
    """Fold with `apply`. Collections are keyed by the number of the event that made the item, unless named otherwise.

    `edits` holds (seq, edit) of corrections that can still be undone, oldest first; `earlier` what each
    touched, as it was. `voided` is the last approval that a later change took away.
    """

    title: str = ""
    guide: Guide | None = None
    participants: tuple[ResearchNumber, ...] = ()
    planned_for: str = ""
    asked: list[tuple[int, str]] = field(default_factory=list)
    marks: dict[int, SpeakerMark] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    takes: list[Take] = field(default_factory=list)
    gaps: list[tuple[int, int, str]] = field(default_factory=list)
    imported: bool = False
    transcription: ev.TranscriptionStarted | None = None
    windows: dict[int, ev.WindowTranscribed] = field(default_factory=dict)
    transcription_finished: bool = False
    segments: dict[int, Segment] = field(default_factory=dict)
    edits: list[tuple[int, Edit]] = field(default_factory=list)
    earlier: dict[int, tuple[Segment, ...]] = field(default_factory=dict)
    searched: ev.CandidatesSearched | None = None
    approval: Approval | None = None
    voided: Approval | None = None
    exports: list[ev.Exported] = field(default_factory=list)
    last_seq: int = 0

    @classmethod
    def fold(cls, stored: Iterable[ev.Stored]) -> "SessionState":
        """The state after all of `stored`, which are in order."""
        state = cls()
        for item in stored:
            state.apply(item)
        return state

    def apply(self, item: ev.Stored) -> None:
        """Take in the next event."""
        self.last_seq = item.seq
        self._apply_conduct(item)
        self._apply_audio(item)
        self._apply_transcription(item)
        self._apply_correction(item)
        self._apply_release(item)

    @property
    def recorded(self) -> bool:
        """True when there is audio and no take is running or cut off."""
        return bool(self.takes) and self.takes[-1].end_ms is not None

    @property
    def length_ms(self) -> int:
        """Session time up to the end of the last finished take."""
        return max((take.end_ms or take.at_ms for take in self.takes), default=0)

    @property
    def transcript(self) -> tuple[Segment, ...]:
        """The segments in time order."""
        return tuple(sorted(self.segments.values(), key=lambda segment: (segment.start_ms, segment.id)))

    @property
    def speaker_marks(self) -> tuple[SpeakerMark, ...]:
        """The marks in time order."""
        return tuple(sorted(self.marks.values(), key=lambda mark: mark.at_ms))

    def _apply_conduct(self, item: ev.Stored) -> None:
        match item.event:
            case ev.SessionPlanned() as planned:
                self.title, self.guide = planned.title, planned.guide
                self.participants, self.planned_for = planned.participants, planned.planned_for
            case ev.QuestionAsked(question_id):
                self.asked.append((item.at_ms, question_id))
            case ev.SpeakerMarked(speaker):
                self.marks[item.seq] = SpeakerMark(item.at_ms, speaker)
            case ev.SpeakerMarkUndone(undoes):
                self.marks.pop(undoes, None)
            case ev.NoteTaken() as taken:
                self.notes[item.seq] = Note(
                    item.seq, item.at_ms, taken.note_kind, taken.text, taken.speaker, taken.question_id
                )
                self._void()

    def _apply_audio(self, item: ev.Stored) -> None:
        match item.event:
            case ev.RecordingStarted(rate, device):
                self.takes.append(Take(item.at_ms, item.at_utc, rate, device))
            case ev.AudioGap(length_ms, reason):
                self.gaps.append((item.at_ms, length_ms, reason))
            case ev.RecordingStopped(_, end_ms):
                if self.takes:
                    self.takes[-1] = replace(self.takes[-1], end_ms=end_ms)
            case ev.AudioImported(rate, samples):
                end_ms = item.at_ms + samples_to_ms(samples, rate)
                self.takes.append(Take(item.at_ms, item.at_utc, rate, "imported file", end_ms))
                self.imported = True

    def _apply_transcription(self, item: ev.Stored) -> None:
        match item.event:
            case ev.TranscriptionStarted() as started:
                self.transcription, self.windows, self.transcription_finished = started, {}, False
            case ev.WindowTranscribed() as window:
                self.windows[window.index] = window
            case ev.TranscriptionFinished():
                self.transcription_finished = True
            case ev.DraftMade(segments):
                self.segments = {segment.id: segment for segment in segments}
                self.edits.clear()
                self.earlier.clear()
                self._void()

    def _apply_correction(self, item: ev.Stored) -> None:
        event = item.event
        if not isinstance(event, Edit):
            return
        self._void()
        ids = touched(event)
        if event.undoes is not None and event.undoes in self.earlier:
            after = self.earlier.pop(event.undoes)  # with the word times and probabilities they had
        else:
            after = edited(event, self.segments)
            if not after:
                return
        before = tuple(self.segments[one] for one in ids if one in self.segments)
        for one in ids:
            self.segments.pop(one, None)
        self.segments |= {segment.id: segment for segment in after}
        if event.undoes is None:
            self.edits.append((item.seq, event))
            self.earlier[item.seq] = before
        else:
            self.edits = [(seq, edit) for seq, edit in self.edits if seq != event.undoes]

    def _void(self) -> None:
        self.voided, self.approval = self.approval or self.voided, None

    def _apply_release(self, item: ev.Stored) -> None:
        match item.event:
            case ev.CandidatesSearched() as searched:
                self.searched = searched
            case ev.Approved(content_sha256, approver):
                self.approval, self.voided = Approval(content_sha256, approver, item.at_utc, item.seq), None
            case ev.Exported() as exported:
                self.exports.append(exported)
