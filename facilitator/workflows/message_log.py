"""Stores what a capture process says, each thing once, and keeps what the disk refuses until it is taken."""

import threading
from collections.abc import Iterable

from facilitator.audio.messages import Message
from facilitator.domain import events as ev
from facilitator.domain.errors import Busy, StorageFailed
from facilitator.workflows.journal_news import NOT_LOGGED_TWICE, event_of, key, latest_reached
from facilitator.workflows.sessions import Session


class MessageLog:
    """The durable news of one track (0 the recording, else a backup). A journal heard from its start is no news."""

    def __init__(self, session: Session, track: int) -> None:
        self._session, self._track = session, track
        self._known = {
            key(item.event, item.at_ms) for item in session.history() if isinstance(item.event, NOT_LOGGED_TWICE)
        }
        self._waiting: list[tuple[ev.Event, int]] = []
        self._one_at_a_time = threading.RLock()
        self.refused: StorageFailed | Busy | None = None
        """Why news wait to be stored; None while nothing waits."""

    def take(self, messages: Iterable[Message]) -> None:
        """Store what is new in `messages`, and what waited. What the disk refuses waits for the next call."""
        with self._one_at_a_time:
            for message in messages:
                found = event_of(message, self._track)
                if found is not None and key(*found) not in self._known:
                    self._known.add(key(*found))
                    self._waiting.append(found)
            self._store()

    def add(self, *events: tuple[ev.Event, int]) -> None:
        """Store more things, in their turn."""
        with self._one_at_a_time:
            self._waiting += events
            self._store()

    def _store(self) -> None:
        self._waiting = latest_reached(self._waiting)
        if not self._waiting:
            return
        try:
            self._session.record_all(self._waiting)
        except (StorageFailed, Busy) as error:
            self.refused = error
            return
        self._waiting, self.refused = [], None
