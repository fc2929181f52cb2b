"""Reads a microphone in a thread of its own, so that a device that hangs stops neither notes nor storing."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from facilitator.audio.record_format import BLOCK_MS
from facilitator.audio.timeline import BUSY, LOST, Block
from facilitator.domain.errors import DeviceFailed, FacilitatorError

_QUEUED_BLOCKS: Final = 240
_REOPEN_SECONDS: Final = 1.0
_ROOM_SECONDS: Final = 0.2


class BlockSource(Protocol):
    """A microphone. `read` blocks until `frames` samples are there; True with them says that sound before was lost.

    `read` raises DeviceFailed when the device is gone. A source may say in `waiting` how many samples had come after
    the ones just read: so much earlier than they were fetched did those arrive. One that knows when the last of them
    came says so in `arrived_ns`.
    """

    name: str

    def read(self, frames: int) -> tuple[bytes, bool]: ...

    def close(self) -> None: ...


class Feeder(threading.Thread):
    """Puts blocks into `items` as they come. A lost source is put there as its error, once, and opened anew.

    Args:
        source: where the first blocks come from.
        open_source: tried each second after the source was lost, whatever it raises: it may succeed when the device is
            plugged in again, or the sound system is back.
        frames: samples a block of 250 ms.
        clock: monotonic nanoseconds.
    """

    def __init__(
        self, source: BlockSource, open_source: Callable[[], BlockSource], frames: int, clock: Callable[[], int]
    ) -> None:
        super().__init__(name="microphone", daemon=True)
        self.items: queue.Queue[Block | DeviceFailed] = queue.Queue(_QUEUED_BLOCKS)
        self.ending = threading.Event()
        self.heard_ns = clock()
        """When the device last gave a block; at first, when this was made."""
        self._source: BlockSource | None = source
        self._open, self._frames, self._clock = open_source, frames, clock
        self._block_ns = BLOCK_MS * 1_000_000
        self._opened_at = time.monotonic()

    def take(self, seconds: float) -> Block | DeviceFailed | None:
        """The next item, or None if none came in that time."""
        try:
            return self.items.get(timeout=seconds)
        except queue.Empty:
            return None

    def run(self) -> None:
        """Read until `ending` is set; then close the source."""
        reason = ""
        while not self.ending.is_set():
            try:
                source = self._source or self._reopened()
                pcm, overflowed = source.read(self._frames)
            except Exception as error:  # this thread must outlive whatever it is: nobody else brings the sound back
                if not reason:
                    self._put(_as_lost(error))
                reason = LOST
                self._drop_source()
                continue
            reason = reason or (BUSY if overflowed else "")
            self._put(Block(pcm, self._arrival(source, len(pcm) // 2), reason))
            reason = ""
        self._drop_source()

    def _arrival(self, source: BlockSource, samples: int) -> int:
        """When the last of the samples just read came; not when a busy computer got round to fetching them."""
        self.heard_ns = self._clock()
        if (arrived_ns := getattr(source, "arrived_ns", None)) is not None:
            return int(arrived_ns)
        waiting = min(getattr(source, "waiting", 0), samples)
        return self.heard_ns - waiting * self._block_ns // samples

    def _reopened(self) -> BlockSource:
        """The source opened anew, once a second at most."""
        self.ending.wait(max(0.0, self._opened_at + _REOPEN_SECONDS - time.monotonic()))
        self._opened_at = time.monotonic()
        self._source = self._open()
        return self._source

    def _put(self, item: Block | DeviceFailed) -> None:
        """Wait for room: while the disk is slow, the device keeps what comes, and tells if it was too much."""
        while not self.ending.is_set():
            try:
                return self.items.put(item, timeout=_ROOM_SECONDS)
            except queue.Full:
                continue
        return None

    def _drop_source(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()


def _as_lost(error: Exception) -> DeviceFailed:
    """What happened to the device, in words that quote nothing."""
    if isinstance(error, DeviceFailed):
        return error
    if isinstance(error, FacilitatorError):
        return DeviceFailed(error.what, safe=error.safe, do=error.do)
    return DeviceFailed(f"The input failed unexpectedly ({type(error).__name__}).")
