"""The program's side of recording: starts the capture process, hears from it, or takes over one that still runs."""

import os
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Final, Protocol

import psutil

from facilitator.audio import status_file
from facilitator.audio.child import command, environment
from facilitator.audio.messages import (
    Fault,
    Gap,
    Level,
    Message,
    Refused,
    Request,
    Started,
    Stopped,
    from_line,
)
from facilitator.audio.record_format import NO_PREVIOUS
from facilitator.domain.errors import Busy, DeviceFailed, WorkerFailed

__all__ = ["Fault", "Gap", "Level", "Message", "Recorder", "Started", "Stopped", "last_stopped"]

_MODULE: Final = "facilitator.audio.capture"
_START_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05
_SAME_PROCESS_SECONDS: Final = 2.0


class Recorder:
    """A running recording. Make one with `start` or `attach`; dropping it does not end the recording."""

    def __init__(self, started: Started, voice: "_Voice") -> None:
        self.started = started
        self._voice = voice
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
    ) -> "Recorder":
        """Begin a take in `folder` and return once sound arrives, within 10 s.

        `start_ms` is where on the session clock it begins, at or after the end of what is recorded; `stop_after_ms`
        its length, 12 h at most; `next_seq` and `previous` continue the records, as `resume_point` gives them.

        Raises:
            Busy: a recording already runs in this folder.
            MissingNeed: no PortAudio.
            DeviceFailed: no microphone, or no sound from it.
            StorageFailed: the folder cannot be written.
            WorkerFailed: the capture process died.
        """
        if _running(folder) is not None:
            raise Busy("This session is being recorded already.", safe="That recording goes on.")
        for ended in [voice for voice in _CHILDREN if not voice.alive]:
            ended.let_go(0.0)
        request = Request(
            folder.resolve(), session_id, recipient, device, rate, start_ms, stop_after_ms, next_seq, previous
        )
        voice = _ChildVoice(request)
        try:
            return cls(voice.wait_for_start(), voice)
        except BaseException:  # also Ctrl-C: a microphone that nobody knows of must not stay on
            voice.ask_to_stop()
            voice.let_go(2.0)
            raise

    @classmethod
    def attach(cls, folder: Path) -> "Recorder | None":
        """Take over the recording that runs in `folder`, begun by an earlier program; None if none runs."""
        status = _running(folder)
        if status is None:
            return None
        started = Started("", status.rate, status.start_ms, status.started_monotonic_ns, status.at_utc)
        return cls(started, _FileVoice(folder, status))

    @property
    def alive(self) -> bool:
        """Whether the capture process runs."""
        return self._voice.alive

    def now_ms(self) -> int:
        """The session clock now."""
        return self.started.start_ms + (time.monotonic_ns() - self.started.monotonic_ns) // 1_000_000

    def poll(self) -> list[Message]:
        """What was said since the last call; never waits. An unexpected end yields one Fault with `ended`."""
        alive = self._voice.alive
        heard = self._voice.heard()
        for message in heard:
            if isinstance(message, Stopped):
                self._stopped = message
        if not alive and self._stopped is None and not self._end_told:
            heard.append(self._unexpected_end())
        self._end_told = self._end_told or any(isinstance(item, Fault) and item.ended for item in heard)
        return heard

    def stop(self, timeout_s: float = 10.0) -> Stopped:
        """End the take and return once all of it is on the disk.

        Raises:
            WorkerFailed: the capture process had died, or does not answer; what it stored is safe.
        """
        self._voice.ask_to_stop()
        deadline = time.monotonic() + timeout_s
        while self._stopped is None and time.monotonic() < deadline:
            self.poll()
            if self._end_told and not self._voice.alive:
                self.poll()
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

    def _unexpected_end(self) -> Fault:
        return Fault(
            self.now_ms(),
            "The recorder ended unexpectedly.",
            "What it stored is safe; notes go on.",
            "Start recording again.",
            ended=True,
        )


def last_stopped(folder: Path) -> Stopped | None:
    """How the last recording in `folder` ended, or None if it runs, was killed, or never was."""
    return status_file.read_stopped(folder)


class _Voice(Protocol):
    """How a recorder hears of its capture process."""

    @property
    def alive(self) -> bool: ...

    def heard(self) -> list[Message]: ...

    def ask_to_stop(self) -> None: ...

    def let_go(self, seconds: float) -> None: ...


class _ChildVoice:
    """A capture process of our own, heard through its standard output."""

    def __init__(self, request: Request) -> None:
        self._messages: queue.SimpleQueue[Message | Refused] = queue.SimpleQueue()
        self._child = subprocess.Popen(
            command(_MODULE),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # sound libraries chat there, over the screen
            start_new_session=True,  # Ctrl-C and a closed terminal are not meant for it
        )
        _CHILDREN.add(self)
        assert self._child.stdout is not None  # noqa: S101  a pipe, as asked above
        self._reader = threading.Thread(target=_read_into, args=(self._child.stdout, self._messages), daemon=True)
        self._reader.start()
        self._say(request.to_line())

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def wait_for_start(self) -> Started:
        try:
            first = self._messages.get(timeout=_START_SECONDS)
        except queue.Empty:
            self._child.kill()
            first = Refused.of(DeviceFailed("The microphone did not start.", do="Check that it is plugged in."))
        if isinstance(first, Started):
            return first
        self.let_go(1.0)
        if isinstance(first, Refused):
            raise first.as_error()
        raise WorkerFailed("The recorder did not start as expected.", safe="Nothing was recorded.")

    def heard(self) -> list[Message]:
        if not self.alive:
            self._reader.join(1.0)  # the pipe is at its end: all that was said is in the queue
        found: list[Message] = []
        while not self._messages.empty():
            message = self._messages.get()
            if isinstance(message, Refused):
                message = Fault(0, message.what, message.safe, message.do, ended=True)
            found.append(message)
        return found

    def ask_to_stop(self) -> None:
        self._say(b"stop\n")

    def let_go(self, seconds: float) -> None:
        """Wait for the process to end and close the pipes."""
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()  # all is stored; only its device still hangs
            self._child.wait()
        _CHILDREN.discard(self)
        self._reader.join()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def _say(self, line: bytes) -> None:
        pipe = self._child.stdin
        if pipe is None or pipe.closed:
            return
        try:
            os.write(pipe.fileno(), line)
        except BrokenPipeError:
            return  # its end is reported by `alive`


_CHILDREN: Final[set[_ChildVoice]] = set()
"""Those not yet let go: a recording that its Recorder has left is still heard to its end."""


class _FileVoice:
    """A capture process of an earlier program, heard through the files beside its records."""

    def __init__(self, folder: Path, status: status_file.Status) -> None:
        self._folder, self._status = folder, status
        self._last: Level | None = None
        self._said_stopped = False

    @property
    def alive(self) -> bool:
        return _is_capture(self._status)

    def heard(self) -> list[Message]:
        found: list[Message] = []
        status = status_file.read_status(self._folder)
        if status is not None and status.level is not None and status.level != self._last:
            self._last = status.level
            found.append(status.level)
        stopped = None if status is not None or self._said_stopped else status_file.read_stopped(self._folder)
        if stopped is not None:
            self._said_stopped = True
            found.append(stopped)
        return found

    def ask_to_stop(self) -> None:
        status_file.request_stop(self._folder)

    def let_go(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)


def _read_into(pipe: IO[bytes], messages: "queue.SimpleQueue[Message | Refused]") -> None:
    for line in pipe:
        messages.put(from_line(line))


def _running(folder: Path) -> status_file.Status | None:
    status = status_file.read_status(folder)
    return status if status is not None and _is_capture(status) else None


def _is_capture(status: status_file.Status) -> bool:
    """Whether the process is there and is the one meant; its age may shift when the wall clock is set."""
    try:
        process = psutil.Process(status.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        same = abs(process.create_time() - status.created) < _SAME_PROCESS_SECONDS
        return same or _MODULE in process.cmdline()
    except psutil.NoSuchProcess:
        return False
