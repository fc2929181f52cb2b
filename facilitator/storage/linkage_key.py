"""The key of the linkage file, apart from all others: destroying it makes every copy of that file unreadable.

`linkage.key.age` holds an identity, sealed for those who may see names; `linkage.age`, which may lie on another medium,
is sealed for that identity. Studies made before there was such a key have the file sealed for the researcher; they are
brought up to date when they are opened with the file at hand.
"""

from dataclasses import dataclass
from pathlib import Path

from facilitator.domain.errors import AccessRefused, NotFound
from facilitator.storage.files import read_file, storage_failed, sync_folder, write_atomically
from facilitator.storage.keys import (
    PersonalKey,
    damaged,
    new_personal_key,
    personal_key,
    seal,
    sealed_openable,
    unseal,
)
from facilitator.storage.linkage import Linkage, read_linkage, write_linkage
from facilitator.storage.shredding import (
    copies_left,
    finish_shredding,
    keep_old,
    overwrite,
    shred,
    shred_each,
    shred_old,
)

_WHAT = "linkage key"


@dataclass(frozen=True, slots=True)
class LinkageFiles:
    """Where the key and the file lie. `root` is the study, `file` may be elsewhere.

    `next_key` is there while the key is being replaced, `doomed_key` while it is being destroyed.
    """

    root: Path
    file: Path

    @property
    def key(self) -> Path:
        return self.root / "linkage.key.age"

    @property
    def next_key(self) -> Path:
        return self.root / "linkage.key.next.age"

    @property
    def doomed_key(self) -> Path:
        return self.root / "linkage.key.destroying.age"


def create(files: LinkageFiles, recipients: tuple[str, ...], linkage: Linkage | None = None) -> None:
    """Make a key for `recipients` and a linkage file. Raises StorageFailed."""
    made = new_personal_key()
    write_atomically(files.key, seal(_text(made), recipients))
    write_linkage(files.file, linkage or Linkage(), (made.recipient,))


def open_key(path: Path, key: PersonalKey) -> PersonalKey:
    """The linkage key stored at `path`.

    Raises:
        AccessRefused: it is not sealed for `key`: names are not open to that person.
        NotFound, Damaged: it is absent, or not what was written.
    """
    try:
        return personal_key(unseal(read_file(path, _WHAT), key, _WHAT).decode(errors="replace"))
    except AccessRefused as error:
        raise AccessRefused(
            "The names of this study are not open to your key.",
            safe="Nothing was changed.",
            do="Ask the researcher. If that is you, restore linkage.key.age from your backup.",
        ) from error


def read(files: LinkageFiles, key: PersonalKey) -> Linkage:
    """Names and surface forms.

    Raises:
        AccessRefused: names are not open to `key`.
        NotFound: the file or its key is not there.
        Damaged: one of them is not what was written.
    """
    if not files.key.exists():
        return _read_without_key(files, key)
    own = open_key(files.key, key)
    refused: AccessRefused | None = None
    for candidate in (own, *_next(files, key), key):
        try:
            return read_linkage(files.file, candidate)
        except AccessRefused as error:
            refused = error
    raise damaged("linkage file, or its key,") from refused


def write(files: LinkageFiles, linkage: Linkage, key: PersonalKey) -> None:
    """Seal and replace the linkage file; errors as `read`, and StorageFailed."""
    write_linkage(files.file, linkage, (open_key(files.key, key).recipient,))


def unsettled(files: LinkageFiles, key: PersonalKey) -> bool:
    """Whether `settle` has something to do. Reads only."""
    if files.doomed_key.exists() or not files.file.exists():
        return False
    if files.next_key.exists() or files.key.with_name(f".old-{files.key.name}").exists():
        return True
    if not files.key.exists():
        return _opens(files.file, key)
    return not _opens(files.file, open_key(files.key, key)) and _opens(files.file, key)


def settle(files: LinkageFiles, key: PersonalKey, recipients: tuple[str, ...]) -> None:
    """End what broke off, and bring a file of before up to date. Call it with the study held.

    Raises:
        StorageFailed, AccessRefused, Damaged: as `read` and `write`; nothing is lost.
    """
    if files.next_key.exists():
        if _opens(files.file, open_key(files.next_key, key)):
            _replace_key(files)
        else:
            shred(files.next_key)
    finish_shredding(files.key)
    if not files.key.exists():
        _write_key(files.key, new_personal_key(), recipients, key)
    if not _opens(files.file, open_key(files.key, key)):
        write(files, read_linkage(files.file, key), key)


def reseal_key(files: LinkageFiles, key: PersonalKey, recipients: tuple[str, ...]) -> None:
    """Seal the same key for `recipients` and read it back. Errors as `open_key`, and StorageFailed."""
    own = open_key(files.key, key)
    _write_key(files.key, own, recipients, key)
    if open_key(files.key, key) != own:
        raise damaged(_WHAT)


def rekey(files: LinkageFiles, key: PersonalKey, recipients: tuple[str, ...]) -> None:
    """Make a new key for `recipients` and seal the file for it: copies of the old key open only old copies.

    The file's replacement is what counts: before it all is as it was, after it `settle` ends the rest.
    """
    if unsettled(files, key):  # else the only key that opens the file by now might be overwritten
        settle(files, key, recipients)
    linkage, new = read(files, key), new_personal_key()
    _write_key(files.next_key, new, recipients, key)
    write_linkage(files.file, linkage, (new.recipient,))
    if read_linkage(files.file, open_key(files.next_key, key)) != linkage:
        raise damaged("linkage file")
    _replace_key(files)


def destroy_key(files: LinkageFiles) -> None:
    """Destroy the key and every copy of it that lies beside it. The linkage file opens for nobody when this returns.

    The empty `doomed_key` stays, as a sign that this was begun; `forget` removes it once it was logged.

    Raises:
        StorageFailed: the key, or a copy of it, is still there; calling again goes on.
    """
    try:
        if files.key.exists():
            files.key.replace(files.doomed_key)
            sync_folder(files.root)
    except OSError as error:
        raise storage_failed(files.key, error) from error
    _empty(files.doomed_key)
    for path in (*copies_left(files.key), files.next_key, *copies_left(files.next_key)):
        shred(path)


def destroy_file(files: LinkageFiles) -> bool:
    """Destroy the linkage file, whose key is gone; returns whether it was at hand. It may be there still, unreadable:
    on a medium that cannot be written."""
    reached = files.file.exists()
    shred_each([files.file])
    return reached


def forget(files: LinkageFiles) -> None:
    """The destruction was logged. Raises StorageFailed."""
    shred(files.doomed_key)


def _empty(path: Path) -> None:
    """Overwrite a file that stays as a sign; where that cannot be, it goes."""
    try:
        if path.exists():
            overwrite(path)
    except OSError:
        shred(path)


def _read_without_key(files: LinkageFiles, key: PersonalKey) -> Linkage:
    try:
        return read_linkage(files.file, key)
    except AccessRefused as error:
        raise NotFound(
            f"The linkage key is missing: {files.key}.",
            safe="Nothing was changed.",
            do="Restore it from your backup. If it was destroyed on purpose, names cannot be had any more.",
        ) from error


def _next(files: LinkageFiles, key: PersonalKey) -> tuple[PersonalKey, ...]:
    return (open_key(files.next_key, key),) if files.next_key.exists() else ()


def _opens(path: Path, key: PersonalKey) -> bool:
    try:
        read_linkage(path, key)
    except AccessRefused:
        return False
    return True


def _write_key(path: Path, made: PersonalKey, recipients: tuple[str, ...], key: PersonalKey) -> None:
    write_atomically(path, sealed_openable(_text(made), recipients, key, _WHAT))


def _text(made: PersonalKey) -> bytes:
    return f"# public key: {made.recipient}\n{made.secret}\n".encode()


def _replace_key(files: LinkageFiles) -> None:
    old = keep_old(files.key)
    try:
        files.next_key.replace(files.key)
        sync_folder(files.root)
    except OSError as error:
        raise storage_failed(files.key, error) from error
    shred_old(files.key, old)
