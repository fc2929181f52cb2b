"""Conducting a session: its recording, with questions, speaker marks and notes on one clock. Knows no widgets."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace

from facilitator.audio.recorder import Fault, Gap, Level, Message
from facilitator.domain import events as ev
from facilitator.domain.consent import missing_consents
from facilitator.domain.errors import (
    ConsentMissing,
    DeviceFailed,
    FacilitatorError,
    UsageError,
    WorkerFailed,
)
from facilitator.domain.recording import Pause
from facilitator.workflows.backup_track import NO_DEVICES, BackedUp, attach_backup
from facilitator.workflows.journal_news import journal_news
from facilitator.workflows.rehearsal_mark import RATE as REHEARSAL_RATE
from facilitator.workflows.running_track import Input, RunningTrack, attach_track, start_track
from facilitator.workflows.session_clock import RESUME_WITHIN_MS, Moment
from facilitator.workflows.striking import StrikePreview, Struck, finish_strike, order_strike, preview_strike
from facilitator.workflows.takes import (
    Recorded,
    adopt_unlogged,
    close_interrupted_backups,
    close_interrupted_take,
    finish_backup,
    finish_take,
    read_back,
)

__all__ = [
    "RESUME_WITHIN_MS",
    "Conduct",
    "Fault",
    "Gap",
    "Level",
    "Message",
    "Recorded",
    "StrikePreview",
    "Struck",
]

NOT_RECORDED = "not recorded"
DIED = "the recorder had to be started again"
SWITCHED = "another input was chosen"


class Conduct(BackedUp):
    """A session being conducted. Recording runs in processes of their own; everything here survives their death.

    Every method that stores something returns only after the commit. Call `poll` ten times a second; the methods that
    start, stop, pause or strike wait for an answer, and `poll` must not run beside them.
    """

    # --- starting

    def find_running(self) -> bool:
        """Take over a recording that outlived an earlier screen, its backup too; True when there was one."""
        if self.recording:
            return True
        take = self.session.state.takes[-1] if self.session.state.takes else None
        found = attach_track(self.session, 0, take.device, take.channel) if take else attach_track(self.session, 0, "")
        if found is not None:
            self._take_over(found)
        if self._second is None or not self._second.alive:
            self._second = attach_backup(self.session) or self._second
        if found is None and self._second is not None and self._second.alive:
            self._clock.follow(self._second.recorder.started)
        if self.under_way:
            with contextlib.suppress(FacilitatorError):  # it is taken over all the same: `strike_pending`
                self.finish_strike()
        return found is not None

    def start(
        self,
        device: str | None = None,
        rate: int = 48_000,
        stop_after_ms: int | None = None,
        *,
        channel: int | None = None,
        backup_device: str | None = None,
        checks: Sequence[ev.Precheck] = (),
    ) -> None:
        """Start recording, or go on after a stop or an interruption; a pause that lasted ends. In a rehearsal, the
        sample is recorded whatever is asked for.

        `device` is a name as `prechecking.inputs` gives it, None for the default; the first recording of a session
        settles its `rate`. `channel` counts from 1; None takes the mix. `backup_device` records in parallel; should it
        fail, that is a trouble of the backup and no error. `checks` are what was found before, for the log.

        Raises:
            ConsentMissing: somebody in the session has not consented to being recorded.
            UsageError: the session's audio was imported.
            DeviceFailed, MissingNeed: no microphone.
        """
        self._check_may_record()
        if self.find_running():
            return
        self._put_in_order()
        self._check_may_record()  # an import that was cut off is known by now
        takes = self.session.state.takes
        at, rate = self._clock.moment(), REHEARSAL_RATE if self.rehearsal_speed else rate
        given = Input(device, takes[0].rate if takes else rate, channel, stop_after_ms and at.ms + stop_after_ms)
        self._begin(given, at, NOT_RECORDED, checks)
        self._resume_backup()
        if backup_device is not None:
            self.start_backup(backup_device, rate)

    def start_again(self) -> None:
        """Go on after a stop with the input of the last take, and with the backup that recorded to its end.

        Raises as `start`.
        """
        last = self.session.state.takes[-1]
        device = None if last.device in NO_DEVICES else last.device
        self.start(device, last.rate, channel=last.channel, backup_device=self._last_backup())

    def restart(self) -> bool:
        """Go on with the same input after the capture process died; True when it records again.

        While the recording is paused, nothing is started, so that nothing off the record can be heard: `resume`
        starts it. The session clock ran on; the stretch between becomes a gap.

        Raises:
            DeviceFailed, MissingNeed, StorageFailed, WorkerFailed: not yet; try again.
        """
        main = self._begun
        if main.alive:
            return True
        if main.paused is not None:
            return False
        self._go_on(replace(main.given, device=main.device or None), DIED)
        self.restart_backup()
        return True

    def check_input(self, device: str) -> None:
        """Whether `switch_device` can change to it; takes as long as the system needs to list its devices.

        Raises:
            UsageError: it is paused, that device records already, or this is a rehearsal.
            DeviceFailed: there is no such input.
        """
        from facilitator.audio.devices import input_devices

        main = self._begun
        if main.paused is not None:
            raise UsageError("Nothing is recorded just now.", do="Go on recording first, then change the input.")
        if self.rehearsal_speed:
            raise UsageError("A rehearsal hears the sample recording only.", safe="It goes on.")
        if device in (self.backup_device, main.device if main.alive else None):
            raise UsageError(f"“{device}” records already.", safe="The recording goes on.", do="Choose another input.")
        if device not in [one.name for one in input_devices()]:
            raise DeviceFailed(f"There is no input called “{device}” now.", safe="The recording goes on as it was.")

    def switch_device(self, device: str) -> None:
        """Go on at once with an input that `check_input` let pass; the take ends, a new one begins, and the stretch
        between is a gap.

        Raises:
            DeviceFailed: it cannot be started, and the old one goes on; or neither can.
        """
        main = self._begun
        before = replace(main.given, device=main.device or None)
        try:
            self._go_on(replace(before, device=device, channel=None), SWITCHED)
        except FacilitatorError:
            self._go_on(before, SWITCHED)
            raise

    # --- while it runs

    def poll(self) -> list[Message]:
        """What the recording's process said since the last call; news are stored before they are returned.

        What the disk refuses does not get lost: see `not_saved`. What the backup says is stored and not returned.
        """
        if self._second is not None:
            self._second.poll()
        return self._main.poll() if self._main else []

    def order_pause(self, why: Pause, at_ns: int) -> None:
        """Tell every recorder to store nothing from `at_ns` of the monotonic clock on; what it stored since, up to a
        minute, is taken back. Quick, and may be called whatever else goes on; `pause` makes sure that they obeyed."""
        for track in self._tracks:
            if track.alive and track.paused is None:
                with contextlib.suppress(WorkerFailed):
                    track.recorder.pause(why.value, at_ns)

    def pause(self, why: Pause, at_ns: int | None = None) -> None:
        """Return once nothing is recorded any more, by the backup neither. `at_ns` as in `order_pause`; None is now.

        A recorder that had died is not started again before `resume`.

        Raises:
            DeviceFailed: nothing is recording.
            WorkerFailed: a recorder does not answer: it may still record until it does, and ought to be stopped.
        """
        at_ns = at_ns or time.monotonic_ns()
        if not self.under_way:
            raise DeviceFailed("Nothing is being recorded.", do="Start the recording first.")
        self.order_pause(why, at_ns)
        deaf = [track for track in self._tracks if not _has_paused(track, why)]
        if not self.recording and self.session.state.paused is None:
            self.session.record(ev.RecordingPaused(why), self._clock.at(at_ns))
        if deaf:
            raise WorkerFailed(
                f"The {'backup' if deaf[0].number else 'recorder'} does not answer: it may still record.",
                do="Stop the recording; notes go on without it.",
            )

    def resume(self) -> None:
        """Return once sound is recorded again. Raises as `restart`, which it does where the recorder had died."""
        main = self._main
        if main is None and not self.under_way:
            raise DeviceFailed("Nothing is being recorded.", do="Start the recording first.")
        if main is not None and not main.alive:
            self._go_on(replace(main.given, device=main.device or None), main.paused.value if main.paused else DIED)
        elif main is not None and main.paused is not None:
            main.resume()
        self._resume_backup()
        if main is None and self.session.state.paused is not None:
            self.session.record(ev.RecordingResumed(), self.now_ms)

    def strike_preview(self, minutes: float) -> StrikePreview:
        """What striking the last `minutes` would destroy. Raises as `preview_strike`."""
        return preview_strike(self.session, minutes, self.now_ms)

    def strike(self, from_ms: int) -> Struck:
        """Destroy all from `from_ms`, which `strike_preview` gave, up to now: sound, the backup's too, and notes.

        Works while recording and after. A strike that waits is carried out first.

        Raises:
            UsageError, NotFound: nothing can be struck; nothing was destroyed.
            StorageFailed, WorkerFailed: not all could be destroyed; see `strike_pending`.
        """
        self.finish_strike()
        if not self.recording:
            self._put_in_order()
        order_strike(self.session, from_ms, self.now_ms)
        struck = self.finish_strike()
        assert struck is not None  # noqa: S101  ordered the line before
        return struck

    def finish_strike(self) -> Struck | None:
        """Carry out what was ordered and is pending; None if nothing is. Raises as `strike`."""
        return finish_strike(self.session, {track.number: track for track in self._tracks})

    def stop(self) -> Recorded:
        """Stop, read everything back and only then say what was recorded.

        Raises:
            DeviceFailed: nothing is recording.
            WorkerFailed: a recorder does not answer: it may still record.
            Damaged: what was read back is not what was recorded.
        """
        main, second, paused = self._main, self._second, self.paused
        if not self._tracks:
            raise DeviceFailed("Nothing is being recorded.", do="Start the recording first.")
        stopped = main.stop() if main is not None else None
        if main is not None and main.alive:
            raise _goes_on("The recorder", "What it stored is safe.")
        backup_stopped = second.stop() if second is not None else None
        end_ms, self._main = self.now_ms, None
        backup_goes_on = second is not None and second.alive
        if not backup_goes_on:
            self._second = None
            self._clock.halt()
        recorded = finish_take(self.session, stopped) if self._take_open else read_back(self.session)
        endings = self._ends_of_troubles(end_ms)
        if paused is not None:
            endings.append((ev.RecordingResumed(), end_ms))
        self.session.record_all(endings)
        self._clock.settle()
        if backup_goes_on:
            raise _goes_on("The backup", "The recording itself ended in order, and was read back.")
        if second is not None and self.session.state.backups[second.number].end_ms is None:
            finish_backup(self.session, second.number, backup_stopped)
        return recorded

    def detach(self) -> None:
        """Leave the screen while the recording goes on."""
        for track in self._tracks:
            track.recorder.leave()
        self._main = self._second = None

    # --- parts of these

    def _check_may_record(self) -> None:
        state = self.session.state
        if state.imported:
            raise UsageError(
                "This session's audio was imported, so it cannot be recorded as well.", do="Plan a new session."
            )
        if state.purged:
            raise UsageError("The audio of this session was destroyed on purpose.", do="Plan a new session.")
        missing = missing_consents(state.expected, self.session.study.state.consents)
        if missing:
            raise ConsentMissing(
                f"No consent to recording from {', '.join(missing)}.",
                safe="Nothing was recorded.",
                do=f"When the form is signed: `facilitator consent record {' '.join(missing)}`.",
            )

    def _put_in_order(self) -> None:
        """Finish what an earlier program, or a dead recorder, left open; quick, for people may be waiting."""
        self.finish_strike()
        if news := journal_news(self.session):
            self.session.record_all(news)
        close_interrupted_take(self.session, thorough=False)
        if self._second is None or not self._second.alive:
            close_interrupted_backups(self.session, thorough=False)
        adopt_unlogged(self.session, thorough=False)
        self._clock.settle()

    def _take_over(self, found: RunningTrack) -> None:
        takes, started = self.session.state.takes, found.recorder.started
        if not takes or takes[-1].end_ms is not None:  # the earlier screen died before it could log the start
            self.session.record(ev.RecordingStarted(started.rate, started.device), started.start_ms)
        self._main = found
        self._clock.follow(started)
        found.listen()

    def _begin(self, given: Input, at: Moment, reason: str, checks: Sequence[ev.Precheck] = ()) -> None:
        """Start a first take, or a further one, and log it with the gap before it."""
        started_before = self._main is not None
        main = start_track(self.session, 0, given, at)
        started = main.recorder.started
        events = self._beginning(main, reason)
        if checks:
            events.append((ev.Prechecked(tuple(checks)), started.start_ms))
        if started_before:
            main.log.add(*events)  # a recording that goes on must not wait for a disk that does not
        else:
            try:
                self.session.record_all(events)
            except BaseException:  # a recording that is in no log must not go on
                main.stop()
                raise
        self._main = main
        self._clock.follow(started)

    def _beginning(self, main: RunningTrack, reason: str) -> list[tuple[ev.Event, int]]:
        state, start_ms = self.session.state, main.recorder.started.start_ms
        paused = self.paused or state.paused
        events: list[tuple[ev.Event, int]] = []
        if state.takes and start_ms > state.length_ms:
            gap = ev.AudioGap(start_ms - state.length_ms, paused.value if paused else reason)
            events.append((gap, state.length_ms))
        if paused is not None:
            events.append((ev.RecordingResumed(), start_ms))
        events.append((ev.RecordingStarted(main.given.rate, main.device, main.given.channel), start_ms))
        return events + self._ends_of_troubles(start_ms, backup=False)

    def _go_on(self, given: Input, reason: str) -> None:
        """End the take and begin another with `given`, on the same clock."""
        main = self._begun
        if main.alive:
            finish_take(self.session, main.stop(), thorough=False)
        else:
            main.listen()  # what the disk refused so far is stored before the track is let go
            with contextlib.suppress(FacilitatorError):  # it stays pending
                self.finish_strike()
            if self._take_open:
                close_interrupted_take(self.session, thorough=False)
        main.died = main.died or Fault(self.now_ms, "Nothing is being recorded.", ended=True)
        self._begin(given, self._clock.moment(), reason)


def _has_paused(track: RunningTrack, why: Pause) -> bool:
    """Whether `track`, which was told to, stores nothing any more. One that had died counts, and stays so."""
    if track.paused is None:
        try:
            track.confirm_pause()
        except WorkerFailed:
            if track.alive:
                return False
            track.paused = why
    return True


def _goes_on(which: str, safe: str) -> WorkerFailed:
    return WorkerFailed(
        f"{which} does not answer: it may still record.",
        safe=safe,
        do="Try again; if it does not help, unplug the microphone.",
    )
