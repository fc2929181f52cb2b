"""Writing export files so that they last, and removing them so that nothing of a failed export stays."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facilitator.domain.errors import StorageFailed


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what the disk refuses into StorageFailed."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(
            f"The export could not be written ({error.strerror or type(error).__name__}).",
            safe="The study is unchanged, and no part of the export was left behind.",
            do="Check that there is room, and that you may write in the exports folder; then export again.",
        ) from error


def write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet, readable by its owner only, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    if os.name == "nt":  # Windows has no handle for a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def discard(folder: Path) -> None:
    """Delete a folder of an export that failed; StorageFailed tells when part of it may remain."""
    if not folder.exists():
        return
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StorageFailed(
            f"The export failed, and what was written of it could not be deleted ({error.strerror}).",
            safe="The study is unchanged.",
            do="Delete the newest folder in the session's exports folder, hidden ones included.",
        ) from error
