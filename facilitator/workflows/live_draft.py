"""The draft that grows while a group is recorded, so that it is complete seconds after the recording stops.

It hears what is on the disk already, in processes of the lowest priority, and never touches the recording. What is
struck or taken back meanwhile is forgotten here too: a window is stored only if nothing of it was destroyed since its
sound was read.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final, Self

from facilitator.audio.status_file import read_status
from facilitator.domain import events as ev
from facilitator.domain.errors import Cancelled, FacilitatorError, UsageError
from facilitator.domain.progress import silent
from facilitator.domain.session_state import Hearing, SessionState
from facilitator.workflows.hearing import Manner, filled, find_weights_for, started, transcriber_for
from facilitator.workflows.rehearsal_mark import rehearsal_of
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound, open_track
from facilitator.workflows.transcribing import finish, transcribe

if TYPE_CHECKING:
    from facilitator.transcription.client import SpeechDetector, Transcriber
    from facilitator.transcription.planning import Samples, Window
    from facilitator.transcription.weights import Weights

BLOCK_MS: Final = 10_000
"""What `planning.at_model_rate` makes at once."""
BEHIND_MS: Final = 10_000
"""So far behind the recording it stays: what is said off the record may be taken back a moment later."""
NICE: Final = 19
_LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a live draft is: `heard_ms` of the session are stored, all if `done`; `failed` says why it gave up."""

    on: bool
    heard_ms: int = 0
    done: bool = False
    failed: str = ""


class LiveDraft:
    """Make one when a session is opened for recording; `look` begins it, `close` ends it before the session closes."""

    def __init__(self, session: Session, manner: Manner | None = None) -> None:
        self._session, self._manner = session, manner or Manner()
        self._thread: threading.Thread | None = None
        self._closing, self._ended = threading.Event(), threading.Event()
        self._transcriber: Transcriber | None = None
        self._standing = Standing(on=rehearsal_of(session.study) is None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def standing(self) -> Standing:
        """Where it is now."""
        return self._standing

    def look(self) -> None:
        """Begin as soon as there is enough to hear; quick, and may be called as often as one likes."""
        if not self._standing.on or self._standing.failed or self._running:
            return
        if self._stored_ms() >= BLOCK_MS + BEHIND_MS and self._may_draft(self._session.state):
            self._ended.clear()
            self._standing = replace(self._standing, done=False)
            self._thread = threading.Thread(target=self._run, name="live draft", daemon=True)
            self._thread.start()

    def switch(self, on: bool) -> None:
        """Switch it off, which ends its processes, or on again, which goes on where it was."""
        if not on:
            self.close()
        self._closing.clear()
        self._standing = replace(self._standing, on=on, failed="")

    def recording_ended(self) -> None:
        """Hear the rest, if it had begun; the session's last take is stored."""
        self._ended.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is done or gave up; False where that took longer than `seconds`."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self._running

    @property
    def _running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """End it now. What it stored stays, and `transcribe` goes on from there."""
        self._closing.set()
        if self._transcriber is not None:
            self._transcriber.close()
        self.wait()

    def _stored_ms(self) -> int:
        status = read_status(self._session.folder.track(0))
        return status.stored_ms if status is not None else 0

    @staticmethod
    def _may_draft(state: SessionState) -> bool:
        """Not over a draft that somebody works on."""
        return not state.worked_on and not state.imported and not state.purged

    def _run(self) -> None:
        try:
            weights = find_weights_for(self._manner, silent)
            self._begin(weights)
            self._hear(weights)
            if filled(self._session):  # a backup track has what was not heard here
                transcribe(self._session, self._manner, report=lambda _: self._go_on())
            else:
                finish(self._session)
            self._standing = replace(self._standing, done=True)
        except Cancelled:
            pass
        except FacilitatorError as error:  # the recording goes on; `transcribe` does it afterwards
            self._standing = replace(self._standing, failed=error.what)
        except Exception as error:  # a thread's traceback would write over the screen of a recording
            self._standing = replace(self._standing, failed=f"It met a fault ({type(error).__name__}).")

    def _begin(self, weights: "Weights") -> None:
        state, how = self._session.state, started(self._session, self._manner, weights, 0)
        same = state.transcription is not None and replace(state.transcription, total_ms=0, filled=()) == how
        if state.segments and not same:
            raise UsageError("There is a draft already, made with other settings.", safe="It stays as it is.")
        if not same or state.heard_now is not state.hearing:
            self._session.record(how)
        elif state.transcription is not None and state.transcription.total_ms:
            self._session.record(ev.HeardUntil(0))

    @property
    def _hearing(self) -> Hearing:
        hearing = self._session.state.hearing
        assert hearing is not None  # noqa: S101 - `_begin` stored its start
        return hearing

    def _hear(self, weights: "Weights") -> None:
        from facilitator.transcription.client import SpeechDetector

        is_whole = False
        with SpeechDetector(nice=NICE, waiting=self._go_on) as detector:
            while not is_whole:  # a transcriber that was broken off while it heard the rest is of no use any more
                with transcriber_for(self._session, self._hearing.started, weights, nice=NICE) as transcriber:
                    self._transcriber = transcriber
                    while not (is_whole := self._heard_to_the_end(detector, transcriber)) and not self._ended.is_set():
                        self._go_on()
                self._go_on()

    def _heard_to_the_end(self, detector: "SpeechDetector", transcriber: "Transcriber") -> bool:
        """Hear from the first window that is not stored; False when something was destroyed, or added, meanwhile."""
        from facilitator.transcription.planning import plan

        before = _Known.of(self._session.state)
        index, start_ms = self._hearing.goes_on
        stored = frozenset(self._hearing.windows)  # of those side by side a later one may be stored before an earlier
        planned = plan(self._blocks(start_ms), detector.find, start_ms=start_ms, index=index)
        windows = (window for window in planned if window.index not in stored)
        for heard in self._heard(windows, transcriber):
            try:
                self._session.record_all([(one, one.start_ms) for one in heard], before.refuse_another)
            except _Destroyed:
                self._forget_taken_back(before)
                return False
            self._standing = replace(self._standing, heard_ms=self._hearing.goes_on[1])
        end_ms = self._session.state.length_ms
        if self._hearing.goes_on[1] < end_ms:  # another take began meanwhile
            return False
        self._session.record(ev.HeardUntil(end_ms))
        return True

    def _heard(self, windows: "Iterator[Window]", transcriber: "Transcriber") -> "Iterator[list[ev.WindowTranscribed]]":
        """Each window as soon as its sound is there; once the recording has ended, several side by side."""
        for window in windows:
            if self._ended.is_set():
                rest = chain([window], windows)
                yield from transcriber.run(rest, (), lambda _: self._go_on(), self._session.state.length_ms)
            else:
                yield [transcriber.transcribe(window, self._go_on)]

    def _forget_taken_back(self, before: "_Known") -> None:
        """A pause is pressed before it is stored; what was recorded in between is taken back, here as there."""
        state = self._session.state
        for at_ms, _, _ in state.pauses[before.pauses :]:
            if seqs := self._hearing.since(at_ms):
                self._session.record(ev.HearingForgotten(at_ms, tuple(seqs)), at_ms)

    def _blocks(self, start_ms: int) -> "Iterator[Samples]":
        """The sound from `start_ms` on, as it comes to lie on the disk, up to where the recording ends."""
        from facilitator.transcription.planning import at_model_rate

        at_ms = start_ms
        while self._wait_for(at_ms // BLOCK_MS * BLOCK_MS + BLOCK_MS):
            upto_ms = at_ms // BLOCK_MS * BLOCK_MS + BLOCK_MS
            track = open_track(self._session)
            yield next(at_model_rate(track.read, track.rate, upto_ms + 1_000, start_ms=at_ms))
            at_ms = upto_ms
        sound, end_ms = SessionSound(self._session), self._session.state.length_ms
        yield from at_model_rate(sound.read, sound.rate, end_ms, start_ms=at_ms)

    def _wait_for(self, end_ms: int) -> bool:
        """Wait until all up to `end_ms` is stored and will stay; False once the recording has ended before."""
        while not self._ended.is_set():
            if self._stored_ms() >= end_ms + BEHIND_MS:
                return True
            self._go_on()
            self._ended.wait(_LOOK_S)
        return end_ms + 1_000 <= self._session.state.length_ms

    def _go_on(self) -> None:
        """Raises Cancelled when it was closed."""
        if self._closing.is_set():
            raise Cancelled("The live draft was switched off.", safe="What it heard is stored.")


class _Destroyed(Exception):
    """Something was destroyed or taken back since the sound was read."""


@dataclass(frozen=True, slots=True)
class _Known:
    """How much of the recording had been destroyed or paused at some moment."""

    struck: int
    ordered: bool
    pauses: int

    @classmethod
    def of(cls, state: SessionState) -> "_Known":
        return cls(len(state.struck), state.strike_ordered is not None, len(state.pauses))

    def refuse_another(self, state: SessionState) -> None:
        """Raises _Destroyed unless `state` has the same."""
        if _Known.of(state) != self:
            raise _Destroyed
