"""Replacing every secret of a session, or of the study's database, so that it happens wholly or not at all.

All that is encrypted anew is staged in `rekeyed/` and read back there. Renaming the new key file over the old one is
what counts: a crash before it leaves everything as it was, and after it `finish` moves the rest into place, when the
session or study is next opened. In `rekeyed/`, `complete` says that all was staged; `old-key` is a second name of the
old key file, under which it is overwritten at the end.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from facilitator.domain.errors import Busy, Damaged
from facilitator.domain.events import Event
from facilitator.storage.database import copy_under_new_key, open_database
from facilitator.storage.event_log import EventLog
from facilitator.storage.files import held, make_folder, storage_failed, sync_folder, write_atomically
from facilitator.storage.shredding import finish_shredding, keep_old, shred_old, shred_unfinished

_STAGED: Final = "rekeyed"
_COMPLETE: Final = "complete"
_OLD: Final = "old-"
_OLD_KEY: Final = "old-key"
_BESIDE_A_DATABASE: Final = ("-wal", "-shm", "-journal")


def staging(root: Path) -> Path:
    """Where the re-keyed files of `root` are made."""
    return root / _STAGED


def begin(root: Path, key_name: str) -> Path:
    """An empty staging folder, after what an earlier attempt left was ended. Raises StorageFailed."""
    finish(root, key_name)
    make_folder(staging(root))
    sync_folder(root)
    return staging(root)


def stage_database(database: Path, key: bytes, new_key: bytes, events: Sequence[Event], actor: str) -> None:
    """Copy the database next to `rekeyed/` into it, under `new_key`, append `events` of `actor`, and read it back.

    Raises:
        Busy: another program has the database open.
        Damaged: it, or the copy, is not what was written.
        StorageFailed: the disk refused.
    """
    target = staging(database.parent) / database.name
    copy_under_new_key(database, key, target, new_key)
    old, new = open_database(database, key), open_database(target, new_key)
    try:
        before, copied = EventLog(old), EventLog(new, actor)
        whole = copied.head == before.head and copied.verify() == before.verify()
        if events:
            copied.append_all([(event, 0) for event in events])
        if not whole or copied.verify() < len(events):
            raise Damaged(f"The copy of {database.name} does not read back as it was written.", safe="It is as it was.")
    finally:
        old.close()
        new.close()


def commit(root: Path, key_name: str, sealed_key: bytes) -> None:
    """Put everything staged in force, with `sealed_key` as the key file. Raises StorageFailed."""
    staged = staging(root)
    write_atomically(staged / key_name, sealed_key)
    keep_old(root / key_name, staged / _OLD_KEY)
    write_atomically(staged / _COMPLETE, b"")
    try:
        (staged / key_name).replace(root / key_name)
        sync_folder(root)
        sync_folder(staged)
    except OSError as error:
        raise storage_failed(root / key_name, error) from error
    finish(root, key_name)


def settle(root: Path, key_name: str, lock_file: Path, what: str) -> None:
    """End a re-keying that broke off, unless one is going on just now and nothing of it counts yet.

    Raises:
        Busy: one is going on, and files are being moved into place.
        StorageFailed: the disk refused.
    """
    if not staging(root).exists():
        return
    try:
        with held(lock_file, what):
            finish(root, key_name)
    except Busy:
        if in_force(root, key_name):
            raise


def refuse_moving(root: Path, key_name: str, what: str) -> None:
    """For a look that changes nothing. Raises Busy while a new key counts and other files are still to be moved."""
    if in_force(root, key_name):
        raise Busy(
            f"New keys of {what} are being put in force, or that was interrupted.",
            safe="Everything is stored, and nothing was changed here.",
            do="Try again. If it stays so, open it for work once, such as with `facilitator session list`.",
        )


def in_force(root: Path, key_name: str) -> bool:
    """Whether the new key counts already, while other files are still to be moved."""
    staged = staging(root)
    return (staged / _COMPLETE).exists() and not (staged / key_name).exists()


def finish(root: Path, key_name: str) -> None:
    """Move what is staged into place if the new key counts, else remove it. Call it with `root` held.

    Raises:
        StorageFailed: the disk refused; another call goes on from there.
    """
    staged = staging(root)
    if not staged.exists():
        return
    try:
        if in_force(root, key_name):
            _move_into_place(root, staged)
            for old in sorted(root.glob("*.before-format-*.db")):  # copies under the old key
                old.unlink()
            shred_old(root / key_name, staged / _OLD_KEY)
            finish_shredding(root / key_name)  # the old key's further copies, of programs that were killed
            shred_unfinished(root / key_name)
        (staged / _COMPLETE).unlink(missing_ok=True)  # first: without it, nothing of this counts
        sync_folder(staged)
        shutil.rmtree(staged)
        sync_folder(root)
    except OSError as error:
        raise storage_failed(root, error) from error


def _move_into_place(root: Path, staged: Path) -> None:
    for path in sorted(staged.iterdir()):
        if path.name == _COMPLETE or path.name.startswith((_OLD, ".")):
            continue
        target = root / path.name
        if path.is_dir():
            if target.exists():
                target.replace(staged / f"{_OLD}{path.name}")
        elif path.suffix == ".db":
            for suffix in _BESIDE_A_DATABASE:  # they belong to the old one, and would be read into the new one
                target.with_name(f"{target.name}{suffix}").unlink(missing_ok=True)
        path.replace(target)
    sync_folder(root)
    sync_folder(staged)
