"""A folder that obeys: it forgets on a power cut what was not synced, or fails one call, by number, once.

A power cut takes bytes of files, new names, renames and deletions that were not synced. Stricter than most drives:
syncing a file does not make its name last, only syncing its folder does.

`python -m tests.crash.lossy_fuse MOUNT BASE CUT_AT` mounts a copy of BASE at MOUNT. At call number CUT_AT of those that
change something the power goes, and every later call fails; 0 for never. It takes commands on its input, one a line:

    calls             how many of those calls there were
    cut SEED FOLDER   switch off, write what the drive then holds to FOLDER; answers the same
    fail N ERRNO      let the Nth write, sync, rename, open … from now on fail once; 0 for none
    failed            which call that was, and how many there were
    copy NAME BASE    put a fresh copy of BASE in as NAME, in the place of all there is
"""

import contextlib
import errno
import os
import random
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from .cached_file import CachedFile, Odds, Write
from .framework import ROOT

CLOSING_S: Final = 20.0


@dataclass(slots=True)
class Inode(CachedFile):
    mode: int = stat.S_IFREG | 0o600


@dataclass(slots=True)
class Folder:
    """`names` is what programs see; `durable` what the drive has; `waiting` undone changes of names, in order."""

    mode: int = stat.S_IFDIR | 0o700
    names: dict[str, "Inode | Folder"] = field(default_factory=dict)
    durable: dict[str, "Inode | Folder"] = field(default_factory=dict)
    waiting: list[Callable[[dict[str, "Inode | Folder"]], object]] = field(default_factory=list)

    def change(self, what: Callable[[dict[str, "Inode | Folder"]], object]) -> None:
        what(self.names)
        self.waiting.append(what)

    def sync(self) -> None:
        self.durable = dict(self.names)
        self.waiting.clear()


def absent() -> str:
    """Why no such folder can be mounted here, or ""."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no FUSE here: /dev/fuse is missing or closed to this user"
    try:
        import mfusepy  # noqa: F401
    except (ImportError, OSError):
        return "no FUSE here: mfusepy or libfuse (Debian: libfuse3-3) is missing"
    return "" if shutil.which("fusermount3") else "no FUSE here: fusermount3 (Debian: fuse3) is missing"


def unmount(mount: Path) -> None:
    """Whatever became of its process and of who has files open there; nothing if it is not mounted."""
    subprocess.run(["fusermount3", "-u", "-z", "-q", str(mount)], check=False)


class Mounted:
    """A lossy copy of `base` at `mount`, in a process of its own. Close it, or use it as a context manager."""

    def __init__(self, mount: Path, base: Path, cut_at: int) -> None:
        self.root = mount
        command = [sys.executable, "-m", "tests.crash.lossy_fuse", str(mount), str(base), str(cut_at)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        if self._answer() != "mounted":
            self.close()
            raise OSError("the lossy folder could not be mounted")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, command: str, *arguments: object) -> str:
        """Give a command, see above, and return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, (command, *arguments))) + "\n")
        return self._answer()

    def close(self) -> None:
        """Unmount."""
        try:
            self._process.communicate(timeout=CLOSING_S)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.communicate()
        if self._process.returncode:
            unmount(self.root)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main() -> None:
    import mfusepy

    mount, base, cut_at = sys.argv[1:]
    drive = _operations(mfusepy)(Path(base), int(cut_at))
    threading.Thread(target=_obey, args=(drive,), daemon=True).start()
    with contextlib.suppress(RuntimeError):  # how it says that it was ended by a signal
        mfusepy.FUSE(drive, mount, foreground=True, nothreads=True, hard_remove=True)


def _obey(drive: Any) -> None:
    """Answer commands; when whoever started this is gone, unmount by the signal for it."""
    try:
        for line in sys.stdin:
            command, *arguments = line.split()
            print(getattr(drive, f"do_{command}")(*arguments), flush=True)
    finally:
        os.kill(os.getpid(), 15)


def _operations(mfusepy: Any) -> Any:
    """The file system's class; made here, so that the rest can be imported where there is no FUSE."""

    class Drive(mfusepy.Operations):  # type: ignore[misc]
        use_ns = True

        def __init__(self, base: Path, cut_at: int) -> None:
            self._root = _loaded(base)
            self._cut_at, self._calls, self._off = cut_at, 0, False
            self._tries, self._fail_at, self._error, self._failed = 0, 0, errno.EIO, "none"
            self._open: dict[int, Inode] = {}
            self._next = 1
            self._lock = threading.Lock()

        def init(self, path: str) -> None:
            print("mounted", flush=True)

        def do_calls(self) -> int:
            with self._lock:
                return self._calls

        def do_cut(self, seed: str, folder: str) -> int:
            with self._lock:
                self._off = True
                chance = random.Random(int(seed))
                _store(self._root, Path(folder), chance, Odds.drawn(chance))
                return self._calls

        def do_fail(self, number: str, error: str) -> str:
            with self._lock:
                self._tries, self._fail_at, self._error, self._failed = 0, int(number), int(error), "none"
                return "ok"

        def do_failed(self) -> str:
            with self._lock:
                return f"{self._failed} {self._tries}"

        def do_copy(self, name: str, base: str) -> str:
            with self._lock:
                self._root = Folder()
                self._root.names[name] = _loaded(Path(base))
                self._root.sync()
                return "ok"

        def _trying(self, what: str, path: str | None) -> None:
            """Fail, if it is the turn of this call. SQLite's shared memory is written at any time, so not there."""
            self._powered()
            if path and not path.endswith("-shm"):
                self._tries += 1
                if self._tries == self._fail_at:
                    self._failed = f"{what}:{Path(path).name}"
                    raise mfusepy.FuseOSError(self._error)

        def _changing(self, what: str, path: str | None) -> None:
            self._calls += 1
            if self._calls == self._cut_at:
                self._off = True
            self._trying(what, path)

        def _powered(self) -> None:
            if self._off:
                raise mfusepy.FuseOSError(errno.EIO)

        def _find(self, path: str) -> Inode | Folder:
            self._powered()
            at: Inode | Folder = self._root
            for part in Path(path).parts[1:]:
                if not isinstance(at, Folder) or part not in at.names:
                    raise mfusepy.FuseOSError(errno.ENOENT)
                at = at.names[part]
            return at

        def _folder_of(self, path: str) -> tuple[Folder, str]:
            folder = self._find(str(Path(path).parent))
            assert isinstance(folder, Folder)
            return folder, Path(path).name

        def _handle(self, inode: Inode) -> int:
            self._next += 1
            self._open[self._next] = inode
            return self._next

        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
            with self._lock:
                node = self._open[fh] if fh in self._open else self._find(path)
                size = len(node.cached) if isinstance(node, Inode) else 0
                times = dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), 0)
                owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}
                return {"st_mode": node.mode, "st_size": size, "st_nlink": 1, **owner, **times}

        def readdir(self, path: str, fh: int) -> Iterator[str]:
            with self._lock:
                folder = self._find(path)
                assert isinstance(folder, Folder)
                return iter([".", "..", *folder.names])

        def mkdir(self, path: str, mode: int) -> int:
            with self._lock:
                self._changing("mkdir", path)
                folder, name = self._folder_of(path)
                made = Folder(stat.S_IFDIR | mode)
                folder.change(lambda names: names.__setitem__(name, made))
                return 0

        def create(self, path: str, mode: int, fi: Any = None) -> int:
            with self._lock:
                self._changing("create", path)
                folder, name = self._folder_of(path)
                made = Inode(mode=stat.S_IFREG | mode)
                folder.change(lambda names: names.__setitem__(name, made))
                return self._handle(made)

        def opendir(self, path: str) -> int:
            with self._lock:
                self._trying("open", path)
                return 0

        def open(self, path: str, flags: int) -> int:
            with self._lock:
                self._trying("open", path)
                node = self._find(path)
                assert isinstance(node, Inode)
                return self._handle(node)

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            with self._lock:
                self._powered()
                return bytes(self._open[fh].cached[offset : offset + size])

        def write(self, path: str | None, data: bytes, offset: int, fh: int) -> int:
            with self._lock:
                self._changing("write", path)
                self._open[fh].change(Write(offset, bytes(data)))
                return len(data)

        def truncate(self, path: str, length: int, fh: int | None = None) -> int:
            with self._lock:
                self._changing("truncate", path)
                node = self._open[fh] if fh in self._open else self._find(path)
                assert isinstance(node, Inode)
                node.change(length)
                return 0

        def fsync(self, path: str, datasync: int, fh: int) -> int:
            with self._lock:
                self._changing("fsync", path)
                self._open[fh].sync()
                return 0

        def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
            with self._lock:
                self._changing("fsyncdir", path)
                folder = self._find(path)
                assert isinstance(folder, Folder)
                folder.sync()
                return 0

        def rename(self, old: str, new: str) -> int:
            with self._lock:
                self._changing("rename", old)
                (source, before), (target, after) = self._folder_of(old), self._folder_of(new)
                moved = source.names[before]
                if source is target:

                    def move(names: dict[str, Inode | Folder]) -> None:
                        names.pop(before, None)
                        names[after] = moved

                    source.change(move)
                else:
                    target.change(lambda names: names.__setitem__(after, moved))
                    source.change(lambda names: names.pop(before, None))
                return 0

        def unlink(self, path: str) -> int:
            with self._lock:
                self._changing("unlink", path)
                folder, name = self._folder_of(path)
                folder.change(lambda names: names.pop(name, None))
                return 0

        rmdir = unlink

        def release(self, path: str, fh: int) -> int:
            with self._lock:
                self._open.pop(fh, None)
                return 0

        def flush(self, path: str, fh: int) -> int:
            return 0

        def chmod(self, path: str, mode: int) -> int:
            return 0

        def utimens(self, path: str, times: Any = None) -> int:
            return 0

        def statfs(self, path: str) -> dict[str, int]:
            return {"f_bsize": 4096, "f_frsize": 4096, "f_blocks": 1 << 22, "f_bavail": 1 << 21, "f_bfree": 1 << 21}

    return Drive


def _loaded(base: Path) -> Folder:
    folder = Folder()
    for path in base.iterdir():
        data = b"" if path.is_dir() else path.read_bytes()
        folder.names[path.name] = _loaded(path) if path.is_dir() else Inode(bytearray(data), bytearray(data))
    folder.sync()
    return folder


def _store(folder: Folder, path: Path, chance: random.Random, odds: Odds) -> None:
    """Write what the drive holds of `folder`: of its unsynced changes of names, some."""
    names = dict(folder.durable)
    for change in folder.waiting:
        if chance.random() < odds.keep:
            change(names)
    path.mkdir(mode=0o700)
    for name, node in names.items():
        if isinstance(node, Folder):
            _store(node, path / name, chance, odds)
        else:
            (path / name).write_bytes(node.survived(chance, odds))


if __name__ == "__main__":
    main()
