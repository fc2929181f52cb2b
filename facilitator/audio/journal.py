"""What a recording said, kept beside its records for a program that was not there to hear it.

One JSON line a message but levels; plain, so without devices' names. It stands until the next take begins.
"""

import os
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from facilitator.audio.messages import Alarm, Level, Message, Refused, Started, from_line, to_line
from facilitator.domain.errors import WorkerFailed
from facilitator.domain.recording import Trouble

_NAME: Final = "journal.jsonl"
_NAMING: Final = (Trouble.DEVICE_LOST, Trouble.DEVICE_CHANGED)
_MOST_KEPT: Final = 1000


class Journal:
    """Writes the journal of one take in `folder`, from any thread. Nothing here raises: a journal is never worth a
    recording."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._fd: int | None = None
        self._waiting: list[bytes] = []
        self._dirty = self._torn = False
        self._one_at_a_time = threading.RLock()
        try:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        except OSError:
            self._fd = None

    def write(self, message: Message) -> None:
        """Append `message` unless it is a level; what the disk refuses is tried again with the next one."""
        if isinstance(message, Level):
            return
        with self._one_at_a_time:
            self._waiting = [*self._waiting[-_MOST_KEPT:], to_line(_nameless(message))]
            self._write_waiting()

    def sync(self) -> None:
        """Have it on the disk, if anything is new."""
        with self._one_at_a_time:
            if self._waiting:
                self._write_waiting()
            if self._fd is None or not self._dirty:
                return
            with suppress(OSError):
                os.fsync(self._fd)
                self._dirty = False

    def close(self) -> None:
        with self._one_at_a_time:
            self.sync()
            fd, self._fd = self._fd, None
            if fd is not None:
                os.close(fd)

    def _write_waiting(self) -> None:
        if self._fd is None:
            return
        try:
            while self._waiting:
                line = b"\n" * self._torn + self._waiting[0]
                self._torn = os.write(self._fd, line) != len(line)
                if self._torn:
                    return
                self._dirty = True
                del self._waiting[0]
        except OSError:
            return


def read_journal(folder: Path) -> list[Message]:
    """What the last recording in `folder` said, levels apart, in order; a line that was cut off is left out."""
    return Reading(folder).new()


class Reading:
    """Reads a journal that grows."""

    def __init__(self, folder: Path) -> None:
        self._path, self._at = folder / _NAME, 0

    def new(self) -> list[Message]:
        """What was written since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        return [message for line in whole.splitlines() if (message := _message(line)) is not None]


def _message(line: bytes) -> Message | None:
    try:
        message = from_line(line)
    except WorkerFailed:
        return None
    return None if isinstance(message, Refused) else message


def _nameless(message: Message) -> Message:
    if isinstance(message, Started):
        return replace(message, device="")
    if isinstance(message, Alarm) and message.trouble in _NAMING:
        return replace(message, detail="")
    return message
