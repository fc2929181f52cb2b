"""Sessions: planning one, opening it, and where each stands."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from facilitator.domain.access import Grant
from facilitator.domain.consent import missing_consents
from facilitator.domain.errors import AccessRefused, FacilitatorError, NotFound, StorageFailed, UsageError
from facilitator.domain.events import (
    AccessGranted,
    AudioPurged,
    AudioStruck,
    BackupStopped,
    Event,
    RecordingResumed,
    RecordingStopped,
    SessionCreated,
    SessionPlanned,
    Stored,
    StrikeOrdered,
    TroubleEnded,
)
from facilitator.domain.group import ASSISTING
from facilitator.domain.guide import Guide
from facilitator.domain.ids import ResearchNumber, SessionId
from facilitator.domain.recording import NO_HEAD
from facilitator.domain.session_state import SessionState
from facilitator.domain.text import one_line
from facilitator.storage import keys, rekeying
from facilitator.storage.database import create_database, open_database
from facilitator.storage.event_log import EventLog
from facilitator.storage.files import give_up_some, held, make_folder, storage_failed
from facilitator.storage.shredding import copies_left, finish_shredding, shred_each
from facilitator.storage.study_folder import SessionFolder
from facilitator.workflows.second_writer import as_assistant, refuse_struck_words
from facilitator.workflows.session_key import as_damage
from facilitator.workflows.study import Study


class Session:
    """One unlocked session. With `write`, nobody else can open it for writing until it is closed, but for one
    assistant: with `beside`, it is opened for writing whether or not another program has it open, nothing is repaired,
    what is stored bears the actor `assistant`, and nobody can replace the session's files until it is closed.

    Raises:
        NotFound: the study has no such session.
        Busy: another program has it open for writing; with `beside`, another assistant has, or its files are being
            replaced.
        StorageFailed: it is to be written, and the study is `read_only`.
    """

    def __init__(self, study: Study, session_id: SessionId, *, write: bool = True, beside: bool = False) -> None:
        if session_id not in study.state.sessions:
            raise NotFound(f"There is no session {session_id}.", do="Run `facilitator session list` to see them.")
        self.study = study
        self.id = session_id
        self.folder = study.folder.session(session_id)
        self._held = contextlib.ExitStack()
        self._one_at_a_time = threading.RLock()  # a screen notes while its worker starts or stops a recording
        self._beside = write and beside
        alone = write and not beside
        if write:
            study.refuse_read_only()
            lock = held(self.folder.lock_file, f"Session {session_id}") if alone else as_assistant(self.folder)
            self._held.enter_context(lock)
        try:
            self._end_rekeying(held_already=alone)
            self.key = self._opened_key()
            self._connection = open_database(
                self.folder.database, self.key.database, read_only=not write, upgrade=alone
            )
            self._held.callback(self._connection.close)
            self._log = EventLog(self._connection, ASSISTING if self._beside else study.role_in(session_id))
            self._held.callback(self._log.clear_old_pages)
            self.state = SessionState()
            self.refresh()
            if alone and self.key.purged:
                with contextlib.suppress(StorageFailed):  # a full disk; what is not logged now is by the next opening
                    finish_purge(self)
        except BaseException:
            self._held.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened_key(self) -> keys.SessionKey:
        try:
            return keys.open_session_key(self.folder.key, self.study.key)
        except AccessRefused as error:
            raise as_damage(self.study, self.folder, error) from error

    def _end_rekeying(self, *, held_already: bool) -> None:
        if held_already:
            rekeying.finish(self.folder.root, self.folder.key.name)
        elif self.study.read_only or self._beside:
            rekeying.refuse_moving(self.folder.root, self.folder.key.name, f"session {self.id}")
        else:
            rekeying.settle(self.folder.root, self.folder.key.name, self.folder.lock_file, f"Session {self.id}")

    def close(self) -> None:
        """Close the database and let others write."""
        self._held.close()

    def refresh(self) -> None:
        """Take in what was stored since."""
        with self._one_at_a_time:
            for stored in self._log.read(after=self.state.last_seq):
                self.state.apply(stored)

    def record(self, event: Event, at_ms: int = 0) -> Stored:
        """Store one event at `at_ms` of the session clock; durable when this returns. Raises StorageFailed."""
        return self.record_all([(event, at_ms)])[0]

    def record_all(
        self, events: Sequence[tuple[Event, int]], check: Callable[[SessionState], object] = lambda _: None
    ) -> list[Stored]:
        """Store all of (event, at_ms) or none; durable when this returns. Raises StorageFailed, and what `check` does.

        `check` is given the state at the moment of storing, when nobody else here can change it. On a full disk, what
        a running recording keeps in reserve makes room. An assistant's words from a stretch that was struck, maybe
        just now, are refused with UsageError.
        """
        with self._one_at_a_time:
            stored = self._append_all(events, check)
            self.refresh()
        return stored

    def _append_all(self, events: Sequence[tuple[Event, int]], check: Callable[[SessionState], object]) -> list[Stored]:
        while True:
            try:
                return self._log.append_all(events, lambda: self._check(events, check))
            except StorageFailed as error:
                if "is full" not in error.what or not give_up_some(self.folder.reserve):
                    raise

    def _check(self, events: Sequence[tuple[Event, int]], check: Callable[[SessionState], object]) -> None:
        check(self.state)
        if self._beside:
            self.refresh()
            refuse_struck_words(self.state, events)

    def reread(self) -> SessionState:
        """The state folded anew from what is stored, for checking a job's result."""
        return SessionState.fold(self._log.read())

    def history(self) -> Iterator[Stored]:
        """All events in order, for what the state does not keep."""
        return self._log.read()

    def verify_log(self) -> int:
        """Check the log's hash chain and return the number of events; raises Damaged."""
        return self._log.verify()


def finish_purge(session: Session) -> list[Path]:
    """Log once that the audio's key was destroyed on purpose, then destroy what is left of the audio.

    Returns the files that could not be removed: of records, which nothing opens any more, and copies of the old key.

    Raises:
        StorageFailed: that could not be logged; opening the session again goes on from there.
    """
    what, events = session.key.purged, _ended_with_audio(session)
    if what and not session.state.purged:
        events.append((AudioPurged(what.records, what.samples, what.head), session.state.length_ms))
    if events:
        session.record_all(events)
    with contextlib.suppress(StorageFailed):
        finish_shredding(session.folder.key)
    left = [path for path in copies_left(session.folder.key) if not path.samefile(session.folder.key)]
    return shred_each([*left, *audio_files(session.folder)])


def _ended_with_audio(session: Session) -> list[tuple[Event, int]]:
    """What the log calls unfinished ends with the audio: nothing is there any more to put it in order with."""
    state = session.state
    last_ms = max((item.at_ms for item in session.history()), default=0)
    ended: list[tuple[Event, int]] = []
    if state.takes and state.takes[-1].end_ms is None:
        ended.append((RecordingStopped(0, last_ms, NO_HEAD), last_ms))
    cut_off = [one.track for one in state.backups.values() if one.end_ms is None]
    ended += [(BackupStopped(track, 0, last_ms, NO_HEAD), last_ms) for track in cut_off]
    lasting = [one for one in state.troubles if one.end_ms is None]
    ended += [(TroubleEnded(one.trouble, one.track), last_ms) for one in lasting]
    if state.paused is not None:
        ended.append((RecordingResumed(), last_ms))
    if (order := state.strike_ordered) is not None:
        ended.append((_struck(session, order), order.to_ms))
    return ended


def _struck(session: Session, order: StrikeOrdered) -> AudioStruck:
    """An order that was open when all sound was destroyed, and the notes that it was to destroy too."""
    words = session.state.written_since(order.from_ms, order.to_ms)
    return AudioStruck(order.from_ms, order.to_ms, 0, 0, 0, NO_HEAD, words)


def audio_files(folder: SessionFolder) -> list[Path]:
    """Every file of records: of the recording, of backup tracks and of an import that was cut off."""
    return sorted(path for path in folder.root.glob("audio*/*.rec") if path.is_file())


def plan_session(
    study: Study, guide: Guide, participants: Sequence[ResearchNumber], *, title: str = "", planned_for: str = ""
) -> SessionId:
    """Make a session with a frozen copy of `guide` and return its id, the next free number.

    It is open to the researcher, and to whoever plans it by a grant of their own, which is logged with it.

    Raises:
        AccessRefused: whoever plans it is neither; nothing was written.
        NotFound: a participant is not on the roster.
        UsageError: nobody takes part.
    """
    if not participants:
        raise UsageError("A session needs participants.", do="Name them, such as --participants P1-P6.")
    unknown = [number for number in participants if number not in study.state.participants]
    if unknown:
        raise NotFound(
            f"{', '.join(unknown)} not on the roster.",
            safe="Nothing was written.",
            do="Import or add them first: `facilitator participants import FILE.csv`.",
        )
    with study.changing():  # two plans at once must not share a number
        session_id = _next_id(study)
        folder = study.folder.session(session_id)
        mine = [Grant(session_id, one.recipient, one.role, names=False) for one in study.own_grants[:1]]
        key = keys.create_session_key(folder.key, study.recipients(mine), study.key)
        make_folder(folder.audio)
        planned = SessionPlanned(one_line(title, 120), guide, tuple(participants), planned_for)
        _create_log(folder, key, planned, study.role_in())
        study.record(SessionCreated(session_id), *(AccessGranted(one) for one in mine))
    return session_id


def adopt_sessions(study: Study) -> tuple[SessionId, ...]:
    """Enter sessions that have a folder but no entry, as after restoring an older `study.db`; returns their ids."""
    if not _lost_sessions(study):
        return ()
    with study.changing():
        lost = _lost_sessions(study)
        for session_id in lost:
            keys.open_session_key(study.folder.session(session_id).key, study.key)
            study.record(SessionCreated(session_id))
    return tuple(lost)


def _lost_sessions(study: Study) -> list[SessionId]:
    found = sorted((study.folder.root / "sessions").glob("[0-9]*/session.db"))
    return [SessionId(path.parent.name) for path in found if path.parent.name not in study.state.sessions]


def _next_id(study: Study) -> SessionId:
    folders = study.folder.root / "sessions"
    try:
        used = [int(path.name) for path in folders.glob("[0-9]*") if path.name.isdecimal()]
    except OSError as error:
        raise storage_failed(folders, error) from error
    return SessionId(f"{max((*used, *map(int, study.state.sessions)), default=0) + 1:02}")


def _create_log(folder: SessionFolder, key: keys.SessionKey, planned: SessionPlanned, actor: str) -> None:
    connection = create_database(folder.database, key.database)
    try:
        EventLog(connection, actor).append(planned)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of the home screen. `stages` are (name, state) such as ("corrected", "62 %"); `next` is what to do."""

    id: SessionId
    title: str
    date: str
    people: str
    length_ms: int
    stages: tuple[tuple[str, str], ...]
    next: str


def summaries(study: Study) -> Iterator[Summary]:
    """Every session of the study with its stage, read without locking."""
    study.refresh()
    for session_id in study.state.sessions:
        yield summary_or_fault(study, session_id)


def summary_or_fault(study: Study, session_id: SessionId) -> Summary:
    """Where a session stands; one that cannot be opened keeps its row, so that it does not hide the others."""
    try:
        with Session(study, session_id, write=False) as session:
            return summary(session)
    except FacilitatorError as error:
        return Summary(session_id, "", "", "", 0, ((f"▲ {error.title}", ""),), "look")


def summary(session: Session) -> Summary:
    """Where a session stands."""
    state, study = session.state, session.study
    missing = missing_consents(state.expected, study.state.consents)
    stages, step = _stages(session, len(missing))
    date = state.takes[0].at_utc[:10] if state.takes and not state.imported else state.planned_for
    return Summary(session.id, state.title, date, people(state.participants), state.length_ms, stages, step)


def _stages(session: Session, missing: int) -> tuple[tuple[tuple[str, str], ...], str]:
    state, decisions = session.state, session.study.state.decisions
    if not state.takes:
        many = "1 consent" if missing == 1 else f"{missing} consents"
        return (("planned", f"{many} missing" if missing else "✓"),), "conduct"
    stages = [("recorded", "✓" if state.recorded else "unfinished")]
    if not state.recorded and not session.key.purged:
        return tuple(stages), "conduct"
    if not state.transcription_finished or not state.segments:
        if state.transcription:
            done = sum(window.end_ms - window.start_ms for window in state.windows.values())
            total = state.transcription.total_ms or state.length_ms
            stages.append(("transcribed", f"{min(99, done * 100 // max(1, total))} %"))
        if state.purged or session.key.purged:
            return (*stages, ("audio", "destroyed")), "done"
        return tuple(stages), "transcribe"
    stages.append(("transcribed", "✓"))
    checked = sum(segment.checked for segment in state.segments.values())
    stages.append(("corrected", "✓" if checked == len(state.segments) else f"{checked * 100 // len(state.segments)} %"))
    if state.approval and not _changed_since(session, state.approval.at_utc):
        exported = _exported(state)
        return (*stages, ("exported" if exported else "approved", "✓")), "done" if exported else "export"
    if state.searched is None:
        return tuple(stages), "correct" if checked < len(state.segments) else "pseudonymize"
    waiting = len({mention.entity_id for mention in state.searched.mentions} - decisions.keys())
    stages.append(("pseudonymized", f"{waiting} open" if waiting else "✓"))
    return tuple(stages), "pseudonymize" if waiting else "verify"


def _exported(state: SessionState) -> bool:
    approved = state.approval.content_sha256 if state.approval else ""
    return any(export.content_sha256 == approved for export in state.exports)


def _changed_since(session: Session, at_utc: str) -> bool:
    """True when a decision or a consent that bears on this session changed after `at_utc`."""
    mentions = session.state.searched.mentions if session.state.searched else ()
    concerned = {*session.state.participants, *(mention.entity_id for mention in mentions)}
    changes = session.study.state.changed_utc
    return any(changes.get(one, "") > at_utc for one in concerned)


def people(numbers: Sequence[ResearchNumber]) -> str:
    """P1–P6 for a run of numbers, else P1, P4, P9."""
    values = [int(number[1:]) for number in numbers]
    if len(values) > 2 and values == list(range(values[0], values[0] + len(values))):
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(numbers)
