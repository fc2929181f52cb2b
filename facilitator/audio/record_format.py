"""How one audio record looks on disk.

A file is the 8-byte mark `FACREC01`, then `u32 big-endian length ‖ age blob`, repeated. A blob, opened, is a fixed
header (version u8, session id in 4 ASCII bytes, sequence number u32, first sample u64 on the session clock, rate u32,
SHA-256 of the previous blob), then signed 16-bit little-endian mono samples. Each blob opens alone with stock `age`.
"""

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.domain.age_format import well_formed
from facilitator.domain.errors import AccessRefused, UsageError

MAGIC: Final = b"FACREC01"
LENGTH: Final = struct.Struct(">I")
AGE_INTRO: Final = b"age-encryption.org/v1\n"
BLOCK_MS: Final = 250
UNDECRYPTABLE: Final = "a record cannot be decrypted"
NO_PREVIOUS: Final = b"\0" * 32
MAX_BLOB: Final = 1 << 20
_VERSION: Final = 1
HEADER_SIZE: Final = 53
_HEADER: Final = struct.Struct(">B4sIQI32s")
_FILE_NAME: Final = re.compile(r"([0-9]{4,6})\.rec")
_AGE_CHUNK: Final = 64 * 1024
_AGE_TAG: Final = 16
_AGE_NONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Record:
    """One opened record. `first_sample` counts from 0 on the session clock; `pcm` is s16le mono at `rate` Hz."""

    session_id: str
    seq: int
    first_sample: int
    rate: int
    previous: bytes
    pcm: bytes

    @property
    def samples(self) -> int:
        return len(self.pcm) // 2

    @property
    def end_sample(self) -> int:
        return self.first_sample + self.samples


@dataclass(frozen=True, slots=True)
class Struck:
    """Records `first_seq` to `next_seq` - 1 were destroyed on purpose; `link` is the digest of the last of them.

    So the chain goes on: record `next_seq` holds `link`. `end_sample` is where on the session clock they ended.
    """

    first_seq: int
    next_seq: int
    link: bytes
    end_sample: int


def joined(struck: Iterable[Struck]) -> list[Struck]:
    """Stretches that touch as one: the record behind them holds the digest of the last of them."""
    found: list[Struck] = []
    for one in sorted(struck, key=lambda item: item.first_seq):
        if found and one.first_seq <= found[-1].next_seq:
            before = found.pop()
            later = max(before, one, key=lambda item: item.next_seq)
            found.append(Struck(before.first_seq, later.next_seq, later.link, later.end_sample))
        elif one.next_seq > one.first_seq:
            found.append(one)
    return found


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stretch of a file that is no record of this session, and why."""

    reason: str
    wrong_key: bool = False


def pack(record: Record) -> bytes:
    """The plaintext of a record.

    Raises:
        UsageError: a session id over four ASCII characters.
    """
    name = record.session_id.encode("ascii", "replace")
    if not 0 < len(name) <= 4 or name.decode() != record.session_id:
        raise UsageError("A session id has one to four ASCII characters.")
    head = _HEADER.pack(_VERSION, name.ljust(4, b"\0"), record.seq, record.first_sample, record.rate, record.previous)
    return head + record.pcm


def unpack(plain: bytes) -> Record | Unreadable:
    """A record from its plaintext."""
    if len(plain) < _HEADER.size or (len(plain) - _HEADER.size) % 2:
        return Unreadable("a record has the wrong size")
    version, name, seq, first_sample, rate, previous = _HEADER.unpack_from(plain)
    if version != _VERSION or not rate:
        return Unreadable("a record is of a version unknown here")
    session_id = name.rstrip(b"\0").decode("ascii", "replace")
    return Record(session_id, seq, first_sample, rate, previous, plain[_HEADER.size :])


class Opener:
    """Opens blobs of one session with its secret key (`AGE-SECRET-KEY-1…`).

    Raises:
        AccessRefused: the key is malformed.
    """

    def __init__(self, identity: str, session_id: str | None) -> None:
        import pyrage  # late: compiled, and needed only where audio is opened

        self._session_id = session_id
        self._decrypt = pyrage.decrypt
        self._refused: type[Exception] = pyrage.DecryptError
        try:
            self._keys = [pyrage.x25519.Identity.from_str(identity.strip())]
        except pyrage.IdentityError as error:
            raise AccessRefused("The key of this session's audio is malformed.", safe="No audio was read.") from error

    def open(self, blob: bytes) -> Record | Unreadable:
        """The record in `blob`, checked for its session."""
        if not well_formed(blob):
            return Unreadable(UNDECRYPTABLE)
        try:
            plain: bytes = self._decrypt(blob, self._keys)
        except self._refused as error:
            return Unreadable(UNDECRYPTABLE, wrong_key="No matching keys" in str(error))
        record = unpack(plain)
        if isinstance(record, Record) and self._session_id not in (None, record.session_id):
            return Unreadable("a record belongs to another session")
        return record


def digest(blob: bytes) -> bytes:
    """What the next record holds of this one."""
    return hashlib.sha256(blob).digest()


def samples_inside(head: bytes, blob_length: int) -> int | None:
    """Samples in a blob of `blob_length` bytes that starts with `head`, by age's layout; None if `head` is not age.

    An age file is a text header ending in `--- ` and a tag line, a 16-byte nonce, then 64 KiB chunks with a 16-byte tag
    each (age-encryption.org/v1). Nothing here is authenticated: opened records have the last word.
    """
    last_line = head.find(b"\n--- ")
    end = head.find(b"\n", last_line + 1) + 1
    payload = blob_length - end - _AGE_NONCE
    if not head.startswith(AGE_INTRO) or last_line < 0 or end == 0 or payload < _AGE_TAG:
        return None
    chunks = -(-payload // (_AGE_CHUNK + _AGE_TAG))
    pcm = payload - chunks * _AGE_TAG - _HEADER.size
    return pcm // 2 if pcm >= 0 and pcm % 2 == 0 else None


def file_number(path: Path) -> int | None:
    """7 of `0007.rec`; None for any other name."""
    match = _FILE_NAME.fullmatch(path.name)
    return int(match[1]) if match else None


def record_files(folder: Path) -> list[Path]:
    """The record files of `folder`, in the order they were begun."""
    numbered = ((file_number(path), path) for path in _entries(folder))
    return [path for _, path in sorted((number, path) for number, path in numbered if number is not None)]


def _entries(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())
