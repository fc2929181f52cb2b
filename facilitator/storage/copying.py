"""Copying a study's files while programs write to them, durably, and the note that a copy carries."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sqlcipher3 import dbapi2 as sqlcipher

from facilitator.domain.errors import Damaged
from facilitator.storage.database import open_database
from facilitator.storage.event_log import EventLog
from facilitator.storage.files import storage_failed, sync_file, write_atomically
from facilitator.storage.study_folder import SessionFolder

_NOTE: Final = "copied.json"
_BLOCK: Final = 1 << 20


def copy_file(source: Path, target: Path, copied: Callable[[int], None], *, length: int | None = None) -> str:
    """Copy the first `length` bytes (all, if None) to a new file, down to the disk; returns their hex SHA-256.

    `copied` hears how many bytes each step copied, and may raise to stop.

    Raises:
        StorageFailed: the disk refused the copy.
        Damaged: `source` cannot be read, or is shorter than `length`.
    """
    digest, left = hashlib.sha256(), length
    with _reading(source) as file, _writing(target) as out:
        while block := _block(file, source, left):
            digest.update(block)
            with _refused(target):
                out.write(block)
            left = None if left is None else left - len(block)
            copied(len(block))
    if left:
        raise _unreadable(source, "it became shorter")
    return digest.hexdigest()


def file_digest(path: Path) -> str:
    """Hex SHA-256 of a file. Raises Damaged where it cannot be read."""
    digest = hashlib.sha256()
    with _reading(path) as file:
        while block := _block(file, path, None):
            digest.update(block)
    return digest.hexdigest()


def copy_database(source: Path, target: Path, key: bytes) -> None:
    """Copy a database as of one moment, with the same key and with its write-ahead file folded in.

    The source may be open elsewhere: a writer never waits, for a reader of a WAL database holds no lock on it.

    Raises:
        NotFound, NewerVersion, Busy: as `open_database`.
        Damaged: the copy does not add up, for a damaged page is copied without a word.
        StorageFailed: the disk refused the copy.
    """
    connection = open_database(source, key, read_only=True)
    try:
        with _writing(target):
            pass  # an empty file with our rights
        with _refused(target):
            copy = sqlcipher.connect(str(target), isolation_level=None)
            try:
                copy.execute("PRAGMA cipher_log_level = NONE")
                copy.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
                connection.backup(copy)
                copy.execute(
                    "PRAGMA journal_mode = DELETE"
                )  # one file, that can be opened where nothing can be written
            finally:
                copy.close()
            descriptor = os.open(target, os.O_RDWR)
            try:
                sync_file(descriptor)
            finally:
                os.close(descriptor)
    finally:
        connection.close()
    _verify_log(target, key)


def _verify_log(path: Path, key: bytes) -> None:
    connection = open_database(path, key, read_only=True)
    try:
        EventLog(connection).verify()
    finally:
        connection.close()


def write_copy_note(folder: SessionFolder, made_utc: str) -> None:
    """Say in a copy of a session that it was being recorded when the copy was made. Raises StorageFailed."""
    write_atomically(folder.root / _NOTE, json.dumps({"recorded_while_copied_utc": made_utc}).encode() + b"\n")


def read_copy_note(folder: SessionFolder) -> str | None:
    """When this copy of a session was made while it was being recorded; None for any other session."""
    try:
        made: object = json.loads((folder.root / _NOTE).read_bytes())["recorded_while_copied_utc"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return made if isinstance(made, str) else None


def forget_copy_note(folder: SessionFolder) -> None:
    """The copied recording was put in order."""
    with _refused(folder.root / _NOTE):
        (folder.root / _NOTE).unlink(missing_ok=True)


def _block(file: BinaryIO, source: Path, left: int | None) -> bytes:
    try:
        return file.read(_BLOCK if left is None else min(_BLOCK, left))
    except OSError as error:
        raise _unreadable(source, str(error.strerror)) from error


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from error
    with file:
        yield file


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[BinaryIO]:
    """A new file, readable by its owner only, that is on the disk when the block ends."""
    with _refused(path):
        file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb")
    with file:
        yield file
        with _refused(path):
            file.flush()
            sync_file(file.fileno())
            if hasattr(
                os, "posix_fadvise"
            ):  # so that reading it back reads the medium, as far as the system goes along
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextlib.contextmanager
def _refused(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_failed(path, error) from error
    except sqlcipher.Error as error:
        raise storage_failed(path, OSError(0, str(error))) from error


def _unreadable(path: Path, why: str) -> Damaged:
    return Damaged(
        f"{path.name} in {path.parent} cannot be read: {why}.", safe="It was not changed.", do="Check the disk."
    )
