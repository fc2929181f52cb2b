"""Reads a microphone in a thread of its own, so that a device that hangs stops neither notes nor storing."""

import queue
import threading
from collections.abc import Callable
from typing import Final, Protocol

from facilitator.audio.timeline import Block
from facilitator.domain.errors import DeviceFailed

_QUEUED_BLOCKS: Final = 240
_REOPEN_SECONDS: Final = 1.0
_ROOM_SECONDS: Final = 0.2


class BlockSource(Protocol):
    """A microphone. `read` blocks until `frames` samples are there; True with them says that sound before was lost.

    `read` raises DeviceFailed when the device is gone.
    """

    name: str

    def read(self, frames: int) -> tuple[bytes, bool]: ...

    def close(self) -> None: ...


class Feeder(threading.Thread):
    """Puts blocks into `items` as they come. A lost source is put there as its error, once, and opened anew.

    Args:
        source: where the first blocks come from.
        open_source: tried each second after the source was lost.
        frames: samples a block.
        clock: monotonic nanoseconds.
    """

    def __init__(
        self, source: BlockSource, open_source: Callable[[], BlockSource], frames: int, clock: Callable[[], int]
    ) -> None:
        super().__init__(name="microphone", daemon=True)
        self.items: queue.Queue[Block | DeviceFailed] = queue.Queue(_QUEUED_BLOCKS)
        self.ending = threading.Event()
        self._source: BlockSource | None = source
        self._open, self._frames, self._clock = open_source, frames, clock

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
                if self._source is None:
                    self._source = self._open()
                pcm, overflowed = self._source.read(self._frames)
            except DeviceFailed as error:
                if not reason:
                    self._put(error)
                reason = "the device was lost"
                self._drop_source()
                self.ending.wait(_REOPEN_SECONDS)
                continue
            reason = reason or ("the computer was too busy" if overflowed else "")
            self._put(Block(pcm, self._clock(), reason))
            reason = ""
        self._drop_source()

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
