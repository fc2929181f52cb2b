"""New keys for a session or for the study's database, so that keys given out before open nothing that is here."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facilitator.domain.errors import Busy, Damaged, StorageFailed, UsageError
from facilitator.domain.events import AudioRekeyed
from facilitator.domain.ids import SessionId
from facilitator.domain.progress import Progress, Report, silent
from facilitator.domain.recording import NO_HEAD
from facilitator.storage import keys, rekeying
from facilitator.storage.copying import copy_file
from facilitator.storage.files import held, storage_failed
from facilitator.storage.study_folder import SessionFolder
from facilitator.workflows.leftovers import audio_folders, recording_goes_on
from facilitator.workflows.second_writer import no_assistant
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import struck_records
from facilitator.workflows.study import Study

if TYPE_CHECKING:
    from facilitator.audio.container import Struck

_BESIDE_RECORDS: Final = ("journal.jsonl", "stopped.json")
_ROOM_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What was encrypted anew. `left_out` counts records that nobody could open any more."""

    records: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """A session as it is. `struck` holds what was destroyed on purpose of each track that has records."""

    session_id: SessionId
    folder: SessionFolder
    old: keys.SessionKey
    new: keys.SessionKey
    struck: "dict[int, tuple[Struck, ...]]"
    total_bytes: int


def rekey_session(study: Study, session_id: SessionId, recipients: Sequence[str], report: Report = silent) -> Rekeyed:
    """New keys for the database and the audio of a session, sealed for `recipients`; everything is encrypted anew.

    It happens wholly or not at all: whatever breaks it off, the session is as before, or as after, when it is next
    opened. It needs room for a second copy of the audio meanwhile.

    Raises:
        Busy: it is being recorded, or open elsewhere, if only to an assistant.
        UsageError: an interrupted recording or strike has to be put in order first.
        AccessRefused: the session is not open to this key, or would not be afterwards.
        Damaged, StorageFailed: what was written does not read back, or the disk refused; nothing was changed.
    """
    folder = study.folder.session(session_id)
    with Session(study, session_id, write=False):
        pass  # refuses an unknown session, and ends what broke off
    with held(folder.lock_file, f"Session {session_id}"), no_assistant(folder):
        try:
            plan = _plan(study, session_id)
        except OSError as error:
            raise storage_failed(folder.root, error) from error
        sealed = keys.sealed_session_key(plan.new, tuple(recipients), study.key)
        try:
            rekeying.begin(folder.root, folder.key.name)
            done = _reencrypted(plan, report)
            events, actor = [event for event, _ in done], study.role_in(session_id)
            rekeying.stage_database(folder.database, plan.old.database, plan.new.database, events, actor)
        except BaseException:
            rekeying.finish(folder.root, folder.key.name)
            raise
        rekeying.commit(folder.root, folder.key.name, sealed)
    _read_back(study, session_id, plan.new)
    return Rekeyed(sum(one.records for _, one in done), sum(one.left_out for _, one in done))


def rekey_study(study: Study, recipients: Sequence[str]) -> None:
    """A new key for the study's database, sealed for `recipients`; as `rekey_session` in all else.

    Raises:
        Busy: another window or program has the study open. Nobody can open it meanwhile, since opening takes the lock
            that is held here: what they wrote would go to the old database, and be lost.
        AccessRefused: the study would not be open to this key afterwards.
        Damaged, StorageFailed: nothing was changed.
    """
    folder = study.folder
    with study.changing():
        old, new = keys.open_database_key(folder.database_key, study.key, "study key"), keys.new_session_key().database
        sealed = keys.sealed_database_key(new, tuple(recipients), study.key)
        with study.set_aside():
            try:
                rekeying.begin(folder.root, folder.database_key.name)
                rekeying.stage_database(folder.database, old, new, [], study.role_in())
            except BaseException:
                rekeying.finish(folder.root, folder.database_key.name)
                raise
            rekeying.commit(folder.root, folder.database_key.name, sealed)
    study.verify_log()


def refuse_rekeying(study: Study, session_id: SessionId) -> None:
    """Raises what `rekey_session` would refuse a session for, before anything is changed."""
    folder = study.folder.session(session_id)
    try:
        with no_assistant(folder):
            _plan(study, session_id)
    except OSError as error:
        raise storage_failed(folder.root, error) from error


def _plan(study: Study, session_id: SessionId) -> _Plan:
    folder = study.folder.session(session_id)
    with Session(study, session_id, write=False) as session:
        _refuse_unfinished(session)
        numbers = [0, *sorted(session.state.backups)] if not session.key.purged else []
        present = [number for number in numbers if any(folder.track(number).glob("*.rec"))]
        new = keys.new_session_key()
        if session.key.purged:
            new = keys.SessionKey(new.database, "", "", session.key.purged)
        struck = {number: struck_records(session, number) for number in present}
        old = session.key
    size = sum(path.stat().st_size for number in present for path in folder.track(number).glob("*.rec"))
    free = shutil.disk_usage(folder.root).free
    if free < size + folder.database.stat().st_size + _ROOM_BYTES:
        raise StorageFailed(
            f"Encrypting anew takes {size / 1e6:.0f} MB for a while, and {free / 1e6:.0f} MB are free.",
            safe="Nothing was changed.",
            do="Free some space, then try again.",
        )
    return _Plan(session_id, folder, old, new, struck, size)


def refuse_recording(folder: SessionFolder, session_id: SessionId) -> None:
    """Raises Busy while a capture process runs for the session."""
    if recording_goes_on(folder):
        raise Busy(
            f"Session {session_id} is being recorded.", safe="Nothing was changed.", do="Stop the recording first."
        )


def _refuse_unfinished(session: Session) -> None:
    refuse_recording(session.folder, session.id)
    if session.key.purged:
        return  # there is no sound that could still be put in order
    state = session.state
    ends = [*(take.end_ms for take in state.takes[-1:]), *(backup.end_ms for backup in state.backups.values())]
    logged = {session.folder.track(number) for number in (*state.backups, *([0] if state.takes else []))}
    recorded = {path for path in audio_folders(session.folder) if any(path.glob("*.rec"))}
    unlogged = recorded - logged  # only the old key opens those
    if None in ends or state.strike_ordered is not None or unlogged:
        raise UsageError(
            f"Session {session.id} was interrupted and is not in order yet.",
            safe="Nothing was changed.",
            do=f"Run `facilitator recover {session.id}` first.",
        )


def _reencrypted(plan: _Plan, report: Report) -> list[tuple[AudioRekeyed, Rekeyed]]:
    done_bytes = 0

    def progress(length: int) -> None:
        nonlocal done_bytes
        done_bytes += length
        report(Progress("Encrypting anew", done_bytes, 2 * plan.total_bytes))

    done = [_reencrypted_track(plan, number, progress) for number in plan.struck]
    return done or [(AudioRekeyed(plan.new.audio_recipient, NO_HEAD, NO_HEAD), Rekeyed(0, 0))]


def _reencrypted_track(plan: _Plan, number: int, progress: Callable[[int], None]) -> tuple[AudioRekeyed, Rekeyed]:
    from facilitator.audio.reencrypting import reencrypt  # opens no sound before this

    source = plan.folder.track(number)
    target = rekeying.staging(plan.folder.root) / source.name
    made = reencrypt(
        source,
        target,
        session_id=plan.session_id,
        identity=plan.old.audio_secret,
        new_identity=plan.new.audio_secret,
        struck=plan.struck[number],
        done=progress,
    )
    for name in _BESIDE_RECORDS:
        if (source / name).is_file():
            copy_file(source / name, target / name, lambda _: None)
    event = AudioRekeyed(plan.new.audio_recipient, made.head_before, made.head_after, number)
    return event, Rekeyed(made.records, made.left_out)


def _read_back(study: Study, session_id: SessionId, new: keys.SessionKey) -> None:
    with Session(study, session_id, write=False) as session:
        session.verify_log()
        if session.key != new:
            raise Damaged("The new session key does not read back as it was written.", do="Run `facilitator recover`.")
