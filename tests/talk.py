"""Sound with the rhythm of talk, made from numbers, and what a second recorder elsewhere in the room hears of it."""

import numpy as np
import soxr
from numpy.typing import NDArray

Pcm = NDArray[np.int16]


def talk(seconds: float, rate: int, seed: int = 1) -> Pcm:
    """Syllables of 60 to 250 ms of colored noise, with short pauses between and longer ones now and then."""
    made = np.random.default_rng(seed)
    samples = int(seconds * rate)
    sound = made.normal(0, 15, samples)
    at = int(0.3 * rate)
    while at < samples:
        length = int(made.uniform(0.06, 0.25) * rate)
        syllable = made.normal(0, made.uniform(800, 6000), length) * np.hanning(length)
        tone = np.cumsum(syllable) / 8 * 0.4 + syllable * 0.6  # louder below, as voices are
        end = min(samples, at + length)
        sound[at:end] += tone[: end - at]
        at = end + int((made.uniform(0.6, 1.5) if made.random() < 0.08 else made.uniform(0.01, 0.12)) * rate)
    return np.asarray(np.clip(sound, -30_000, 30_000), dtype=np.int16)


def elsewhere(sound: Pcm, rate: int, *, seed: int = 2, gain: float = 0.4, noise_db: float = 15.0) -> Pcm:
    """The same from another place: echoes that die away in 0.4 s, another level, `noise_db` above fresh noise."""
    made = np.random.default_rng(seed)
    length = int(0.4 * rate)
    echoes = made.normal(0, 0.03, length) * np.exp(-6.9 * np.arange(length) / length)
    echoes[0] = 1.0
    size = 1 << (len(sound) + length).bit_length()
    heard = np.fft.irfft(np.fft.rfft(sound.astype(np.float64), size) * np.fft.rfft(echoes, size), size)[: len(sound)]
    heard += made.normal(0, float(np.sqrt(np.mean(heard**2))) * 10 ** (-noise_db / 20), len(heard))
    return np.asarray(np.clip(heard * gain, -32_000, 32_000), dtype=np.int16)


def with_drift(sound: Pcm, rate: int, drift_ppm: float) -> Pcm:
    """As a recorder stores it whose clock runs `drift_ppm` fast: so many more samples for the same time."""
    return np.asarray(soxr.resample(sound, rate, rate * (1 + drift_ppm * 1e-6)), dtype=np.int16)
