"""The input level as text, and the watch over the capture process itself: does it speak at all?"""

from collections import deque
from typing import Final

from facilitator.audio.level import FLOOR_DB, bars
from facilitator.audio.messages import Level

WIDTH: Final = 8
SPEECHLESS_AFTER_MS: Final = 1_500
"""The capture process speaks four times a second."""


class Meter:
    """Takes the levels that the capture process reports; times are on the session clock, as read on this side."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=WIDTH)
        self._heard_ms = self._level_ms = 0

    def begin(self, now_ms: int) -> None:
        """Watch from `now_ms` on."""
        self._levels.clear()
        self._heard_ms = now_ms

    def heard(self, now_ms: int) -> None:
        """The capture process said something."""
        self._heard_ms = now_ms

    def take(self, level: Level, now_ms: int) -> None:
        """Take in one level, heard at `now_ms`."""
        self._levels.append(level.rms_db)
        self._heard_ms = self._level_ms = now_ms

    def speechless_ms(self, now_ms: int) -> int | None:
        """Since when the capture process says nothing, once that is too long; else None."""
        return self._heard_ms if now_ms - self._heard_ms > SPEECHLESS_AFTER_MS else None

    def text(self, now_ms: int) -> str:
        """Eight levels, newest right, and the loudness now; a dot stands for silence, or for no level at all."""
        return level_text(tuple(self._levels) if now_ms - self._level_ms <= SPEECHLESS_AFTER_MS else ())


def level_text(levels_db: tuple[float, ...], width: int = WIDTH) -> str:
    """`width` levels in dBFS as bars, newest right, then the newest in figures; a dot stands for silence."""
    if not levels_db:
        return "·" * width
    newest = "silence" if levels_db[-1] <= FLOOR_DB else f"{levels_db[-1]:.0f} dB".replace("-", "−")
    return f"{bars(levels_db, width).replace(' ', '·')} {newest}"
