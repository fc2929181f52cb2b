"""One take's sound on its way from the device to the records: placed in time, watched, cut to what is on the record."""

from collections.abc import Callable
from contextlib import suppress

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
        """The latest of what is on the record; None while nothing is."""

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
        stored = self._writer.end_sample or 0
        at = stored if rewound else max(at, stored)
        self._off.begin(at, order.why)
        self.level = None
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
            StorageFailed: they could not be destroyed. Whether what is kept is stored, `RecordWriter.sync` says.
        """
        with suppress(StorageFailed):  # a disk that takes nothing may still let go of what it has
            self.flush()
            self._writer.sync()
        struck = self._writer.strike(order.file, order.offset)
        last = self._writer.next_seq
        first = last - struck.records if order.seq is None or not struck.records else min(order.seq, last)
        to_ms = max(order.from_ms, self.stored_ms)
        if not self.paused:  # a device that hung may still deliver what was said before the order
            end = self._timeline.sample_at(order.at_ns)
            self._off.omit(self._writer.end_sample or 0, end)
            to_ms = max(to_ms, samples_to_ms(end, self._rate))
        self._tell(Destroyed(order.from_ms, to_ms, first, last, struck.samples, self._writer.head))

    def _store_all(self, items: list[Placed | Gap]) -> None:
        for item in items:
            if isinstance(item, Gap):
                for gap in self._off.clip(item):
                    self._tell_gap(gap)
            else:
                self._store(item)

    def _tell_gap(self, gap: Gap) -> None:
        self.gaps += 1
        self._tell(gap)

    def _store(self, placed: Placed) -> None:
        pcm = placed.pcm[: 2 * max(0, self._stop_sample - placed.first_sample)]
        if not pcm:
            return
        placed = Placed(placed.first_sample, pcm)
        kept = self._off.keep(placed)
        self._look_at(placed, kept)
        for part in kept:
            self._writer.append(part.pcm, part.first_sample)
        self._heard_sample = placed.end_sample
        self._off.forget_before(placed.end_sample)
        self._tell_level(b"".join(part.pcm for part in kept))

    def _look_at(self, placed: Placed, kept: list[Placed]) -> None:
        """Nothing is told of sound that is off the record, not even that it was loud."""
        at = placed.first_sample
        for part in kept:
            self._watch.left_out(at, part.first_sample)
            self._watch.placed(part)
            at = part.end_sample
        self._watch.left_out(at, placed.end_sample)

    def _tell_level(self, kept: bytes) -> None:
        """Off the record, the level of silence: whoever listens hears that the recorder is alive."""
        level = Level(samples_to_ms(self._heard_sample, self._rate), *loudness(kept), self.stored_ms)
        self.level = None if self.paused else level
        self._tell(level)
