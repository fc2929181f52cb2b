"""What the capture process says, one JSON object a line, and the request that starts it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from facilitator.audio.record_format import NO_PREVIOUS
from facilitator.domain.errors import (
    DeviceFailed,
    FacilitatorError,
    MissingNeed,
    StorageFailed,
    UsageError,
    WorkerFailed,
)

LOWEST_RATE: Final = 8_000
HIGHEST_RATE: Final = 96_000
STRIKE_FAILED: Final = "The sound could not be destroyed."
"""What a Fault says that answers a strike; the recording goes on."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is recorded instead of a microphone: the sound file `sample`, over and over.

    `speed`, 1 to 60, is how many seconds of it, and of the session clock, pass in one. Unless it is `lasting`, it ends
    with the program that began it.
    """

    sample: str
    speed: int = 1
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What to record. `previous` is the digest before the first record; None for `stop_after_ms` means 12 h.

    `channel` is the input's channel to keep, from 1 on; None takes the mix that the sound system makes of them.
    `clock_ns` is when on the monotonic clock the session clock stood at `start_ms`: the take then begins later, where
    its sound does. With None, the session clock stands at `start_ms` when sound arrives. In a `rehearsal`, no device is
    opened.
    """

    folder: Path
    session_id: str
    recipient: str
    device: str | None = None
    rate: int = 48_000
    start_ms: int = 0
    stop_after_ms: int | None = None
    next_seq: int = 0
    previous: bytes = NO_PREVIOUS
    channel: int | None = None
    clock_ns: int | None = None
    rehearsal: Rehearsal | None = None

    @property
    def speed(self) -> int:
        """Seconds of the session clock that pass in one; 1 unless it is a rehearsal."""
        return self.rehearsal.speed if self.rehearsal else 1

    def to_line(self) -> bytes:
        return _line(asdict(self) | {"folder": str(self.folder), "previous": self.previous.hex()})

    @classmethod
    def from_line(cls, line: bytes) -> "Request":
        """Raises UsageError for anything but a request."""
        try:
            given = json.loads(line)
            folder, previous = Path(given.pop("folder")), bytes.fromhex(given.pop("previous"))
            rehearsal = Rehearsal(**kept) if (kept := given.pop("rehearsal")) else None
            return cls(folder=folder, previous=previous, rehearsal=rehearsal, **given)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UsageError("The recorder was started without a proper request.") from error


@dataclass(frozen=True, slots=True)
class Started:
    """Sound arrives. `start_ms` of the session clock was at `monotonic_ns` of the system's monotonic clock, and `speed`
    ms of it pass in one.

    `device` is "" where a running recording is taken over, for its name stays out of plain files.
    """

    kind: ClassVar[str] = "started"
    device: str
    rate: int
    start_ms: int
    monotonic_ns: int
    at_utc: str
    speed: int = 1

    def at(self, monotonic_ns: int) -> int:
        """What the session clock showed, or will show, at `monotonic_ns` of the system's monotonic clock."""
        return self.start_ms + (monotonic_ns - self.monotonic_ns) * self.speed // 1_000_000


@dataclass(frozen=True, slots=True)
class Level:
    """Loudness of the 250 ms before `at_ms`, dBFS; all before `stored_ms` is on the disk."""

    kind: ClassVar[str] = "level"
    at_ms: int
    rms_db: float
    peak_db: float
    stored_ms: int


@dataclass(frozen=True, slots=True)
class Gap:
    """No sound for `length_ms` from `at_ms` on; 0 for a loss too short to measure."""

    kind: ClassVar[str] = "gap"
    at_ms: int
    length_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a person should know. `ended`: nothing is being recorded any more."""

    kind: ClassVar[str] = "fault"
    at_ms: int
    what: str
    safe: str = ""
    do: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """`samples` of this take are stored; `head` is the hex digest of its last record; it ends at `end_ms`.

    `from_outside`: in order, but nobody who records had asked for it: a signal ended the process.
    """

    kind: ClassVar[str] = "stopped"
    samples: int
    head: str
    end_ms: int
    from_outside: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Recording did not begin. `error` names a class of the error tree."""

    kind: ClassVar[str] = "error"
    error: str
    what: str
    safe: str = ""
    do: str = ""

    @classmethod
    def of(cls, error: FacilitatorError) -> "Refused":
        return cls(type(error).__name__, error.what, error.safe, error.do)

    def as_error(self) -> FacilitatorError:
        return _ERRORS.get(self.error, WorkerFailed)(self.what, safe=self.safe, do=self.do)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A trouble (`domain.recording.Trouble`, its value) began at `at_ms`, or is `over`. `detail` may name a device."""

    kind: ClassVar[str] = "alarm"
    at_ms: int
    trouble: str
    over: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing is stored from `at_ms` on, because of `why` (`domain.recording.Pause`, its value)."""

    kind: ClassVar[str] = "paused"
    at_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """Sound is stored again from `at_ms` on. A Gap for the pause comes before it."""

    kind: ClassVar[str] = "resumed"
    at_ms: int


@dataclass(frozen=True, slots=True)
class Destroyed:
    """Answer to a strike: records `first_seq` to `next_seq` - 1 are gone from the disk. `link` is hex.

    They lay from `from_ms` to `to_ms` on the session clock. `first_seq` equals `next_seq` where there were none.
    """

    kind: ClassVar[str] = "destroyed"
    from_ms: int
    to_ms: int
    first_seq: int
    next_seq: int
    samples: int
    link: str


@dataclass(frozen=True, slots=True)
class Reached:
    """The record numbered `seq`, of hex digest `head`, and all before it are on the disk; said every ten seconds."""

    kind: ClassVar[str] = "reached"
    at_ms: int
    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class Awake:
    """Whether the computer is kept from sleeping while this recording runs: what was granted, and what was not."""

    kind: ClassVar[str] = "awake"
    granted: tuple[str, ...]
    refused: tuple[str, ...]


Message = Started | Level | Gap | Fault | Stopped | Alarm | Paused | Resumed | Destroyed | Reached | Awake
_ERRORS: Final[dict[str, type[FacilitatorError]]] = {
    kind.__name__: kind for kind in (DeviceFailed, MissingNeed, StorageFailed, UsageError)
}
_KINDS: Final[dict[str, type[Message] | type[Refused]]] = {
    kind.kind: kind
    for kind in (Started, Level, Gap, Fault, Stopped, Alarm, Paused, Resumed, Destroyed, Reached, Awake, Refused)
}


def to_line(message: Message | Refused) -> bytes:
    """One line of JSON in ASCII, newline included."""
    return _line({"kind": message.kind} | asdict(message))


def from_line(line: bytes) -> Message | Refused:
    """Raises WorkerFailed for a line that no capture process writes."""
    try:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(line).items()
        }
        return _KINDS[given.pop("kind")](**given)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WorkerFailed("The recorder said something that cannot be understood.") from error


def _line(given: dict[str, Any]) -> bytes:
    return json.dumps(given).encode("ascii") + b"\n"
