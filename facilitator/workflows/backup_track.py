"""A second device that records in parallel. Whatever happens to it, the recording itself goes on."""

import contextlib
from typing import Final

from facilitator.domain import events as ev
from facilitator.domain.errors import DeviceFailed, FacilitatorError, UsageError
from facilitator.domain.recording import Trouble
from facilitator.workflows.recording_state import RecordingState
from facilitator.workflows.running_track import Input, RunningTrack, attach_track, start_track
from facilitator.workflows.session_clock import Moment
from facilitator.workflows.sessions import Session
from facilitator.workflows.takes import FOUND_ON_DISK, close_interrupted_backups

TOGETHER_MS: Final = 5_000
"""A backup that ended no more than this before the recording ended with it."""
NO_DEVICES: Final = frozenset({"", FOUND_ON_DISK, "imported file"})
"""What stands in the log in place of a device."""


class BackedUp(RecordingState):
    """What concerns the backup of a session that is conducted."""

    def start_backup(self, device: str, rate: int = 48_000) -> bool:
        """Begin to record from a second device, in parallel; False, and a trouble of the backup, where that fails.

        Raises:
            UsageError: the recording is paused.
        """
        if self._main is None or (self._second is not None and self._second.alive):
            return self._second is not None
        if self.paused is not None:
            raise UsageError("Nothing is recorded just now.", do="Go on recording first, then start the backup.")
        given = Input(device, rate, None, self._main.given.stop_at_ms)
        try:
            close_interrupted_backups(self.session, thorough=False)
            self._second = start_backup(self.session, given, self._clock.moment(), self._main.device)
        except FacilitatorError as error:
            known = Trouble.DEVICE_LOST if isinstance(error, DeviceFailed) else Trouble.RECORDER_DIED
            track = max(self.session.state.backups, default=1)
            if known not in [one.trouble for one in self.backup_troubles]:
                began = ev.TroubleBegan(known, f"backup: {error.what.rstrip('.')}", track)
                self._main.log.add((began, self.now_ms))
            return False
        self._main.log.add(*self._ends_of_troubles(self.now_ms, backup=True))
        return True

    def restart_backup(self) -> bool:
        """Go on with the backup after its process died; True when there is none, or it records again."""
        if self._second is None or not self.backup_died or self.paused is not None:
            return True
        return self.start_backup(self._second.device, self._second.given.rate)

    def _resume_backup(self) -> None:
        second = self._second
        if second is None or second.paused is None:
            return
        if not second.alive:
            second.paused = None  # `restart_backup` may start it again
            return
        with contextlib.suppress(FacilitatorError):  # its silence is told by `poll`
            second.resume()

    def _last_backup(self) -> str | None:
        """The device of the backup that recorded to the end of the session's recording; None if there was none."""
        state = self.session.state
        ended_ms = state.length_ms
        backups = [one.source for one in state.backups.values() if (one.end_ms or ended_ms) >= ended_ms - TOGETHER_MS]
        return backups[-1] if backups and backups[-1] not in NO_DEVICES else None


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
