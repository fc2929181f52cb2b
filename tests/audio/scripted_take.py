"""A recording from a scripted microphone and a scripted clock."""

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from audio_store import RATE, Store, noise

from facilitator.audio.capture_loop import CaptureLoop
from facilitator.audio.commands import Command
from facilitator.audio.messages import Message, Request

BLOCK = RATE // 4
SECOND = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 10 * SECOND

    def __call__(self) -> int:
        return self.now


class Script:
    """A microphone that plays `sound`; before block n it does `before[n]`. It says stop at the end."""

    name = "scripted"

    def __init__(self, clock: Clock, stop: threading.Event, blocks: int) -> None:
        self.clock, self.stop, self.blocks = clock, stop, blocks
        self.sound = noise(blocks * BLOCK)
        self.before: dict[int, Callable[[], None]] = {}
        self.overflows: set[int] = set()
        self.number = self.opened = self.closed = 0

    def open(self) -> "Script":
        self.opened += 1
        return self

    def read(self, frames: int) -> tuple[bytes, bool]:
        number, self.number = self.number, self.number + 1
        if number >= self.blocks:
            self.stop.set()
        self.before.get(number, lambda: None)()
        self.clock.now += frames * SECOND // RATE
        pcm = self.sound[number * frames : (number + 1) * frames].tobytes()
        return pcm.ljust(2 * frames, b"\1"), number in self.overflows

    def close(self) -> None:
        self.closed += 1


class Take:
    """One recording from a script."""

    def __init__(self, store: Store, blocks: int, **changes: Any) -> None:
        self.clock, self.stop = Clock(), threading.Event()
        self.script = Script(self.clock, self.stop, blocks)
        self.said: list[Message] = []
        self.orders = queue.SimpleQueue[Command]()
        request = Request(store.folder, "07", store.keys.recipient, None, RATE)
        self.request = replace(request, **changes)

    def run(self, open_source: "Callable[[], Script] | None" = None) -> bool:
        source = open_source or self.script.open
        return CaptureLoop(self.request, source, self.said.append, self.stop, self.clock, self.orders).run()

    def order(self, block: int, do: str, after_ms: int = 0, **more: Any) -> None:
        """Before block number `block` of 250 ms is read, order something for `after_ms` later."""
        first = self.script.before.get(block, lambda: None)

        def give() -> None:
            first()
            self.orders.put(Command(do, self.clock.now + after_ms * SECOND // 1000, **more))

        self.script.before[block] = give

    def of(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.said if isinstance(message, kind)]
