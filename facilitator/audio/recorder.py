"""The program's side of recording: starts the capture process, hears from it, or takes over one that still runs."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from facilitator.audio import status_file
from facilitator.audio.commands import Command
from facilitator.audio.messages import (
    STRIKE_FAILED,
    Destroyed,
    Fault,
    Gap,
    Level,
    Message,
    Paused,
    Rehearsal,
    Request,
    Resumed,
    Started,
    Stopped,
)
from facilitator.audio.record_format import NO_PREVIOUS
from facilitator.audio.voices import ChildVoice, FileVoice, Voice, let_go_ended, running
from facilitator.domain.errors import Busy, WorkerFailed

__all__ = ["Destroyed", "Fault", "Gap", "Level", "Message", "Recorder", "Started", "Stopped", "last_stopped"]

STRIKE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.05


class Recorder:
    """A running recording. Make one with `start` or `attach`; dropping it does not end the recording."""

    def __init__(self, started: Started, voice: Voice, paused: str = "") -> None:
        self.started = started
        self.paused = paused
        """Why nothing is stored just now, "" while everything is; as of what was heard last."""
        self._voice = voice
        self._held: list[Message] = []
        self._stopped: Stopped | None = None
        self._end_told = False

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        session_id: str,
        recipient: str,
        device: str | None = None,
        rate: int = 48_000,
        start_ms: int = 0,
        stop_after_ms: int | None = None,
        next_seq: int = 0,
        previous: bytes = NO_PREVIOUS,
        channel: int | None = None,
        clock_ns: int | None = None,
        rehearsal: Rehearsal | None = None,
    ) -> "Recorder":
        """Begin a take in `folder` and return once sound arrives, within 10 s.

        `start_ms` is where on the session clock it begins, at or after the end of what is recorded; `stop_after_ms`
        its length, 12 h at most; `next_seq` and `previous` continue the records, as `resume_point` gives them.
        `channel` of the input is kept, from 1 on; None for the mix of all. With `clock_ns`, the session clock stood at
        `start_ms` then and runs on until sound arrives; `started.start_ms` says where the take begins. A `rehearsal`
        opens no device.

        Raises:
            UsageError: a rate outside 8 to 96 kHz, or no such channel.
            Busy: a recording already runs in this folder.
            MissingNeed: no PortAudio.
            DeviceFailed: no microphone, or no sound from it.
            StorageFailed: the folder cannot be written.
            WorkerFailed: the capture process died.
        """
        if running(folder) is not None:
            raise Busy("This session is being recorded already.", safe="That recording goes on.")
        let_go_ended()
        request = Request(
            folder.resolve(),
            session_id,
            recipient,
            device,
            rate,
            start_ms,
            stop_after_ms,
            next_seq,
            previous,
            channel,
            clock_ns,
            rehearsal,
        )
        voice = ChildVoice(request)
        try:
            return cls(voice.wait_for_start(), voice)
        except BaseException:  # also Ctrl-C: a microphone that nobody knows of must not stay on
            voice.say(Command("stop", time.monotonic_ns()))
            voice.let_go(2.0)
            raise

    @classmethod
    def attach(cls, folder: Path) -> "Recorder | None":
        """Take over the recording that runs in `folder`, begun by an earlier program; None if none runs."""
        status = running(folder)
        if status is None:
            return None
        started = Started("", status.rate, status.start_ms, status.started_monotonic_ns, status.at_utc, status.speed)
        return cls(started, FileVoice(folder, status), status.paused)

    @property
    def alive(self) -> bool:
        """Whether the capture process runs."""
        return self._voice.alive

    def leave(self) -> None:
        """Hear it no more, while it goes on; `attach` takes it over again."""
        self._voice.leave()

    def now_ms(self) -> int:
        """The session clock now."""
        return self.started.at(time.monotonic_ns())

    def poll(self) -> list[Message]:
        """What was said since the last call; never waits. An unexpected end yields one Fault with `ended`.

        A recording taken over first tells again what it said before, levels apart: see `journal`.
        """
        held, self._held = self._held, []
        return held + self._hear()

    def pause(self, why: str, at_ns: int | None = None) -> None:
        """Store nothing from `at_ns` of the monotonic clock (now, if None) on; Paused confirms it.

        `why` is the value of a `domain.recording.Pause`. Sound of the last minute can still be taken back.
        """
        self._voice.say(Command("pause", at_ns or time.monotonic_ns(), why=why))

    def resume(self) -> None:
        """Store sound again from this moment on; Resumed confirms it."""
        self._voice.say(Command("resume", time.monotonic_ns()))

    def strike(
        self,
        file: str,
        offset: int,
        from_ms: int,
        seq: int | None = None,
        *,
        within_s: float = STRIKE_SECONDS,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Destroyed:
        """Destroy all records from a place on, which `AudioReader.place_of` gives, up to this moment.

        `from_ms` is where they begin on the session clock. Returns once they are gone from the disk. Give `seq`, the
        number of the first of them, if sound was struck before in this session. `meanwhile` is called while it waits,
        and may `poll`.

        Raises:
            WorkerFailed: no answer within `within_s`, or the disk refused; some of them may be destroyed.
        """
        self._held += self._hear()
        self._voice.say(Command("strike", time.monotonic_ns(), "", file, offset, from_ms, seq))
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and not self._end_told:
            heard = self._hear()
            answer = next((one for one in heard if isinstance(one, Destroyed) and one.from_ms == from_ms), None)
            self._held += [one for one in heard if one is not answer]
            if answer is not None:
                return answer
            if failed := [one.safe for one in heard if isinstance(one, Fault) and one.what == STRIKE_FAILED]:
                raise _not_struck(failed[0])
            meanwhile()
            time.sleep(_LOOK_SECONDS)
        raise _not_struck("The recorder does not answer.")

    def stop(self, timeout_s: float = 10.0) -> Stopped:
        """End the take and return once all of it is on the disk; what was said until then is still polled.

        Raises:
            WorkerFailed: the capture process had died, or does not answer; what it stored is safe.
        """
        self._voice.say(Command("stop", time.monotonic_ns()))
        deadline = time.monotonic() + timeout_s
        while self._stopped is None and time.monotonic() < deadline:
            self._held += self._hear()
            if self._end_told and not self._voice.alive:
                self._held += self._hear()
                break
            time.sleep(_LOOK_SECONDS)
        if self._stopped is None:
            if not self._voice.alive:
                self._voice.let_go(0.0)
            raise WorkerFailed(
                "The recorder did not end in order.",
                safe="What it stored is safe, up to about a second before its end.",
                do="Open the session again; it continues from what is stored.",
            )
        self._voice.let_go(max(0.0, deadline - time.monotonic()))
        return self._stopped

    def _hear(self) -> list[Message]:
        alive = self._voice.alive
        heard = self._voice.heard()
        for message in heard:
            match message:
                case Stopped():
                    self._stopped = message
                case Paused(_, why):
                    self.paused = why
                case Resumed():
                    self.paused = ""
        if not alive and self._stopped is None and not self._end_told:
            heard.append(self._unexpected_end())
        self._end_told = self._end_told or any(isinstance(item, Fault) and item.ended for item in heard)
        return heard

    def _unexpected_end(self) -> Fault:
        return Fault(
            self.now_ms(),
            "The recorder ended unexpectedly.",
            "What it stored is safe; notes go on.",
            "Start recording again.",
            ended=True,
        )


def _not_struck(why: str) -> WorkerFailed:
    return WorkerFailed(
        f"The sound was not destroyed. {why}",
        safe="All before it is untouched; the recording goes on if it ran.",
        do="Strike it again.",
    )


def last_stopped(folder: Path) -> Stopped | None:
    """How the last recording in `folder` ended, or None if it runs, was killed, or never was."""
    return status_file.read_stopped(folder)
