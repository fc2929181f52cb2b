"""The session clock as the program that conducts a session knows it: whole milliseconds, rounded down."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from facilitator.audio.messages import Started
from facilitator.workflows.sessions import Session

RESUME_WITHIN_MS: Final = 12 * 3_600_000
"""A second take within 12 hours keeps the wall-clock distance; a later one follows on after a second."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the session clock, and when that was on the system's monotonic clock; None where it just begins."""

    ms: int
    monotonic_ns: int | None = None


class SessionClock:
    """Stands still before the first recording and after a stop; runs on through pauses, gaps and a recorder's death.

    `speed` ms of it pass in one: 1, unless the session is a rehearsal.
    """

    def __init__(self, session: Session, speed: int = 1) -> None:
        self._session, self._speed = session, speed
        self._started: Started | None = None
        self._idle_ms = session.state.length_ms

    @property
    def now_ms(self) -> int:
        """Now."""
        return self._idle_ms if self._started is None else self.at(time.monotonic_ns())

    def at(self, monotonic_ns: int) -> int:
        """What it showed, or will show, at `monotonic_ns` of the system's monotonic clock; 0 or more."""
        return self._idle_ms if self._started is None else max(0, self._started.at(monotonic_ns))

    def follow(self, started: Started) -> None:
        """Run as the recorder says that it does."""
        self._started = started

    def halt(self) -> None:
        """Stand still; `settle` then shows where what is recorded ends."""
        self._idle_ms, self._started = self.now_ms, None

    def settle(self) -> None:
        """While it stands, show the end of what is recorded."""
        self._idle_ms = self._session.state.length_ms

    def moment(self) -> Moment:
        """When a take begins that is started now."""
        if self._started is None:
            return Moment(self._next_start_ms())
        now_ns = time.monotonic_ns()
        return Moment(self.at(now_ns), now_ns)

    def _next_start_ms(self) -> int:
        takes = self._session.state.takes
        if not takes:
            return 0
        elapsed = datetime.now(UTC) - datetime.fromisoformat(takes[0].at_utc)
        wall_ms = takes[0].at_ms + int(elapsed.total_seconds() * 1000 * self._speed)
        length_ms = self._session.state.length_ms
        return wall_ms if length_ms <= wall_ms < RESUME_WITHIN_MS else length_ms + 1000
