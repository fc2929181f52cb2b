"""Decides where on the session clock each block of sound belongs, from when it arrived.

Sound arrives late for two reasons. A busy machine delays a block, and the ones after it catch up: nothing was lost. A
stalled or lost device never catches up: the difference is a gap. So a late block, and the first one after a loss, wait
most of a second for the least delay among those that follow.

A device whose clock is slow comes later and later, and no sound is missing: the least lateness of the last two seconds
is followed wholly while it grows by no more than 5000 parts per million, so only a jump is a gap. Where it exceeds half
of what makes a gap, that was a jump too, and is followed no faster than sound cards drift, or several would be missed.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from facilitator.audio.messages import Gap
from facilitator.domain.timebase import ms_to_samples, samples_to_ms

LATE_MS: Final = 100
BUSY: Final = "the computer was too busy"
LOST: Final = "the device was lost"
STALLED: Final = "the device delivered no sound"
_VERDICT_NS: Final = 750_000_000
_LOST_VERDICT_NS: Final = 1_500_000_000  # a device just opened takes a while to come into step
_SLOW_PER_MILLION: Final = 5000
_DRIFT_PER_MILLION: Final = 100
_RECENT_BLOCKS: Final = 8
_SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """s16le mono sound as it came from the device, and when (monotonic ns). `reason` is "" unless sound was lost."""

    pcm: bytes
    arrived_ns: int
    reason: str = ""

    @property
    def overflowed(self) -> bool:
        """Whether sound before it was lost because nobody fetched it in time."""
        return self.reason == BUSY


@dataclass(frozen=True, slots=True)
class Placed:
    """Sound with its place on the session clock."""

    first_sample: int
    pcm: bytes

    @property
    def end_sample(self) -> int:
        return self.first_sample + len(self.pcm) // 2


class Timeline:
    """Places the blocks of one take, which begins at `start_ms` of the session clock, `origin_ns` of the system's."""

    def __init__(self, rate: int, start_ms: int, origin_ns: int) -> None:
        self._rate, self._origin_ns = rate, origin_ns
        self._start = self._next = ms_to_samples(start_ms, rate)
        self._usual_ns = 0
        self._recent: deque[int] = deque(maxlen=_RECENT_BLOCKS)
        self._waiting: list[tuple[Block, int]] = []

    @property
    def offset_ns(self) -> int:
        """How much later than by the system's clock sound comes by now, gaps aside; negative for a fast device."""
        return self._usual_ns

    def sample_at(self, at_ns: int) -> int:
        """The session-clock sample that arrived at `at_ns`, or would have; never before the take."""
        passed = (at_ns - self._origin_ns - self._usual_ns) * self._rate // _SECOND
        return max(self._start, self._start + passed)

    def place(self, block: Block) -> list[Placed | Gap]:
        """What is certain after `block`, in order; a gap stands before the sound that follows it."""
        decided = self.flush() if block.reason else []
        pending = sum(len(other.pcm) // 2 for other, _ in self._waiting) + len(block.pcm) // 2
        due_ns = (self._next + pending - self._start) * _SECOND // self._rate
        late_ns = block.arrived_ns - self._origin_ns - due_ns
        lost = block.reason or (self._waiting and self._waiting[0][0].reason)
        self._usual_ns = min(self._usual_ns, late_ns)
        excess = late_ns - self._usual_ns
        if not lost and excess <= LATE_MS * _SECOND // 1000:
            self._follow_drift(late_ns, block)
            return [*decided, *self.flush(), self._placed(block)]
        self._waiting.append((block, excess))
        if block.arrived_ns - self._waiting[0][0].arrived_ns < (_LOST_VERDICT_NS if lost == LOST else _VERDICT_NS):
            return decided
        return [*decided, *self._decided(STALLED)]

    def flush(self) -> list[Placed | Gap]:
        """The blocks that wait: after a loss, as late as it made them; otherwise taken as merely late."""
        return self._decided("")

    def _decided(self, reason: str) -> list[Placed | Gap]:
        waiting, self._waiting = self._waiting, []
        found: list[Placed | Gap] = []
        if waiting and (reason := waiting[0][0].reason or reason):
            found += self._after_gap(min(excess for _, excess in waiting), reason)
        return found + [self._placed(block) for block, _ in waiting]

    def _placed(self, block: Block) -> Placed:
        placed = Placed(self._next, block.pcm)
        self._next = placed.end_sample
        return placed

    def _after_gap(self, lost_ns: int, reason: str) -> list[Placed | Gap]:
        at, lost = self._next, max(0, lost_ns) * self._rate // _SECOND
        self._next += lost
        self._recent.clear()
        at_ms = samples_to_ms(at, self._rate)
        return [Gap(at_ms, samples_to_ms(self._next, self._rate) - at_ms, reason)]

    def _follow_drift(self, late_ns: int, block: Block) -> None:
        self._recent.append(late_ns)
        excess = min(self._recent) - self._usual_ns
        per_million = _DRIFT_PER_MILLION if 2 * excess > LATE_MS * _SECOND // 1000 else _SLOW_PER_MILLION
        most = len(block.pcm) // 2 * _SECOND // self._rate * per_million // 1_000_000
        self._usual_ns += min(excess, most)
