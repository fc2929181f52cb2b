"""SQLCipher databases: how one is opened, checked and brought up to date."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2 as sqlcipher

from facilitator.domain.errors import Busy, Damaged, MissingNeed, NewerVersion, NotFound, StorageFailed
from facilitator.storage.files import can_be_written, storage_failed, sync_folder

APPLICATION_ID: Final = 0x46414354
"""`FACT`: marks a file as a database of this program."""
MIN_SQLITE: Final = (3, 51, 3)
"""Earlier releases can lose commits when a WAL checkpoint races (sqlite.org/wal.html#walresetbug)."""

WAIT_S: Final = 5.0
"""How long a connection waits for others that write; a commit takes them milliseconds."""
_LOOK_S: Final = 0.002

Connection = sqlite3.Connection
"""sqlcipher3 gives the same interface as the standard library's sqlite3; this is its type for checkers."""

_SCHEMA_1: Final = """
CREATE TABLE event (
  seq INTEGER PRIMARY KEY, at_utc TEXT NOT NULL, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,
  payload_digest BLOB NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TABLE payload (seq INTEGER PRIMARY KEY REFERENCES event(seq), salt BLOB NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TRIGGER event_is_insert_only BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
"""
MIGRATIONS: Final = (_SCHEMA_1,)
"""Entry n brings a database from `user_version` n to n + 1."""
WRITING: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "fullfsync = ON",
    "checkpoint_fullfsync = ON",
    "foreign_keys = ON",
    "secure_delete = ON",
)
"""Pragmas of every connection that writes; the first four are what makes a commit last."""


def create_database(path: Path, key: bytes) -> Connection:
    """Make a database at `path`, which must not exist; `key` is 32 raw bytes. Raises StorageFailed."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise storage_failed(path, error) from error
    with _explained(path):
        connection = _connect(path, key, read_only=False)
        _migrate(connection, 0)
    sync_folder(path.parent)
    return connection


def open_database(path: Path, key: bytes, *, read_only: bool = False, upgrade: bool = True) -> Connection:
    """Open an existing database; an older one is backed up and brought up to date unless `read_only`.

    Raises:
        NotFound, Damaged: it is absent, changed, or the key does not fit.
        NewerVersion: a newer version of this program wrote it.
        Busy: another program is writing; or it is an older one, and not to be brought up to date here (`upgrade`).
        StorageFailed: the disk refused; of one that is on a medium that cannot be written, the newest events are
            still in its write-ahead file.
    """
    if not path.exists():
        raise NotFound(f"The database is missing: {path}.", do="Restore it from your backup.")
    with _explained(path, read_only=read_only):
        connection = _connect(path, key, read_only=read_only)
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise _damaged(path)
        if version > len(MIGRATIONS):
            connection.close()
            raise NewerVersion(
                f"{path.name} was written by a newer version of Facilitator (format {version}).",
                safe="It was left untouched.",
                do="Update with `pip install --upgrade facilitator`.",
            )
        if version < len(MIGRATIONS) and not read_only:
            if not upgrade:
                connection.close()
                raise _outdated(path)
            _back_up(connection, path, key)
            _migrate(connection, version)
    return connection


@contextlib.contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """One durable transaction: committed when the block ends, rolled back when it raises.

    Raises:
        StorageFailed: the disk refused; nothing of the block was stored.
        Busy: others wrote without a pause for 5 s; nothing of the block was stored.
    """
    try:
        _begin(connection)
        yield
        connection.execute("COMMIT")
    except sqlcipher.Error as error:
        _roll_back(connection)
        if _is_locked(error):
            raise _occupied() from error
        raise storage_failed(Path("session data"), OSError(0, str(error))) from error
    except BaseException:
        _roll_back(connection)
        raise


def _begin(connection: Connection) -> None:
    """Take the right to write. SQLite looks ten times a second only, and may find a busy writer busy each time."""
    deadline = time.monotonic() + WAIT_S
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlcipher.OperationalError as error:
                if not _is_locked(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_S)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(WAIT_S * 1000)}")


def emptied_write_ahead(connection: Connection) -> bool:
    """Move what the write-ahead file holds into the database, and cut it to nothing.

    False when a reader or the disk did not let that happen, for 5 s; the last program to close the database does it
    then at the latest. Another connection that neither reads nor writes just now is no hindrance.
    """
    try:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlcipher.Error:
        return False
    return not busy


def query(connection: Connection, statement: str, *values: Any) -> Iterator[Any]:
    """The rows of a query. Raises Damaged when a page of the file is not what was written."""
    try:
        yield from connection.execute(statement, values)
    except sqlcipher.DatabaseError as error:
        raise _damaged(Path("The log")) from error


def _roll_back(connection: Connection) -> None:
    with contextlib.suppress(sqlcipher.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _connect(path: Path, key: bytes, *, read_only: bool) -> Connection:
    if tuple(int(part) for part in sqlcipher.sqlite_version.split(".")) < MIN_SQLITE:
        raise MissingNeed(
            f"The SQLite inside sqlcipher3 is {sqlcipher.sqlite_version}, too old to be safe.",
            do="Update it with `pip install --upgrade sqlcipher3`.",
        )
    mode = "rw" if not read_only else "ro&immutable=1" if _frozen(path) else "ro"
    connection: Any = sqlcipher.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=WAIT_S,
    )
    connection.execute("PRAGMA cipher_log_level = NONE")  # it writes to stderr, across the screen
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    if not read_only:
        for pragma in WRITING:
            connection.execute(f"PRAGMA {pragma}")
    return connection  # type: ignore[no-any-return]  # sqlcipher3 ships no types


def _frozen(path: Path) -> bool:
    """Whether nothing can be written here, and all is in the file itself: only then may SQLite do without its locks."""
    beside = (path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-journal"))
    return not can_be_written(path.parent) and not any(one.exists() and one.stat().st_size for one in beside)


def _migrate(connection: Connection, version: int) -> None:
    for script in migration_scripts(version):
        connection.executescript(script)


def migration_scripts(version: int) -> list[str]:
    """What brings a database of `version` up to date, one transaction each."""
    return [
        f"BEGIN IMMEDIATE; {script} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT;"
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1)
    ]


def _back_up(connection: Connection, path: Path, key: bytes) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    copy = path.with_name(f"{path.stem}.before-format-{version + 1}{path.suffix}")
    copy.unlink(missing_ok=True)
    _export(connection, copy, key)


def copy_under_new_key(path: Path, key: bytes, target: Path, new_key: bytes) -> None:
    """Copy the database at `path` to `target`, which must not exist, encrypted with `new_key`.

    Nobody else may have it open, even for reading, since they would go on with the old one.

    Raises:
        Busy: another program has it open.
        NotFound, Damaged, NewerVersion, StorageFailed: as `open_database`.
    """
    connection = open_database(path, key)
    try:
        with _explained(path):
            connection.execute("PRAGMA journal_mode = DELETE")  # refused while anybody else has it open
            target.touch(mode=0o600, exist_ok=False)
            _export(connection, target, new_key)
    except OSError as error:
        raise storage_failed(target, error) from error
    finally:
        connection.close()


def _export(connection: Connection, target: Path, key: bytes) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.execute("ATTACH DATABASE ? AS copy KEY ?", (str(target), f"x'{key.hex()}'"))
    connection.execute("SELECT sqlcipher_export('copy')")
    connection.execute(f"PRAGMA copy.user_version = {version}")
    connection.execute(f"PRAGMA copy.application_id = {APPLICATION_ID}")
    connection.execute("DETACH DATABASE copy")


@contextlib.contextmanager
def _explained(path: Path, *, read_only: bool = False) -> Iterator[None]:
    try:
        yield
    except sqlcipher.OperationalError as error:
        if _is_locked(error):
            raise _busy(path) from error
        if read_only:
            raise _unopened(path, error) from error
        raise storage_failed(path, OSError(0, str(error))) from error
    except sqlcipher.DatabaseError as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> Damaged:
    return Damaged(
        f"{path.name} is damaged, or its key does not fit.",
        safe="Nothing was written.",
        do="Restore it from your backup.",
    )


def _unopened(path: Path, error: Exception) -> StorageFailed:
    return StorageFailed(
        f"{path.name} in {path.parent} cannot be opened without writing there: {error}.",
        safe="Nothing was changed.",
        do="Copy the whole folder of the study to a disk that can be written, and open the copy.",
    )


def _is_locked(error: Exception) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _outdated(path: Path) -> Busy:
    return Busy(
        f"{path.name} is of an older format, and is brought up to date when it is opened for work.",
        safe="Nothing was changed.",
        do="Open the session there first, then try again.",
    )


def _occupied() -> Busy:
    return Busy("Another program is writing to the log all the time.", safe="This was not stored.", do="Try it again.")


def _busy(path: Path) -> Busy:
    return Busy(f"{path.name} is in use by another program.", do="Close it there, then try again.")
