"""How a take ends in the log, and how sound that the log does not know enters it. Used by conducting and recovering."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from facilitator.audio.messages import Stopped
from facilitator.audio.recorder import last_stopped
from facilitator.domain import events as ev
from facilitator.domain.errors import Damaged, NotFound
from facilitator.domain.recording import NO_HEAD
from facilitator.domain.timebase import ms_to_samples, samples_to_ms
from facilitator.workflows.leftovers import recording_goes_on
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import open_track
from facilitator.workflows.storing_sound import at_its_time, forget_note, noted_import
from facilitator.workflows.withheld import ON_PURPOSE

FOUND_ON_DISK: Final = "found on disk"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a stop stored, read back from disk. `lost_ms` cannot be read; `silent_ms` never came, for all that was
    wished for: gaps that the device, the computer or a dead recorder made."""

    length_ms: int
    records: int
    lost_ms: int
    silent_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a take ends: the events to store in one transaction. It holds `sound_ms` of sound from `at_ms` to `end_ms`;
    `recorded` is the whole recording with it."""

    events: tuple[tuple[ev.Event, int], ...]
    at_ms: int
    end_ms: int
    sound_ms: int
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class _OnDisk:
    """A track as it lies on the disk. `pauses` and `damage` are (start, length) in ms."""

    rate: int = 48_000
    records: int = 0
    head: str = NO_HEAD
    end_ms: int = 0
    pauses: tuple[tuple[int, int], ...] = ()
    damage: tuple[tuple[int, int], ...] = ()

    @property
    def lost_ms(self) -> int:
        return sum(length for _, length in self.damage)


def finish_take(session: Session, stopped: Stopped | None, *, thorough: bool = True) -> Recorded:
    """Log the end of the last take: as `stopped` says, or, where the capture process died, as the disk shows.

    `thorough` opens every record (seconds for an hour of sound); otherwise the first and last of each file.
    """
    take = session.state.takes[-1]
    ending = _ending(session, take.at_ms, take.rate, _on_disk(session, 0, thorough=thorough), stopped)
    session.record_all(ending.events)
    return replace(ending.recorded, length_ms=session.state.length_ms, silent_ms=_silent_ms(session))


def ending_of_interrupted(session: Session, *, thorough: bool = True) -> Ending | None:
    """The end of a take that has none in the log, though nothing records any more; None if there is no such take."""
    takes = session.state.takes
    if not takes or takes[-1].end_ms is not None:
        return None
    stopped = last_stopped(session.folder.audio)  # it may have ended in order, with nobody left to hear it
    if stopped is not None and stopped.end_ms < takes[-1].at_ms:
        stopped = None
    found = _on_disk(session, 0, thorough=thorough)
    if stopped is not None and stopped.end_ms != found.end_ms:
        stopped = None
    return _ending(session, takes[-1].at_ms, takes[-1].rate, found, stopped)


def ending_of_unlogged(session: Session, *, thorough: bool = True) -> Ending | None:
    """Start and end of sound on disk that no take speaks of (its program died in between); None if there is none.

    Of an import it is the event that the import was about to store.
    """
    known_ms, found = session.state.length_ms, _on_disk(session, 0, thorough=thorough)
    if found.end_ms <= known_ms:
        return None
    if (imported := unlogged_import(session)) is not None:
        end_ms = samples_to_ms(imported.samples, imported.rate)
        recorded = Recorded(end_ms, found.records, found.lost_ms)
        return Ending((at_its_time(imported),), 0, end_ms, end_ms, recorded)
    begins = next((at + length for at, length in found.pauses if at <= known_ms < at + length), known_ms)
    ending = _ending(session, begins, found.rate, found, None)
    start = (ev.RecordingStarted(found.rate, FOUND_ON_DISK), begins)
    return replace(ending, events=(start, *ending.events))


def read_back(session: Session) -> Recorded:
    """What is stored of a recording that has ended, opening every record."""
    found = _on_disk(session, 0, thorough=True)
    return Recorded(session.state.length_ms, found.records, found.lost_ms, _silent_ms(session))


def _silent_ms(session: Session) -> int:
    return sum(length for _, length, reason in session.state.gaps if reason not in ON_PURPOSE)


def close_interrupted_take(session: Session, *, thorough: bool = True) -> Recorded | None:
    """Log the end of a take that has none, though nothing records any more; None if there is no such take."""
    ending = ending_of_interrupted(session, thorough=thorough)
    if ending is None:
        return None
    session.record_all(ending.events)
    return ending.recorded


def adopt_unlogged(session: Session, *, thorough: bool = True) -> int:
    """Log sound on disk that no take speaks of, and return its length in ms, pauses included."""
    ending = ending_of_unlogged(session, thorough=thorough)
    if ending is None:
        return 0
    session.record_all(ending.events)
    forget_note(session.folder.audio)
    return ending.end_ms - ending.at_ms


def unlogged_import(session: Session) -> ev.AudioImported | None:
    """What `import_audio` put in place and its program died before it could log; None if there is no such thing."""
    if session.state.takes or recording_goes_on(session.folder):
        return None
    noted = noted_import(session.folder.audio)
    return noted if isinstance(noted, ev.AudioImported) else None


def adopt_import(session: Session) -> ev.AudioImported | None:
    """Log such an import, and return it. Raises Damaged where nothing of its sound can be read."""
    imported = unlogged_import(session)
    return imported if imported is not None and adopt_unlogged(session, thorough=False) else None


def finish_backup(session: Session, track: int, stopped: Stopped | None, *, thorough: bool = True) -> None:
    """Log the end of backup track `track`, as `finish_take` does for the recording."""
    backup, found = session.state.backups[track], _on_disk(session, track, thorough=thorough)
    end_ms = max(backup.at_ms, found.end_ms) if stopped is None else stopped.end_ms
    samples = _samples_of(backup.at_ms, end_ms, backup.rate, found) if stopped is None else stopped.samples
    session.record(ev.BackupStopped(track, samples, end_ms, found.head), end_ms)


def close_interrupted_backups(session: Session, *, thorough: bool = True) -> list[int]:
    """Log the end of each backup track that has none, though nothing records any more; returns their numbers."""
    cut_off = [backup for backup in session.state.backups.values() if backup.end_ms is None]
    for backup in cut_off:
        stopped = last_stopped(session.folder.track(backup.track))
        known = stopped if stopped and stopped.end_ms >= backup.at_ms else None
        finish_backup(session, backup.track, known, thorough=thorough)
    return [backup.track for backup in cut_off]


def adopt_unlogged_backups(session: Session, *, thorough: bool = True) -> list[int]:
    """Log the backup tracks on disk that the log does not know; returns their numbers."""
    adopted = []
    for folder in sorted(session.folder.root.glob("audio-backup-[0-9]*")):
        track = int(folder.name.rpartition("-")[2])
        if track in session.state.backups:
            continue
        found = _on_disk(session, track, thorough=thorough)
        if not found.records:
            continue
        adopted.append(track)
        noted = noted_import(folder)
        if isinstance(noted, ev.BackupImported) and noted.track == track:
            session.record(*at_its_time(noted))
            forget_note(folder)
            continue
        begins = found.pauses[0][1] if found.pauses and found.pauses[0][0] == 0 else 0
        samples = _samples_of(begins, found.end_ms, found.rate, found)
        session.record_all(
            [
                (ev.BackupStarted(track, found.rate, FOUND_ON_DISK), begins),
                (ev.BackupStopped(track, samples, found.end_ms, found.head), found.end_ms),
            ]
        )
    return adopted


def _ending(session: Session, at_ms: int, rate: int, found: _OnDisk, stopped: Stopped | None) -> Ending:
    end_ms = max(at_ms, found.end_ms) if stopped is None else stopped.end_ms
    samples = _samples_of(at_ms, end_ms, rate, found) if stopped is None else stopped.samples
    events: list[tuple[ev.Event, int]] = _unlogged_pauses(session, found.pauses)
    events.append((ev.RecordingStopped(samples, end_ms, found.head), end_ms))
    recorded = Recorded(end_ms, found.records, found.lost_ms)
    return Ending(tuple(events), at_ms, end_ms, samples_to_ms(samples, rate), recorded)


def _unlogged_pauses(session: Session, pauses: Sequence[tuple[int, int]]) -> list[tuple[ev.Event, int]]:
    """The stretches without sound that nobody was there to log: between takes, and of an unwatched recorder."""
    logged = [(at, at + length) for at, length, _ in session.state.gaps]
    return [
        (ev.AudioGap(length, "not recorded"), at)
        for at, length in pauses
        if not any(start < at + length and at < end for start, end in logged)
    ]


def _on_disk(session: Session, track: int, *, thorough: bool) -> _OnDisk:
    try:
        reader = open_track(session, track)
        if thorough:
            integrity = reader.check()
            records, head = integrity.records, integrity.head
        else:
            records, head = reader.found[0], reader.resume_point().previous.hex()
    except NotFound:  # the capture process died before its first second was stored
        return _OnDisk()
    except Damaged:
        if track == 0:
            raise
        return _OnDisk()  # a backup track must not keep the session from being put in order
    damage = tuple((one.at_ms, one.length_ms) for one in reader.damage)
    return _OnDisk(reader.rate, records, head, reader.length_ms, tuple(reader.pauses), damage)


def _samples_of(at_ms: int, end_ms: int, rate: int, found: _OnDisk) -> int:
    """Samples stored from `at_ms` to `end_ms`: that stretch less the pauses in it."""
    silent = sum(max(0, min(at + length, end_ms) - max(at, at_ms)) for at, length in found.pauses)
    return ms_to_samples(max(0, end_ms - at_ms - silent), rate)
