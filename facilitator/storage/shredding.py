"""Destroying files on purpose: overwritten, then removed.

On a solid-state drive, in a snapshot or a backup, older bytes can outlive this. What protects them then is that the
key which opens them is gone too; so keys go first, and nothing here claims more.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from facilitator.domain.errors import StorageFailed
from facilitator.storage.files import storage_failed, sync_file, sync_folder, write_atomically

_BLOCK: Final = 1 << 20
_OLD: Final = ".old-"


def shred(path: Path) -> None:
    """Overwrite a file with zeros, down to the disk, and remove it; nothing happens where it is absent.

    One that cannot be overwritten is removed all the same.

    Raises:
        StorageFailed: it is still there.
    """
    try:
        with contextlib.suppress(OSError):
            overwrite(path)
        path.unlink()
        sync_folder(path.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise not_destroyed(path, error) from error


def not_destroyed(path: Path, error: OSError) -> StorageFailed:
    """The error for a file that should be gone and is not."""
    return StorageFailed(
        f"{path.name} could not be destroyed in {path.parent}: {error.strerror or error}.",
        safe="What was destroyed before it stays destroyed.",
        do="Check that the folder can be written and the disk is sound, then run the command again.",
    )


def replace_and_shred(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step, then overwrite what was there; `finish_shredding` ends what broke off.

    Raises:
        StorageFailed: the disk refused; `path` is the old file or the new one, whole.
    """
    old = keep_old(path)
    write_atomically(path, data)
    shred_old(path, old)


def keep_old(path: Path, old: Path | None = None) -> Path:
    """A second name for the file at `path`, under which it can be overwritten once `path` was replaced."""
    old = old or path.with_name(f"{_OLD}{path.name}")
    try:
        old.unlink(missing_ok=True)
        if path.exists():
            with contextlib.suppress(OSError, NotImplementedError):  # no hard links on FAT: the bytes are freed only
                os.link(path, old)
                sync_folder(path.parent)
    except OSError as error:
        raise storage_failed(path, error) from error
    return old


def shred_old(path: Path, old: Path) -> None:
    """Overwrite and remove `old`, or remove only the name where it still is the file at `path`."""
    if not old.exists():
        return
    if path.exists() and old.samefile(path):
        old.unlink()
    else:
        shred(old)


def finish_shredding(path: Path) -> None:
    """End a `replace_and_shred` of `path` that broke off. Raises StorageFailed."""
    shred_old(path, path.with_name(f"{_OLD}{path.name}"))


def shred_unfinished(path: Path) -> None:
    """Destroy what a writer of `path` that was killed left beside it: a whole copy, maybe. Raises StorageFailed."""
    for left in sorted(path.parent.glob(f".{path.name}.*")):
        shred(left)


def shred_each(paths: list[Path]) -> list[Path]:
    """`shred` each, whatever happens to the others; returns those that are still there."""
    for path in paths:
        with contextlib.suppress(StorageFailed):
            shred(path)
    return [path for path in paths if path.exists()]


def copies_left(path: Path) -> list[Path]:
    """Copies of what `path` held before that a program which was killed, or a disk that refused, left beside it."""
    old = path.with_name(f"{_OLD}{path.name}")
    return [*([old] if old.exists() else []), *sorted(path.parent.glob(f".{path.name}.*"))]


def overwrite(path: Path) -> None:
    """Write zeros over all of a file, down to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
    try:
        left = os.fstat(descriptor).st_size
        while left:
            left -= os.write(descriptor, bytes(min(left, _BLOCK)))
        sync_file(descriptor)
    finally:
        os.close(descriptor)
