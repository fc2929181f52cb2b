"""Finds a short window of sound within a longer one, however much echo and noise lie on either."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BAND_HZ: Final = (300.0, 3400.0)


class Phat:
    """Generalized cross-correlation with phase transform (Knapp & Carter 1976, IEEE Trans. ASSP 24), within a band.

    Both sides are tapered: the transform makes every frequency count alike, and a sharp edge has them all.

    Args:
        rate: Hz, of all that is compared.
        length: samples of a window.
        margin: samples to search on either side of it.
    """

    def __init__(self, rate: int, length: int, margin: int) -> None:
        import numpy as np

        self._length, self._margin = length, margin
        self._size = 1 << (2 * self._length + 2 * self._margin - 1).bit_length()
        hertz = np.fft.rfftfreq(self._size, 1 / rate)
        self._band = (hertz >= _BAND_HZ[0]) & (hertz <= _BAND_HZ[1])
        self._near = max(1, rate // 100)
        self._taper = _tapered(self._length, rate // 4)
        self._taper_around = _tapered(self._length + 2 * self._margin, rate // 4)

    def place(self, window: "NDArray[np.int16]", around: "NDArray[np.int16]") -> tuple[int, float, float] | None:
        """Where `window` begins in `around`, the correlation there, and how clear that is; None for silence."""
        import numpy as np

        if not window.any() or not around.any():
            return None
        cross = np.fft.rfft(around * self._taper_around, self._size)
        cross *= np.conj(np.fft.rfft(window * self._taper, self._size))
        size = np.abs(cross)
        kept = self._band & (size > 0)
        cross = np.where(kept, cross / np.where(kept, size, 1), 0)
        correlation = np.fft.irfft(cross, self._size)[: 2 * self._margin + 1]
        correlation *= self._size / (2 * max(1, int(kept.sum())))
        best = int(np.argmax(correlation))
        elsewhere = np.delete(correlation, slice(max(0, best - self._near), best + self._near + 1))
        peak = float(correlation[best])
        return best, peak, peak / float(elsewhere.std())


def _tapered(length: int, slope: int) -> "NDArray[np.float32]":
    import numpy as np

    taper = np.ones(length, dtype=np.float32)
    taper[:slope], taper[-slope:] = np.split(np.hanning(2 * slope).astype(np.float32), 2)
    return taper
