"""The recording itself: takes blocks from a source, stores them, and says how it goes. Knows no sound library."""

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import psutil

from facilitator.audio import commands, status_file
from facilitator.audio.commands import Command
from facilitator.audio.feeder import BlockSource, Feeder
from facilitator.audio.journal import Journal
from facilitator.audio.machine_watch import MachineWatch, asleep_ns
from facilitator.audio.messages import STRIKE_FAILED, Fault, Message, Reached, Request, Started, Stopped
from facilitator.audio.record_format import BLOCK_MS
from facilitator.audio.record_writer import RecordWriter
from facilitator.audio.taking import Taking
from facilitator.audio.timeline import Block, Timeline
from facilitator.audio.watch import NO_SOUND_NS, SoundWatch, Troubles
from facilitator.domain.errors import DeviceFailed, StorageFailed
from facilitator.domain.recording import Trouble
from facilitator.domain.timebase import ms_to_samples

_SECOND: Final = 1_000_000_000
_FIRST_SOUND_SECONDS: Final = 6.0
_SYNC_NS: Final = _SECOND - BLOCK_MS * 500_000  # looked at once a block: comes to once a second
_REACHED_NS: Final = 10 * _SECOND - BLOCK_MS * 500_000
_LAST_BLOCK_NS: Final = _SECOND // 2
_LATE_STOP_MS: Final = 1000
_MOST_SYNCS_NS: Final = _SECOND // 10  # of real time, in a rehearsal
_LOOK_SECONDS: Final = 0.2
_SIGNAL: Final = "signal"
LONGEST_TAKE_MS: Final = 12 * 3_600_000
"""A forgotten microphone does not listen for ever."""
LONGEST_REHEARSAL_MS: Final = 4 * 3_600_000
"""Nor does a rehearsal go on whose screen is gone."""


class CaptureLoop:
    """One take, from `request`.

    Args:
        request: what to record, and where to.
        open_source: opens the microphone, at first and again after it was lost.
        send: gets each message in order, from several threads but one at a time, and must not block.
        stop: ends the take when set, as from outside.
        clock: monotonic nanoseconds, `request.speed` for each one.
        orders: what the recording is told; more may come in the folder.
        begun: called once sound arrives, to start what goes along with a recording; must not block.

    Raises:
        DeviceFailed: no sound within six seconds.
        StorageFailed: the folder cannot be written at the start. Later trouble with the disk is sent as a Fault.
    """

    def __init__(
        self,
        request: Request,
        open_source: Callable[[], BlockSource],
        send: Callable[[Message], None],
        stop: threading.Event,
        clock: Callable[[], int] = time.monotonic_ns,
        orders: "queue.SimpleQueue[Command] | None" = None,
        begun: "Callable[[CaptureLoop], None]" = lambda _: None,
    ) -> None:
        self._request, self._send, self._stop, self._clock = request, send, stop, clock
        longest = LONGEST_REHEARSAL_MS if request.rehearsal else LONGEST_TAKE_MS
        self._stop_ms = request.start_ms + (longest if request.stop_after_ms is None else request.stop_after_ms)
        self._speed = request.speed
        self._tell_every_ns = self._speed * _REACHED_NS  # an event each time, which a screen must store
        self._open_source = open_source
        self._orders: queue.SimpleQueue[Command] = orders or queue.SimpleQueue()
        self._due: deque[Command] = deque()
        self._telling = threading.RLock()
        self._journal: Journal | None = None
        self._begun = begun
        self._stop_seen = self._from_outside = self._status_told = self._elsewhere = False
        self._reached_head = request.previous.hex()
        self.troubles = Troubles(self.tell)
        self._created = psutil.Process().create_time()

    def run(self) -> bool:
        """Record until told to stop. True if all went well to the end and the microphone was let go."""
        request = self._request
        status_file.clear(request.folder)
        source = self._open_source()
        self._first_name = source.name
        feeder = Feeder(source, self._open_again, ms_to_samples(BLOCK_MS, request.rate), self._clock)
        with RecordWriter(
            request.folder,
            session_id=request.session_id,
            recipient=request.recipient,
            rate=request.rate,
            next_seq=request.next_seq,
            previous=request.previous,
        ) as self._writer:
            try:
                feeder.start()
                first = self._first_block(feeder)
                self._begin(first, source.name)
                well = self._watched(feeder, first)
            finally:
                feeder.ending.set()
        self._end()
        feeder.join(2 * BLOCK_MS / 1000)
        return well and not feeder.is_alive()

    def tell(self, message: Message) -> None:
        """Send `message`, and write it down for who was not there to hear it."""
        with self._telling:
            self._send(message)
            if self._journal is not None:
                self._journal.write(message)

    def _open_again(self) -> BlockSource:
        source = self._open_source()
        if source.name != self._first_name:  # the default may be another one by now
            self._elsewhere = True
            self.troubles.begin(Trouble.DEVICE_CHANGED, self.now_ms(), f"from {self._first_name} to {source.name}")
        elif self._elsewhere:
            self._elsewhere = False
            self.troubles.end(Trouble.DEVICE_CHANGED, self.now_ms())
        return source

    def _first_block(self, feeder: Feeder) -> Block:
        first = feeder.take(_FIRST_SOUND_SECONDS) or DeviceFailed(
            "The microphone delivers no sound.", do="Check that it is plugged in and not used by another program."
        )
        if isinstance(first, DeviceFailed):
            raise first
        return replace(first, reason="")  # what was lost before the beginning is not missed

    def _begin(self, first: Block, device: str) -> None:
        request = self._request
        self._origin_ns = first.arrived_ns - len(first.pcm) // 2 * _SECOND // request.rate
        if request.clock_ns is not None:
            waited_ms = max(0, self._origin_ns - self._speed * request.clock_ns) // 1_000_000
            self._request = request = replace(request, start_ms=request.start_ms + waited_ms)
        self._at_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._synced_ns = self._reached_ns = first.arrived_ns
        patience_ns = self._speed * NO_SOUND_NS
        self._watch = SoundWatch(self.troubles, request.rate, request.start_ms, self._origin_ns, patience_ns)
        self._machine = MachineWatch(self.troubles, request.folder, request.rate, asleep_ns())
        timeline = Timeline(request.rate, request.start_ms, self._origin_ns)
        self._taking = Taking(request, self._writer, timeline, self._watch, self.tell, self._stop_ms)
        self._journal = Journal(request.folder)
        self._write_status()
        self.tell(Started(device, request.rate, request.start_ms, self._began_ns, self._at_utc, self._speed))
        self._begun(self)

    def _watched(self, feeder: Feeder, first: Block) -> bool:
        over = threading.Event()
        watching = threading.Thread(target=self._keep_watch, args=(feeder, over), name="watch", daemon=True)
        watching.start()
        try:
            self._record(feeder, first)
            self._writer.sync()
        except StorageFailed as error:
            self.tell(Fault(self.now_ms(), error.what, error.safe, error.do, ended=True))
            return False
        finally:
            over.set()
            watching.join()
        return True

    def _keep_watch(self, feeder: Feeder, over: threading.Event) -> None:
        while not over.wait(_LOOK_SECONDS):
            now_ns = self._clock()
            self._watch.look(now_ns, feeder.heard_ns)
            self._machine.look(now_ns, self.now_ms(), self._writer, asleep_ns())

    def _record(self, feeder: Feeder, first: Block) -> None:
        item: Block | DeviceFailed | None = first
        while True:
            self._gather_orders()
            self._switch()
            self._take(item)
            if self._clock() - self._synced_ns >= max(_SYNC_NS, self._speed * _MOST_SYNCS_NS):
                self._each_second()
            if self._is_over() or self._obey(item):
                self._taking.flush()
                return
            item = feeder.take(BLOCK_MS / 1000)

    def _gather_orders(self) -> None:
        given = list[Command]()
        while not self._orders.empty():
            given.append(self._orders.get())
        given += commands.collect(self._request.folder)
        self._due += [replace(order, at_ns=self._speed * order.at_ns) for order in given]
        if self._stop.is_set() and not self._stop_seen:
            self._stop_seen = True
            self._due.append(Command("stop", self._clock(), why=_SIGNAL))

    def _switch(self) -> None:
        """Obey what must be obeyed before more is stored."""
        while self._due and self._due[0].do in ("pause", "resume"):
            order = self._due.popleft()
            if order.do == "resume":
                self._taking.resume(order)
            elif self._taking.pause(order):
                self._reached_ns -= self._tell_every_ns  # what was said to be on the disk is there no more
            self._write_status()

    def _obey(self, item: Block | DeviceFailed | None) -> bool:
        """Obey what waits until all sound up to the order was heard. True at the end of the take."""
        while self._due and self._all_heard(item, self._due[0].at_ns):
            self._switch()
            if not self._due:
                break
            if (order := self._due.popleft()).do == "stop":
                self._from_outside = order.why == _SIGNAL
                return True
            self._strike(order)
        return False

    def _all_heard(self, item: Block | DeviceFailed | None, at_ns: int) -> bool:
        if isinstance(item, Block):
            return item.arrived_ns >= at_ns
        return self._clock() - at_ns >= self._speed * _LAST_BLOCK_NS

    def _strike(self, order: Command) -> None:
        try:
            self._taking.strike(order)
        except StorageFailed as error:
            self.tell(Fault(self.now_ms(), STRIKE_FAILED, error.what, error.do))
        self._writer.sync()  # what the disk still lacks goes into a new file, or the recording ends

    def _take(self, item: Block | DeviceFailed | None) -> None:
        if isinstance(item, Block):
            self.troubles.end(Trouble.DEVICE_LOST, self.now_ms())
            self._taking.take(item)
        elif item is not None:
            self.troubles.begin(Trouble.DEVICE_LOST, self.now_ms(), item.what)

    def _is_over(self) -> bool:
        """Whether the take has the length asked for; after a second of grace, also if no sound comes to fill it."""
        return self._taking.is_full or self.now_ms() > self._stop_ms + self._speed * _LATE_STOP_MS

    def _each_second(self) -> None:
        if not self._request.folder.is_dir():
            raise StorageFailed("The folder of the recording is gone.", do="Restore the study from its backup.")
        self._writer.sync()
        self._synced_ns = self._clock()
        if self._synced_ns - self._reached_ns >= self._tell_every_ns:
            self._reached_ns = self._synced_ns
            self._tell_reached()
        if self._journal is not None:
            self._journal.sync()
        self._write_status()

    def _tell_reached(self) -> None:
        if self._writer.next_seq > 0 and self._writer.head != self._reached_head:
            self._reached_head = self._writer.head
            self.tell(Reached(self._taking.stored_ms, self._writer.next_seq - 1, self._writer.head))

    def _write_status(self) -> None:
        status = status_file.Status(
            os.getpid(),
            self._created,
            self._request.session_id,
            self._began_ns,
            self._request.start_ms,
            self._at_utc,
            self._request.rate,
            self._taking.stored_ms,
            self._taking.gaps,
            self._taking.level,
            self._taking.paused,
            self._speed,
        )
        try:
            status_file.write_status(self._request.folder, status)
        except OSError as error:
            if not self._status_told:
                self._status_told = True
                self.tell(
                    Fault(self.now_ms(), f"The recorder's status cannot be written ({error.strerror}).", "It goes on.")
                )

    def _end(self) -> None:
        writer = self._writer
        end_ms = self._request.start_ms if writer.synced_end is None else self._taking.stored_ms
        self.troubles.end_all(self.now_ms())
        stopped = Stopped(writer.synced_samples, writer.synced_head, end_ms, self._from_outside)
        self.tell(stopped)
        if self._journal is not None:
            self._journal.close()
        try:
            status_file.finish(self._request.folder, stopped)
        except OSError:  # a full disk; without the file, the end is read off the records
            status_file.clear(self._request.folder)

    @property
    def _began_ns(self) -> int:
        """When the take began, by the system's monotonic clock."""
        return self._origin_ns // self._speed

    def now_ms(self) -> int:
        """The session clock, once sound has arrived."""
        return self._request.start_ms + (self._clock() - self._origin_ns) // 1_000_000
