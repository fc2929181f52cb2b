"""Keys into a program in tmux at exact times, through one client that stays connected."""

import contextlib
import subprocess
import threading
import time
from typing import Final, Self

from terminal import Terminal

from benchmarks.conduct_script import Stroke
from facilitator.audio.status_file import Status

SIZE: Final = (120, 40)
_SPIN_NS: Final = 2_000_000


class Keyboard:
    """Context manager: a tmux client in control mode, to which a key is one line; no process is started for it."""

    def __init__(self, terminal: "KeyedTerminal") -> None:
        command = [*terminal.server, "-C", "attach", "-t", "t", "-f", "no-output,ignore-size"]
        self._client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=terminal.own_env)
        self.refused: list[bytes] = []
        self._reading = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reading.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.terminate()
        self._reading.join()
        with contextlib.suppress(BrokenPipeError):
            self._client.__exit__(None, None, None)  # closes both pipes

    def press(self, key: str) -> None:
        """Press a key: one character, or a name such as Enter."""
        letters = " ".join(f"{byte:02x}" for byte in key.encode()) if len(key) == 1 else ""
        words = f"-H {letters}" if letters else key
        assert self._client.stdin is not None  # noqa: S101  a pipe, as asked above
        self._client.stdin.write(f"send-keys -t t {words}\n".encode())
        self._client.stdin.flush()

    def _read(self) -> None:
        assert self._client.stdout is not None  # noqa: S101  as above
        for line in self._client.stdout:
            if line.startswith(b"%error"):
                self.refused.append(line)


class KeyedTerminal(Terminal):
    """The terminal of the tests, 120×40, with a keyboard of its own."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        super().__init__(command, env, *SIZE)
        self.own_env = env | {"TMUX": "", "TERM": "xterm-256color"}

    @property
    def server(self) -> list[str]:
        """The tmux command that reaches this server."""
        return self._base


def wait_until(at_ns: int) -> int:
    """Return as soon as the monotonic clock shows `at_ns`, and what it shows."""
    left_ns = at_ns - time.monotonic_ns() - _SPIN_NS
    if left_ns > 0:
        time.sleep(left_ns / 1e9)
    while (now_ns := time.monotonic_ns()) < at_ns:
        pass
    return now_ns


def play(strokes: list[Stroke], keyboard: Keyboard, status: Status) -> dict[int, float]:
    """Press all of them when the session clock of `status` says so; how late each was sent, in ms of that clock."""
    late_ms: dict[int, float] = {}
    for stroke in strokes:
        due_ns = status.started_monotonic_ns + (stroke.at_ms - status.start_ms) * 1_000_000 // status.speed
        late_ms[stroke.at_ms] = (wait_until(due_ns) - due_ns) / 1e6 * status.speed
        keyboard.press(stroke.key)
    return late_ms
