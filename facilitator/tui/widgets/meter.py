"""The input level as text, and the watch over the capture process itself: does it speak at all?"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from facilitator.audio.level import FLOOR_DB, bars
from facilitator.audio.messages import Level

WIDTH: Final = 8
SPEECHLESS_AFTER_S: Final = 1.5
"""The capture process speaks four times a second, by whatever clock the session runs."""


class Meter:
    """Takes the levels that the capture process reports.

    Times in ms are on the session clock, as read on this side; `seconds` are real ones, from any zero.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._levels: deque[float] = deque(maxlen=WIDTH)
        self._seconds = seconds
        self._heard_ms = 0
        self._heard_s = self._level_s = seconds()

    def begin(self, now_ms: int) -> None:
        """Watch from `now_ms` on."""
        self._levels.clear()
        self.heard(now_ms)

    def heard(self, now_ms: int) -> None:
        """The capture process said something."""
        self._heard_ms, self._heard_s = now_ms, self._seconds()

    def take(self, level: Level, now_ms: int) -> None:
        """Take in one level, heard at `now_ms`."""
        self._levels.append(level.rms_db)
        self.heard(now_ms)
        self._level_s = self._heard_s

    def speechless_ms(self) -> int | None:
        """Since when the capture process says nothing, once that is too long; else None."""
        return self._heard_ms if self._seconds() - self._heard_s > SPEECHLESS_AFTER_S else None

    def text(self) -> str:
        """Eight levels, newest right, and the loudness now; a dot stands for silence, or for no level at all."""
        return level_text(tuple(self._levels) if self._seconds() - self._level_s <= SPEECHLESS_AFTER_S else ())


def level_text(levels_db: tuple[float, ...], width: int = WIDTH) -> str:
    """`width` levels in dBFS as bars, newest right, then the newest in figures; a dot stands for silence."""
    if not levels_db:
        return "·" * width
    newest = "silence" if levels_db[-1] <= FLOOR_DB else f"{levels_db[-1]:.0f} dB".replace("-", "−")
    return f"{bars(levels_db, width).replace(' ', '·')} {newest}"
