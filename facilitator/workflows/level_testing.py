"""Whether the chosen input hears the room: three seconds in memory, their level, and their sound played back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from facilitator.audio.level import FLOOR_DB, Loudness, loudness
from facilitator.audio.level_test import Heard, hear
from facilitator.domain.events import Precheck

SECONDS: Final = 3.0
_QUIET_PEAK_DB: Final = -30.0
_LOUD_PEAK_DB: Final = -0.5
_LOOK_S: Final = 0.05


class LevelVerdict(StrEnum):
    """What a level test found. The value is what a person reads."""

    SILENT = "exact silence: muted, or not connected"
    QUIET = "too quiet: bring it nearer, or raise the input level"
    GOOD = "good"
    LOUD = "too loud: it is clipped; lower the input level"


@dataclass(frozen=True, slots=True)
class LevelTest:
    """What was heard, in memory only, and how loud: dBFS, -96 to 0. `play` lets a person hear it."""

    heard: Heard
    rms_db: float
    peak_db: float
    verdict: LevelVerdict

    @property
    def check(self) -> Precheck:
        """The line of the checklist. It never forbids recording: a person may know why a room is silent."""
        heard = f"peak {self.peak_db:.0f} dB, mean {self.rms_db:.0f} dB, "
        detail = self.verdict.value if self.verdict is LevelVerdict.SILENT else heard + self.verdict.value
        return Precheck("Level", True if self.verdict is LevelVerdict.GOOD else None, detail)

    def play(self) -> None:
        """Play it through the default loudspeaker, and return when it is over.

        Raises:
            DeviceFailed: no loudspeaker.
            MissingNeed: no PortAudio.
        """
        import numpy as np  # late: the rest needs no arrays

        from facilitator.audio.playback import Player

        player = Player()
        player.play(np.frombuffer(self.heard.pcm, dtype="<i2").astype(np.int16), self.heard.rate)
        try:
            while player.playing:
                time.sleep(_LOOK_S)
        finally:
            player.stop()


def level_test(
    device: str | None = None,
    *,
    rate: int = 48_000,
    channel: int | None = None,
    seconds: float = SECONDS,
    on_level: Callable[[Loudness], None] | None = None,
) -> LevelTest:
    """Hear an input for `seconds`; `on_level` gets the loudness of each tenth of a second as it comes.

    Raises:
        MissingNeed: no PortAudio.
        DeviceFailed: no such input, or no sound from it.
    """
    told = None if on_level is None else (lambda block: on_level(loudness(block)))
    heard = hear(device, rate=rate, channel=channel, seconds=seconds, on_block=told)
    rms_db, peak_db = loudness(heard.pcm)
    return LevelTest(heard, rms_db, peak_db, _verdict(heard.pcm, peak_db))


def _verdict(pcm: bytes, peak_db: float) -> LevelVerdict:
    second_half = pcm[len(pcm) // 4 * 2 :]  # an input may need a moment to open
    if peak_db <= FLOOR_DB or second_half == second_half[:2] * (len(second_half) // 2):
        return LevelVerdict.SILENT
    if peak_db < _QUIET_PEAK_DB:
        return LevelVerdict.QUIET
    return LevelVerdict.LOUD if peak_db >= _LOUD_PEAK_DB else LevelVerdict.GOOD
