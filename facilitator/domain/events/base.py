"""What every event has."""

from dataclasses import dataclass
from typing import ClassVar


class Event:
    """Base of all events. `kind` is the stable name under which the event is stored."""

    __slots__ = ()
    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Stored:
    """An event with the envelope it was stored in. `at_ms` is on the session clock, 0 in the study log."""

    seq: int
    at_utc: str
    at_ms: int
    actor: str
    event: Event
    hash: str
