"""What can be done to an identity file beside opening it."""

import os
from pathlib import Path

from facilitator.domain.errors import UsageError
from facilitator.storage.files import read_file
from facilitator.storage.keys import (
    IDENTITY,
    PersonalKey,
    check_passphrase,
    damaged,
    opened_identity,
    personal_key,
    plain_identity,
    unlock_identity,
)
from facilitator.storage.passphrases import opened_by, sealed_by
from facilitator.storage.shredding import replace_and_shred


def needs_passphrase(path: Path) -> bool:
    """False for an identity file without a passphrase. Raises NotFound, Damaged."""
    return plain_identity(read_file(path, IDENTITY)) is None


def open_to_others(path: Path) -> bool:
    """Whether other users of this machine may read the file, by its mode."""
    return os.name != "nt" and bool(path.stat().st_mode & 0o077)


def change_passphrase(path: Path, old: str, new: str) -> PersonalKey:
    """Put the identity behind `new`; the key itself, and so everything sealed for it, stays as it is.

    Returns when the new file was read back from the disk and opened.

    Raises:
        AccessRefused: `old` does not open the file.
        InvalidInput: `new` has under 8 characters.
        UsageError: the file has no passphrase.
        NotFound, Damaged, StorageFailed: as `unlock_identity`, or the disk refused; the old file is then untouched.
    """
    check_passphrase(new)
    stored = read_file(path, IDENTITY)
    if plain_identity(stored) is not None:
        raise UsageError(
            f"{path.name} has no passphrase that could be changed.",
            safe="It was left untouched.",
            do="Put it behind one with the stock program: `age -p`.",
        )
    text = opened_identity(stored, old)
    key = personal_key(text.decode(errors="replace"))
    sealed = sealed_by(new, text)
    if opened_by(new, sealed) != text:
        raise damaged(IDENTITY)
    replace_and_shred(path, sealed)
    if unlock_identity(path, new) != key:
        raise damaged(IDENTITY)
    return key
