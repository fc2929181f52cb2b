import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from facilitator.domain import events as ev
from facilitator.domain.errors import Busy, Damaged, NewerVersion, NotFound, StorageFailed, UsageError
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.ids import ResearchNumber, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.session_state import SessionState
from facilitator.domain.transcript import Segment, Word
from facilitator.storage import database
from facilitator.storage.database import Connection, create_database, open_database, transaction
from facilitator.storage.event_log import EventLog
from facilitator.storage.files import held, write_atomically

KEY = bytes(range(32))
GUIDE = Guide("g", "Guide", "en", (Section("S", (Question("q1", QuestionType.KEY, "Why?", 5.0, ("More?",)),)),))
SEGMENTS = (
    Segment(1, 0, 900, Speaker("P1"), "Hei Kristin", (Word("Hei", 0, 300, 0.9), Word("Kristin", 300, 900, 0.5))),
)
EVENTS: list[tuple[ev.Event, int]] = [
    (ev.SessionPlanned("Group", GUIDE, (ResearchNumber("P1"),)), 0),
    (ev.NoteTaken(NoteKind.QUOTE, "[/nope] ☃", Speaker("P1"), "q1"), 42),
    (ev.DraftMade(SEGMENTS), 0),
    (ev.TextCorrected(1, "Hei Kristin", "Hei, Kristin"), 0),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session.db"


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    made = create_database(path, KEY)
    yield made
    made.close()


def test_events_come_back_as_they_were_stored(connection: Connection) -> None:
    log = EventLog(connection)
    stored = log.append_all(EVENTS)
    assert [(item.event, item.at_ms) for item in log.read()] == EVENTS
    assert list(log.read()) == stored
    assert list(log.read(after=2)) == stored[2:]
    assert log.verify() == len(EVENTS)
    assert SessionState.fold(log.read()).segments[1].text == "Hei, Kristin"


def test_the_file_shows_nothing_of_what_it_holds(connection: Connection, path: Path) -> None:
    EventLog(connection).append_all(EVENTS)
    for file in path.parent.iterdir():
        data = file.read_bytes()
        assert b"Kristin" not in data and b"session.planned" not in data and b"SQLite format" not in data


def test_an_aborted_transaction_stores_nothing(connection: Connection) -> None:
    log = EventLog(connection)
    log.append_all(EVENTS[:1])

    with pytest.raises(StorageFailed):
        log.append_all([EVENTS[1], (EVENTS[2][0], cast(int, None))])  # the second has no time
    assert len(list(log.read())) == 1
    assert log.append(EVENTS[1][0]).seq == 2


def test_events_can_be_neither_changed_nor_deleted(connection: Connection) -> None:
    EventLog(connection).append_all(EVENTS)
    for statement in ("UPDATE event SET at_ms = 1", "DELETE FROM event"):
        with pytest.raises(sqlcipher.IntegrityError):
            connection.execute(statement)


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE payload SET body = replace(body, 'nope', 'yes') WHERE seq = 2",
        "UPDATE event SET at_ms = 43 WHERE seq = 2",
        "UPDATE event SET actor = 'officer' WHERE seq = 3",
        "DELETE FROM payload WHERE seq = 2; DELETE FROM event WHERE seq = 2",
    ],
)
def test_tampering_breaks_the_chain(connection: Connection, tamper: str) -> None:
    log = EventLog(connection)
    log.append_all(EVENTS)
    connection.executescript("DROP TRIGGER event_is_insert_only; DROP TRIGGER event_is_kept;" + tamper)
    with pytest.raises(Damaged):
        log.verify()


def test_a_destroyed_payload_leaves_the_chain_whole(connection: Connection) -> None:
    log = EventLog(connection)
    log.append_all(EVENTS)
    log.append(ev.AudioStruck(0, 1000, 0, 4, 48_000, "ab" * 32, destroyed=(2,)))
    assert log.verify() == len(EVENTS) + 1
    assert [item.seq for item in log.read()] == [1, 3, 4, 5]
    assert not connection.execute("SELECT body FROM payload WHERE seq = 2").fetchall()


def test_a_payload_that_vanished_without_a_word_is_damage(connection: Connection) -> None:
    log = EventLog(connection)
    log.append_all(EVENTS)
    log.append(ev.AudioStruck(0, 1000, 0, 4, 48_000, "ab" * 32, destroyed=(4,)))
    connection.execute("DELETE FROM payload WHERE seq = 2")
    with pytest.raises(Damaged, match="event 2 "):
        log.verify()


def test_two_writers_never_take_the_same_number(connection: Connection, path: Path) -> None:
    other = open_database(path, KEY)
    logs = (EventLog(connection), EventLog(other))
    for turn in range(20):
        logs[turn % 2].append(EVENTS[1][0], turn)
    other.close()
    assert [item.at_ms for item in logs[0].read()] == list(range(20))
    assert logs[0].verify() == 20


def test_a_check_is_made_where_nobody_else_can_write_and_can_refuse(connection: Connection, path: Path) -> None:
    log, other = EventLog(connection), open_database(path, KEY)

    def refuse() -> None:
        assert connection.in_transaction
        raise UsageError("refused")

    with pytest.raises(UsageError, match="refused"):
        log.append_all(EVENTS, refuse)
    assert EventLog(other).append(EVENTS[0][0]).seq == 1
    assert log.append(EVENTS[1][0]).seq == 2
    other.close()


def test_a_writer_that_never_gets_its_turn_is_told_so(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_S", 0.05)
    other = open_database(path, KEY)
    with transaction(connection), pytest.raises(Busy, match="all the time"):
        EventLog(other).append(EVENTS[0][0])
    assert EventLog(other).append(EVENTS[0][0]).seq == 1
    other.close()


def test_no_old_page_outlives_a_destroyed_payload_beside_another_connection(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_S", 0.05)
    log, other = EventLog(connection), EventLog(open_database(path, KEY))
    ahead = path.with_name("session.db-wal")
    log.append_all(EVENTS)
    assert len(list(other.read())) == len(EVENTS) and ahead.stat().st_size
    log.append(ev.AudioStruck(0, 1000, 0, 4, 48_000, "ab" * 32, destroyed=(2,)))
    assert ahead.stat().st_size == 0  # the other is open, and reads nothing just now

    reading = other.read()
    next(reading)
    log.append(ev.AudioStruck(0, 1000, 0, 4, 48_000, "ab" * 32, destroyed=(4,)))
    assert ahead.stat().st_size
    list(reading)
    log.clear_old_pages()
    assert ahead.stat().st_size == 0
    other._connection.close()


def test_an_older_database_is_not_brought_up_to_date_beside_another_program(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, "CREATE TABLE later (x TEXT);"))
    with pytest.raises(Busy, match="older format"):
        open_database(path, KEY, upgrade=False)
    assert list(path.parent.glob("*.before-format-*")) == []


def test_a_wrong_key_and_a_flipped_byte_are_refused(connection: Connection, path: Path) -> None:
    EventLog(connection).append_all(EVENTS)
    connection.close()
    with pytest.raises(Damaged):
        open_database(path, bytes(32))
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Damaged):
        open_database(path, KEY)
    with pytest.raises(NotFound):
        open_database(path.with_name("absent.db"), KEY)


def test_a_newer_database_is_left_alone(connection: Connection, path: Path) -> None:
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerVersion):
        open_database(path, KEY)


def test_an_event_of_a_newer_version_is_named_as_such(connection: Connection) -> None:
    log = EventLog(connection)
    log.append_all(EVENTS)
    connection.execute("DROP TRIGGER event_is_insert_only")
    connection.execute("UPDATE event SET kind = 'future.thing' WHERE seq = 2")
    with pytest.raises(NewerVersion):
        list(log.read())


def test_settings_that_durability_rests_on(connection: Connection) -> None:
    def pragma(name: str) -> object:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2  # FULL
    assert pragma("foreign_keys") == 1
    assert pragma("secure_delete") == 1


def test_acknowledged_events_survive_a_killed_writer(path: Path, tmp_path: Path) -> None:
    create_database(path, KEY).close()
    script = (
        "import os, sys, pathlib\n"
        "from facilitator.storage.database import open_database\n"
        "from facilitator.storage.event_log import EventLog\n"
        "from facilitator.domain import events as ev\n"
        "log = EventLog(open_database(pathlib.Path(sys.argv[1]), bytes(range(32))))\n"
        "for n in range(10_000):\n"
        "    log.append(ev.QuestionAsked(f'q{n}'), n)\n"
        "    print(n, flush=True)\n"
        "    if n == 50: os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    acknowledged = len(done.stdout.split())
    assert done.returncode == -9 and acknowledged == 51
    connection = open_database(path, KEY)
    assert EventLog(connection).verify() >= acknowledged
    connection.close()


def test_a_held_lock_is_busy_and_freed_again(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock, "Session 01"), pytest.raises(Busy, match="Session 01"), held(lock, "Session 01"):
        pass
    with held(lock, "Session 01"):
        assert lock.exists()


def test_atomic_writes_leave_the_old_file_when_they_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageFailed):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
