"""Cut a recording into windows that a speech model takes in one piece, at the quietest places, in constant memory.

A window's place depends on the samples alone, never on how they arrive, so that a job which stopped can go on where it
was: window 17 is the same window each time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from facilitator.domain.errors import UsageError
from facilitator.domain.timebase import samples_to_ms

RATE: Final = 16_000
"""Hz, what Whisper was trained on."""
LONGEST_MS: Final = 28_000
"""Whisper hears at most 30 s at once; two seconds stay free for the end of a last word."""
EARLIEST_CUT_MS: Final = 20_000
_FRAME: Final = RATE // 100
_QUIET_FRAMES: Final = 20
_LONGEST: Final = LONGEST_MS * RATE // 1000
_EARLIEST: Final = EARLIEST_CUT_MS * RATE // 1000

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of sound. `samples` are mono float32 at 16 kHz, -1.0 to 1.0; times are on the session clock."""

    index: int
    start_ms: int
    end_ms: int
    samples: Samples


def plan(blocks: Iterable[Samples], *, start_ms: int = 0) -> Iterator[Window]:
    """Cut blocks of any length into windows of at most 28 s that together hold every sample once, in order.

    Args:
        blocks: mono float32 at 16 kHz.
        start_ms: where on the session clock the first sample lies.
    """
    # One sample more than a window may hold: only when it is full is it known that a cut is needed.
    held = np.empty(_LONGEST + 1, dtype=np.float32)
    filled = index = first = 0
    for block in blocks:
        taken = 0
        while taken < len(block):
            piece = block[taken : taken + len(held) - filled]
            held[filled : filled + len(piece)] = piece
            filled, taken = filled + len(piece), taken + len(piece)
            if filled == len(held):
                cut = _quietest_cut(held)
                yield _window(index, first, held[:cut], start_ms)
                held[: filled - cut] = held[cut:filled].copy()
                filled, index, first = filled - cut, index + 1, first + cut
    if filled:
        yield _window(index, first, held[:filled], start_ms)


def _window(index: int, first: int, samples: Samples, start_ms: int) -> Window:
    begin, end = samples_to_ms(first, RATE), samples_to_ms(first + len(samples), RATE)
    return Window(index, start_ms + begin, start_ms + end, samples.copy())


def _quietest_cut(held: Samples) -> int:
    """The sample in the middle of the quietest 200 ms between 20 and 28 s; the earliest of equals."""
    frames = held[_EARLIEST:_LONGEST].reshape(-1, _FRAME).astype(np.float64)
    loudness = np.concatenate([[0.0], np.cumsum(np.sum(frames * frames, axis=1))])
    sums = loudness[_QUIET_FRAMES:] - loudness[:-_QUIET_FRAMES]
    return _EARLIEST + (int(np.argmin(sums)) + _QUIET_FRAMES // 2) * _FRAME


def to_model_rate(blocks: Iterable[npt.NDArray[np.int16]], rate: int) -> Iterator[Samples]:
    """Turn int16 blocks at `rate` Hz into mono float32 blocks at 16 kHz, without holding more than one block.

    Args:
        blocks: shape (n,) or (n, channels); channels are averaged.
        rate: 1,000 to 384,000 Hz.

    Raises:
        UsageError: a rate out of range.
    """
    if not 1_000 <= rate <= 384_000:
        raise UsageError(f"{rate} Hz is no sampling rate of speech.")
    floats = (_mono(block) for block in blocks)
    return floats if rate == RATE else _resampled(floats, rate)


def _mono(block: npt.NDArray[np.int16]) -> Samples:
    scaled = block.astype(np.float32) / np.float32(32768.0)
    return scaled if scaled.ndim == 1 else np.asarray(scaled.mean(axis=1), dtype=np.float32)


def _resampled(blocks: Iterator[Samples], rate: int) -> Iterator[Samples]:
    import soxr  # a native library that importing the planner should not load

    stream: Any = soxr.ResampleStream(rate, RATE, 1, dtype="float32")
    for block in blocks:
        made = cast(Samples, stream.resample_chunk(block))
        if len(made):
            yield made
    tail = cast(Samples, stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
    if len(tail):
        yield tail
