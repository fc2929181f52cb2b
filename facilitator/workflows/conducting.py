"""Conducting a session: recording, questions, speaker marks and notes on one clock. Knows no widgets."""

from dataclasses import dataclass
from datetime import UTC, datetime

from facilitator.audio.recorder import Fault, Gap, Level, Message, Recorder, Stopped
from facilitator.domain import events as ev
from facilitator.domain.consent import missing_consents
from facilitator.domain.errors import ConsentMissing, DeviceFailed, NotFound, UsageError, WorkerFailed
from facilitator.domain.guide import Question
from facilitator.domain.ids import ASSISTANT, MODERATOR, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.text import MAX_LINE, one_line
from facilitator.domain.timebase import ms_to_samples
from facilitator.workflows.sessions import Session

RESUME_WITHIN_MS = 12 * 3_600_000
"""A second take within 12 hours keeps the wall-clock distance; a later one follows on after a second."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a stop stored, read back from disk."""

    length_ms: int
    records: int
    lost_ms: int


class Conduct:
    """A session being conducted. Recording runs in a process of its own; everything here survives its death.

    Every method that stores something returns only after the commit.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._recorder: Recorder | None = None
        self._idle_ms = session.state.length_ms

    @property
    def recording(self) -> bool:
        """True while a capture process is running for this session."""
        return self._recorder is not None and self._recorder.alive

    @property
    def now_ms(self) -> int:
        """Now on the session clock; it stands still before the first recording and after the last."""
        return self._recorder.now_ms() if self._recorder else self._idle_ms

    @property
    def device(self) -> str:
        """Name of the input in use, or ""."""
        return self._recorder.started.device if self._recorder else ""

    def find_running(self) -> bool:
        """Take over a recording that outlived an earlier screen; True when there was one."""
        self._recorder = Recorder.attach(self.session.folder.audio)
        if self._recorder is None:
            return False
        takes, started = self.session.state.takes, self._recorder.started
        if not takes or takes[-1].end_ms is not None:  # the earlier screen died before it could log the start
            self.session.record(ev.RecordingStarted(started.rate, started.device), started.start_ms)
        return True

    def start(self, device: str | None = None, rate: int = 48_000, stop_after_ms: int | None = None) -> None:
        """Start recording, or go on after a stop or an interruption.

        Raises:
            ConsentMissing: somebody in the session has not consented to being recorded.
            UsageError: the session's audio was imported.
            DeviceFailed, MissingNeed: no microphone.
        """
        from facilitator.audio.container import resume_point  # numpy is not needed before this

        state = self.session.state
        self._check_may_record()
        if self.find_running():
            return
        self._close_interrupted_take()
        self.adopt_unlogged()
        rate = state.takes[0].rate if state.takes else rate
        next_seq, previous, _ = resume_point(self.session.folder.audio, self.session.key.audio_secret)
        start_ms = self._next_start_ms()
        self._recorder = Recorder.start(
            self.session.folder.audio,
            session_id=self.session.id,
            recipient=self.session.key.audio_recipient,
            device=device,
            rate=rate,
            start_ms=start_ms,
            stop_after_ms=stop_after_ms,
            next_seq=next_seq,
            previous=previous,
        )
        try:
            self.session.record(ev.RecordingStarted(rate, self._recorder.started.device), start_ms)
        except BaseException:  # a recording that is in no log must not go on
            self._recorder.stop()
            self._recorder = None
            raise

    def adopt_unlogged(self) -> int:
        """Log sound on disk that no take speaks of (its program died in between), and return its length in ms."""
        from facilitator.audio.container import AudioReader, record_files  # numpy is not needed before this

        folder, known_ms = self.session.folder.audio, self.session.state.length_ms
        if not record_files(folder):
            return 0
        reader = AudioReader(folder, session_id=self.session.id, identity=self.session.key.audio_secret)
        if reader.length_ms <= known_ms:
            return 0
        begins = next((at + length for at, length in reader.pauses if at <= known_ms < at + length), known_ms)
        self.session.record(ev.RecordingStarted(reader.rate, "found on disk"), begins)
        self._finish_take(None)
        return reader.length_ms - begins

    def poll(self) -> list[Message]:
        """What the capture process said since the last call; gaps are stored before they are returned."""
        if self._recorder is None:
            return []
        messages = self._recorder.poll()
        for message in messages:
            if isinstance(message, Gap):
                self.session.record(ev.AudioGap(message.length_ms, message.reason), message.at_ms)
        return messages

    def stop(self) -> Recorded:
        """Stop, read everything back and only then say what was recorded.

        Raises:
            DeviceFailed: nothing is recording.
            Damaged: what was read back is not what was recorded.
        """
        if self._recorder is None:
            raise DeviceFailed("Nothing is being recorded.", do="Start the recording first.")
        try:
            stopped: Stopped | None = self._recorder.stop()
        except WorkerFailed:  # it died; the length of the take is then what is on the disk
            stopped = None
        self.poll()
        self._recorder = None
        return self._finish_take(stopped)

    def detach(self) -> None:
        """Leave the screen while the recording goes on."""
        self._recorder = None

    def ask(self, question: Question) -> None:
        """Mark `question` as the one being discussed from now on."""
        self.session.record(ev.QuestionAsked(question.id), self.now_ms)

    def mark(self, speaker: Speaker | None, at_ms: int | None = None) -> None:
        """Mark who speaks from now on. Raises UsageError for somebody who is not in the session."""
        if speaker is not None and speaker not in (*self.session.state.participants, MODERATOR, ASSISTANT):
            raise UsageError(f"{speaker} is not in this session.", do="Use the keys shown on the screen.")
        self.session.record(ev.SpeakerMarked(speaker), self.now_ms if at_ms is None else at_ms)

    def undo_mark(self) -> Speaker | None:
        """Take the last speaker mark back and return whom it named.

        Raises:
            NotFound: there is none.
        """
        marks = self.session.state.marks
        if not marks:
            raise NotFound("There is no speaker mark to take back.")
        last = max(marks)
        speaker = marks[last].speaker
        self.session.record(ev.SpeakerMarkUndone(last), marks[last].at_ms)
        return speaker

    def note(
        self,
        kind: NoteKind,
        text: str,
        *,
        at_ms: int | None = None,
        speaker: Speaker | None = None,
        question_id: str | None = None,
    ) -> int:
        """Store a note stamped `at_ms` (its first keystroke; now, if not given) and return its id.

        Raises:
            UsageError: the note is empty.
        """
        safe = one_line(text, MAX_LINE + 1)
        if not safe:
            raise UsageError("The note is empty.")
        if len(safe) > MAX_LINE:
            raise UsageError(
                f"The note has more than {MAX_LINE} characters.", safe="It was not stored.", do="Make two notes of it."
            )
        stored = self.session.record(
            ev.NoteTaken(kind, safe, speaker, question_id), self.now_ms if at_ms is None else at_ms
        )
        return stored.seq

    def _check_may_record(self) -> None:
        state = self.session.state
        if state.imported:
            raise UsageError(
                "This session's audio was imported, so it cannot be recorded as well.", do="Plan a new session."
            )
        missing = missing_consents(state.participants, self.session.study.state.consents)
        if missing:
            raise ConsentMissing(
                f"No consent to recording from {', '.join(missing)}.",
                safe="Nothing was recorded.",
                do=f"When the form is signed: `facilitator consent record {' '.join(missing)}`.",
            )

    def _close_interrupted_take(self) -> None:
        takes = self.session.state.takes
        if takes and takes[-1].end_ms is None:
            self._finish_take(None)

    def _next_start_ms(self) -> int:
        takes = self.session.state.takes
        if not takes:
            return 0
        elapsed = datetime.now(UTC) - datetime.fromisoformat(takes[0].at_utc)
        wall_ms = takes[0].at_ms + int(elapsed.total_seconds() * 1000)
        earliest = self.session.state.length_ms + 1000
        return wall_ms if earliest <= wall_ms < RESUME_WITHIN_MS else earliest

    def _finish_take(self, stopped: Stopped | None) -> Recorded:
        from facilitator.audio.container import AudioReader, Integrity  # numpy is not needed before this

        take = self.session.state.takes[-1]
        try:
            reader = AudioReader(
                self.session.folder.audio, session_id=self.session.id, identity=self.session.key.audio_secret
            )
            integrity, stored_ms = reader.check(), reader.length_ms
            self._log_pauses(reader.pauses)
        except NotFound:  # the capture process died before its first second was stored
            integrity, stored_ms = Integrity(0, 0, "0" * 64, ()), 0
        end_ms = max(take.at_ms, stored_ms) if stopped is None else stopped.end_ms
        samples = ms_to_samples(end_ms - take.at_ms, take.rate) if stopped is None else stopped.samples
        self.session.record(ev.RecordingStopped(samples, end_ms, integrity.head), end_ms)
        self._idle_ms = self.session.state.length_ms
        lost = sum(damage.length_ms for damage in integrity.damage)
        return Recorded(self.session.state.length_ms, integrity.records, lost)

    def _log_pauses(self, pauses: list[tuple[int, int]]) -> None:
        """Log the stretches without sound that nobody was there to log: between takes, and of an unwatched recorder."""
        logged = [(at, at + length) for at, length, _ in self.session.state.gaps]
        for at, length in pauses:
            if not any(start < at + length and at < end for start, end in logged):
                self.session.record(ev.AudioGap(length, "not recorded"), at)


__all__ = ["Conduct", "Fault", "Gap", "Level", "Message", "Recorded"]
