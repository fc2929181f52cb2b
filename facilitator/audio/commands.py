"""What a running recording can be told, one JSON object a line: on its standard input, or in a file of its folder.

The file is for a program that took the recording over. It appears whole and is taken away by the capture process before
it is obeyed, so nothing is obeyed twice.
"""

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from facilitator.domain.errors import UsageError

_REQUEST: Final = "request"
_TAKEN: Final = "request.taken"
_WAITED: Final = "request.waited"
_PATIENCE_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Command:
    """`do` is stop, pause, resume or strike; `at_ns` of the monotonic clock is when it was wished for.

    A pause has `why`. A strike has the place from which records are destroyed, as `AudioReader.place_of` gives it, and
    its session time; `seq` is the number of the record there, None to have it counted.
    """

    do: str
    at_ns: int
    why: str = ""
    file: str = ""
    offset: int = 0
    from_ms: int = 0
    seq: int | None = None

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode("ascii") + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Command":
        """Raises UsageError for anything but a command."""
        try:
            given = cls(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise UsageError("The recorder was told something that it does not understand.") from error
        if given.do not in ("stop", "pause", "resume", "strike") or not isinstance(given.at_ns, int):
            raise UsageError("The recorder was told something that it does not understand.")
        return given


def post(folder: Path, command: Command) -> None:
    """Leave `command` for the recording in `folder`, behind one that it does not take; raises OSError."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (folder / _REQUEST).exists() and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    before = b""
    with contextlib.suppress(FileNotFoundError):  # it was taken after all
        (folder / _REQUEST).replace(folder / _WAITED)
        before = (folder / _WAITED).read_bytes()
    part = folder / "request.part"
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(before + command.to_line())
    part.replace(folder / _REQUEST)
    (folder / _WAITED).unlink(missing_ok=True)


def collect(folder: Path) -> list[Command]:
    """The commands that somebody left in `folder`, taken away; none if they make no sense."""
    taken = folder / _TAKEN
    try:
        (folder / _REQUEST).replace(taken)
        lines = taken.read_bytes().splitlines()
        taken.unlink()
        return [Command.from_line(line) for line in lines]
    except (OSError, UsageError):
        return []


def clear(folder: Path) -> None:
    """Forget what was left for an earlier recording."""
    for name in (_REQUEST, _TAKEN, _WAITED, "request.part"):
        (folder / name).unlink(missing_ok=True)
