"""A microphone whose clock is wrong, recorded as fast as the machine can, by a clock of its own."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
from known_sound import NOISE, PERIOD, RATE

from facilitator.audio.capture_loop import CaptureLoop
from facilitator.audio.container import AudioReader
from facilitator.audio.messages import Alarm, Gap, Level, Message, Request
from facilitator.domain.recording import Trouble

_SECOND = 1_000_000_000
_AHEAD = 2
_SETTLE_MS = 10_000
_TOLD_MS = 1000
_STEP_MS = 100
_SLACK_MS = 10
_READ_MS = 30_000
_BLOCK = RATE // 4


class DriftingMicrophone:
    """Gives a second of sound in a second and `ppm` millionths of it; never more than two blocks ahead."""

    name = "drifting"

    def __init__(self, ppm: int, stop: threading.Event, seconds: float) -> None:
        self.ppm, self._stop = ppm, stop
        self._room = threading.Semaphore(_AHEAD)
        self.given = 0
        """Samples so far."""
        self._now = self._begun = 50 * _SECOND
        self._end_ns = self._begun + int(seconds * _SECOND)

    def clock(self) -> int:
        return self._now

    def open(self) -> "DriftingMicrophone":
        return self

    def stored(self) -> None:
        self._room.release()

    def read(self, frames: int) -> tuple[bytes, bool]:
        self._room.acquire(timeout=2)
        self._now += frames * _SECOND // RATE * (1_000_000 + self.ppm) // 1_000_000
        if self._now > self._end_ns:
            self._stop.set()
        self.given += frames
        return _known(self.given - frames, self.given).tobytes(), False

    def close(self) -> None:
        """Nothing is held."""


def _known(first: int, end: int) -> "np.ndarray":
    return NOISE[np.arange(first, end) % PERIOD]


def drift_faults(folder: Path, identity: Any, ppm: int) -> tuple[list[str], float]:
    """Record until the clock is 250 ms off; what did not hold, and how late (ms) the first alarm was."""
    stop = threading.Event()
    off_by = 250 * 1000 / abs(ppm)
    microphone = DriftingMicrophone(ppm, stop, _SETTLE_MS / 1000 + off_by)
    said: list[Message] = []

    def send(message: Message) -> None:
        if isinstance(message, Level):
            microphone.stored()
        else:
            said.append(message)

    request = Request(folder, "01", str(identity.to_public()), None, RATE)
    CaptureLoop(request, microphone.open, send, stop, microphone.clock).run()
    faults, late_ms = _alarm_faults(said, ppm)
    return faults + _missing(AudioReader(folder, session_id="01", identity=str(identity)), microphone.given), late_ms


def _alarm_faults(said: list[Message], ppm: int) -> tuple[list[str], float]:
    alarms = [one for one in said if isinstance(one, Alarm)]
    first = next((one for one in alarms if one.trouble == Trouble.DRIFT and not one.over), None)
    faults = [f"“{one.trouble}” was told and is not true" for one in alarms if one.trouble != Trouble.DRIFT]
    if gaps := [one.length_ms for one in said if isinstance(one, Gap)]:
        faults.append(f"no sound was lost, and the gaps are {gaps} ms")
    if first is None:
        return [*faults, f"a clock off by {ppm} parts per million was never told"], 0.0
    due_ms = _SETTLE_MS + (_STEP_MS + _SLACK_MS) * 1_000_000 / abs(ppm)
    late_ms = first.at_ms - due_ms
    if late_ms > _TOLD_MS:
        faults.append(f"a clock off by {ppm} parts per million was told {late_ms:.0f} ms late")
    return faults, max(0.0, late_ms)


def _missing(reader: AudioReader, given: int) -> list[str]:
    """What of the sound is not stored as it was given; the last blocks may not have been asked for."""
    if reader.end_sample < given - (_AHEAD + 1) * _BLOCK:
        return [f"{given} samples were given, and {reader.end_sample} are stored"]
    for at_ms in range(0, reader.length_ms, _READ_MS):
        found = reader.read(at_ms, min(at_ms + _READ_MS, reader.length_ms))
        first = at_ms * RATE // 1000
        if not np.array_equal(found, _known(first, first + len(found))):
            return [f"the sound from {at_ms} ms on is not whole"]
    return []
