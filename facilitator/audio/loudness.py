"""The course of loudness of two recordings, compared at every place and at a range of clock rates."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FRAMES_PER_SECOND: Final = 50
_LOCAL_FRAMES: Final = FRAMES_PER_SECOND
_SHORTEST_OVERLAP: Final = 10 * FRAMES_PER_SECOND
_MOST_DRIFT: Final = 200e-6
_SMEAR_FRAMES: Final = 3.0
"""How far two candidates of the drift may lie apart at the end of the file: syllables are some 10 frames long."""
_CANDIDATES: Final = 3
_APART: Final = 2 * FRAMES_PER_SECOND
_CHUNK_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Loudness:
    """`level` is the log energy of each frame of 20 ms against the second around it, 0 where nothing is `heard`."""

    level: "NDArray[np.float64]"
    heard: "NDArray[np.bool_]"

    @property
    def any(self) -> bool:
        """Whether there is sound enough to compare."""
        return int(self.heard.sum()) >= _SHORTEST_OVERLAP


def loudness(sound: "NDArray[np.int16]", rate: int) -> Loudness:
    """The course of loudness of mono `sound` at `rate` Hz; exact silence, which no room has, does not count."""
    import numpy as np

    frame = rate // FRAMES_PER_SECOND
    chunk = frame * FRAMES_PER_SECOND * _CHUNK_SECONDS
    energies = []
    for at in range(0, len(sound) // frame * frame, chunk):
        piece = sound[at : min(at + chunk, len(sound) // frame * frame)].astype(np.float32)
        sharper = np.diff(piece, prepend=piece[:1])  # less of the rumble that rooms and tables add
        energies.append(np.mean(np.square(sharper.reshape(-1, frame)), axis=1))
    energy = np.concatenate(energies) if energies else np.zeros(0, np.float32)
    heard = energy > 0
    level = np.where(heard, np.log(energy.astype(np.float64) + 1.0), 0.0)
    level = np.where(heard, level - _local_mean(level, heard), 0.0)
    if heard.any():
        most = 2.5 * float(level[heard].std())
        level = np.clip(level, -most, most)
    return Loudness(level, heard)


def _local_mean(level: "NDArray[np.float64]", heard: "NDArray[np.bool_]") -> "NDArray[np.float64]":
    import numpy as np

    sums = np.concatenate([[0.0], np.cumsum(level)])
    counts = np.concatenate([[0], np.cumsum(heard)])
    at = np.arange(len(level))
    low, high = np.maximum(0, at - _LOCAL_FRAMES // 2), np.minimum(len(level), at + _LOCAL_FRAMES // 2)
    mean: NDArray[np.float64] = (sums[high] - sums[low]) / np.maximum(1, counts[high] - counts[low])
    return mean


def coarse_places(reference: Loudness, other: Loudness) -> Iterator[tuple[int, float]]:
    """(offset in frames, drift) where `other` may lie in `reference`, the likeliest first.

    Each is the peak of a normalized cross-correlation, by FFT, over all offsets; frames that are not heard have no
    weight. A score is the correlation times the root of the overlap, so that a chance match of a short one counts less.
    """
    import numpy as np

    size = 1 << (len(reference.level) + len(other.level)).bit_length()
    ours = np.fft.rfft(reference.level, size)
    scale = _overlap_scale(reference, other, size)
    found: list[tuple[float, int, float]] = []
    for drift in _drifts(len(other.level)):
        at = np.arange(int(len(other.level) / (1 + drift))) * (1 + drift)
        warped = np.interp(at, np.arange(len(other.level)), other.level)
        score = np.fft.irfft(ours * np.conj(np.fft.rfft(warped, size)), size) * scale
        for _ in range(_CANDIDATES):
            best = int(np.argmax(score))
            found.append((float(score[best]), best if best < len(reference.level) else best - size, drift))
            score[max(0, best - _APART) : best + _APART] = 0
    found.sort(reverse=True)
    given: list[int] = []
    for _, offset, drift in found:
        if all(abs(offset - other_offset) > _APART for other_offset in given):
            given.append(offset)
            yield offset, drift
        if len(given) == _CANDIDATES:
            return


def _overlap_scale(reference: Loudness, other: Loudness, size: int) -> "NDArray[np.float64]":
    """What turns a sum of products into a score, by offset; 0 where too little overlaps."""
    import numpy as np

    ours_heard = np.fft.rfft(reference.heard.astype(np.float64), size)
    theirs_heard = np.conj(np.fft.rfft(other.heard.astype(np.float64), size))
    ours_energy = np.fft.rfft(np.square(reference.level), size)
    theirs_energy = np.conj(np.fft.rfft(np.square(other.level), size))
    frames = np.fft.irfft(ours_heard * theirs_heard, size)
    energy = np.fft.irfft(ours_energy * theirs_heard, size) * np.fft.irfft(ours_heard * theirs_energy, size)
    enough = (frames >= _SHORTEST_OVERLAP) & (energy > 1e-6)
    scale: NDArray[np.float64] = np.where(enough, np.sqrt(np.maximum(frames, 0) / np.where(enough, energy, 1.0)), 0.0)
    return scale


def _drifts(frames: int) -> list[float]:
    """Clock rates to try, so near each other that the ends of the file do not smear."""
    import numpy as np

    steps = int(np.ceil(2 * _MOST_DRIFT * frames / (2 * _SMEAR_FRAMES)))
    return [0.0] if steps == 0 else list(np.linspace(-_MOST_DRIFT, _MOST_DRIFT, steps + 1 + steps % 2))
