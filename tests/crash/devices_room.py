"""A private sound server whose microphones are pipes, so that each sample of theirs sounds at a known time."""

import contextlib
import fcntl
import os
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

from known_sound import NOISE, RATE
from sound_room import SoundRoom

_TICK_S = 0.01
_BUSY_BYTES = RATE * 2 * 3 // 20
"""So much waits for a busy server, 150 ms; more is lost, as in a microphone's own store."""
_IDLE_S = 0.3
"""A server that fetches nothing for so long does not listen: what it fetches next is fresh."""


class Microphone:
    """A source of the server, and the thread that feeds it: the known sound, whose period began at monotonic time 0.

    With a `value` it delivers that instead; when `dead`, nothing.
    """

    def __init__(self, room: "DeviceRoom", name: str) -> None:
        self.name, self._room = name, room
        self.path = room.folder / f"{name}.fifo"
        self.value: int | None = None
        self.dead = False
        self._module = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def plug(self) -> None:
        form = [f"rate={RATE}", "channels=1", "format=s16le"]
        self._module = self._room.pactl(
            "load-module", "module-pipe-source", f"source_name={self.name}", f"file={self.path}", *form
        )

    def unplug(self) -> None:
        self._room.pactl("unload-module", self._module)

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _feed(self) -> None:
        pipe: int | None = None
        at = fetched = time.monotonic()
        left = 0
        while not self._over.wait(_TICK_S):
            now = time.monotonic()
            if pipe is None:
                pipe, at, fetched, left = self._opened(), now, now, 0
                continue
            data = self._due(at, now)
            at, waiting = now, _waiting(pipe)
            if waiting < left or not waiting:
                fetched = now
            if now - fetched > _IDLE_S:
                self._drain(waiting)
            elif waiting > _BUSY_BYTES:
                continue
            try:
                if not self.dead:
                    os.write(pipe, data)
                left = _waiting(pipe)
            except BrokenPipeError:
                os.close(pipe)
                pipe = None
        if pipe is not None:
            os.close(pipe)

    def _drain(self, waiting: int) -> None:
        with contextlib.suppress(OSError):  # fetched just now, or unplugged
            reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                os.read(reader, waiting)
            finally:
                os.close(reader)

    def _opened(self) -> int | None:
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # not plugged in
            return None

    def _due(self, since: float, until: float) -> bytes:
        first, end = int(since * RATE), int(until * RATE)
        if self.value is not None:
            return self.value.to_bytes(2, "little", signed=True) * (end - first)
        return NOISE.take(range(first, end), mode="wrap").tobytes()


class DeviceRoom(SoundRoom):
    """Context manager: a server with the microphones `names`, the first of them plugged in."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.folder = Path(self._folder.name)
        self._names = names
        self.microphones: dict[str, Microphone] = {}

    @property
    def settings(self) -> dict[str, str]:
        return self._private | {"PULSE_SERVER": f"unix:{self._socket}"}

    def __enter__(self) -> "DeviceRoom":
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--load=module-native-protocol-unix"],
            env=os.environ | self._private,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_ready()
        self.microphones = {name: Microphone(self, name) for name in self._names}
        self.microphones[self._names[0]].plug()
        return self

    def __exit__(self, *_: object) -> None:
        for microphone in self.microphones.values():
            microphone.end()
        super().__exit__()

    def pactl(self, *arguments: str) -> str:
        """What it answers."""
        done = subprocess.run(["pactl", *arguments], env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def stream(self) -> str:
        """The number of the stream that records."""
        lines = self.pactl("list", "short", "source-outputs").splitlines()
        if not lines:
            raise RuntimeError("nothing records in this room")
        return lines[0].split()[0]


def _waiting(pipe: int) -> int:
    """Bytes that were written and not fetched."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
