"""Writes encrypted records so that a cut, a full disk or a failing sync loses as little as possible.

Rules: own the file descriptor; never overwrite; a failed sync is final for its file, because on Linux a second try can
succeed after the pages were dropped (https://wiki.postgresql.org/wiki/Fsync_Errors), so all that was not yet synced is
written again, from memory, into a new file.
"""

import contextlib
import errno
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from facilitator.audio.record_format import (
    BLOCK_MS,
    LENGTH,
    MAGIC,
    NO_PREVIOUS,
    Record,
    digest,
    file_number,
    pack,
    record_files,
)
from facilitator.audio.striking import Stretch, destroy_from, records_from, sync_folder
from facilitator.domain.errors import StorageFailed, UsageError
from facilitator.domain.timebase import ms_to_samples

BALLAST_BYTES: Final = 64 * 1024 * 1024
FILE_SECONDS: Final = 60
REWIND_SECONDS: Final = 60
_EXACT: Final = 40
"""So many of the latest records can be cut anywhere, for their sound stays in memory: 10 s of it, a megabyte."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class _Written:
    """A record, and where its length stands, oldest place first: in several files where the disk refused.

    `pcm` is its sound, b"" once that is old.
    """

    seq: int
    previous: bytes
    first_sample: int
    end_sample: int
    pcm: bytes
    places: tuple[tuple[str, int], ...]


class RecordWriter:
    """Appends sound of one session to numbered record files in `folder`, encrypted to `recipient` (`age1…`).

    Args:
        folder: the session's `audio/` folder; made if absent.
        session_id: up to four ASCII characters.
        recipient: the public key; nothing here can open what was written.
        rate: Hz, one for the whole session.
        next_seq: sequence number of the first record, as `resume_point` gives it.
        previous: SHA-256 of the last record's blob, 32 bytes.
        ballast_bytes: size of the file that is given up when the disk is full; 0 for none.

    Raises:
        UsageError: a malformed recipient or session id, or sound that goes back in time.
        StorageFailed: the disk refused, a new file and the ballast did not help. After a `sync` that failed, the next
            one tries a new file again. What `append` was refused is lost: it and `sync` raise from then on, until a
            strike has destroyed the end of the recording, and the loss with it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        session_id: str,
        recipient: str,
        rate: int,
        next_seq: int = 0,
        previous: bytes = NO_PREVIOUS,
        ballast_bytes: int = BALLAST_BYTES,
    ) -> None:
        import pyrage  # late: compiled, and needed only by the process that writes

        try:
            self._recipients = [pyrage.x25519.Recipient.from_str(recipient)]
        except pyrage.RecipientError as error:
            raise UsageError("The session's public key is malformed; it should begin with age1.") from error
        self._encrypt = pyrage.encrypt
        self._folder, self._session_id, self._rate = folder, session_id, rate
        self._seq, self._previous = next_seq, previous
        self._fd: int | None = None
        self._file_name, self._file_samples, self._file_bytes = "", 0, 0
        self._unsynced: list[bytes] = []
        self._latest: deque[_Written] = deque()
        self._folder_unsynced = False
        self._lost: StorageFailed | None = None
        self._failed = False
        self.samples = 0
        """Samples appended by this writer."""
        self.end_sample: int | None = None
        """Session-clock sample after the last appended one; None before the first."""
        self.has_ballast = False
        """False once the ballast was given up, or if there was no room for it."""
        self.synced_end: int | None = None
        """The same, for what is known to be on the disk."""
        self.synced_samples = 0
        """How many of `samples` are known to be on the disk."""
        self.synced_head = previous.hex()
        """What `head` was when all up to there was on the disk."""
        self.rewrites = 0
        """How often the disk refused, so that what was not yet synced went into a new file."""
        self.busy_since_ns: int | None = None
        """Monotonic time at which the write or sync began that now runs; None while none does."""
        self._ballast = folder / "ballast"
        try:
            made = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if made:
                sync_folder(folder.parent)
            self.has_ballast = ballast_bytes > 0 and _make_ballast(self._ballast, ballast_bytes)
        except OSError as error:
            raise StorageFailed("The audio folder cannot be written.", do="Check the disk and its rights.") from error

    @property
    def head(self) -> str:
        """Hex SHA-256 of the last record's blob; zeros before the first record of a session."""
        return self._previous.hex()

    @property
    def next_seq(self) -> int:
        return self._seq

    def append(self, pcm: bytes, first_sample: int) -> None:
        """Store s16le mono `pcm` that begins at `first_sample` of the session clock, in records of 250 ms at most."""
        if len(pcm) % 2 or (self.end_sample is not None and first_sample < self.end_sample):
            raise UsageError("Recorded sound must be whole samples in the order of time.")
        self._raise_if_lost()
        step = 2 * ms_to_samples(BLOCK_MS, self._rate)
        try:
            for at in range(0, len(pcm), step):
                self._append_block(pcm[at : at + step], first_sample + at // 2)
        except StorageFailed as error:
            self._lost = error
            raise

    def sync(self) -> None:
        """Return once all that was appended is on the disk."""
        self._raise_if_lost()
        self._store()

    def strike(self, file: str, offset: int) -> Stretch:
        """Destroy what was recorded from byte `offset` of `file` on, synced or not, and say how much that was.

        The next record begins a new file and carries the digest of the last destroyed one. What was refused before is
        forgotten with it; `sync` then stores anew what lies before the place and was not yet synced.

        Raises:
            StorageFailed: it could not be destroyed.
        """
        self._close_file()
        struck = records_from(self._folder, file, offset)
        kept = self._unsynced_before(file, offset)
        destroy_from(self._folder, file, offset)
        del self._unsynced[kept:]
        self._latest.clear()
        self._lost = None
        self.samples = max(0, self.samples - struck.samples)
        if not kept:
            self._note_synced()
        return struck

    def rewind(self, sample: int) -> bool:
        """Take back what was appended after `sample` of the session clock, as far as the latest minute goes.

        Sound older than ten seconds is taken back by whole records, so up to 250 ms before `sample` go with it. True if
        there was any of it: records of the same numbers then differ from what they were, and `end_sample` says where
        the sound ends now.

        Raises:
            StorageFailed: it could not be destroyed.
        """
        late = [item for item in self._latest if item.end_sample > sample]
        if not late:
            return False
        with contextlib.suppress(StorageFailed):  # that is about what is kept; what is taken back must go all the same
            self._store()
        first = self._latest[-len(late)]
        self._close_file()
        *before, last = first.places
        destroy_from(self._folder, *last)
        for file, offset in before:  # later files hold what is kept as well
            destroy_from(self._folder, file, offset, later=False)
        for _ in late:
            self._latest.pop()
        del self._unsynced[-len(late) :]
        self._seq, self._previous = first.seq, first.previous
        self.samples -= sum(item.end_sample - item.first_sample for item in late)
        self.end_sample = first.first_sample
        if self.synced_end is not None and self.synced_end > self.end_sample:
            self._note_synced()
        if kept := first.pcm[: 2 * max(0, sample - first.first_sample)]:
            self._append_block(kept, first.first_sample)
        return True

    def close(self) -> None:
        """Sync, close, and give the ballast's room back. Where the disk had refused already, it may do so unheard."""
        known = self._failed
        try:
            self._store()
        except StorageFailed:
            if not known:
                raise
        finally:
            self._close_file()
            with contextlib.suppress(OSError):  # left behind it costs room only, and is cleared away by recovery
                self._ballast.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _append_block(self, pcm: bytes, first_sample: int) -> None:
        if self._fd is None or first_sample != self.end_sample or self._file_samples >= FILE_SECONDS * self._rate:
            self._store()
            self._close_file()
            self._guarded_begin()
        record = Record(self._session_id, self._seq, first_sample, self._rate, self._previous, pcm)
        blob: bytes = self._encrypt(pack(record), self._recipients)
        self._unsynced.append(blob)
        self._remember(record)
        try:
            self._write_blob(blob)
        except StorageFailed:
            self._unsynced.pop()
            self._latest.pop()
            raise
        self._seq, self._previous = self._seq + 1, digest(blob)
        self.samples += record.samples
        self._file_samples += record.samples
        self.end_sample = record.end_sample

    def _write_blob(self, blob: bytes) -> None:
        try:
            with self._busy():
                self._write(LENGTH.pack(len(blob)) + blob)
        except OSError as error:
            self._rewrite(error)

    def _remember(self, record: Record) -> None:
        """Keep what `rewind` needs of it, and no more of older ones than that."""
        place = (self._file_name, self._file_bytes)
        end = record.end_sample
        self._latest.append(_Written(record.seq, record.previous, record.first_sample, end, record.pcm, (place,)))
        if len(self._latest) > _EXACT:
            self._latest[-_EXACT - 1] = replace(self._latest[-_EXACT - 1], pcm=b"")
        while self._latest[0].end_sample <= end - REWIND_SECONDS * self._rate:
            self._latest.popleft()

    def _store(self) -> None:
        """Have all that was appended on the disk; in a new file where the one that held it is not open any more."""
        if not self._unsynced and (self._fd is None or not self._folder_unsynced):
            return
        if self._fd is None:
            self._rewrite()
        else:
            self._sync_file(self._fd)
        self._unsynced.clear()
        self._failed = False
        self._note_synced()

    def _sync_file(self, fd: int) -> None:
        try:
            with self._busy():
                _sync_data(fd)
                if self._folder_unsynced:
                    self._sync_folder()
        except OSError as error:
            self._rewrite(error)

    def _note_synced(self) -> None:
        self.synced_end, self.synced_samples, self.synced_head = self.end_sample, self.samples, self.head

    def _raise_if_lost(self) -> None:
        if self._lost is not None:
            raise self._lost

    def _unsynced_before(self, file: str, offset: int) -> int:
        """How many of those not yet synced lie before that place."""
        items = list(self._latest)[max(0, len(self._latest) - len(self._unsynced)) :]
        return sum(_in_order(*item.places[0]) < _in_order(file, offset) for item in items)

    def _guarded_begin(self) -> None:
        try:
            self._begin_file()
        except OSError as error:
            self._rewrite(error)

    def _begin_file(self) -> None:
        files = record_files(self._folder)
        number = (file_number(files[-1]) or 0) + 1 if files else 1
        path = self._folder / f"{number:04}.rec"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        self._file_name, self._file_samples, self._file_bytes = path.name, 0, 0
        self._folder_unsynced = True
        self._write(MAGIC)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self.busy_since_ns = time.monotonic_ns()
        try:
            yield
        finally:
            self.busy_since_ns = None

    def _rewrite(self, cause: OSError | None = None) -> None:
        """Leave the current file as it is and put all that was not synced into a new one."""
        if cause is not None and cause.errno in _FULL:
            self._free_ballast()
        file_samples = self._file_samples
        try:
            self._close_file()
            self._begin_file()
            for number, blob in enumerate(self._unsynced, len(self._latest) - len(self._unsynced)):
                if number >= 0:
                    item = self._latest[number]
                    here = (self._file_name, self._file_bytes)
                    self._latest[number] = replace(item, places=(*item.places, here))
                self._write(LENGTH.pack(len(blob)) + blob)
            assert self._fd is not None  # noqa: S101  begun above
            _sync_data(self._fd)
            self._sync_folder()
        except OSError as error:
            self._failed = True
            with contextlib.suppress(OSError):
                self._close_file()  # what it holds may never reach the disk: the next try begins another one
            raise StorageFailed(
                f"The disk refused the recording ({error.strerror}).",
                safe="All sound up to about a second before is stored.",
                do="Free some space or choose another disk, then start recording again.",
            ) from error
        self.rewrites += 1
        self._file_samples = file_samples

    def _write(self, data: bytes) -> None:
        assert self._fd is not None  # noqa: S101  a file is open whenever this is called
        rest = memoryview(data)
        while rest:
            try:
                written = os.write(self._fd, rest)
                rest, self._file_bytes = rest[written:], self._file_bytes + written
            except OSError as error:
                if error.errno not in _FULL or not self._free_ballast():
                    raise

    def _free_ballast(self) -> bool:
        """Give most of it up; the rest is for the notes, which go on when even the freed room is full."""
        had, self.has_ballast = self.has_ballast, False
        if had:
            try:
                os.truncate(self._ballast, self._ballast.stat().st_size // 16)
            except OSError:
                self._ballast.unlink(missing_ok=True)
        return had

    def _sync_folder(self) -> None:
        self._folder_unsynced = False
        sync_folder(self._folder)

    def _close_file(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def _in_order(file: str, offset: int) -> tuple[int, int]:
    """A place, to be compared with others."""
    return file_number(Path(file)) or 0, offset


def _sync_data(fd: int) -> None:
    if sys.platform == "darwin":
        import fcntl  # POSIX only

        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    elif sys.platform == "win32":
        os.fsync(fd)
    else:
        os.fdatasync(fd)


def _make_ballast(path: Path, size: int) -> bool:
    """Occupy `size` bytes; False where there is no room for them, for a recording is never refused on that ground."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        if sys.platform == "linux":
            os.posix_fallocate(fd, 0, size)
        else:
            for at in range(0, size, 1 << 20):
                os.write(fd, bytes(min(size - at, 1 << 20)))
    except OSError:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(fd)
    return True
