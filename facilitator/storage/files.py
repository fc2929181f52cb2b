"""Durable small files and locks."""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from facilitator.domain.errors import Busy, Damaged, NotFound, StorageFailed

_PIECE: Final = 64 * 1024


def sync_file(descriptor: int) -> None:
    """Force a file's bytes to the drive; on macOS plain fsync stops at the drive's cache."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Force new and renamed entries of a folder to the drive. Windows has no such call and needs none.

    Raises:
        StorageFailed: the disk refused.
    """
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise storage_failed(folder, error) from error


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


def can_be_written(path: Path) -> bool:
    """False where the medium or the rights keep everybody here from writing, whatever room there is."""
    return os.access(path, os.W_OK)


def give_up_some(reserve: Path) -> bool:
    """Free 64 KiB of a file that only holds room in reserve, or all of a smaller one; False where there is none.

    No more than a note needs: a recording that runs would fill the rest before the next note comes.
    """
    try:
        size = reserve.stat().st_size
        if size <= _PIECE:
            reserve.unlink()
        else:
            os.truncate(reserve, size - _PIECE)
    except OSError:
        return False
    return True


def make_folder(path: Path) -> None:
    """Create a folder, and those above it, that only its owner can enter; it lasts when this returns.

    Raises:
        StorageFailed: the disk refused.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    try:
        for one in reversed(missing):
            one.mkdir(mode=0o700, exist_ok=True)
            sync_folder(one.parent)
    except OSError as error:
        raise storage_failed(path, error) from error


@contextlib.contextmanager
def held(path: Path, what: str, *, changing: bool = False, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path` for the duration; the system frees it when the process dies.

    `changing`: who holds it does not have it open, but is changing it, which ends by itself. `wait_s` in seconds.

    Raises:
        Busy: another program holds it, and still did after `wait_s`.
    """
    lock = FileLock(path, timeout=wait_s, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        how = "is being changed by" if changing else "is open in"
        raise Busy(
            f"{what} {how} another window or program.",
            safe="Nothing was changed here.",
            do="Try again when that is done." if changing else "Close it there first, then try again.",
        ) from error
    except OSError as error:
        raise storage_failed(path, error) from error
    try:
        yield
    finally:
        lock.release()
