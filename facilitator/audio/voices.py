"""How a recorder hears of its capture process, and tells it what to do: over pipes, or through files."""

import os
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Final, Protocol

import psutil

from facilitator.audio import commands, status_file
from facilitator.audio.child import command, environment
from facilitator.audio.commands import Command
from facilitator.audio.journal import Reading
from facilitator.audio.messages import Fault, Level, Message, Refused, Request, Started, Stopped, from_line
from facilitator.domain.errors import DeviceFailed, WorkerFailed

_MODULE: Final = "facilitator.audio.capture"
_START_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05
_SAME_PROCESS_SECONDS: Final = 2.0


class Voice(Protocol):
    """How a recorder hears of its capture process."""

    @property
    def alive(self) -> bool: ...

    def heard(self) -> list[Message]: ...

    def say(self, order: Command) -> None: ...

    def let_go(self, seconds: float) -> None: ...

    def leave(self) -> None: ...


class ChildVoice:
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
        CHILDREN.add(self)
        assert self._child.stdout is not None  # noqa: S101  a pipe, as asked above
        self._left = False
        self._reader = threading.Thread(target=self._read, args=(self._child.stdout,), daemon=True)
        self._reader.start()
        self._write(request.to_line())

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

    def say(self, order: Command) -> None:
        self._write(order.to_line())

    def let_go(self, seconds: float) -> None:
        """Wait for the process to end and close the pipes."""
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()  # all is stored; only its device still hangs
            self._child.wait()
        CHILDREN.discard(self)
        self._reader.join()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def leave(self) -> None:
        """Keep nothing of what it says from now on."""
        self._left = True
        self._messages = queue.SimpleQueue()

    def _read(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            if not self._left:
                self._messages.put(from_line(line))

    def _write(self, line: bytes) -> None:
        pipe = self._child.stdin
        if pipe is None or pipe.closed:
            return
        try:
            os.write(pipe.fileno(), line)
        except BrokenPipeError:
            return  # its end is reported by `alive`


CHILDREN: Final[set[ChildVoice]] = set()
"""Those not yet let go: the pipe of a recording that its Recorder has left is still read, or it would fill."""


def let_go_ended() -> None:
    """Close what is left of own capture processes that ended after their Recorder had left them."""
    for ended in [voice for voice in CHILDREN if not voice.alive]:
        ended.let_go(0.0)


class FileVoice:
    """A capture process of an earlier program, heard through the files beside its records."""

    def __init__(self, folder: Path, status: status_file.Status) -> None:
        self._folder, self._status = folder, status
        self._journal = Reading(folder)
        self._last: Level | None = None
        self._said_stopped = False
        self._saying = threading.Lock()

    @property
    def alive(self) -> bool:
        return _is_capture(self._status)

    def heard(self) -> list[Message]:
        alive = self.alive
        told = self._journal.new()
        found: list[Message] = [message for message in told if not isinstance(message, Started | Stopped)]
        status = status_file.read_status(self._folder)
        if status is not None and status.level is not None and status.level != self._last:
            self._last = status.level
            found.append(status.level)
        stopped = None if status is not None and alive else status_file.read_stopped(self._folder)
        if stopped is not None and not self._said_stopped:
            self._said_stopped = True
            found.append(stopped)
        return found

    def say(self, order: Command) -> None:
        try:
            with self._saying:
                commands.post(self._folder, order)
        except OSError as error:
            raise WorkerFailed(f"The recorder cannot be told anything ({error.strerror}).") from error

    def let_go(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)

    def leave(self) -> None:
        """Nothing is held."""


def running(folder: Path) -> status_file.Status | None:
    """The recording that runs in `folder`, if one does."""
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
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # gone, or its number belongs to somebody else's process now
        return False
