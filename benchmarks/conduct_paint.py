"""A program on a pseudo-terminal: keys into it, and when their effect stood on the screen.

What the program writes is kept in chunks, each with the time at which it was read. Only afterwards a terminal emulator
(pyte) takes them in one by one, so that measuring costs the program nothing.
"""

import contextlib
import fcntl
import os
import pty
import struct
import termios
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil
import pyte

from benchmarks.conduct_keys import SIZE

Seen = Callable[[str], bool]
"""Whether a screen, its lines joined, shows the effect of a key."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key of some `sort`, written at `at_ns` of the monotonic clock, and how its effect is known."""

    sort: str
    at_ns: int
    seen: Seen


class PaintedProgram:
    """Context manager: runs `command` in a terminal of 120×40; it is killed at the end if it still runs."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        self._command = list(command)
        self._env = env | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self._env = {name: value for name, value in self._env.items() if name not in ("COLUMNS", "LINES")}
        self.chunks: list[tuple[int, bytes]] = []
        self.pressed: list[Pressed] = []
        self._shown = 0
        self._screen = pyte.Screen(*SIZE)
        self._emulator = pyte.ByteStream(self._screen)

    def __enter__(self) -> Self:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            columns, lines = SIZE
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execve(self._command[0], self._command, self._env)  # noqa: S606 -- our own program
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)

    def _read(self) -> None:
        try:
            while data := os.read(self._terminal, 65_536):
                self.chunks.append((time.monotonic_ns(), data))
        except OSError:  # the program has ended
            return

    def press(self, keys: str, sort: str = "", seen: Seen | None = None, *, then_s: float = 0.0) -> None:
        """Press `keys`; with `seen`, measure until that is so. Then wait."""
        if seen is not None:
            self.pressed.append(Pressed(sort, time.monotonic_ns(), seen))
        os.write(self._terminal, keys.encode())
        time.sleep(then_s)

    def wait_for(self, *words: str, seconds: float = 30.0) -> None:
        """Return once the screen shows all of `words`. Not while keys are measured."""
        deadline = time.monotonic() + seconds
        while not all(word in self._catch_up() for word in words):
            if time.monotonic() > deadline:
                raise SystemExit(f"{words} did not appear within {seconds} s on\n{self._catch_up()}")
            time.sleep(0.05)

    def until_painted(self, seconds: float = 30.0) -> float:
        """Milliseconds from the key that was pressed last to its effect, once that is shown."""
        last, deadline = self.pressed.pop(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._shown == len(self.chunks):
                time.sleep(0.005)
                continue
            at_ns, data = self.chunks[self._shown]
            self._emulator.feed(data)
            self._shown += 1
            if at_ns >= last.at_ns and last.seen("\n".join(self._screen.display)):
                return (at_ns - last.at_ns) / 1e6
        shown = "\n".join(self._screen.display)
        raise SystemExit(f"a key ({last.sort}) had no effect within {seconds} s; at the end\n{shown}")

    def _catch_up(self) -> str:
        while self._shown < len(self.chunks):
            self._emulator.feed(self.chunks[self._shown][1])
            self._shown += 1
        return "\n".join(self._screen.display)

    def paint_ms(self) -> dict[str, list[float]]:
        """Milliseconds from each key to its effect, by sort. Raises SystemExit where one was never seen."""
        found: dict[str, list[float]] = {}
        waiting = list(self.pressed)
        while self._shown < len(self.chunks) and waiting:
            at_ns, data = self.chunks[self._shown]
            self._emulator.feed(data)
            self._shown += 1
            shown = "\n".join(self._screen.display) if waiting[0].at_ns <= at_ns else ""
            while waiting and waiting[0].at_ns <= at_ns and waiting[0].seen(shown):
                first = waiting.pop(0)
                found.setdefault(first.sort, []).append((at_ns - first.at_ns) / 1e6)
        if waiting:
            shown = "\n".join(self._screen.display)
            raise SystemExit(f"{len(waiting)} keys had no effect, the first: {waiting[0].sort}; at the end\n{shown}")
        self.pressed.clear()
        return found

    def cpu_percent(self, seconds: float) -> float:
        """Of one core, over the next `seconds`."""
        process = psutil.Process(self.pid)
        before = process.cpu_times()
        begun = time.monotonic()
        time.sleep(seconds)
        used = process.cpu_times()
        return 100 * (used.user + used.system - before.user - before.system) / (time.monotonic() - begun)
