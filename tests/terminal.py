"""A real terminal for tests: a private tmux server with one pane."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self


class Terminal:
    """Context manager: runs `command` in a terminal of `columns` by `lines`, with exactly `env`."""

    def __init__(self, command: list[str], env: dict[str, str], columns: int = 80, lines: int = 24) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="terminal-"))
        self._command = command
        self._env = env | {"TERM": "xterm-256color", "TMUX": "", "LANG": "C.UTF-8"}
        self._size = (columns, lines)

    @staticmethod
    def absent() -> str | None:
        """Why there can be no terminal here, or None."""
        return None if shutil.which("tmux") else "no terminal: tmux is not installed (apt install tmux)"

    def __enter__(self) -> Self:
        columns, lines = self._size
        settings = [f"{name}={value}" for name, value in self._env.items()]
        self._tmux(
            "-f", os.devnull, "new-session", "-d", "-x", str(columns), "-y", str(lines), "-s", "t",
            "env", "-i", *settings, *self._command,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._base, "kill-server"], capture_output=True, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def press(self, *keys: str) -> None:
        """Press keys, as tmux names them: `Enter`, `Escape`, `space`, letters."""
        for key in keys:
            self._tmux("send-keys", "-t", "t", key)
            time.sleep(0.05)

    def write(self, text: str) -> None:
        """Type text letter by letter."""
        self._tmux("send-keys", "-t", "t", "-l", text)

    @property
    def screen(self) -> str:
        """What stands on the screen."""
        return self._tmux("capture-pane", "-p", "-t", "t")

    def wait_for(self, *words: str, seconds: float = 30.0) -> str:
        """The screen as soon as it shows all of `words`; fails with the screen's content otherwise."""
        return self._wait(lambda shown: all(word in shown for word in words), f"{words} did not appear", seconds)

    def wait_without(self, word: str, seconds: float = 30.0) -> str:
        """The screen as soon as it no longer shows `word`; fails with the screen's content otherwise."""
        return self._wait(lambda shown: word not in shown, f"{word!r} did not go", seconds)

    def _wait(self, found: Callable[[str], bool], failed: str, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            shown = self.screen
            if found(shown):
                return shown
            time.sleep(0.1)
        raise AssertionError(f"{failed} within {seconds} s on\n{self.screen}")

    @property
    def _base(self) -> list[str]:
        return ["tmux", "-S", str(self._folder / "socket")]

    def _tmux(self, *words: str) -> str:
        env = {key: value for key, value in os.environ.items() if key != "TMUX"}
        return subprocess.run([*self._base, *words], capture_output=True, text=True, check=True, env=env).stdout
