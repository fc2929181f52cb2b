"""The input level as text, and the watch over it: is something arriving, and is it sound?"""

from collections import deque
from typing import Final

from facilitator.audio.level import FLOOR_DB, bars
from facilitator.audio.messages import Fault, Level, Message
from facilitator.domain.timebase import clock

WIDTH: Final = 8
NOTHING_AFTER_MS: Final = 2_000
"""The capture process speaks four times a second; two seconds without a word is a fault."""
SILENT_AFTER_MS: Final = 10_000
SILENT_DB: Final = -70.0
"""Below the noise of a room with people in it, at any microphone gain that records them usably."""


class Meter:
    """Takes what the capture process says; `text` is for the status bar, `alarm` is "" while all is well."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=WIDTH)
        self._heard_ms = self._sound_ms = 0
        self._fault: Fault | None = None
        self._peak = FLOOR_DB

    def begin(self, now_ms: int) -> None:
        """Watch from `now_ms` of the session clock on."""
        self._levels.clear()
        self._heard_ms = self._sound_ms = now_ms
        self._fault, self._peak = None, FLOOR_DB

    def take(self, message: Message) -> None:
        """Take in one message."""
        if isinstance(message, Fault):
            self._fault = message
        elif isinstance(message, Level):
            self._levels.append(message.rms_db)
            self._peak = message.peak_db
            self._heard_ms = message.at_ms
            if message.peak_db > SILENT_DB:
                self._sound_ms = message.at_ms
                if self._fault and not self._fault.ended and message.stored_ms > self._fault.at_ms:
                    self._fault = None

    @property
    def ended(self) -> bool:
        """True when the capture process has said that it is at its end."""
        return self._fault is not None and self._fault.ended

    @property
    def text(self) -> str:
        """Eight levels, newest right, and the loudness now; a dot stands for silence."""
        if not self._levels:
            return "·" * WIDTH
        sign = "▲ too loud" if self._peak >= -1.0 else f"{self._levels[-1]:.0f} dB".replace("-", "−")
        return f"{bars(tuple(self._levels), WIDTH).replace(' ', '·')} {sign}"

    def alarm(self, now_ms: int) -> str:
        """What is wrong at `now_ms`, in a few words, or ""."""
        if self._fault is not None:
            return f"{self._fault.what.rstrip('.')} · since {clock(self._fault.at_ms)}"
        if now_ms - self._heard_ms > NOTHING_AFTER_MS:
            return f"NO SIGNAL since {clock(self._heard_ms)}"
        if now_ms - self._sound_ms > SILENT_AFTER_MS:
            return f"SILENCE since {clock(self._sound_ms)} · is the microphone on?"
        return ""
