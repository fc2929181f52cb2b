"""The watch over the sound of a recording: what a person would hear too late. Knows no device and no clock of its own.

Times in ns are of the monotonic clock, times in ms of the session clock.
"""

import threading
from collections.abc import Callable
from typing import Final

from facilitator.audio.messages import Alarm
from facilitator.audio.timeline import Block, Placed
from facilitator.domain.recording import Trouble
from facilitator.domain.timebase import samples_to_ms

NO_SOUND_NS: Final = 500_000_000
SAME_SECONDS: Final = 2
DRIFT_STEP_NS: Final = 100_000_000
CALM_NS: Final = 5_000_000_000
"""An event such as an overflow is over when this long nothing like it happened."""
_SETTLE_NS: Final = 10_000_000_000
_MS: Final = 1_000_000
_CLIPPED: Final = (b"\xff\x7f" * 3, b"\x00\x80" * 3, b"\x01\x80" * 3)


class Troubles:
    """Which troubles last. Tells each beginning and each end once; may be used from several threads."""

    def __init__(self, tell: Callable[[Alarm], None]) -> None:
        self._tell, self._lasting = tell, dict[Trouble, str]()
        self._lock = threading.RLock()

    def begin(self, trouble: Trouble, at_ms: int, detail: str = "") -> None:
        """`trouble` began; if it lasts already, a new detail ends it and begins it anew."""
        with self._lock:
            if self._lasting.get(trouble) == detail:
                return
            self.end(trouble, at_ms)
            self._lasting[trouble] = detail
            self._tell(Alarm(max(0, at_ms), trouble.value, detail=detail))

    def end(self, trouble: Trouble, at_ms: int) -> None:
        """`trouble` is over, if it lasted."""
        with self._lock:
            if self._lasting.pop(trouble, None) is not None:
                self._tell(Alarm(max(0, at_ms), trouble.value, over=True))

    def end_all(self, at_ms: int) -> None:
        """The recording is over, and its troubles with it."""
        for trouble in tuple(self._lasting):
            self.end(trouble, at_ms)


class Spell:
    """A trouble made of single events: it begins with the first and is over after five seconds without one."""

    def __init__(self, troubles: Troubles, trouble: Trouble) -> None:
        self._troubles, self._trouble = troubles, trouble
        self._last_ns: int | None = None

    def wait(self, ns: int) -> None:
        """So long nobody could see whether it happens; that does not count."""
        if self._last_ns is not None:
            self._last_ns += ns

    def happened(self, now_ns: int, at_ms: int, detail: str = "") -> None:
        self._last_ns = now_ns
        self._troubles.begin(self._trouble, at_ms, detail)

    def look(self, now_ns: int, now_ms: int) -> None:
        if self._last_ns is not None and now_ns - self._last_ns >= CALM_NS:
            self._last_ns = None
            self._troubles.end(self._trouble, now_ms)


class SoundWatch:
    """Watches arrival, silence, a stuck value, clipping, overflows and the device's clock.

    Args:
        troubles: where they are told.
        rate: Hz.
        start_ms: session time at `origin_ns`.
        origin_ns: monotonic time.
        patience_ns: so long without sound is a trouble.
    """

    def __init__(
        self, troubles: Troubles, rate: int, start_ms: int, origin_ns: int, patience_ns: int = NO_SOUND_NS
    ) -> None:
        self._troubles, self._rate = troubles, rate
        self._start_ms, self._origin_ns, self._patience_ns = start_ms, origin_ns, patience_ns
        self._heard_ns = origin_ns
        self._missing_since_ns: int | None = None
        self._lock = threading.Lock()
        self._same = _SameValue(troubles, rate)
        self._overflows = 0
        self._overflow = Spell(troubles, Trouble.OVERFLOW)
        self._clipping = Spell(troubles, Trouble.CLIPPING)
        self._settled: tuple[int, int] | None = None
        self._drift_told = 0

    def arrived(self, block: Block) -> None:
        """A block came from the device."""
        with self._lock:
            if block.arrived_ns - self._heard_ns >= self._patience_ns and self._missing_since_ns is None:
                self._missing(self._heard_ns)
            if self._missing_since_ns is not None and block.arrived_ns > self._missing_since_ns:
                self._missing_since_ns = None
                self._troubles.end(Trouble.NO_SOUND, self._ms(block.arrived_ns))
            self._heard_ns = max(self._heard_ns, block.arrived_ns)
        if block.overflowed:
            self._overflows += 1
            count = f"{self._overflows} time{'s' if self._overflows > 1 else ''} in this recording"
            self._overflow.happened(block.arrived_ns, self._ms(block.arrived_ns), count)
        self._overflow.look(block.arrived_ns, self._ms(block.arrived_ns))

    def placed(self, placed: Placed) -> None:
        """Sound has its place on the session clock."""
        end_ms = samples_to_ms(placed.end_sample, self._rate)
        self._same.add(placed)
        if any(_aligned(placed.pcm, run) for run in _CLIPPED):
            self._clipping.happened(end_ms * _MS, samples_to_ms(placed.first_sample, self._rate))
        self._clipping.look(end_ms * _MS, end_ms)

    def left_out(self, first_sample: int, end_sample: int) -> None:
        """Sound that came and is not to be looked at: what lasted before lasts on until other sound tells more."""
        if first_sample < end_sample:
            self._same.left_out(first_sample, end_sample)
            self._clipping.wait((end_sample - first_sample) * 1000 * _MS // self._rate)

    def look(self, now_ns: int, heard_ns: int) -> None:
        """Nothing may come for long; `heard_ns` is when the device last gave a block."""
        with self._lock:
            heard_ns = max(heard_ns, self._heard_ns)
            if now_ns - heard_ns >= self._patience_ns and self._missing_since_ns is None:
                self._missing(heard_ns)
        self._overflow.look(now_ns, self._ms(now_ns))

    def drifted(self, offset_ns: int, now_ns: int) -> None:
        """Sound came `offset_ns` later than it would by the system's clock, gaps aside."""
        if self._settled is None:
            if now_ns - self._origin_ns >= _SETTLE_NS:
                self._settled = (offset_ns, now_ns)
            return None
        first_ns, since_ns = self._settled
        off_ns = offset_ns - first_ns
        if (steps := _steps(off_ns, self._drift_told)) != self._drift_told:
            self._drift_told = steps
            if steps == 0:
                return self._troubles.end(Trouble.DRIFT, self._ms(now_ns))
            ppm = round(off_ns * 1_000_000 / max(1, now_ns - since_ns))
            way = "behind" if off_ns > 0 else "ahead of"
            detail = f"the sound is {abs(off_ns) // _MS} ms {way} the clock, {abs(ppm)} parts per million"
            self._troubles.begin(Trouble.DRIFT, self._ms(now_ns), detail)
        return None

    def _missing(self, since_ns: int) -> None:
        self._missing_since_ns = since_ns
        self._troubles.begin(Trouble.NO_SOUND, self._ms(since_ns))

    def _ms(self, ns: int) -> int:
        return self._start_ms + (ns - self._origin_ns) // _MS


def _steps(off_ns: int, told: int) -> int:
    """Whole steps off; `told` ones are over only half a step below them, for the offset wavers on a busy computer."""
    below_ns = (told * DRIFT_STEP_NS - off_ns) * (1 if told > 0 else -1)
    return told if told and 0 < below_ns < DRIFT_STEP_NS // 2 else int(off_ns / DRIFT_STEP_NS)


class _SameValue:
    """Finds two seconds and more of one and the same sample: zero, or any other."""

    def __init__(self, troubles: Troubles, rate: int) -> None:
        self._troubles, self._rate = troubles, rate
        self._value = b""
        self._first = self._end = 0

    def add(self, placed: Placed) -> None:
        self._go_to(placed.first_sample)
        pcm = placed.pcm
        lead = _leading(pcm, self._value) if self._value else 0
        self._end = placed.first_sample + lead
        self._judge()
        if 2 * lead < len(pcm):
            self._leave(self._end)
            self._end = placed.end_sample
            self._value = pcm[-2:]
            self._first = self._end - _trailing(pcm, self._value)
            self._judge()

    def left_out(self, first: int, end: int) -> None:
        self._go_to(first)
        if not self._lasts():
            self._value = b""
        self._end = end

    def _go_to(self, sample: int) -> None:
        if sample != self._end:  # a gap is no sound, whatever stands before and after it
            self._leave(self._end)
            self._value = b""

    def _lasts(self) -> bool:
        return bool(self._value) and self._end - self._first >= SAME_SECONDS * self._rate

    def _judge(self) -> None:
        if self._lasts():
            self._troubles.begin(self._trouble(), samples_to_ms(self._first, self._rate))

    def _leave(self, at: int) -> None:
        if self._value:
            self._troubles.end(self._trouble(), samples_to_ms(at, self._rate))

    def _trouble(self) -> Trouble:
        return Trouble.STUCK if any(self._value) else Trouble.SILENT


def _leading(pcm: bytes, value: bytes) -> int:
    """How many samples at the start of `pcm` are `value`."""
    if pcm == value * (len(pcm) // 2):
        return len(pcm) // 2
    low, high = 0, len(pcm) // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if pcm[: 2 * middle] == value * middle else (low, middle)
    return low


def _trailing(pcm: bytes, value: bytes) -> int:
    low, high = 1, len(pcm) // 2 + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if pcm[-2 * middle :] == value * middle else (low, middle)
    return low


def _aligned(pcm: bytes, run: bytes) -> bool:
    """Whether the samples `run` follow each other somewhere in `pcm`."""
    at = pcm.find(run)
    while at % 2 == 1:  # also -1, which ends it
        if at < 0:
            return False
        at = pcm.find(run, at + 1)
    return at >= 0
