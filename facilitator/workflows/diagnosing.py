"""What state a session is in after a crash, a full disk or a damaged file. Reads only: not one byte is changed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import psutil

from facilitator.audio import status_file
from facilitator.audio.recorder import last_stopped
from facilitator.domain import events as ev
from facilitator.domain.errors import AccessRefused, Damaged, FacilitatorError, NewerVersion, NotFound
from facilitator.domain.ids import SessionId
from facilitator.domain.timebase import clock, exact
from facilitator.storage import keys
from facilitator.storage.copying import read_copy_note
from facilitator.storage.study_folder import SessionFolder
from facilitator.workflows.journal_news import journal_news
from facilitator.workflows.leftovers import audio_folders, find_leftovers, half_exports, recording_goes_on
from facilitator.workflows.session_key import as_damage
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import struck_records
from facilitator.workflows.study import Study
from facilitator.workflows.takes import unlogged_import
from facilitator.workflows.track_state import TrackState, known_of, look_at_track

KILLED_MS: Final = 500
"""What a recorder that was killed had heard and not written yet, at most: a record and the driver's buffer."""
POWER_CUT_MS: Final = 1500
"""The same after a power cut: what was written since the last sync, once a second, may be lost too."""


class Verdict(StrEnum):
    """What a finding asks for."""

    WELL = "well"
    NOTED = "noted"
    """A loss that was counted and that nothing can bring back."""
    MEND = "recover"
    """`recover` puts it in order."""
    RESTORE = "restore"
    """Only a backup can bring it back."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of a session and how it is. `text` and `do` are whole sentences."""

    part: str
    verdict: Verdict
    text: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found. `recording`: it is being recorded just now, so that nothing may be mended.

    `interrupted`: a take began and has no end. `lost_at_most_ms`: what its recorder may have heard and not stored.
    """

    session_id: str
    recording: bool = False
    interrupted: bool = False
    lost_at_most_ms: int = 0
    events: int | None = None
    tracks: tuple[TrackState, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def needs_recovery(self) -> bool:
        """Whether `recover` has something to put in order."""
        return not self.recording and any(one.verdict is Verdict.MEND for one in self.findings)

    @property
    def needs_restoring(self) -> bool:
        """Whether something is damaged or gone that a backup may still hold."""
        return any(one.verdict is Verdict.RESTORE for one in self.findings)

    @property
    def lines(self) -> list[str]:
        """All of it in sentences."""
        return [" ".join(filter(None, (f"{one.part}: {one.text}", one.do))) for one in self.findings]


def diagnose(session: Session, *, thorough: bool = False) -> Diagnosis:
    """Look at every part of a session, which may be open for reading only. `thorough` opens every record."""
    recording = recording_goes_on(session.folder)
    tracks = tuple(_track(session, track, thorough) for track in _tracks(session))
    events, log = _event_log(session)
    interrupted = not recording and _interrupted(session)
    cut_by_copy = read_copy_note(session.folder) is not None
    lost = _lost_at_most(session.folder.audio, tracks) if interrupted and not cut_by_copy else 0
    findings = [log]
    if recording:
        findings.append(Finding("Recording", Verdict.NOTED, "It goes on just now; what follows is a moment of it."))
    for one in tracks:
        findings += _about_track(session.folder, one)
    findings += _about_takes(session, tracks, recording=recording, lost_ms=lost)
    if not recording:
        findings += _about_unfinished(session)
    findings += _about_earlier_losses(session)
    return Diagnosis(session.id, recording, interrupted, lost, events, tracks, tuple(findings))


def diagnose_folder(study: Study, session_id: SessionId, *, thorough: bool = False) -> Diagnosis:
    """As `diagnose`, also for a session whose key or database is damaged: says what to restore.

    Raises:
        NotFound: there is no such session and no folder of that name.
    """
    folder = study.folder.session(session_id)
    if session_id not in study.state.sessions and not folder.root.is_dir():
        raise NotFound(f"There is no session {session_id}.", do="Run `facilitator session list` to see them.")
    try:
        with Session(study, session_id, write=False) as session:
            return diagnose(session, thorough=thorough)
    except (Damaged, NotFound, AccessRefused, NewerVersion) as error:
        return _without_log(study, folder, session_id, error, thorough=thorough)


def interrupted_track(session: Session) -> bool:
    """Whether a backup track began and has no end."""
    return any(backup.end_ms is None for backup in session.state.backups.values())


def _interrupted(session: Session) -> bool:
    takes = session.state.takes
    return bool(takes and takes[-1].end_ms is None) or interrupted_track(session)


def _tracks(session: Session) -> list[int]:
    on_disk = {_track_number(path) for path in audio_folders(session.folder) if path != session.folder.audio}
    return [0, *sorted(on_disk | session.state.backups.keys())]


def _track(session: Session, track: int, thorough: bool) -> TrackState:
    if session.state.purged or not session.key.audio_secret:
        return TrackState(track)
    events = [(item.event, item.at_ms) for item in session.history()]
    events += journal_news(session) if track == 0 else []
    return look_at_track(
        session.folder.track(track),
        track=track,
        session_id=session.id,
        identity=session.key.audio_secret,
        struck=struck_records(session, track),
        known=known_of(events, track),
        thorough=thorough,
    )


def _event_log(session: Session) -> tuple[int | None, Finding]:
    try:
        events = session.verify_log()
    except Damaged as error:
        return None, Finding("Event log", Verdict.RESTORE, error.what, _restore_database(session.folder))
    return events, Finding("Event log", Verdict.WELL, f"{events} events, and the chain of hashes is intact.")


def _about_track(folder: SessionFolder, state: TrackState) -> list[Finding]:
    part, audio = track_name(state.track), _relative(folder, folder.track(state.track))
    restore = f"Restore {audio} from your backup if it holds more."
    if state.fault:
        return [Finding(part, Verdict.RESTORE, f"{_capital(state.fault)}.", f"Restore {audio} from your backup.")]
    if not state.records and not state.missing_records:
        return [Finding(part, Verdict.WELL, "There is no sound.")]
    told = f"{exact(state.stored_ms)} of sound are stored in {state.records} records"
    if state.cut_off:
        told += f"; the last record was cut off ({exact(250)} lost at most)"
    found = [Finding(part, Verdict.NOTED if state.cut_off else Verdict.WELL, f"{told}.")]
    for one in state.damage:
        text = f"At {clock(one.at_ms)}, {exact(one.length_ms)} at most cannot be read: {one.reason}."
        found.append(Finding(part, Verdict.RESTORE, text, restore))
    if state.missing_ms:
        many = f"{state.missing_records} records, " if state.missing_records else ""
        text = f"At the end, {many}{exact(state.missing_ms)} of sound that had been stored are not there any more."
        found.append(Finding(part, Verdict.RESTORE, text, restore))
    if state.altered:
        text = "The last record is not the one that the log knows."
        found.append(Finding(part, Verdict.RESTORE, text, restore))
    return found


def _about_takes(session: Session, tracks: Sequence[TrackState], *, recording: bool, lost_ms: int) -> list[Finding]:
    state, main = session.state, tracks[0]
    if recording or state.purged:
        return []
    found = []
    if state.takes and state.takes[-1].end_ms is None:
        began = clock(state.takes[-1].at_ms)
        if (copied := read_copy_note(session.folder)) is not None:
            what = f"was being recorded at the time of the backup ({copied}) and ends there in this copy"
        elif lost_ms:
            what = f"was interrupted; {exact(lost_ms)} at most were heard and not stored"
        else:
            what = "ended in order, and only the log does not say so"
        found.append(Finding("Take", Verdict.MEND, f"The take that began at {began} {what}."))
    elif main.end_ms > state.length_ms and unlogged_import(session) is not None:
        text = "A recording made elsewhere was brought in, and the log does not speak of it."
        found.append(Finding("Import", Verdict.MEND, text))
    elif main.end_ms > state.length_ms:
        length = exact(main.end_ms - state.length_ms)
        text = f"{length} of the session clock at the end are recorded, and the log does not speak of it."
        found.append(Finding("Take", Verdict.MEND, text))
    unknown = [one.track for one in tracks[1:] if one.records and one.track not in state.backups]
    cut_off = [backup.track for backup in state.backups.values() if backup.end_ms is None]
    found += [Finding(track_name(track), Verdict.MEND, "The log does not speak of it.") for track in unknown]
    return found + [Finding(track_name(track), Verdict.MEND, "It was interrupted.") for track in cut_off]


def _about_unfinished(session: Session) -> list[Finding]:
    found = []
    if news := journal_news(session):
        what = "1 message" if len(news) == 1 else f"{len(news)} messages"
        found.append(
            Finding(
                "Recorder's journal",
                Verdict.MEND,
                f"{what} of the recorder (gaps, pauses, troubles, what was stored) are not in the log yet.",
            )
        )
    if (ordered := session.state.strike_ordered) is not None:
        span = f"{clock(ordered.from_ms)} to {clock(ordered.to_ms)}"
        found.append(Finding("Strike", Verdict.MEND, f"{span} was to be destroyed, and that is not finished."))
    left = find_leftovers(session.folder)
    if left:
        names = ", ".join(dict.fromkeys(one.what for one in left))
        found.append(Finding("Leftovers", Verdict.MEND, f"{len(left)} left behind by a program that died: {names}."))
    if half := half_exports(session.folder):
        found.append(Finding("Exports", Verdict.MEND, f"{half} begun and not finished."))
    return found


def _about_earlier_losses(session: Session) -> list[Finding]:
    recovered = [item.event for item in session.history() if isinstance(item.event, ev.RecordingRecovered)]
    missing_ms = sum(one.missing_ms for one in recovered)
    if not missing_ms:
        return []
    text = f"Earlier interruptions of the recording cost {exact(missing_ms)} at most."
    return [Finding("Earlier recoveries", Verdict.NOTED, text)]


def _lost_at_most(folder: Path, tracks: Sequence[TrackState]) -> int:
    """What a recorder that did not end in order had heard, and not stored."""
    stopped, end_ms = last_stopped(folder), tracks[0].end_ms
    if stopped is not None:
        return max(0, stopped.end_ms - end_ms)
    status = status_file.read_status(folder)
    if status is None:
        return POWER_CUT_MS
    if status.paused:
        return max(0, status.stored_ms - end_ms)
    wrote = (folder / "capture.json").stat().st_mtime
    bound = POWER_CUT_MS if psutil.boot_time() > wrote or wrote > time.time() else KILLED_MS
    heard_ms = status.level.at_ms if status.level else status.stored_ms
    return max(bound, heard_ms - end_ms)


def _without_log(
    study: Study, folder: SessionFolder, session_id: SessionId, error: FacilitatorError, *, thorough: bool
) -> Diagnosis:
    try:
        key = keys.open_session_key(folder.key, study.key)
    except FacilitatorError as unusable:
        key_finding = _about_key(folder, as_damage(study, folder, unusable))
        return Diagnosis(session_id, findings=(key_finding, _about_unheard(folder)))
    folders = audio_folders(folder)
    tracks = tuple(
        look_at_track(path, track=number, session_id=session_id, identity=key.audio_secret, thorough=thorough)
        for number, path in ((_track_number(path), path) for path in folders)
    )
    if not key.audio_secret:
        tracks = ()
    found = [Finding("Session key", Verdict.WELL, "It opens."), _about_database(study, folder, session_id, error)]
    for one in tracks:
        found += _about_track(folder, one)
    return Diagnosis(session_id, recording_goes_on(folder), tracks=tracks, findings=tuple(found))


def _about_key(folder: SessionFolder, error: FacilitatorError) -> Finding:
    do = f"Restore {_relative(folder, folder.key)} from your backup; without it nobody can open this session."
    if isinstance(error, AccessRefused):
        do = error.do
    return Finding("Session key", Verdict.RESTORE, error.what, do)


def _about_unheard(folder: SessionFolder) -> Finding:
    files = [path for audio in audio_folders(folder) for path in sorted(audio.glob("*.rec"))]
    size = sum(path.stat().st_size for path in files)
    text = f"{len(files)} files with {size / 1e6:.1f} MB are there; they cannot be looked into without the key."
    return Finding("Recording", Verdict.NOTED, text)


def _about_database(study: Study, folder: SessionFolder, session_id: SessionId, error: FacilitatorError) -> Finding:
    if isinstance(error, NewerVersion):
        return Finding("Event log", Verdict.NOTED, error.what, error.do)
    if session_id not in study.state.sessions and folder.database.is_file():
        text = "The study's log does not know this session, as after restoring an older study.db."
        return Finding("Event log", Verdict.RESTORE, text, "`facilitator study check` enters it again.")
    return Finding("Event log", Verdict.RESTORE, error.what, _restore_database(folder))


def _restore_database(folder: SessionFolder) -> str:
    name = _relative(folder, folder.database)
    return f"Restore {name} from your backup, and delete {name}-wal and {name}-shm, which belong to the damaged file."


def track_name(track: int) -> str:
    """How a track is called in reports."""
    return f"Backup track {track}" if track else "Recording"


def _track_number(path: Path) -> int:
    number = path.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _relative(folder: SessionFolder, path: Path) -> str:
    """`sessions/01/audio`, from the study on."""
    return path.relative_to(folder.root.parent.parent).as_posix()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
