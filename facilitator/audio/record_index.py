"""Finds the records of a file without opening each, and works harder where something is off."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Final

from facilitator.audio.record_format import (
    AGE_INTRO,
    LENGTH,
    MAGIC,
    MAX_BLOB,
    Opener,
    Record,
    Unreadable,
    record_files,
    samples_inside,
)
from facilitator.domain.errors import Damaged

CUT_OFF: Final = "the last record was cut off"
_AGE_HEADER_SPAN: Final = 1024


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a record lies in its file and on the session clock (samples).

    `reason` is "" unless the record is unreadable; its place is then worked out from its neighbours.
    """

    path: Path
    offset: int
    length: int
    seq: int
    first_sample: int
    samples: int
    reason: str = ""

    @property
    def end_sample(self) -> int:
        return self.first_sample + self.samples


@dataclass(frozen=True, slots=True)
class FileIndex:
    """The records of one file. `rate` is None if none could be opened; `wrong_key` if a record is for another key."""

    slots: tuple[Slot, ...]
    rate: int | None
    mark_intact: bool = True
    wrong_key: bool = False


_Place = tuple[int, int]
_Found = tuple[_Place, Record | Unreadable]


def index_file(path: Path, opener: Opener, *, next_seq: int, next_sample: int) -> FileIndex:
    """Index `path`; raises Damaged where the disk does not give it.

    An intact file costs opening its first and last record; any doubt costs opening all of them.

    `next_seq` and `next_sample` are where the files before ended, in case no record of this one can be opened.
    """
    with _opened(path) as file:
        size = path.stat().st_size
        places, as_written = _places(file, size)
        index = _quick_index(path, file, places, opener) if as_written else None
        if index is None:
            before = Slot(path, 0, 0, next_seq - 1, next_sample, 0)
            index = _careful_index(before, file, places, opener)
        mark_intact = size < len(MAGIC) or _bytes(file, (0, len(MAGIC))) == MAGIC
        return replace(index, mark_intact=mark_intact)


def differing_rates() -> Damaged:
    """The error of a session whose records differ in rate, which no time can be read from."""
    return Damaged(
        "The records of this session differ in sampling rate.",
        safe="The files were not changed.",
        do="Restore the audio folder from your backup.",
    )


def read_blob(slot: Slot) -> bytes:
    """The encrypted bytes of a record. Raises Damaged where the disk does not give them."""
    with _opened(slot.path) as file:
        return _bytes(file, (slot.offset, slot.length))


def found_files(folder: Path) -> list[Path]:
    """The record files of `folder`. Raises Damaged where the disk does not tell."""
    with _readable():
        return record_files(folder)


@contextmanager
def _opened(path: Path) -> Iterator[FileIO]:
    with _readable(), path.open("rb", buffering=0) as file:
        yield file


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Damaged(
            f"The recording cannot be read from the disk ({error.strerror}).", safe="Nothing was changed."
        ) from error


def _bytes(file: FileIO, place: _Place) -> bytes:
    offset, length = place
    file.seek(offset)
    return file.read(length)


def _places(file: FileIO, size: int) -> tuple[list[_Place], bool]:
    """(offset, length) of each blob, and whether all lengths agree with what follows them."""
    places: list[_Place] = []
    as_written, at = True, len(MAGIC)
    while at < size:
        end = _stated_end(file, at)
        if end is None or not _is_boundary(file, end, size):
            as_written = False
            end = _next_record(file, at, size)
        places.append((at + LENGTH.size, max(0, end - at - LENGTH.size)))
        at = end
    return places, as_written


def _stated_end(file: FileIO, at: int) -> int | None:
    stated = _bytes(file, (at, LENGTH.size))
    if len(stated) < LENGTH.size:
        return None
    length = LENGTH.unpack(stated)[0]
    return at + LENGTH.size + length if 0 < length <= MAX_BLOB else None


def _is_boundary(file: FileIO, at: int, size: int) -> bool:
    """Whether a record can start at `at`: the file's end, a (cut) age file, or a damaged one with a sound end."""
    if at >= size:
        return at == size
    if AGE_INTRO.startswith(_bytes(file, (at + LENGTH.size, len(AGE_INTRO)))):
        return True
    end = _stated_end(file, at)
    return end is not None and (end == size or _bytes(file, (end + LENGTH.size, len(AGE_INTRO))) == AGE_INTRO)


def _next_record(file: FileIO, at: int, size: int) -> int:
    """The start of the next record after `at` by the first words of its age file, or the end of the file."""
    start = at + 2 * LENGTH.size
    found = _bytes(file, (start, size - start)).find(AGE_INTRO) if start < size else -1
    return size if found < 0 else start + found - LENGTH.size


def _quick_index(path: Path, file: FileIO, places: list[_Place], opener: Opener) -> FileIndex | None:
    """Positions by arithmetic, trusted only if the first and last record confirm them; None otherwise."""
    if not places:
        return FileIndex((), None)
    first = opener.open(_bytes(file, places[0]))
    last = opener.open(_bytes(file, places[-1]))
    if not isinstance(first, Record) or not isinstance(last, Record) or first.rate != last.rate:
        return None
    slots, at = [], first.first_sample
    for number, (offset, length) in enumerate(places):
        samples = samples_inside(_bytes(file, (offset, min(_AGE_HEADER_SPAN, length))), length)
        if samples is None:
            return None
        slots.append(Slot(path, offset, length, first.seq + number, at, samples))
        at += samples
    confirmed = (slots[-1].seq, slots[-1].first_sample, slots[-1].samples)
    return FileIndex(tuple(slots), first.rate) if confirmed == (last.seq, last.first_sample, last.samples) else None


def _careful_index(before: Slot, file: FileIO, places: list[_Place], opener: Opener) -> FileIndex:
    """Positions from every record that opens; the others lie between their neighbours, or after `before`."""
    found = _open_all(file, places, opener)
    slots = [_slot(before.path, place, opened) for place, opened in found]
    for number in range(len(slots) - 2, -1, -1):
        behind = slots[number + 1]
        if slots[number] is None and behind is not None and not any(slots[:number]):
            slots[number] = _slot_before(behind, found[number])
    placed: list[Slot] = []
    for slot, item in zip(slots, found, strict=True):
        placed.append(slot or _slot_after(placed[-1] if placed else before, item, file))
    rates = {opened.rate for _, opened in found if isinstance(opened, Record)}
    if len(rates) > 1:
        raise differing_rates()
    wrong_key = any(isinstance(opened, Unreadable) and opened.wrong_key for _, opened in found)
    return FileIndex(tuple(placed), rates.pop() if rates else None, wrong_key=wrong_key)


def _open_all(file: FileIO, places: list[_Place], opener: Opener) -> list[_Found]:
    """Open every blob. One that fails is tried as two: its length was wrong, or rubbish follows it."""
    waiting, found = deque(places), list[_Found]()
    while waiting:
        offset, length = waiting.popleft()
        blob = _bytes(file, (offset, length))
        opened = opener.open(blob)
        end = _inner_end(file, offset, blob, opener) if isinstance(opened, Unreadable) else None
        if end is None:
            found.append(((offset, length), opened))
        else:
            waiting.appendleft((end + LENGTH.size, max(0, offset + length - end - LENGTH.size)))
            waiting.appendleft((offset, end - offset))
    return found


def _inner_end(file: FileIO, offset: int, blob: bytes, opener: Opener) -> int | None:
    """Where a first record ends inside `blob`: before another one, or where its own length says so and it opens."""
    inner = blob.find(AGE_INTRO, 1)
    if inner >= LENGTH.size:
        return offset + inner - LENGTH.size
    stated = _stated_end(file, offset - LENGTH.size)
    if stated is None or not offset < stated < offset + len(blob):
        return None
    return stated if isinstance(opener.open(blob[: stated - offset]), Record) else None


def _slot(path: Path, place: _Place, opened: Record | Unreadable) -> Slot | None:
    if isinstance(opened, Unreadable):
        return None
    return Slot(path, *place, opened.seq, opened.first_sample, opened.samples)


def _slot_before(behind: Slot, item: _Found) -> Slot:
    first = max(0, behind.first_sample - behind.samples)
    seq = max(0, behind.seq - 1)
    return Slot(behind.path, *item[0], seq, first, behind.first_sample - first, _reason(item[1]))


def _slot_after(before: Slot, item: _Found, file: FileIO) -> Slot:
    (offset, length), opened = item
    reason, samples = _reason(opened), before.samples
    stated = _stated_end(file, offset - LENGTH.size)
    if offset + length >= _size(file) and stated != offset + length:
        reason, samples = CUT_OFF, 0
    elif not before.length:
        samples = samples_inside(_bytes(file, (offset, min(_AGE_HEADER_SPAN, length))), length) or 0
    return Slot(before.path, offset, length, before.seq + 1, before.end_sample, samples, reason)


def _size(file: FileIO) -> int:
    return file.seek(0, 2)


def _reason(opened: Record | Unreadable) -> str:
    return opened.reason if isinstance(opened, Unreadable) else ""
