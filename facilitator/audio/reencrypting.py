"""Encrypts the records of a track anew, for another key, into another folder.

Sound, places, numbers and file names stay; the digests that chain the records are made anew. Where the chain was
broken, or records were destroyed on purpose, a record keeps the digest that it carries: a break stays visible, and the
log knows the digest that follows a strike.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facilitator.audio.record_format import (
    LENGTH,
    MAGIC,
    NO_PREVIOUS,
    Opener,
    Record,
    Struck,
    digest,
    pack,
)
from facilitator.audio.record_index import Slot, found_files, index_file, read_blob
from facilitator.domain.errors import Damaged, StorageFailed


@dataclass(frozen=True, slots=True)
class Reencrypted:
    """Of one track: how many records there are now, how many nobody could open and were left out, and the hex digests
    of the last record, before and after."""

    records: int
    left_out: int
    head_before: str
    head_after: str


def reencrypt(
    source: Path,
    target: Path,
    *,
    session_id: str,
    identity: str,
    new_identity: str,
    struck: Sequence[Struck] = (),
    done: Callable[[int], None] = lambda _: None,
) -> Reencrypted:
    """Write all records of `source` into the new folder `target` and read them back; `source` is not changed.

    `done` hears how many bytes of `source` each record took, when it is written and again when it is read back; it may
    raise to stop.

    Raises:
        AccessRefused: `identity` is malformed.
        Damaged: what was read back is not what was to be written.
        StorageFailed: the disk refused.
    """
    opener = Opener(identity, session_id)
    writer = _Writer(target, new_identity, {one.next_seq for one in struck if one.next_seq > one.first_seq})
    left_out = 0
    try:
        for slot, blob in _blobs(source, opener):
            record = opener.open(blob)
            if isinstance(record, Record):
                writer.write(slot.path.name, record, digest(blob))
            else:
                left_out += 1
            done(len(blob))
        writer.close()
    except OSError as error:
        raise _refused(error) from error
    finally:
        writer.leave()
    _read_back(target, Opener(new_identity, session_id), writer, done)
    return Reencrypted(writer.records, left_out, writer.before.hex(), writer.after.hex())


def _refused(error: OSError) -> StorageFailed:
    return StorageFailed(
        f"The disk refused to take the recording a second time ({error.strerror}).",
        safe="The recording is as it was.",
        do="Free as much space as the recording takes, then try again.",
    )


def _blobs(folder: Path, opener: Opener) -> Iterator[tuple[Slot, bytes]]:
    """Each record once, in the order of the chain."""
    found: dict[tuple[int, int], Slot] = {}
    next_seq = next_sample = 0
    for path in found_files(folder):
        slots = index_file(path, opener, next_seq=next_seq, next_sample=next_sample).slots
        if slots:
            next_seq, next_sample = slots[-1].seq + 1, slots[-1].end_sample
        for slot in slots:
            place = (slot.seq, slot.first_sample)
            if place not in found or (found[place].reason and not slot.reason):
                found[place] = slot
    for place in sorted(found):
        yield found[place], read_blob(found[place])


class _Writer:
    def __init__(self, folder: Path, identity: str, after_strikes: set[int]) -> None:
        import pyrage  # late: compiled, and needed only where audio is sealed

        self._recipients = [pyrage.x25519.Identity.from_str(identity).to_public()]
        self._encrypt = pyrage.encrypt
        self._folder, self._after_strikes = folder, after_strikes
        self._fd: int | None = None
        self._name = ""
        self.records = 0
        self.sound = hashlib.sha256()
        self.before = self.after = NO_PREVIOUS
        try:
            folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise _refused(error) from error

    def write(self, name: str, record: Record, old: bytes) -> None:
        follows = bool(self.records) and record.previous == self.before and record.seq not in self._after_strikes
        renewed = replace(record, previous=self.after) if follows else record
        blob: bytes = self._encrypt(pack(renewed), self._recipients)
        if name != self._name:
            self._begin(name)
        _write(self._fd, LENGTH.pack(len(blob)) + blob)
        self.records += 1
        self.sound.update(_identified(renewed))
        self.before, self.after = old, digest(blob)

    def close(self) -> None:
        """End the last file; all is on the disk then."""
        if self._fd is not None:
            os.fsync(self._fd)
        self.leave()
        if os.name != "nt":
            folder = os.open(self._folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    def leave(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def _begin(self, name: str) -> None:
        if self._fd is not None:
            os.fsync(self._fd)
        self.leave()
        path, self._name = self._folder / name, name
        begun = path.exists()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        if not begun:
            _write(self._fd, MAGIC)


def _read_back(folder: Path, opener: Opener, writer: _Writer, done: Callable[[int], None]) -> None:
    sound, records, last = hashlib.sha256(), 0, NO_PREVIOUS
    for _, blob in _blobs(folder, opener):
        record = opener.open(blob)
        if isinstance(record, Record):
            sound.update(_identified(record))
            records, last = records + 1, digest(blob)
        done(len(blob))
    if (records, last, sound.digest()) != (writer.records, writer.after, writer.sound.digest()):
        raise Damaged(
            "The recording, encrypted anew, does not read back as it was written.",
            safe="The recording is as it was.",
            do="Check the disk, then try again.",
        )


def _identified(record: Record) -> bytes:
    return hashlib.sha256(pack(record)).digest()


def _write(fd: int | None, data: bytes) -> None:
    assert fd is not None  # noqa: S101  a file is open whenever this is called
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
