"""Durable small files and locks."""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from facilitator.domain.errors import Busy, Damaged, NotFound, StorageFailed


def sync_file(descriptor: int) -> None:
    """Force a file's bytes to the drive; on macOS plain fsync stops at the drive's cache."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Force new and renamed entries of a folder to the drive. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data`: a reader sees the old file or the new one, whole, even after a power cut.

    Raises:
        StorageFailed: the folder cannot be written, or the disk is full; the old file is untouched.
    """
    staged = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            sync_file(out.fileno())
        staged.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            staged.unlink(missing_ok=True)
        raise storage_failed(path, error) from error


def storage_failed(path: Path, error: OSError) -> StorageFailed:
    """The error to raise when the disk refused; names the file, never its content."""
    return StorageFailed(
        f"{path.name} could not be written in {path.parent}: {error.strerror or error}.",
        safe="What was stored before is unchanged.",
        do="Check that the folder is writable and the disk has space, then try again.",
    )


def read_file(path: Path, what: str) -> bytes:
    """The bytes of `path`.

    Raises:
        NotFound: it is not there.
        Damaged: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"The {what} is missing: {path}.", do="Restore it from your backup.") from error
    except OSError as error:
        raise Damaged(
            f"The {what} cannot be read: {error.strerror}.", safe="Nothing was changed.", do="Check the disk."
        ) from error


def make_folder(path: Path) -> None:
    """Create a folder that only its owner can enter; raises StorageFailed."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise storage_failed(path, error) from error


@contextlib.contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path` for the duration; the system frees it when the process dies.

    Raises:
        Busy: another program holds it.
    """
    lock = FileLock(path, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise Busy(
            f"{what} is open in another window or program.",
            safe="Nothing was changed here.",
            do="Close it there first, then try again.",
        ) from error
    except OSError as error:
        raise storage_failed(path, error) from error
    try:
        yield
    finally:
        lock.release()
