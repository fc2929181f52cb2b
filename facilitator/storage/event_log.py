"""The insert-only event log of a study or a session, with a hash chain over it.

The chain covers a salted digest of each payload, so that a payload can be destroyed and the chain still verifies, and
so that nobody can guess a short payload from its digest.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from facilitator.domain.errors import Damaged, NewerVersion
from facilitator.domain.events import (
    SESSION_EVENTS,
    STUDY_EVENTS,
    AudioStruck,
    Event,
    HearingForgotten,
    SpeechWithdrawn,
    Stored,
    WithdrawalOrdered,
)
from facilitator.storage.database import Connection, emptied_write_ahead, query, transaction

_TYPES: dict[str, type[Event]] = {event.kind: event for event in (*SESSION_EVENTS, *STUDY_EVENTS)}

_DESTROYING = (AudioStruck.kind, HearingForgotten.kind, SpeechWithdrawn.kind, WithdrawalOrdered.kind)


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_TYPES[kind])


class EventLog:
    """Appends to and reads one log. Each append takes its number inside the transaction, so writers cannot collide.

    Args:
        connection: from `create_database` or `open_database`.
        actor: who is at the keyboard: a role, never a name. May be set anew.
    """

    def __init__(self, connection: Connection, actor: str = "researcher") -> None:
        self._connection = connection
        self.actor = actor
        self._old_pages = False
        """Whether the write-ahead file still holds destroyed payloads, so that emptying it is tried again."""

    @property
    def head(self) -> str:
        """Hash of the last event, 64 hex digits; zeros for an empty log."""
        return self._last()[1].hex()

    def append(self, event: Event, at_ms: int = 0) -> Stored:
        """Store one event; it is durable when this returns. Raises StorageFailed."""
        return self.append_all([(event, at_ms)])[0]

    def append_all(
        self, events: Sequence[tuple[Event, int]], check: Callable[[], object] = lambda: None
    ) -> list[Stored]:
        """Store all of (event, at_ms) in one transaction, or none; payloads that they destroy go in the same one.

        `check` is called in the transaction, where nobody else can write, and may read the log; what it raises is
        raised here, and nothing is stored.

        Raises:
            StorageFailed: the disk refused; nothing was stored.
            Busy: other programs wrote without a pause for longer than 5 s; nothing was stored.
        """
        at_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        stored: list[Stored] = []
        with transaction(self._connection):
            check()
            seq, head = self._last()
            for event, at_ms in events:
                seq += 1
                body = _adapter(event.kind).dump_json(event).decode()
                salt = secrets.token_bytes(16)
                digest = _payload_digest(salt, body)
                previous, head = head, _chain(head, seq, at_utc, at_ms, self.actor, event.kind, digest)
                self._connection.execute(
                    "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (seq, at_utc, at_ms, self.actor, event.kind, digest, previous, head),
                )
                self._connection.execute("INSERT INTO payload VALUES (?, ?, ?)", (seq, salt, body))
                stored.append(Stored(seq, at_utc, at_ms, self.actor, event, head.hex()))
            destroyed = [(number,) for event, _ in events for number in _destroyed(event)]
            self._connection.executemany("DELETE FROM payload WHERE seq = ?", destroyed)
        self._old_pages = self._old_pages or bool(destroyed)
        self.clear_old_pages()
        return stored

    def clear_old_pages(self) -> None:
        """Try again to empty the write-ahead file of destroyed payloads; at once where it holds none.

        Nobody needs to be told where a reader or the disk does not let that happen: it is tried at each event and when
        the log is closed, and done at the latest by the last program that closes it.
        """
        if self._old_pages:
            self._old_pages = not emptied_write_ahead(self._connection)

    def read(self, after: int = 0) -> Iterator[Stored]:
        """The events after number `after`, in order; those whose payload was destroyed are left out.

        Raises:
            NewerVersion: an event of a kind that this version does not know.
            Damaged: a payload that is not what was written.
        """
        rows = query(
            self._connection,
            "SELECT e.seq, e.at_utc, e.at_ms, e.actor, e.kind, e.hash, p.body "
            "FROM event e JOIN payload p USING (seq) WHERE e.seq > ? ORDER BY e.seq",
            after,
        )
        for seq, at_utc, at_ms, actor, kind, event_hash, body in rows:
            yield Stored(seq, at_utc, at_ms, actor, _decode(kind, body), bytes(event_hash).hex())

    def _last(self) -> tuple[int, bytes]:
        row = self._connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return (int(row[0]), bytes(row[1])) if row else (0, bytes(32))

    def verify(self) -> int:
        """Recompute the whole chain and return the number of events.

        Raises:
            Damaged: an event or payload was changed, removed or reordered. Payloads that an event says were
                destroyed may be absent.
        """
        head, expected, absent = bytes(32), 0, set[int]()
        rows = query(
            self._connection,
            "SELECT e.seq, e.at_utc, e.at_ms, e.actor, e.kind, e.payload_digest, e.prev_hash, e.hash, p.salt, p.body "
            "FROM event e LEFT JOIN payload p USING (seq) ORDER BY e.seq",
        )
        for seq, at_utc, at_ms, actor, kind, digest, previous, event_hash, salt, body in rows:
            expected += 1
            if body is None:
                absent.add(seq)
            elif kind in _DESTROYING:
                absent -= set(_destroyed(_decode(kind, body)))
            intact = (
                seq == expected
                and bytes(previous) == head
                and (body is None or _payload_digest(bytes(salt), body) == bytes(digest))
            )
            head = _chain(head, seq, at_utc, at_ms, actor, kind, bytes(digest))
            if not intact or head != bytes(event_hash):
                raise Damaged(
                    f"The event log does not add up at event {seq}.",
                    safe="Nothing was changed.",
                    do="Restore the file from your backup; what follows this event may have been altered.",
                )
        if absent:
            raise Damaged(
                f"What event {min(absent)} held is missing, and no event says that it was destroyed.",
                safe="Nothing was changed.",
                do="Restore the file from your backup.",
            )
        return expected


def _destroyed(event: Event) -> tuple[int, ...]:
    destroying = AudioStruck | HearingForgotten | SpeechWithdrawn | WithdrawalOrdered
    return event.destroyed if isinstance(event, destroying) else ()


def _decode(kind: str, body: str) -> Event:
    if kind not in _TYPES:
        raise NewerVersion(
            "The log holds events that this version of Facilitator does not know.",
            safe="Nothing was changed.",
            do="Update with `pip install --upgrade facilitator`.",
        )
    try:
        event: Event = _adapter(kind).validate_json(body)
    except ValidationError:
        # without its cause, which quotes the payload
        raise Damaged("An event cannot be read.", safe="Nothing was changed.", do="Restore your backup.") from None
    return event


def _payload_digest(salt: bytes, body: str) -> bytes:
    return hashlib.sha256(salt + body.encode()).digest()


def _chain(previous: bytes, seq: int, at_utc: str, at_ms: int, actor: str, kind: str, digest: bytes) -> bytes:
    text = json.dumps([seq, at_utc, at_ms, actor, kind], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + text.encode() + digest).digest()
