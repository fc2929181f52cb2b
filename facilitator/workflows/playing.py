"""Playing a stretch of a session's sound."""

import time

from facilitator.audio.playback import Player
from facilitator.workflows.correcting import Correction


class ClipPlayer:
    """Plays clips of one correction; positions are on the session clock.

    Raises (from `play`):
        DeviceFailed: no loudspeaker.
        MissingNeed: PortAudio is not installed.
    """

    def __init__(self, correction: Correction) -> None:
        self._correction = correction
        self._player = Player()
        self._start_ms = 0
        self._speed = 1.0

    @property
    def playing(self) -> bool:
        """True while sound comes out."""
        return self._player.playing

    @property
    def position_ms(self) -> int:
        """Where on the session clock the sound is."""
        return self._start_ms + self._player.position_ms

    def play(self, start_ms: int, end_ms: int, speed: float = 1.0) -> None:
        """Play from `start_ms` to `end_ms` at 0.5 to 2.0 times the pace, pitch kept."""
        self.stop()
        pcm, rate = self._correction.clip(start_ms, end_ms)
        self._start_ms, self._speed = max(0, start_ms), speed
        self._player.play(pcm, rate, speed)

    def stop(self) -> None:
        """Stop; does nothing when nothing plays."""
        self._player.stop()


def play_clip(correction: Correction, start_ms: int, end_ms: int) -> None:
    """Play a stretch and return when it is over; errors as `ClipPlayer.play`."""
    player = ClipPlayer(correction)
    player.play(start_ms, end_ms)
    try:
        while player.playing:
            time.sleep(0.05)
    finally:
        player.stop()
