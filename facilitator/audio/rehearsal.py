"""A rehearsal: a sound file instead of a microphone, and a clock that can run faster than time.

The capture process of a rehearsal counts each nanosecond of the monotonic clock `speed` times, so that whatever it
judges by time stays as it is. Only what concerns this computer goes by real time: how long a thread may be late, and
how often the disk and the reader of its messages are troubled. Outside that process, times are real ones.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.audio.messages import Level, Message, Refused
from facilitator.domain.errors import MissingNeed

FASTEST: Final = 60
"""At this speed a busy laptop can still store the sound as it comes."""
_LEVEL_SECONDS: Final = 0.125


@dataclass(frozen=True, slots=True)
class Pace:
    """A monotonic clock that shows `speed` seconds for each one; 1 is the system's own."""

    speed: int = 1

    def now_ns(self) -> int:
        """Nanoseconds by this clock."""
        return time.monotonic_ns() * self.speed

    def sleep_until(self, at_ns: int) -> None:
        """Return once this clock shows `at_ns`; at once if it does already."""
        if (left_ns := at_ns - self.now_ns()) > 0:
            time.sleep(left_ns / 1e9 / self.speed)


class SampleSource:
    """Plays a sound file over and over, in place of a microphone; the first of several channels.

    Each sample arrives when it is due, however late a busy computer fetches it: nothing is lost or late.

    Args:
        path: any file that libsndfile reads.
        rate: Hz, to which it is brought.
        pace: the clock it is played by.

    Raises:
        MissingNeed: it cannot be read.
    """

    name = "sample recording"

    def __init__(self, path: Path, rate: int, pace: Pace) -> None:
        self._sound, self._rate, self._pace = _loaded(path, rate), rate, pace
        self._begun_ns: int | None = None
        self._played = 0
        self.arrived_ns = 0
        """When the last sample came that was read."""

    def read(self, frames: int) -> tuple[bytes, bool]:
        """Wait until `frames` more samples were played; nothing is ever lost."""
        if self._begun_ns is None:
            self._begun_ns = self._pace.now_ns()
        pieces, wanted = [], 2 * frames
        while wanted:
            at = 2 * self._played % len(self._sound)
            piece = self._sound[at : at + wanted]
            self._played += len(piece) // 2
            wanted -= len(piece)
            pieces.append(piece)
        self.arrived_ns = self._begun_ns + self._played * 1_000_000_000 // self._rate
        self._pace.sleep_until(self.arrived_ns)
        return b"".join(pieces), False

    def close(self) -> None:
        """Nothing is held."""


def _loaded(path: Path, rate: int) -> bytes:
    import soundfile  # these load slowly, and only a rehearsal needs them
    import soxr

    try:
        sound, own_rate = soundfile.read(path, dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise MissingNeed("The sample recording cannot be read.", do="Install Facilitator anew.") from error
    mono = sound[:, 0] if own_rate == rate else soxr.resample(sound[:, 0], own_rate, rate)
    return bytes(mono.astype("<i2").tobytes())


def sparing(send: Callable[[Message | Refused], None]) -> Callable[[Message | Refused], None]:
    """`send`, but levels at most eight times a second: at 60 times the speed there are 240, for whoever draws them."""
    due = 0.0

    def send_some(message: Message | Refused) -> None:
        nonlocal due
        now = time.monotonic()
        if isinstance(message, Level):
            if now < due:
                return
            due = now + _LEVEL_SECONDS
        send(message)

    return send_some
