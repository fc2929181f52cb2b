"""The stretches of a take that are not stored, at the facilitator's wish: a break, or off the record."""

from facilitator.audio.messages import Gap
from facilitator.audio.timeline import Placed


class OffRecord:
    """Cuts sound and gaps to what is on the record. Samples count on the session clock at `rate` Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._ended: list[tuple[int, int]] = []
        self._since: int | None = None
        self.why = ""
        """Why nothing is stored now; "" while everything is."""

    def begin(self, at_sample: int, why: str) -> None:
        """Nothing is stored from `at_sample` on."""
        self._since, self.why = at_sample, why

    def end(self, at_sample: int) -> Gap:
        """Everything is stored again from `at_sample` on, or from where the stretch began; what was left out."""
        since, why = self._since or 0, self.why
        at_sample = max(since, at_sample)
        self._ended.append((since, at_sample))
        self._since, self.why = None, ""
        at_ms = since * 1000 // self._rate
        return Gap(at_ms, at_sample * 1000 // self._rate - at_ms, why)

    def omit(self, first: int, end: int) -> None:
        """Nothing from sample `first` up to `end` is stored; not while a stretch lasts."""
        if first < end:
            self._ended.append((first, end))

    def keep(self, placed: Placed) -> list[Placed]:
        """The parts of `placed` that are on the record."""
        first = placed.first_sample
        parts = self._cut(first, placed.end_sample)
        return [Placed(low, placed.pcm[2 * (low - first) : 2 * (high - first)]) for low, high in parts]

    def clip(self, gap: Gap) -> list[Gap]:
        """The parts of `gap` that are on the record: the rest is a gap already."""
        first, end = gap.at_ms * self._rate // 1000, (gap.at_ms + gap.length_ms) * self._rate // 1000
        if not gap.length_ms:
            return [] if self._off(first) else [gap]
        if (parts := self._cut(first, end)) == [(first, end)]:
            return [gap]
        times = [(low * 1000 // self._rate, high * 1000 // self._rate) for low, high in parts]
        return [Gap(low, high - low, gap.reason) for low, high in times if high > low]

    def forget_before(self, sample: int) -> None:
        """Nothing before `sample` will be asked for any more."""
        self._ended = [one for one in self._ended if one[1] > sample]

    def _off(self, sample: int) -> bool:
        return any(low <= sample < high for low, high in self._stretches(sample + 1))

    def _stretches(self, end: int) -> list[tuple[int, int]]:
        """In order: one may begin before another that ended, for a pause can be wished for late."""
        return sorted(self._ended if self._since is None else [*self._ended, (self._since, max(self._since, end))])

    def _cut(self, first: int, end: int) -> list[tuple[int, int]]:
        parts = []
        for low, high in self._stretches(end):
            if low > first:
                parts.append((first, min(low, end)))
            first = max(first, min(high, end))
        if first < end:
            parts.append((first, end))
        return [(low, high) for low, high in parts if low < high]
