"""Destroys records, mostly the last ones of a recording, at a participant's request.

The bytes are overwritten and synced before they are cut off, so that no plain copy of the folder holds them; what a
solid-state disk or a copy-on-write file system keeps behind that is out of reach.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.audio.record_format import LENGTH, MAGIC, MAX_BLOB, file_number, record_files, samples_inside
from facilitator.domain.errors import StorageFailed, UsageError

_PIECE: Final = 1 << 20
_HEAD: Final = 1024
_TOLD_APART: Final = 120


@dataclass(frozen=True, slots=True)
class Stretch:
    """How much lies in a stretch of records. One that was written twice, after a failed sync, counts once."""

    records: int
    samples: int


def records_from(folder: Path, file: str, offset: int) -> Stretch:
    """What `destroy_from` would destroy, told by the layout of the files, without any key.

    Raises:
        UsageError: `file` is no name of a record file.
        StorageFailed: a file cannot be read.
    """
    seen: set[bytes] = set()
    records = samples = 0
    try:
        for path, start in _ends(folder, file, offset):
            for head, length in _blobs(path, start):
                if head[:_TOLD_APART] not in seen:
                    seen.add(head[:_TOLD_APART])
                    records, samples = records + 1, samples + (samples_inside(head, length) or 0)
    except OSError as error:
        raise StorageFailed(f"The recording cannot be read ({error.strerror}).") from error
    return Stretch(records, samples)


def destroy_from(folder: Path, file: str, offset: int, *, later: bool = True) -> int:
    """Destroy all records from byte `offset` of the record file `file` on, and all `later` files.

    `offset` is where a record's length stands, as `AudioReader.place_of` gives it. Returns once it is on the disk, with
    the number of bytes destroyed; 0 where nothing was left of them, so it may be called again after a crash. Whatever
    interrupts it, what remains is a beginning of the recording.

    Raises:
        UsageError: `file` is no name of a record file.
        StorageFailed: the disk refused; some of it may be destroyed.
    """
    destroyed = 0
    try:
        for path, start in reversed(_ends(folder, file, offset)):
            if later or path.name == file:
                destroyed += _destroy(path, start)
        if destroyed:
            sync_folder(folder)
    except OSError as error:
        raise StorageFailed(
            f"The sound could not be destroyed ({error.strerror}).",
            safe="All before it is untouched.",
            do="Try again; nothing of it is used until it is done.",
        ) from error
    return destroyed


def destroy_inside(folder: Path, places: Sequence[tuple[str, int, int]]) -> None:
    """Overwrite blobs, (file, offset, length), that later records follow; the lengths before them stay.

    Returns once that is on the disk; may be called again after a crash. A recording may go on meanwhile.

    Raises:
        StorageFailed: the disk refused; some of it may be destroyed.
    """
    try:
        for file in sorted({name for name, _, _ in places}):
            fd = os.open(folder / file, os.O_RDWR | getattr(os, "O_BINARY", 0))
            try:
                for offset, length in [(at, length) for name, at, length in places if name == file]:
                    os.lseek(fd, offset, os.SEEK_SET)
                    rest = memoryview(bytes(length))
                    while rest:
                        rest = rest[os.write(fd, rest) :]
                os.fsync(fd)
            finally:
                os.close(fd)
    except OSError as error:
        raise StorageFailed(
            f"The sound could not be destroyed ({error.strerror}).",
            safe="What was recorded before and after it is untouched.",
            do="Try again; nothing of it is used until it is done.",
        ) from error


def sync_folder(folder: Path) -> None:
    """Return once the names in `folder` are on the disk; raises OSError."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _ends(folder: Path, file: str, offset: int) -> list[tuple[Path, int]]:
    """The files from `file` on, each with where its part of the stretch begins."""
    first = file_number(Path(file))
    if first is None or Path(file).name != file:
        raise UsageError("No such part of the recording.")
    found = [path for path in record_files(folder) if (file_number(path) or 0) >= first]
    return [(path, max(offset, len(MAGIC)) if path.name == file else len(MAGIC)) for path in found]


def _blobs(path: Path, start: int) -> list[tuple[bytes, int]]:
    """The first bytes and the length of each whole blob from `start` on."""
    found = []
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        while start + LENGTH.size < size:
            file.seek(start)
            stated = file.read(LENGTH.size + _HEAD)
            length = LENGTH.unpack(stated[: LENGTH.size])[0]
            start += LENGTH.size + length
            if not 0 < length <= MAX_BLOB or start > size:
                break
            found.append((stated[LENGTH.size : LENGTH.size + length], length))
    return found


def _destroy(path: Path, start: int) -> int:
    fd = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        size = os.fstat(fd).st_size
        begin = 0 if start <= len(MAGIC) else start
        os.lseek(fd, begin, os.SEEK_SET)
        for at in range(begin, size, _PIECE):
            rest = memoryview(bytes(min(_PIECE, size - at)))
            while rest:
                rest = rest[os.write(fd, rest) :]
        if size > begin:
            os.fsync(fd)
            os.ftruncate(fd, begin)
            os.fsync(fd)
    finally:
        os.close(fd)
    if begin == 0:
        path.unlink()
    return max(0, size - begin)
