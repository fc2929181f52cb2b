"""The program to be killed, seen from outside: what it said, and when."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

import psutil

from facilitator.audio.status_file import read_status

from .framework import ROOT

PATIENCE_S = 30.0
ACKNOWLEDGED = ("note", "mark", "edit")
CAPTURE, VICTIM = "facilitator.audio.capture", "tests.crash.killing_victim"
TRIAL = "CRASH_KILL_TRIAL"
"""Names the trial to its processes, and to their children."""


class Program:
    """Context manager: the victim at work on the study in `root`; all that it said is in `lines`."""

    def __init__(self, root: Path, secret: str) -> None:
        self.audio = root / "sessions" / "01" / "audio"
        self.lines: list[dict[str, Any]] = []
        self._child = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", VICTIM, str(root)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.tell(secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self.end()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def acknowledged(self) -> int:
        """How many notes, marks and edits it said were stored."""
        return sum(line["said"] in ACKNOWLEDGED for line in self.lines)

    @property
    def origin_ms(self) -> float:
        """The monotonic time at which the session clock began."""
        return float(self.wait_for("recording")["origin"])

    def tell(self, line: str) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(line.encode() + b"\n")
        self._child.stdin.flush()

    def wait_for(self, said: str) -> dict[str, Any]:
        """The first line of that kind; raises RuntimeError with its complaint when it does not come."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for line in self.lines:
                if line["said"] == said:
                    return line
            if self._child.poll() is not None and not self._reader.is_alive():
                break
            time.sleep(0.01)
        self._child.kill()
        assert self._child.stderr is not None
        complaint = self._child.stderr.read().decode().strip().splitlines()
        raise RuntimeError(f"the program never said {said}: {complaint[-1:] or self.lines[-1:]}")

    def end(self) -> None:
        """Wait until it is gone and all that it said was read."""
        self._child.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.endswith(b"\n"):  # a line that the kill cut off was not said
                self.lines.append(json.loads(line))


def capture_pid(audio: Path) -> int:
    """The capture process that runs for this folder, or 0."""
    status = read_status(audio)
    return status.pid if status is not None and _runs(status.pid) else 0


def recorder_starting(root: Path) -> bool:
    """Whether a capture process of this trial runs, though it may not record yet."""
    for process in _processes(root):
        with contextlib.suppress(psutil.Error):
            if CAPTURE in process.cmdline() or VICTIM in process.cmdline():  # the latter: just forked by the program
                return True
    return False


def end_all(root: Path) -> None:
    """kill -9 of whatever still runs of this trial, a recorder that is only starting and its helpers too."""
    deadline = time.monotonic() + PATIENCE_S
    while (left := _processes(root)) and time.monotonic() < deadline:
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.02)


def _processes(root: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(TRIAL) == str(root) and _runs(process.pid):
                found.append(process)
    return found


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def kill(pid: int) -> float:
    """kill -9; returns the monotonic time in ms just before. Returns once the process is gone."""
    if not pid:
        raise RuntimeError("there is no process to kill")
    at = time.monotonic() * 1000
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return at
    deadline = time.monotonic() + PATIENCE_S
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.002)
    return at
