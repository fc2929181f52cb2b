"""What a running recording leaves beside its records, so that a restarted program finds it; no personal data in it.

`capture.json` exists while a capture process runs, `stopped.json` after it ended in order.
The device's name is left out: it may be "Kristin's AirPods", and these files are plain.
"""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from facilitator.audio import commands
from facilitator.audio.messages import Level, Stopped

_STATUS, _STOPPED = "capture.json", "stopped.json"


@dataclass(frozen=True, slots=True)
class Status:
    """A running recording. `created` is the process's creation time as psutil gives it; `gaps` counts gaps so far.

    The session clock stood at `start_ms` when the system's monotonic clock stood at `started_monotonic_ns`, and `speed`
    ms of it pass in one: 1, unless it is a rehearsal.

    `paused` is why nothing is stored just now, or ""; `level` is None then, for what is off the record is not for here.
    """

    pid: int
    created: float
    session_id: str
    started_monotonic_ns: int
    start_ms: int
    at_utc: str
    rate: int
    stored_ms: int
    gaps: int
    level: Level | None
    paused: str = ""
    speed: int = 1

    def at(self, monotonic_ns: int) -> int:
        """What the session clock shows at `monotonic_ns` of the system's monotonic clock, in ms."""
        return self.start_ms + (monotonic_ns - self.started_monotonic_ns) * self.speed // 1_000_000


def write_status(folder: Path, status: Status) -> None:
    """Replace the status; raises OSError where the disk refuses."""
    _replace(folder / _STATUS, asdict(status))


def read_status(folder: Path) -> Status | None:
    """The status, or None if there is none that makes sense."""
    given = _read(folder / _STATUS)
    if given is None or given.keys() != {item.name for item in fields(Status)}:
        return None
    level = given.pop("level")
    try:
        return Status(**given, level=Level(**level) if level else None)
    except TypeError:
        return None


def finish(folder: Path, stopped: Stopped) -> None:
    """Say how the recording ended and that it did."""
    _replace(folder / _STOPPED, asdict(stopped))
    clear(folder, keep_stopped=True)


def read_stopped(folder: Path) -> Stopped | None:
    """How the last recording ended, or None if it did not end in order."""
    given = _read(folder / _STOPPED)
    try:
        return None if given is None else Stopped(**given)
    except TypeError:
        return None


def clear(folder: Path, *, keep_stopped: bool = False) -> None:
    """Remove what a recording leaves."""
    commands.clear(folder)
    for name in (_STATUS,) if keep_stopped else (_STATUS, _STOPPED):
        (folder / name).unlink(missing_ok=True)


def _replace(path: Path, given: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as file:
        json.dump(given, file)
    part.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        given = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return given if isinstance(given, dict) else None
