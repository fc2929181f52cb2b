"""The recording itself: takes blocks from a source, stores them, and says how it goes. Knows no sound library."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import psutil

from facilitator.audio import status_file
from facilitator.audio.feeder import BlockSource, Feeder
from facilitator.audio.level import loudness
from facilitator.audio.messages import Fault, Gap, Level, Message, Request, Started, Stopped
from facilitator.audio.record_format import BLOCK_MS
from facilitator.audio.record_writer import RecordWriter
from facilitator.audio.timeline import Block, Placed, Timeline
from facilitator.domain.errors import DeviceFailed, StorageFailed
from facilitator.domain.timebase import ms_to_samples, samples_to_ms

_SECOND: Final = 1_000_000_000
_FIRST_SOUND_SECONDS: Final = 6.0
_SYNC_NS: Final = _SECOND - BLOCK_MS * 500_000  # looked at once a block: comes to once a second
_SILENT_DEVICE_NS: Final = _SECOND
_LAST_BLOCK_NS: Final = _SECOND // 2
_LATE_STOP_MS: Final = 1000
LONGEST_TAKE_MS: Final = 12 * 3_600_000
"""A forgotten microphone does not listen for ever."""


class CaptureLoop:
    """One take, from `request`. `send` gets each message in order and must not block; `stop` ends the take.

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
    ) -> None:
        self._request, self._send, self._stop, self._clock = request, send, stop, clock
        most = LONGEST_TAKE_MS if request.stop_after_ms is None else request.stop_after_ms
        self._stop_ms = request.start_ms + most
        self._open_source = open_source
        self._gaps = 0
        self._level: Level | None = None
        self._silent_told = False
        self._status_told = False
        self._ballast_told = False
        self._created = psutil.Process().create_time()

    def run(self) -> bool:
        """Record until told to stop. True if all went well to the end and the microphone was let go."""
        request = self._request
        status_file.clear(request.folder)
        source = self._open_source()
        feeder = Feeder(source, self._open_source, ms_to_samples(BLOCK_MS, request.rate), self._clock)
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
                well = self._guarded(feeder, first)
            finally:
                feeder.ending.set()
        self._end()
        feeder.join(2 * BLOCK_MS / 1000)
        return well and not feeder.is_alive()

    def _first_block(self, feeder: Feeder) -> Block:
        first = feeder.take(_FIRST_SOUND_SECONDS) or DeviceFailed(
            "The microphone delivers no sound.", do="Check that it is plugged in and not used by another program."
        )
        if isinstance(first, DeviceFailed):
            raise first
        return replace(first, reason="")  # what was lost before the beginning is not missed

    def _begin(self, first: Block, device: str) -> None:
        rate, start_ms = self._request.rate, self._request.start_ms
        self._origin_ns = first.arrived_ns - len(first.pcm) // 2 * _SECOND // rate
        self._timeline = Timeline(rate, start_ms, self._origin_ns)
        self._at_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._heard_ns = self._synced_ns = first.arrived_ns
        self._asleep_ns = _asleep_ns()
        self._write_status()
        self._send(Started(device, rate, start_ms, self._origin_ns, self._at_utc))
        if not self._writer.has_ballast:
            self._ballast_told = True
            self._fault("The disk is nearly full.", "Recording goes on.", "Free some space now.")

    def _guarded(self, feeder: Feeder, first: Block) -> bool:
        try:
            self._record(feeder, first)
            self._writer.sync()
        except StorageFailed as error:
            self._send(Fault(self._now_ms(), error.what, error.safe, error.do, ended=True))
            return False
        return True

    def _record(self, feeder: Feeder, first: Block) -> None:
        item: Block | DeviceFailed | None = first
        stopping_ns: int | None = None
        while True:
            self._take(item)
            if self._clock() - self._synced_ns >= _SYNC_NS:
                self._each_second()
            if self._is_over():
                return
            if stopping_ns is None and (self._stop.is_set() or status_file.stop_requested(self._request.folder)):
                stopping_ns = self._clock()
            if stopping_ns is not None and self._all_heard(item, stopping_ns):
                self._store_all(self._timeline.flush())
                return
            item = feeder.take(BLOCK_MS / 1000)

    def _all_heard(self, item: Block | DeviceFailed | None, stopping_ns: int) -> bool:
        if isinstance(item, Block):
            return item.arrived_ns >= stopping_ns
        return self._clock() - stopping_ns >= _LAST_BLOCK_NS

    def _take(self, item: Block | DeviceFailed | None) -> None:
        if isinstance(item, Block):
            self._heard_ns, self._silent_told = item.arrived_ns, False
            self._store_all(self._timeline.place(item))
        elif not self._silent_told and (item is not None or self._clock() - self._heard_ns > _SILENT_DEVICE_NS):
            self._silent_told = True
            what = item.what if item is not None else "The microphone delivers no sound."
            self._fault(what, "What was recorded is safe; notes go on.", "Plug the microphone in again.")

    def _store_all(self, items: list[Placed | Gap]) -> None:
        for item in items:
            if isinstance(item, Gap):
                self._gaps += 1
                self._send(item)
            else:
                self._store(item)

    def _store(self, placed: Placed) -> None:
        pcm, rate = placed.pcm, self._request.rate
        pcm = pcm[: 2 * max(0, ms_to_samples(self._stop_ms, rate) - placed.first_sample)]
        if not pcm:
            return
        self._writer.append(pcm, placed.first_sample)
        if not self._writer.has_ballast and not self._ballast_told:
            self._ballast_told = True
            self._fault("The disk is full.", "The reserve was freed; recording goes on.", "Free some space now.")
        end_ms = samples_to_ms(placed.first_sample + len(pcm) // 2, rate)
        self._level = Level(end_ms, *loudness(pcm), self._stored_ms())
        self._send(self._level)

    def _is_over(self) -> bool:
        """Whether the take has the length asked for; after a second of grace, also if no sound comes to fill it."""
        stored = self._writer.end_sample or 0
        full = stored >= ms_to_samples(self._stop_ms, self._request.rate)
        return full or self._now_ms() > self._stop_ms + _LATE_STOP_MS

    def _each_second(self) -> None:
        if not self._request.folder.is_dir():
            raise StorageFailed("The folder of the recording is gone.", do="Restore the study from its backup.")
        self._writer.sync()
        self._synced_ns = self._clock()
        self._write_status()
        asleep_ns = _asleep_ns()
        if asleep_ns - self._asleep_ns > _SECOND:
            seconds = (asleep_ns - self._asleep_ns) // _SECOND
            self._fault(f"The computer slept for {seconds} s and recorded nothing in that time.", "", "")
        self._asleep_ns = asleep_ns

    def _write_status(self) -> None:
        status = status_file.Status(
            os.getpid(),
            self._created,
            self._request.session_id,
            self._origin_ns,
            self._request.start_ms,
            self._at_utc,
            self._request.rate,
            self._stored_ms(),
            self._gaps,
            self._level,
        )
        try:
            status_file.write_status(self._request.folder, status)
        except OSError as error:
            if not self._status_told:
                self._status_told = True
                self._fault(f"The recorder's status cannot be written ({error.strerror}).", "Recording goes on.", "")

    def _end(self) -> None:
        writer = self._writer
        end_ms = self._request.start_ms if writer.synced_end is None else self._stored_ms()
        stopped = Stopped(writer.samples, writer.head, end_ms)
        self._send(stopped)
        try:
            status_file.finish(self._request.folder, stopped)
        except OSError:  # a full disk; without the file, the end is read off the records
            status_file.clear(self._request.folder)

    def _stored_ms(self) -> int:
        end = self._writer.synced_end
        return self._request.start_ms if end is None else samples_to_ms(end, self._request.rate)

    def _now_ms(self) -> int:
        return self._request.start_ms + (self._clock() - self._origin_ns) // 1_000_000

    def _fault(self, what: str, safe: str, do: str) -> None:
        self._send(Fault(self._now_ms(), what, safe, do))


def _asleep_ns() -> int:
    """Nanoseconds that the machine has slept since it started, where the system tells (Linux); otherwise 0."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return 0 if boot is None else time.clock_gettime_ns(boot) - time.monotonic_ns()
