"""A scripted microphone that plays the known sound in real time, until something happens to it."""

import threading
import time

import numpy as np
from known_sound import NOISE, RATE

from facilitator.domain.errors import DeviceFailed

SECOND = 1_000_000_000


class ScriptedMicrophone:
    """A source for the capture loop. From `act_ns` to `undo_ns` of the monotonic clock `act` is done to it.

    lost: reading fails, and so does opening. stall: nothing comes, and what sounded meanwhile is lost. late: nothing
    comes, and then all of it at once. overflow: what sounds is thrown away, and the next block says so. hiccup: one
    block says so, though nothing is missing. hang: nothing comes any more, ever. zeros, stuck, clip: the samples.
    """

    name = "scripted"

    def __init__(self, act: str, act_ns: int, undo_ns: int) -> None:
        self.act, self.act_ns, self.undo_ns = act, act_ns, undo_ns
        self.ended = threading.Event()
        self.flagged_ns: int | None = None
        self._next: int | None = None
        self._happened = False

    def open(self) -> "ScriptedMicrophone":
        if self.act == "lost" and self.act_ns <= time.monotonic_ns() < self.undo_ns:
            raise DeviceFailed("It is not there.")
        self._next = None
        return self

    def close(self) -> None:
        """Nothing is held."""

    def read(self, frames: int) -> tuple[bytes, bool]:
        if self._next is None:
            self._next = _sample_at(time.monotonic_ns())
        flagged = self._meet(self._next + frames)
        first, end = self._next, self._next + frames
        self._wait_until(end)
        self._next = end
        if flagged:
            self.flagged_ns = time.monotonic_ns()
        return self._sound(first, end).tobytes(), flagged

    def _meet(self, end: int) -> bool:
        """Let happen what happens before sample `end`; True if the next block is to say that sound was lost."""
        if self._happened or _ns_of(end) < self.act_ns:
            return False
        match self.act:
            case "lost":
                self._happened = True
                self._wait_until(_sample_at(self.act_ns))
                raise DeviceFailed("It was pulled out.")
            case "hang":
                self.ended.wait()
                raise DeviceFailed("It is over.")
            case "stall" | "overflow" | "late":
                self._happened = True
                self._wait_until(_sample_at(self.undo_ns))
                if self.act != "late":
                    self._next = _sample_at(self.undo_ns)
                return self.act == "overflow"
            case "hiccup":
                self._happened = True
                return True
        return False

    def _sound(self, first: int, end: int) -> "np.ndarray":
        sound = NOISE.take(range(first, end), mode="wrap").copy()
        low = min(max(_sample_at(self.act_ns) - first, 0), end - first)
        high = min(max(_sample_at(self.undo_ns) - first, 0), end - first)
        match self.act:
            case "zeros":
                sound[low:high] = 0
            case "stuck":
                sound[low:high] = -77
            case "clip":
                sound[low:high] = np.where(np.arange(high - low) // 8 % 2, 32767, -32768)
        return sound

    def _wait_until(self, sample: int) -> None:
        self.ended.wait(max(0, _ns_of(sample) - time.monotonic_ns()) / SECOND)


def _sample_at(ns: int) -> int:
    return ns * RATE // SECOND


def _ns_of(sample: int) -> int:
    return sample * SECOND // RATE
