"""A sound of which every tenth of a second tells when it sounded: noise that repeats after 16 s, played without end."""

import contextlib
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sound_room import SoundRoom

RATE = 16_000
PERIOD = 1 << 18
PERIOD_MS = PERIOD * 1000 / RATE
ALIKE = 0.5
"""Correlation, 0 to 1, from which on a piece is taken for this sound."""
_LISTEN_S = 1.5
_FORM = ("--raw", f"--rate={RATE}", "--channels=1", "--format=s16le")

Samples = NDArray[np.int16]


def known_noise() -> Samples:
    """One period of it, never zero, peaks at -10 dBFS."""
    values = np.random.default_rng(20).integers(1, 10_000, PERIOD, endpoint=True)
    return np.where(np.random.default_rng(21).random(PERIOD) < 0.5, values, -values).astype("<i2")


NOISE = known_noise()
_SPECTRUM = np.fft.rfft(NOISE.astype("f8"))
_LOUDNESS = float(np.sqrt(np.mean(NOISE.astype("f8") ** 2)))


@dataclass(frozen=True)
class Found:
    """Where in the period (ms) a piece of sound begins, and how alike it is, 0 to 1."""

    at_ms: float
    alike: float


def find(piece: Samples, rate: int = RATE) -> Found:
    """Find a piece of 50 ms or more, recorded at `rate` Hz, in the known sound."""
    if rate != RATE:
        import soxr

        piece = soxr.resample(piece, rate, RATE)
    spectrum = np.fft.rfft(piece.astype("f8"), PERIOD)
    likeness = np.fft.irfft(_SPECTRUM * np.conj(spectrum), PERIOD)
    best = int(np.argmax(likeness))
    whole = float(np.linalg.norm(piece.astype("f8"))) * _LOUDNESS * len(piece) ** 0.5
    return Found(best * 1000 / RATE, float(likeness[best]) / whole if whole else 0.0)


def apart(one_ms: float, other_ms: float) -> float:
    """`one_ms` less `other_ms`, as a distance round the period: from -8.192 to 8.192 s."""
    return (one_ms - other_ms + PERIOD_MS / 2) % PERIOD_MS - PERIOD_MS / 2


class Playing:
    """Context manager: the known sound fills the room.

    Someone else listens there too, in small pieces: a room without would hand out its sound every 2 s only, and the
    first of it 2 s late, which no microphone does.
    """

    def __init__(self, room: SoundRoom) -> None:
        self._room, self._over = room, threading.Event()
        self._player: subprocess.Popen[bytes] | None = None
        self._listener: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._feed, daemon=True)

    def __enter__(self) -> Self:
        env = self._room.env
        self._player = subprocess.Popen(
            ["pacat", "--playback", "--device=room", *_FORM], env=env, stdin=subprocess.PIPE
        )
        self._listener = subprocess.Popen(
            ["parec", "--device=room.monitor", *_FORM, "--latency-msec=40"], env=env, stdout=subprocess.DEVNULL
        )
        self._thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._listener is not None:
            self._listener.kill()
            self._listener.wait()
        if self._player is not None:
            self._player.kill()
            self._player.wait()
            self._thread.join()
            if self._player.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._player.stdin.close()

    def _feed(self) -> None:
        assert self._player is not None and self._player.stdin is not None
        pipe, data = self._player.stdin, NOISE.tobytes()
        while not self._over.is_set():
            try:
                for at in range(0, len(data), 4096):
                    pipe.write(data[at : at + 4096])
                pipe.flush()
            except (BrokenPipeError, ValueError):
                return


def sounded_at_ms(room: SoundRoom) -> float:
    """The monotonic time in ms at which a period began, to about 20 ms, as a listener of its own hears it."""
    arguments = ["parec", "--device=room.monitor", *_FORM, "--latency-msec=20"]
    listener = subprocess.Popen(arguments, env=room.env, stdout=subprocess.PIPE, bufsize=0)
    assert listener.stdout is not None
    heard, begins = bytearray(), float("inf")
    with listener.stdout as pipe:
        deadline = time.monotonic() + _LISTEN_S
        while time.monotonic() < deadline:
            heard += pipe.read(4096) or b""
            begins = min(begins, time.monotonic() * 1000 - len(heard) * 500 / RATE)
        listener.kill()
        listener.wait()
    half = len(heard) // 4
    found = find(np.frombuffer(bytes(heard[2 * half : 4 * half]), "<i2"))
    if found.alike < ALIKE:
        raise RuntimeError("the known sound is not heard in the room")
    return begins + half * 1000 / RATE - found.at_ms
