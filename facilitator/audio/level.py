"""Loudness of 16-bit sound, and how a row of characters shows it."""

import math
import operator
import sys
from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

FLOOR_DB: Final = -96.0
"""What silence is said to be: the smallest step of 16 bits."""
METER_LOW_DB: Final = -60.0
_FULL_SCALE: Final = 32768
_BARS: Final = " ▁▂▃▄▅▆▇█"
_PLAIN_BARS: Final = " .:-=+*#@"


class Loudness(NamedTuple):
    """dBFS, -96.0 to 0.0."""

    rms_db: float
    peak_db: float


def loudness(pcm: bytes) -> Loudness:
    """Root mean square and peak of s16le mono `pcm`; a trailing half sample is ignored."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    if not samples:
        return Loudness(FLOOR_DB, FLOOR_DB)
    square = sum(map(operator.mul, samples, samples)) / len(samples)
    return Loudness(_decibel(math.sqrt(square)), _decibel(max(max(samples), -min(samples))))


def bars(levels_db: Sequence[float], width: int, *, plain: bool = False) -> str:
    """The latest `width` levels as one character each, oldest left, padded with spaces on the left.

    -60 dBFS and below is a space, 0 dBFS a full block. `plain` uses ASCII only.
    """
    signs = _PLAIN_BARS if plain else _BARS
    latest = levels_db[-width:] if width > 0 else ()
    return "".join(signs[_step(level, len(signs))] for level in latest).rjust(width)


def _step(level_db: float, steps: int) -> int:
    share = (level_db - METER_LOW_DB) / -METER_LOW_DB
    return min(steps - 1, max(0, math.ceil(share * (steps - 1))))


def _decibel(amplitude: float) -> float:
    if amplitude < 1:
        return FLOOR_DB
    return max(FLOOR_DB, round(20 * math.log10(amplitude / _FULL_SCALE), 1))
