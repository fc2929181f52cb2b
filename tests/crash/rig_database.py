"""Power cuts under the real event log: schema and pragmas of `storage.database`, over a drive that lies in wait.

apsw carries its own, unencrypted SQLite; encryption changes pages, not the order of writes and syncs. One pragma is
added: `locking_mode = EXCLUSIVE`, since a Python file system has no shared memory.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

import apsw

from facilitator.domain import events as ev
from facilitator.domain.ids import Speaker
from facilitator.domain.notes import NoteKind
from facilitator.storage.database import WRITING, Connection, migration_scripts
from facilitator.storage.event_log import EventLog

from .framework import Outcome, Report, Tried, tally
from .lossy_vfs import Disk, PowerCut, registered

TITLE = "power cut of the database (simulated)"
HOLDS = "0 acknowledged events lost, 0 corrupt"
COUNT = 10_000
SECONDS = 50.0

NAME = "session.db"
MOST_CALLS = 300


def run(count: int, report: Report) -> Outcome:
    outcome = tally(report, range(count), cut_once)
    said = ("cuts", "stored", "destroyed")
    cuts, stored, destroyed = (report.total(name) for name in said)
    return outcome.noted(f"{cuts} cuts, {stored} events stored, {destroyed} of them destroyed by strikes")


@dataclass(slots=True)
class Ledger:
    """What the log acknowledged, by number, and how many events it was storing when the power went."""

    known: dict[int, ev.Stored] = field(default_factory=dict)
    in_flight: int = 0

    @property
    def destroyed(self) -> set[int]:
        struck = [stored.event for stored in self.known.values() if isinstance(stored.event, ev.AudioStruck)]
        return {seq for event in struck for seq in event.destroyed}


def cut_once(chance: random.Random, number: int, pragmas: Sequence[str] = WRITING) -> Tried:
    """One life of a database through one to three power cuts, after each of which it is opened."""
    files: dict[str, bytes] = {}
    ledger, why = Ledger(), ""
    cuts, wanted = 0, chance.choice((1, 1, 2, 3))
    while cuts < wanted and not why:
        disk = Disk(files, cut_at=chance.randrange(1, MOST_CALLS))
        if not _work(disk, ledger, chance, pragmas):
            continue  # cut while the database was being made: nobody was told that it was there, and it is made anew
        cuts += 1
        files = disk.survivors(chance)
        why = _lost(files, ledger, pragmas)
    return Tried(why, {"cuts": cuts, "stored": len(ledger.known), "destroyed": len(ledger.destroyed)})


def _work(disk: Disk, ledger: Ledger, chance: random.Random, pragmas: Sequence[str]) -> bool:
    """Store and checkpoint until the power goes or the work is done; False if the database was not even made."""
    made = disk.has(NAME)
    with registered(disk), suppress(PowerCut, apsw.Error):  # a cut looks to SQLite like a failing disk
        for _ in range(chance.choice((1, 1, 2, 3))):
            with _opened(pragmas) as connection:
                if not made:
                    disk.sync_folder()  # as create_database does
                made = True
                _store(connection, ledger, chance)
        disk.off = True
    return made


def _store(connection: apsw.Connection, ledger: Ledger, chance: random.Random) -> None:
    log = EventLog(cast(Connection, connection))
    for _ in range(chance.randrange(1, 40)):
        if chance.random() < 0.05:
            connection.execute(f"PRAGMA wal_checkpoint({chance.choice(('PASSIVE', 'FULL', 'TRUNCATE'))})")
        events = _events(chance, ledger)
        ledger.in_flight = len(events)
        ledger.known |= {stored.seq: stored for stored in log.append_all(events)}
        ledger.in_flight = 0


@contextmanager
def _opened(pragmas: Sequence[str]) -> Iterator[apsw.Connection]:
    connection = apsw.Connection(NAME, vfs="lossy")
    try:
        for pragma in ("locking_mode = EXCLUSIVE", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
        for script in migration_scripts(connection.pragma("user_version")):
            connection.execute(script)
        yield connection
        connection.close()
    finally:
        connection.close(force=True)


def _events(chance: random.Random, ledger: Ledger) -> list[tuple[ev.Event, int]]:
    """What a session stores in one go: mostly one note, at times several events, a long one, or a strike."""
    kept = [seq for seq in ledger.known.keys() - ledger.destroyed if isinstance(ledger.known[seq].event, ev.NoteTaken)]
    if kept and chance.random() < 0.1:
        struck = tuple(sorted(chance.sample(sorted(kept), min(len(kept), 3))))
        return [(ev.AudioStruck(0, 1000, 0, 4, 48_000, "ab" * 32, destroyed=struck), 0)]
    length = chance.choice((20, 200, 3_000, 40_000))
    return [
        (ev.NoteTaken(NoteKind.QUOTE, chance.randbytes(length // 2).hex(), Speaker("P1")), chance.randrange(10**6))
        for _ in range(chance.choice((1, 1, 1, 4)))
    ]


def _lost(files: dict[str, bytes], ledger: Ledger, pragmas: Sequence[str]) -> str:
    """Open what the drive holds, with the pragmas of the program, and compare; "" if nothing is missing, and nothing is
    back that a strike had destroyed.

    What was stored without being acknowledged, all of one call or nothing, counts as known from then on.
    """
    disk = Disk(files)
    with registered(disk), _opened(pragmas) as connection:
        verdict = connection.pragma("quick_check")
        log = EventLog(cast(Connection, connection))
        found, count = {stored.seq: stored for stored in log.read()}, log.verify()
    if verdict != "ok":
        return f"quick_check: {verdict}"
    extra = count - len(ledger.known)
    if extra not in (0, ledger.in_flight):
        return f"{count} events found, {len(ledger.known)} acknowledged, {ledger.in_flight} on the way"
    ledger.known |= {seq: found[seq] for seq in found if seq > len(ledger.known)}
    for seq, stored in ledger.known.items():
        if found.get(seq) != (None if seq in ledger.destroyed else stored):
            return f"event {seq} is not what was acknowledged"
    files.clear()
    files.update({name: bytes(file.cached) for name, file in disk.files.items() if not file.deleted})
    ledger.in_flight = 0
    return ""
