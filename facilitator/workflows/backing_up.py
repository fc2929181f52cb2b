"""A consistent, encrypted copy of a whole study on another medium, made while sessions are open or being recorded.

Order makes it consistent. Within a session: its log, then keys, journal and sound, so that all sound that the copied
log speaks of is in the copy. Then the study's log, which speaks of sessions; last the names, of which there may be more
than the logs speak of. A strike, a pause (which takes back what was stored since the key press) or new keys in
between have that session copied once more.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from facilitator.domain.errors import (
    AccessRefused,
    Busy,
    Damaged,
    FacilitatorError,
    NewerVersion,
    StorageFailed,
    UsageError,
)
from facilitator.domain.events import BackedUp, RecordingPaused, SpeechWithdrawn, StrikeOrdered
from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Progress, Report, estimate_left, silent
from facilitator.storage import keys
from facilitator.storage.copying import copy_database, copy_file, file_digest, write_copy_note
from facilitator.storage.files import make_folder, storage_failed, sync_folder
from facilitator.storage.study_folder import SessionFolder, StudyFolder
from facilitator.workflows.backup_check import check_backup
from facilitator.workflows.backup_plan import Plan, plan_backup, session_files, session_ids, study_files, whole_length
from facilitator.workflows.journal_news import journal_news
from facilitator.workflows.leftovers import recording_goes_on
from facilitator.workflows.session_key import as_damage
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

_STAGING: Final = ".making-"
_SPARE: Final = 16 * 1024 * 1024
_ATTEMPTS: Final = 3
_WAIT_S: Final = 0.5
"""Before a session is copied once more, for a strike is seldom over at once."""


@dataclass(frozen=True, slots=True)
class BackupMade:
    """A backup that was read back. `notes` are sentences for a person: what is not in it, and what was damaged before.

    `recording` are sessions that were being recorded while it was made; `damaged` is True where the study itself is.
    """

    folder: Path
    sessions: int
    files: int
    bytes: int
    recording: tuple[SessionId, ...]
    with_linkage: bool
    same_disk: bool
    damaged: bool
    notes: tuple[str, ...]


def back_up(study: Study, target: Path, report: Report = silent, *, with_linkage: bool = True) -> BackupMade:
    """Copy the study into a new folder below `target`, read everything back, and enter it in the study's log.

    A failed or cancelled backup leaves nothing behind.

    Raises:
        UsageError: `target` lies inside the study.
        StorageFailed: it cannot be written, or has too little room, which is found out before work begins.
        Damaged: what was read back is not what was written.
        AccessRefused: a session is not open to this person: only the researcher can make a backup.
        Busy: sound kept being destroyed, taken back or encrypted anew meanwhile.
    """
    target = target.expanduser().resolve()
    plan = _prepared(study, target, with_linkage)
    made_utc = datetime.now(UTC)
    with _target(target), _staging(target) as staging:
        copy = _Copy(study, staging, plan, made_utc, report)
        copy.make()
        checked = check_backup(study, StudyFolder(staging), plan.linkage_place if plan.linkage else None, copy.step)
        copy.end()
        final = _move_into_place(staging, target / f"{study.folder.root.name}-{made_utc:%Y%m%dT%H%M%SZ}")
    size = sum(path.stat().st_size for path in final.rglob("*") if path.is_file())
    try:
        study.record(BackedUp(len(copy.sessions), size))
        unlogged = []
    except (StorageFailed, Busy) as error:  # a full disk must not make a backup that is whole look like a failed one
        unlogged = [f"That it was made could not be entered in the study's log: {error.what}"]
    same_disk = final.stat().st_dev == study.folder.root.stat().st_dev
    notes = (*_about_linkage(plan, with_linkage), *unlogged, *copy.notes, *checked)
    return BackupMade(
        final,
        len(copy.sessions),
        len(copy.digests),
        size,
        tuple(copy.recording),
        plan.linkage is not None,
        same_disk,
        bool(copy.notes or checked),
        notes,
    )


@dataclass
class _Copy:
    """One backup in the making. `digests` are of the plain copies; `notes` tell what is damaged in the study."""

    study: Study
    staging: Path
    plan: Plan
    made_utc: datetime
    report: Report
    digests: dict[Path, str] = field(default_factory=dict)
    sessions: list[SessionId] = field(default_factory=list)
    recording: list[SessionId] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: int = 0
    began: float = field(default_factory=time.monotonic)

    def step(self, label: str, size: int) -> None:
        """Report `size` more bytes copied or read back; either counts once."""
        self.done += size
        total = max(2 * self.plan.bytes, self.done, 1)
        left = estimate_left(time.monotonic() - self.began, self.done, total)
        self.report(Progress(label, self.done, total, left))

    def end(self) -> None:
        """Report that all of it was read back: the last moment to cancel."""
        self.report(Progress("Reading back", 1.0, 1.0, 0.0))

    def make(self) -> None:
        """Copy everything, then compare each plain copy with what was read."""
        folder = self.study.folder
        for path in study_files(folder, self.study.settings):
            self._file(path, self.staging / path.relative_to(folder.root))
        self._sessions()
        self._database(folder.database, self.staging / "study.db", self._study_key())
        self._sessions()  # that the study's log may speak of by now
        make_folder(self.staging / "sessions")
        make_folder(self.staging / "guides")
        if self.plan.linkage is not None:
            self._file(self.plan.linkage, self.staging / self.plan.linkage_place)
        self._compare()
        for path in (self.staging, *self.staging.rglob("*")):
            if path.is_dir():
                sync_folder(path)

    def _study_key(self) -> bytes:
        return keys.open_database_key(self.study.folder.database_key, self.study.key, "study key")

    def _sessions(self) -> None:
        for session_id in session_ids(self.study.folder):
            if session_id not in self.sessions:
                self._session(session_id)
                self.sessions.append(session_id)

    def _session(self, session_id: SessionId) -> None:
        folder = self.study.folder.session(session_id)
        copied = SessionFolder(self.staging / "sessions" / session_id)
        for attempt in range(_ATTEMPTS):
            time.sleep(attempt * _WAIT_S)
            noted, before = len(self.notes), _standing(self.study, session_id)
            recording = recording_goes_on(folder)
            failed = self._tried(folder, copied, growing=recording)
            same = _standing(self.study, session_id) == before
            if failed is None and same:
                break
            if failed is not None and same and not recording and before.ordered is None:
                raise failed
            self._take_back(copied, noted)
        else:
            raise Busy(
                f"Session {session_id} kept changing while it was copied.",
                safe="The study is unchanged, and nothing of the backup was left behind.",
                do="Make the backup again when the other program is done.",
            )
        if recording:
            self.recording.append(session_id)
            write_copy_note(copied, self.made_utc.isoformat(timespec="seconds"))

    def _tried(self, folder: SessionFolder, copied: SessionFolder, *, growing: bool) -> Damaged | None:
        """Copy a session; returns why a file could not be copied, as when a strike took it away meanwhile."""
        make_folder(copied.root)
        try:
            self._session_database(folder, copied)
            self._session_files(folder, copied, growing=growing)
        except Damaged as error:
            return error
        except FileNotFoundError as error:
            name = Path(str(error.filename)).name
            return Damaged(f"{name} of session {folder.root.name} is gone.", do="Check the disk.")
        return None

    def _take_back(self, copied: SessionFolder, noted: int) -> None:
        shutil.rmtree(copied.root)
        self.digests = {path: one for path, one in self.digests.items() if not path.is_relative_to(copied.root)}
        del self.notes[noted:]

    def _session_database(self, folder: SessionFolder, copied: SessionFolder) -> None:
        try:
            key = keys.open_session_key(folder.key, self.study.key)
            self._database(folder.database, copied.database, key.database)
        except FacilitatorError as error:
            found = as_damage(self.study, folder, error)
            if isinstance(found, StorageFailed | Busy | AccessRefused):
                raise
            copied.database.unlink(missing_ok=True)
            for path in folder.root.glob("session.db*"):
                self._file(path, copied.root / path.name)
            known = folder.root.name in self.study.state.sessions  # else the planning of it was cut off
            if known and not isinstance(found, NewerVersion):
                self.notes.append(f"Session {folder.root.name}: {found.what} It was copied as it is.")

    def _session_files(self, folder: SessionFolder, copied: SessionFolder, *, growing: bool) -> None:
        newest = {path.parent: path for path in session_files(folder.root) if path.suffix == ".rec"}
        for path in session_files(folder.root):
            target = copied.root / path.relative_to(folder.root)
            being_written = growing and (path == newest.get(path.parent) or path.suffix == ".jsonl")
            self._file(path, target, length=whole_length(path) if being_written else None)

    def _file(self, source: Path, target: Path, *, length: int | None = None) -> None:
        make_folder(target.parent)
        self.digests[target] = copy_file(source, target, lambda size: self.step("Copying", size), length=length)

    def _database(self, source: Path, target: Path, key: bytes) -> None:
        copy_database(source, target, key)
        self.step("Copying", target.stat().st_size)

    def _compare(self) -> None:
        for path, digest in self.digests.items():
            if file_digest(path) != digest:
                raise Damaged(
                    f"{path.name} did not read back as it was written.",
                    safe="The study is unchanged, and nothing of the backup was left behind.",
                    do="Check that medium, or take another one.",
                )
            self.step("Reading back", path.stat().st_size)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What changes when sound is destroyed, taken back, replaced or encrypted anew.

    Of a session whose log cannot be read, only the digest of its key file.
    """

    key: str
    ordered: StrikeOrdered | None = None
    struck: int = 0
    withdrawn: int = 0
    pauses: int = 0
    rekeyed: int = 0
    purged: bool = False
    imported: bool = False


def _standing(study: Study, session_id: SessionId) -> _Standing:
    key = study.folder.session(session_id).key
    digest = file_digest(key) if key.is_file() else ""
    try:
        with Session(study, session_id, write=False) as session:
            events = [*(item.event for item in session.history()), *(event for event, _ in journal_news(session))]
            state, pauses = session.state, sum(isinstance(one, RecordingPaused) for one in events)
            ordered, struck, rekeyed = state.strike_ordered, len(state.struck), len(state.rekeyed)
            withdrawn = sum(isinstance(one, SpeechWithdrawn) for one in events)
            return _Standing(digest, ordered, struck, withdrawn, pauses, rekeyed, state.purged, state.imported)
    except Busy:  # new keys are just being put in force
        raise
    except FacilitatorError:
        return _Standing(digest)


def _prepared(study: Study, target: Path, with_linkage: bool) -> Plan:
    if target.is_relative_to(study.folder.root):
        raise UsageError(
            "A backup inside the study would be lost with it.", safe="Nothing was written.", do="Choose another folder."
        )
    plan = plan_backup(study.folder, study.settings, with_linkage=with_linkage)
    existing = next(path for path in (target, *target.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise storage_failed(target, PermissionError(13, "it is not a folder that you may write in"))
    free, wanted = shutil.disk_usage(existing).free, plan.bytes + _SPARE
    if free < wanted:
        raise StorageFailed(
            f"The backup needs {wanted / 1e6:.0f} MB, and only {free / 1e6:.0f} MB are free in {target}.",
            safe="Nothing was written.",
            do="Free some space, or choose another medium.",
        )
    return plan


@contextmanager
def _target(target: Path) -> Iterator[None]:
    """Make the folder of the backups, and take it away again if it was made for nothing."""
    made = [path for path in (target, *target.parents) if not path.exists()]
    make_folder(target)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # rmdir takes empty folders only
            for path in made:
                path.rmdir()
        raise


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    for left in target.glob(f"{_STAGING}*"):
        owner = left.name.removeprefix(_STAGING).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)  # of a backup that was killed
    staging = target / f"{_STAGING}{os.getpid()}-{secrets.token_hex(4)}"
    make_folder(staging)
    try:
        yield staging
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _move_into_place(staging: Path, wanted: Path) -> Path:
    final, number = wanted, 2
    while final.exists():
        final, number = wanted.with_name(f"{wanted.name}-{number}"), number + 1
    try:
        staging.rename(final)
        sync_folder(final.parent)
    except OSError as error:
        raise storage_failed(final, error) from error
    return final


def _about_linkage(plan: Plan, with_linkage: bool) -> list[str]:
    if plan.linkage is not None and plan.linkage_elsewhere:
        return ["The linkage file, kept elsewhere, is in this backup as linkage.age; --without-linkage leaves it out."]
    if plan.linkage is not None:
        return []
    if not with_linkage:
        return ["The linkage file is not in this backup, as you wished."]
    return ["The linkage file is not in this backup: it is elsewhere and not at hand, or was destroyed."]
