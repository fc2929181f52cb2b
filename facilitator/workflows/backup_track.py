"""A second device that records in parallel. Whatever happens to it, the recording itself goes on."""

from facilitator.domain import events as ev
from facilitator.domain.errors import UsageError
from facilitator.workflows.running_track import Input, Moment, RunningTrack, attach_track, start_track
from facilitator.workflows.sessions import Session


def start_backup(session: Session, given: Input, at: Moment, main_device: str) -> RunningTrack:
    """Record from `given.device` as a backup track: that device's own, if it has one in this session, else the next.

    Raises:
        UsageError: it is the device of the recording itself.
        Others: as `start_track`.
    """
    if given.device == main_device:
        raise UsageError(
            f"“{main_device}” records already.", safe="The recording goes on.", do="Choose another input as the backup."
        )
    number, rate = _place_for(session, given)
    track = start_track(session, number, Input(given.device, rate, given.channel, given.stop_at_ms), at)
    try:
        session.record(ev.BackupStarted(number, rate, track.device), track.recorder.started.start_ms)
    except BaseException:  # a recording that is in no log must not go on
        track.stop()
        raise
    return track


def attach_backup(session: Session) -> RunningTrack | None:
    """Take over the backup that an earlier program began; None if none runs."""
    for folder in sorted(session.folder.root.glob("audio-backup-[0-9]*")):
        number = int(folder.name.rpartition("-")[2])
        known = session.state.backups.get(number)
        track = attach_track(session, number, known.source if known else "")
        if track is None:
            continue
        if known is None or known.end_ms is not None:  # the earlier screen died before it could log the start
            started = track.recorder.started
            session.record(ev.BackupStarted(number, started.rate, track.device), started.start_ms)
        track.listen()
        return track
    return None


def _place_for(session: Session, given: Input) -> tuple[int, int]:
    """Track number and rate: the same track after a restart, as its records must be of one rate."""
    for backup in session.state.backups.values():
        if backup.source == given.device:
            return backup.track, backup.rate
    used = [int(path.name.rpartition("-")[2]) for path in session.folder.root.glob("audio-backup-[0-9]*")]
    return max([0, *used, *session.state.backups]) + 1, given.rate
