"""Cut a recording into windows that a speech model takes in one piece, at pauses, in constant memory.

Each window holds the speech of a stretch of the recording, its silences left out; the stretches together are the whole
recording. Where a window ends depends on the samples from its start on and on nothing else, so that a job which stopped
can go on at the end of any window: window 17 is the same window each time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from facilitator.domain.errors import UsageError
from facilitator.domain.stretches import Stretch, common, last_of, merged, total
from facilitator.transcription.phrasing import LEAST_PART_MS

RATE: Final = 16_000
"""Hz, what Whisper was trained on."""
PER_MS: Final = RATE // 1000
STEP_MS: Final = 32
"""What the voice detector judges at once."""
LONGEST_MS: Final = 20_000
"""Whisper hears up to 30 s at once. What it looks back at for each word grows with the window: 20 s take a sixth less
of the processor than 29 s and are heard as well; with 12 s the words get worse."""
FARTHEST_MS: Final = 120_000
"""A window's stretch of the recording is never longer, however little is said in it."""
MARGIN_MS: Final = 300
"""Kept of the silence around speech: Whisper mishears words that begin at once."""
SPEECH_FROM: Final = 0.35
"""Of the detector's 0 to 1. Lower than its usual 0.5: a window sent in vain costs a second, a quiet voice evidence."""
SPEECH_UNTIL: Final = 0.2
_SHORTEST_PAUSE_MS: Final = 160
_SHORTEST_SPEECH_MS: Final = 96
_LATE_MS: Final = 4_000
"""Of the pauses in so much of the end of a full window, the longest is where it is cut."""
_SEARCHED_MS: Final = 9_000
_QUIET_MS: Final = 200
_FED_MS: Final = 4_000
_READ_MS: Final = 10_000
_LEAD_MS: Final = 200

Samples = npt.NDArray[np.float32]
FindSpeech = Callable[[Samples, bool], npt.NDArray[np.float32]]
"""How likely each 32 ms of the samples is speech, 0.0 to 1.0; with True it forgets what it heard before."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of the recording and what was cut out of it to be heard.

    `speech` is where somebody speaks, `pieces` the same with margins, all on the session clock; `samples` are the
    pieces end to end, mono float32 at 16 kHz, -1.0 to 1.0, at most 20 s.
    """

    index: int
    start_ms: int
    end_ms: int
    speech: tuple[Stretch, ...]
    pieces: tuple[Stretch, ...]
    samples: Samples = field(repr=False)

    def session_ms(self, at_ms: int, *, is_end: bool = False) -> int:
        """Where `at_ms` of the samples lies on the session clock; at a joint, `is_end` takes the piece before."""
        left = at_ms
        for start, end in self.pieces:
            if left < end - start or (is_end and left == end - start):
                return start + left
            left -= end - start
        return self.pieces[-1][1] if self.pieces else self.start_ms

    def session_stretch(self, start_ms: int, end_ms: int) -> Stretch:
        """Where a word of the samples lies on the session clock: never on both sides of a joint."""
        parts, before = list[Stretch](), 0
        for start, end in self.pieces:
            low, high = max(start_ms, before), min(end_ms, before + end - start)
            if low <= high:
                parts.append((start + low - before, start + high - before))
            before += end - start
        return last_of(parts, LEAST_PART_MS) if parts else (self.session_ms(start_ms),) * 2

    def window_ms(self, stretches: Iterable[Stretch]) -> list[Stretch]:
        """What of stretches of the session clock is in the samples, as times of the samples."""
        found, before = [], 0
        for start, end in self.pieces:
            found += [(low - start + before, high - start + before) for low, high in common(stretches, [(start, end)])]
            before += end - start
        return merged(found)


def plan(blocks: Iterable[Samples], find_speech: FindSpeech, *, start_ms: int = 0, index: int = 0) -> Iterator[Window]:
    """Cut blocks of any length into windows whose stretches together are all of it, in order.

    Args:
        blocks: mono float32 at 16 kHz; what is less than a millisecond at the end is left out.
        find_speech: the voice detector.
        start_ms: where on the session clock the first sample lies.
        index: of the first window.
    """
    fed = _Fed(blocks)
    while True:
        held = _Held(fed, find_speech)
        cut_ms = held.fill()
        if cut_ms == 0:
            return
        yield held.window(index, start_ms, cut_ms)
        fed.take(cut_ms)
        index, start_ms = index + 1, start_ms + cut_ms


class _Fed:
    """What has come in and is in no window yet."""

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = iter(blocks)
        self._held: Samples = np.zeros(0, dtype=np.float32)

    def until(self, end_ms: int) -> Samples:
        """The first `end_ms` of it, or less where it ends."""
        wanted = end_ms * PER_MS
        if len(self._held) < wanted:
            parts, length = [self._held], len(self._held)
            while length < wanted and (block := next(self._blocks, None)) is not None:
                parts.append(block)
                length += len(block)
            self._held = np.concatenate(parts)
        return self._held[: min(wanted, len(self._held) // PER_MS * PER_MS)]

    def take(self, until_ms: int) -> None:
        self._held = self._held[until_ms * PER_MS :].copy()


class _Held:
    """The window in the making; times from its start."""

    def __init__(self, fed: _Fed, find_speech: FindSpeech) -> None:
        self._fed, self._find = fed, find_speech
        self._chances: npt.NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._sound: Samples = np.zeros(0, dtype=np.float32)
        self._speech: list[Stretch] = []

    def fill(self) -> int:
        """Take in sound until a window is full or the sound ends; returns where to cut, 0 when nothing is left."""
        length_ms = 0
        while True:
            self._sound = self._fed.until(length_ms + _FED_MS)
            before, length_ms = length_ms, len(self._sound) // PER_MS
            if length_ms > before:
                fresh = self._sound[before * PER_MS :]
                padded = np.pad(fresh, (0, -len(fresh) % (STEP_MS * PER_MS)))
                self._chances = np.concatenate([self._chances, self._find(padded, before == 0)])
                self._speech = [(start, min(end, length_ms)) for start, end in speech_in(self._chances)]
            if total(_with_margins(self._speech, length_ms)) > LONGEST_MS:
                return self._full_cut()
            if length_ms < before + _FED_MS:
                return length_ms
            if length_ms >= FARTHEST_MS:
                return self._far_cut(length_ms)

    def window(self, index: int, start_ms: int, cut_ms: int) -> Window:
        """The window up to `cut_ms`, set down on the session clock."""
        speech = common(self._speech, [(0, cut_ms)])
        pieces = _with_margins(speech, cut_ms)
        sound = [self._sound[start * PER_MS : end * PER_MS] for start, end in pieces]
        samples = np.concatenate(sound) if sound else np.zeros(0, dtype=np.float32)
        return Window(index, start_ms, start_ms + cut_ms, _moved(speech, start_ms), _moved(pieces, start_ms), samples)

    def _full_cut(self) -> int:
        """The middle of the longest late pause; in speech without any, of the quietest 200 ms."""
        fitting = [
            (low, high)
            for (_, low), (high, _) in pairwise(self._speech)
            if total(_with_margins([one for one in self._speech if one[1] <= low], (low + high) // 2)) <= LONGEST_MS
        ]
        for least in (_LATE_MS, _SEARCHED_MS):
            late = [gap for gap in fitting if self._content(gap[0]) >= LONGEST_MS - least]
            if late:
                low, high = max(late, key=lambda gap: gap[1] - gap[0])
                return (low + high) // 2
        return self._quietest()

    def _content(self, until_ms: int) -> int:
        return total(_with_margins(common(self._speech, [(0, until_ms)]), until_ms))

    def _quietest(self) -> int:
        full = self._speech[0][0]
        while self._content(full + STEP_MS) <= LONGEST_MS:
            full += STEP_MS
        first = max(STEP_MS, full - _SEARCHED_MS + _LATE_MS)
        frame = 10 * PER_MS
        frames = self._sound[first * PER_MS : full * PER_MS]
        frames = frames[: len(frames) // frame * frame].reshape(-1, frame).astype(np.float64)
        loudness = np.concatenate([[0.0], np.cumsum(np.sum(frames * frames, axis=1))])
        width = _QUIET_MS // 10
        sums = loudness[width:] - loudness[:-width]
        return first + (int(np.argmin(sums)) + width // 2) * 10

    def _far_cut(self, length_ms: int) -> int:
        """After little speech in a long stretch: in its last pause, if it has one."""
        ends = [(0, 0), *self._speech, (length_ms, length_ms)]
        gaps = [(low, high) for (_, low), (high, _) in pairwise(ends) if high - low >= 2 * MARGIN_MS]
        if not self._speech or not gaps:
            return length_ms
        low, high = gaps[-1]
        return max((low + high) // 2, high - MARGIN_MS)


def speech_in(chances: npt.NDArray[np.float32]) -> list[Stretch]:
    """Stretches of speech in ms, from how likely each 32 ms is speech.

    Speech begins at 0.35 and ends when 160 ms stay below 0.2; less than 96 ms of it are no speech.
    """
    found: list[Stretch] = []
    begun: int | None = None
    quiet: int | None = None
    for frame, chance in enumerate(chances.tolist()):
        at = frame * STEP_MS
        if chance >= SPEECH_FROM:
            begun, quiet = (at if begun is None else begun), None
        elif begun is not None and chance < SPEECH_UNTIL:
            quiet = at if quiet is None else quiet
            if at + STEP_MS - quiet >= _SHORTEST_PAUSE_MS:
                found.append((begun, quiet))
                begun = quiet = None
    if begun is not None:
        found.append((begun, len(chances) * STEP_MS if quiet is None else quiet))
    return [(start, end) for start, end in found if end - start >= _SHORTEST_SPEECH_MS]


def _with_margins(speech: Sequence[Stretch], limit_ms: int) -> list[Stretch]:
    return merged((max(0, start - MARGIN_MS), min(limit_ms, end + MARGIN_MS)) for start, end in speech)


def _moved(stretches: Iterable[Stretch], by_ms: int) -> tuple[Stretch, ...]:
    return tuple((start + by_ms, end + by_ms) for start, end in stretches)


def at_model_rate(
    read: Callable[[int, int], npt.NDArray[np.int16]], rate: int, end_ms: int, *, start_ms: int = 0
) -> Iterator[Samples]:
    """Blocks of mono float32 at 16 kHz from `start_ms` to `end_ms`.

    Blocks lie on a grid of 10 s and are made one by one, so that a sample is the same wherever the reading began.

    Args:
        read: int16 samples between two times, shape (n,) or (n, channels), exactly that long; channels are averaged.
        rate: of what is read, 1,000 to 384,000 Hz.
        start_ms, end_ms: on the clock of `read`.

    Raises:
        UsageError: a rate out of range.
    """
    if not 1_000 <= rate <= 384_000:
        raise UsageError(f"{rate} Hz is no sampling rate of speech.")
    for grid_ms in range(start_ms // _READ_MS * _READ_MS, end_ms, _READ_MS):
        last_ms = min(grid_ms + _READ_MS, end_ms)
        lead_ms = _LEAD_MS if grid_ms else 0
        tail_ms = _LEAD_MS if last_ms < end_ms else 0
        sound = _resampled(_mono(read(grid_ms - lead_ms, min(last_ms + tail_ms, end_ms))), rate)
        first, end = (lead_ms + max(0, start_ms - grid_ms)) * PER_MS, (lead_ms + last_ms - grid_ms) * PER_MS
        yield np.pad(sound, (0, max(0, end - len(sound))))[first:end]


def _mono(block: npt.NDArray[np.int16]) -> Samples:
    scaled = block.astype(np.float32) / np.float32(32768.0)
    return scaled if scaled.ndim == 1 else np.asarray(scaled.mean(axis=1), dtype=np.float32)


def _resampled(sound: Samples, rate: int) -> Samples:
    if rate == RATE:
        return sound
    import soxr  # a native library that importing the planner should not load

    return cast(Samples, cast(Any, soxr).resample(sound, rate, RATE))
