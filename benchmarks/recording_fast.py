"""Hours of recording as fast as the disk takes them: the capture loop with a scripted microphone and clock.

`python -m benchmarks.recording_fast FOLDER RECIPIENT MINUTES` records, prints one JSON object with its own memory at
minute 5 and at the end, and then lets the recording stand until it is killed or its input ends.
"""

import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from facilitator.audio.capture_loop import CaptureLoop
from facilitator.audio.messages import Gap, Level, Message, Request

RATE = 48_000
SETTLED_MINUTE = 5
_SECOND = 1_000_000_000
_AHEAD = 2


class ScriptedMicrophone:
    """A microphone and its clock: each read is a block later. It never runs further ahead than two blocks."""

    name = "scripted"

    def __init__(self, minutes: float) -> None:
        noise = np.random.default_rng(1).integers(-9000, 9000, RATE * 7)
        self._sound = noise.astype("<i2").tobytes()
        self._end_ns = int(minutes * 60 * _SECOND)
        self._room = threading.Semaphore(_AHEAD)
        self._at = 0
        self._now = self._begun = 100 * _SECOND
        self.full, self.over = threading.Event(), threading.Event()

    def clock(self) -> int:
        """Monotonic nanoseconds of this world."""
        return self._now

    def open(self) -> "ScriptedMicrophone":
        """Itself, as a source."""
        return self

    def stored(self) -> None:
        """One more block was stored, so that one more may be heard."""
        self._room.release()

    def read(self, frames: int) -> tuple[bytes, bool]:
        """The next block, or none until the end once the script is over."""
        if self._now - self._begun >= self._end_ns:
            self.full.set()
            self.over.wait()
        elif not self._room.acquire(timeout=30):
            self.full.set()
        self._now += frames * _SECOND // RATE
        begin = self._at = (self._at + 2 * frames) % (len(self._sound) - 2 * frames) // 2 * 2
        return self._sound[begin : begin + 2 * frames], False

    def close(self) -> None:
        """Nothing is held."""


def rss_mb() -> float:
    """Memory of this process."""
    return psutil.Process().memory_info().rss / 1e6


def main() -> None:
    """Record as argued."""
    folder, recipient, minutes = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    microphone, stop = ScriptedMicrophone(minutes), threading.Event()
    settled: list[float] = []
    gaps = 0

    def send(message: Message) -> None:
        nonlocal gaps
        gaps += isinstance(message, Gap)
        if isinstance(message, Level):
            microphone.stored()
            if not settled and message.at_ms >= min(SETTLED_MINUTE, minutes / 2) * 60_000:
                settled.append(rss_mb())

    loop = CaptureLoop(Request(folder, "01", recipient, None, RATE), microphone.open, send, stop, microphone.clock)
    recording = threading.Thread(target=loop.run)
    begun = time.monotonic()
    recording.start()
    microphone.full.wait()
    seconds = time.monotonic() - begun
    figures = {"seconds": seconds, "rss_mb": rss_mb(), "rss_settled_mb": settled[0], "gaps": gaps}
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    stop.set()
    microphone.over.set()
    recording.join()


if __name__ == "__main__":
    main()
