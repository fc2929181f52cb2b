"""Plays stretches of a recording through the default loudspeaker."""

import threading
from typing import TYPE_CHECKING, Any

from facilitator.audio.clips import prepared
from facilitator.audio.devices import sound_library
from facilitator.domain.errors import DeviceFailed
from facilitator.domain.timebase import samples_to_ms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Player:
    """One clip at a time; a new one replaces the one that plays. Methods may be called from any one thread.

    The first `play` starts PortAudio, which takes up to half a second; do it outside the drawing of a screen.
    """

    def __init__(self) -> None:
        self._stream: Any = None
        self._sound = memoryview(b"")
        self._at = 0
        self._rate, self._speed = 1, 1.0
        self._finished = threading.Event()
        self._finished.set()

    def play(self, pcm: "NDArray[np.int16]", rate: int, speed: float = 1.0) -> None:
        """Start playing int16 mono `pcm` of `rate` Hz at `speed` (0.5–2.0, pitch kept).

        Raises:
            UsageError: a speed out of range.
            MissingNeed: no PortAudio.
            DeviceFailed: no loudspeaker.
        """
        self.stop()
        sound = prepared(pcm, rate, speed).tobytes()
        library = sound_library()
        self._sound, self._at = memoryview(sound), 0
        self._rate, self._speed = rate, speed
        self._stop_signal: type[Exception] = library.CallbackStop
        try:
            self._stream = library.RawOutputStream(
                samplerate=rate,
                channels=1,
                dtype="int16",
                callback=self._fill,
                finished_callback=self._finished.set,
            )
            self._finished.clear()
            self._stream.start()
        except library.PortAudioError as error:
            self._finished.set()
            self.stop()
            raise DeviceFailed(
                "The sound cannot be played.", do="Check the loudspeaker or headphones, and the sound system."
            ) from error

    def stop(self) -> None:
        """Fall silent; harmless when nothing plays."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
        self._finished.set()

    @property
    def playing(self) -> bool:
        return not self._finished.is_set()

    @property
    def position_ms(self) -> int:
        """How far into the clip it plays, in ms of the clip as given, whatever the speed."""
        return int(samples_to_ms(self._at // 2, self._rate) * self._speed)

    def wait(self, timeout_s: float) -> bool:
        """Return True once the clip has ended, False after `timeout_s`."""
        return self._finished.wait(timeout_s)

    def _fill(self, out: Any, _frames: int, _time: Any, _status: Any) -> None:
        """Called by PortAudio in a thread of its own: copies, and no more."""
        part = self._sound[self._at : self._at + len(out)]
        out[: len(part)] = part
        self._at += len(part)
        if len(part) < len(out):
            out[len(part) :] = bytes(len(out) - len(part))
            raise self._stop_signal
