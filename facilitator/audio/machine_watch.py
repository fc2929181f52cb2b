"""The watch over what a recording stands on: room, a slow disk, one that refuses, a computer that sleeps."""

import shutil
import time
from pathlib import Path
from typing import Final

from facilitator.audio.record_writer import RecordWriter
from facilitator.audio.watch import Spell, Troubles
from facilitator.domain.recording import Trouble

SLOW_NS: Final = 1_000_000_000
LOW_MINUTES: Final = (5, 10, 30)
_SECOND: Final = 1_000_000_000
_ROOM_EVERY_NS: Final = 5 * _SECOND
_ENOUGH_MINUTES: Final = 35
_RECORD_OVERHEAD: Final = 4 * 400  # bytes a second for four records a second


class MachineWatch:
    """Looks after the disk under `folder`, at `rate` samples a second, and after sleep. `asleep` as `asleep_ns`."""

    def __init__(self, troubles: Troubles, folder: Path, rate: int, asleep: int) -> None:
        self._troubles, self._folder = troubles, folder
        self._bytes_a_minute = 60 * (2 * rate + _RECORD_OVERHEAD)
        self._asleep = asleep
        self._room_ns: int | None = None
        self._low: int | None = None
        self._had_ballast = True
        self._rewrites = 0
        self._slow = Spell(troubles, Trouble.STORING)
        self._slept = Spell(troubles, Trouble.SLEPT)

    def look(self, now_ns: int, now_ms: int, writer: RecordWriter, asleep: int) -> None:
        """Several times a second; may be called while `writer` hangs in a write."""
        since_ns = writer.busy_since_ns
        if since_ns is not None and (hanging := time.monotonic_ns() - since_ns) >= SLOW_NS:
            begun_ms = now_ms - hanging // 1_000_000
            self._slow.happened(now_ns, begun_ms, "the disk took over a second to store sound")
        if writer.rewrites > self._rewrites:
            self._rewrites = writer.rewrites
            self._slow.happened(now_ns, now_ms, "the disk refused once; the sound was stored again in a new file")
        self._slow.look(now_ns, now_ms)
        if asleep - self._asleep > _SECOND:
            length = (asleep - self._asleep) // _SECOND
            self._slept.happened(now_ns, now_ms, f"for {length} s, in which nothing was recorded")
        self._asleep = asleep
        self._slept.look(now_ns, now_ms)
        self._look_at_room(now_ns, now_ms, writer.has_ballast)

    def _look_at_room(self, now_ns: int, now_ms: int, has_ballast: bool) -> None:
        freed, self._had_ballast = self._had_ballast and not has_ballast, has_ballast
        if not freed and self._room_ns is not None and now_ns - self._room_ns < _ROOM_EVERY_NS:
            return None
        self._room_ns = now_ns
        try:
            minutes = shutil.disk_usage(self._folder).free // self._bytes_a_minute
        except OSError:
            return None
        if not has_ballast:
            return self._troubles.begin(Trouble.DISK, now_ms, "it is full; the reserve was given up for the recording")
        low = next((limit for limit in LOW_MINUTES if minutes < limit), None)
        if low is not None and (self._low is None or low < self._low):
            self._low = low
            self._troubles.begin(Trouble.DISK, now_ms, f"room for less than {low} minutes of sound")
        elif self._low is not None and minutes >= _ENOUGH_MINUTES:
            self._low = None
            self._troubles.end(Trouble.DISK, now_ms)
        return None


def asleep_ns() -> int:
    """How long the computer has slept since it was started, where the system tells; else 0."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
