"""One take's sound on its way from the device to the records: placed in time, watched, cut to what is on the record."""

from collections.abc import Callable

from facilitator.audio.commands import Command
from facilitator.audio.level import loudness
from facilitator.audio.messages import Destroyed, Gap, Level, Message, Paused, Request, Resumed
from facilitator.audio.off_record import OffRecord
from facilitator.audio.record_writer import RecordWriter
from facilitator.audio.timeline import Block, Placed, Timeline
from facilitator.audio.watch import SoundWatch
from facilitator.domain.errors import StorageFailed
from facilitator.domain.timebase import ms_to_samples, samples_to_ms


class Taking:
    """Stores a take's sound through `writer`, and tells what a listener should know of it through `tell`.

    Nothing after `stop_ms` of the session clock is stored.
    """

    def __init__(
        self,
        request: Request,
        writer: RecordWriter,
        timeline: Timeline,
        watch: SoundWatch,
        tell: Callable[[Message], None],
        stop_ms: int,
    ) -> None:
        self._request, self._rate = request, request.rate
        self._writer, self._timeline, self._watch, self._tell = writer, timeline, watch, tell
        self._stop_sample = ms_to_samples(stop_ms, request.rate)
        self._off = OffRecord(request.rate)
        self._heard_sample = ms_to_samples(request.start_ms, request.rate)
        self.gaps = 0
        self.level: Level | None = None

    @property
    def is_full(self) -> bool:
        """Whether sound has come up to where the take ends."""
        return self._heard_sample >= self._stop_sample

    @property
    def paused(self) -> str:
        """Why nothing is stored just now, or ""."""
        return self._off.why

    @property
    def stored_ms(self) -> int:
        """All before is on the disk."""
        end = self._writer.synced_end
        return self._request.start_ms if end is None else samples_to_ms(end, self._rate)

    def take(self, block: Block) -> None:
        """Store a block, or keep it until its place is certain."""
        self._watch.arrived(block)
        self._store_all(self._timeline.place(block))
        self._watch.drifted(self._timeline.offset_ns, block.arrived_ns)

    def flush(self) -> None:
        """Store what waits for its place."""
        self._store_all(self._timeline.flush())

    def pause(self, order: Command) -> bool:
        """Store nothing after the time of the order. True if something that was stored since was taken back."""
        if self.paused:
            return False
        at = self._timeline.sample_at(order.at_ns)
        rewound = self._writer.rewind(at)
        at = max(at, self._writer.end_sample or 0)
        self._off.begin(at, order.why)
        self._tell(Paused(samples_to_ms(at, self._rate), order.why))
        return rewound

    def resume(self, order: Command) -> None:
        """Store sound again from the time of the order on."""
        if not self.paused:
            return
        gap = self._off.end(self._timeline.sample_at(order.at_ns))
        self._tell_gap(gap)
        self._tell(Resumed(gap.at_ms + gap.length_ms))

    def strike(self, order: Command) -> None:
        """Destroy records as ordered, and answer.

        Raises:
            StorageFailed: they could not be destroyed, or what was to be kept could not be stored.
        """
        self.flush()
        refused = None
        try:
            self._writer.sync()
        except StorageFailed as error:
            refused = error
        struck = self._writer.strike(order.file, order.offset)
        last = self._writer.next_seq
        first = last - struck.records if order.seq is None or not struck.records else min(order.seq, last)
        to_ms = max(order.from_ms, self.stored_ms)
        if not self.paused:  # a device that hung may still deliver what was said before the order
            end = self._timeline.sample_at(order.at_ns)
            self._off.omit(self._writer.end_sample or 0, end)
            to_ms = max(to_ms, samples_to_ms(end, self._rate))
        self._tell(Destroyed(order.from_ms, to_ms, first, last, struck.samples, self._writer.head))
        if refused is not None:
            raise refused

    def _store_all(self, items: list[Placed | Gap]) -> None:
        for item in items:
            if isinstance(item, Gap):
                for gap in self._off.clip(item):
                    self._tell_gap(gap)
            else:
                self._watch.placed(item)
                self._store(item)

    def _tell_gap(self, gap: Gap) -> None:
        self.gaps += 1
        self._tell(gap)

    def _store(self, placed: Placed) -> None:
        pcm = placed.pcm[: 2 * max(0, self._stop_sample - placed.first_sample)]
        if not pcm:
            return
        placed = Placed(placed.first_sample, pcm)
        for part in self._off.keep(placed):
            self._writer.append(part.pcm, part.first_sample)
        self._heard_sample = placed.end_sample
        self._off.forget_before(placed.end_sample)
        self.level = Level(samples_to_ms(placed.end_sample, self._rate), *loudness(pcm), self.stored_ms)
        self._tell(self.level)
