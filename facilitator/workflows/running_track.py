"""One track while a capture process of its own records it: the recording itself (0), or a backup (1 or more)."""

import time
from dataclasses import dataclass
from typing import Final

from facilitator.audio.messages import Awake, Fault, Level, Message, Paused, Resumed, Stopped
from facilitator.audio.recorder import Recorder
from facilitator.domain import events as ev
from facilitator.domain.errors import WorkerFailed
from facilitator.domain.recording import Pause, Trouble
from facilitator.domain.timebase import samples_to_ms
from facilitator.workflows.message_log import MessageLog
from facilitator.workflows.rehearsal_mark import rehearsal_of
from facilitator.workflows.session_clock import Moment
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import struck_records

__all__ = ["ANSWER_S", "Input", "Moment", "RunningTrack", "attach_track", "start_track"]

ANSWER_S: Final = 6.0
"""A capture process hears a command within a block, 250 ms; to take back a minute may cost a slow disk seconds."""
_LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Input:
    """What is recorded: a device by name (None: the system's default), at `rate` Hz, its `channel` from 1 on (None:
    the mix). `stop_at_ms` of the session clock is where it ends by itself, if not None."""

    device: str | None
    rate: int
    channel: int | None = None
    stop_at_ms: int | None = None


class RunningTrack:
    """Make one with `start_track` or `attach_track`. It stays, `died` or `stopped`, after its process has ended."""

    def __init__(self, session: Session, number: int, recorder: Recorder, given: Input) -> None:
        self.number, self.recorder, self.given = number, recorder, given
        self.device = recorder.started.device or given.device or ""
        self.paused: Pause | None = None
        self.awake: Awake | None = None
        self.level: Level | None = None
        self.died: Fault | None = None
        self.stopped: Stopped | None = None
        self.log = MessageLog(session, number)
        self._heard: list[Message] = []
        self._ending = False

    @property
    def alive(self) -> bool:
        """Whether its capture process runs."""
        return self.recorder.alive

    def poll(self) -> list[Message]:
        """What it said since the last call; stored where it is news."""
        self.listen()
        heard, self._heard = self._heard, []
        return heard

    def listen(self) -> None:
        """Take in what it says, and keep it for `poll`."""
        heard = self.recorder.poll()
        for message in heard:
            self._note(message)
        self._heard += heard
        just_died = next((end for one in heard if (end := self._unasked_end(one))), None) if self.died is None else None
        self.died = self.died or just_died
        self.log.take(heard)
        if just_died is not None:
            detail = ("backup: " if self.number else "") + just_died.what.rstrip(".")
            self.log.add((ev.TroubleBegan(Trouble.RECORDER_DIED, detail, self.number), self.recorder.now_ms()))

    def confirm_pause(self) -> None:
        """Return once nothing is stored any more, as `recorder` was told. Raises WorkerFailed where none answers."""
        self._wait_until_paused(True)

    def resume(self) -> None:
        """Return once sound is stored again. Raises WorkerFailed where the process does not answer."""
        self.recorder.resume()
        self._wait_until_paused(False)

    def stop(self) -> Stopped | None:
        """End it; None where it had died, or does not answer: then the disk knows where it ended."""
        self._ending = True
        try:
            stopped: Stopped | None = self.recorder.stop()
        except WorkerFailed:
            stopped = None
        self.listen()
        return stopped

    def _unasked_end(self, message: Message) -> Fault | None:
        """The end that `message` speaks of, if nobody here had asked for it."""
        if isinstance(message, Stopped) and message.from_outside and not self._ending:
            return Fault(message.end_ms, "Another program ended the recorder.", ended=True)
        return message if isinstance(message, Fault) and message.ended else None

    def _note(self, message: Message) -> None:
        match message:
            case Level():
                self.level = message
            case Awake():
                self.awake = message
            case Stopped():
                self.stopped = message
            case Paused(_, why):
                self.paused = Pause(why) if why in list(Pause) else Pause.OFF_RECORD
            case Resumed():
                self.paused = None

    def _wait_until_paused(self, wanted: bool) -> None:
        deadline = time.monotonic() + ANSWER_S
        while (self.paused is not None) != wanted:
            if self.died is not None or time.monotonic() > deadline:
                raise WorkerFailed(
                    f"The recorder did not answer when it was asked to {'pause' if wanted else 'go on'}.",
                    safe="What it stored before is safe.",
                    do="Stop the recording to be sure that nothing is stored." if wanted else "Start it again.",
                )
            time.sleep(_LOOK_S)
            self.listen()


def start_track(session: Session, number: int, given: Input, at: Moment) -> RunningTrack:
    """Begin a take of track `number` at or after `at`, after what the track holds; returns once sound arrives.

    Raises:
        Busy, MissingNeed, DeviceFailed, StorageFailed, WorkerFailed: as `Recorder.start`.
        AccessRefused, Damaged: nothing of what the track holds can be opened.
    """
    from facilitator.audio.container import resume_point  # numpy is not needed before this

    folder, key = session.folder.track(number), session.key
    struck = struck_records(session, number)
    point = resume_point(folder, key.audio_secret, session_id=session.id, struck=struck)
    start_ms = max(at.ms, samples_to_ms(point.end_sample, given.rate))
    recorder = Recorder.start(
        folder,
        session_id=session.id,
        recipient=key.audio_recipient,
        device=given.device,
        rate=given.rate,
        channel=given.channel,
        start_ms=start_ms,
        clock_ns=at.monotonic_ns if start_ms == at.ms else None,
        stop_after_ms=None if given.stop_at_ms is None else max(1, given.stop_at_ms - start_ms),
        next_seq=point.next_seq,
        previous=point.previous,
        rehearsal=rehearsal_of(session.study),
    )
    return RunningTrack(session, number, recorder, given)


def attach_track(session: Session, number: int, device: str, channel: int | None = None) -> RunningTrack | None:
    """Take over the recording of track `number` that an earlier program began; None if none runs.

    `device` and `channel` of it are as the log has them.
    """
    recorder = Recorder.attach(session.folder.track(number))
    if recorder is None:
        return None
    track = RunningTrack(session, number, recorder, Input(device or None, recorder.started.rate, channel))
    if why := recorder.paused:  # its journal may lack that, where the disk was full
        track.paused = Pause(why) if why in list(Pause) else Pause.OFF_RECORD
    return track
