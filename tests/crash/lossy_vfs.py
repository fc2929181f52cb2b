"""A file system for SQLite, in memory, that loses on a power cut what was not synced: dropped, reordered and torn.

Making and deleting files becomes durable when the folder is synced; SQLite does that with the first sync of a journal
or write-ahead file, as here.
"""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import apsw

from .cached_file import SECTOR, CachedFile, Change, Odds, Write


class PowerCut(Exception):
    """The machine is off; no further call does anything."""


@dataclass(slots=True)
class DiskFile(CachedFile):
    """Until the folder is synced a cut may undo that the file was made, so that `before` stands in its place, or that
    it was deleted."""

    made_durably: bool = False
    deleted: bool = False
    before: "DiskFile | None" = None


class Disk:
    """The files of one machine, in one folder. The power goes at call number `cut_at` of all calls; 0 for never."""

    def __init__(self, files: dict[str, bytes], cut_at: int = 0) -> None:
        self.files = {
            name: DiskFile(bytearray(data), bytearray(data), [], made_durably=True) for name, data in files.items()
        }
        self._cut_at, self.calls, self.off = cut_at, 0, False

    def has(self, name: str) -> bool:
        return name in self.files and not self.files[name].deleted

    def make(self, name: str) -> None:
        self.step()
        self.files[name] = DiskFile(before=self.files.get(name))

    def delete(self, name: str) -> None:
        self.files[name].deleted = True
        self.step()

    def change(self, file: DiskFile, what: Change) -> None:
        """Change `file` in the cache only."""
        file.change(what)
        self.step()  # the power may go with this one already in the cache

    def sync(self, file: DiskFile) -> None:
        self.step()  # the power may go before any of it is durable
        file.sync()

    def sync_folder(self) -> None:
        self.step()
        self.files = {name: file for name, file in self.files.items() if not file.deleted}
        for file in self.files.values():
            file.made_durably, file.before = True, None

    def step(self) -> None:
        self.calls += 1
        if self.off or self.calls == self._cut_at:
            self.off = True
            raise PowerCut

    def survivors(self, chance: random.Random) -> dict[str, bytes]:
        """What the drive holds after the cut."""
        odds = Odds.drawn(chance)
        left: dict[str, bytes] = {}
        for name, newest in self.files.items():
            file: DiskFile | None = newest
            while file is not None and not file.made_durably and chance.random() < 0.5:
                file = file.before
            if file is None or (file.deleted and chance.random() < 0.5):
                continue
            left[name] = file.survived(chance, odds)
        return left


@contextmanager
def registered(disk: Disk) -> Iterator[None]:
    """`disk` as the file system "lossy" of SQLite; cuts that SQLite swallows are not printed."""
    vfs, loud, uncaught = LossyVFS("lossy", disk), sys.excepthook, sys.unraisablehook
    sys.excepthook = lambda kind, error, trace: None if kind is PowerCut else loud(kind, error, trace)
    sys.unraisablehook = lambda told: None if told.exc_type is PowerCut else uncaught(told)
    try:
        yield
    finally:
        vfs.unregister()
        sys.excepthook, sys.unraisablehook = loud, uncaught


class LossyVFS(apsw.VFS):
    """`disk` as a file system that SQLite knows by `name`."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.disk = disk
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        path = str(name.filename() if isinstance(name, apsw.URIFilename) else name)
        flags[1] = flags[0]
        if not self.disk.has(path):
            self.disk.make(path)
        return LossyFile(self.disk, self.disk.files[path], not flags[0] & apsw.SQLITE_OPEN_MAIN_DB)

    def xAccess(self, path: str, flags: int) -> bool:  # noqa: N802
        return self.disk.has(path)

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name

    def xDelete(self, path: str, sync: bool) -> None:  # noqa: N802
        self.disk.delete(path)
        if sync:
            self.disk.sync_folder()

    def xSleep(self, microseconds: int) -> int:  # noqa: N802
        return 0

    def xRandomness(self, count: int) -> bytes:  # noqa: N802
        return random.randbytes(count)

    def xCurrentTime(self) -> float:  # noqa: N802
        return 2459000.5


class LossyFile:
    """One open file. Its locks do nothing: one connection, one process."""

    def __init__(self, disk: Disk, file: DiskFile, folder_too: bool) -> None:
        self._disk, self._file, self._lock = disk, file, 0
        self._folder_too = folder_too

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return bytes(self._file.cached[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.change(self._file, Write(offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._disk.change(self._file, size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.sync(self._file)
        if self._folder_too and not self._file.made_durably:
            self._disk.sync_folder()

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._file.cached)

    def xFileControl(self, op: int, pointer: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return int(apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE)  # as SQLite takes every drive to be, unless told otherwise

    def xLock(self, level: int) -> None:  # noqa: N802
        self._lock = level

    def xUnlock(self, level: int) -> None:  # noqa: N802
        self._lock = level

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return self._lock > 1

    def xClose(self) -> None:  # noqa: N802
        """Nothing becomes durable by closing."""
