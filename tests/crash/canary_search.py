"""Looks for what may lie nowhere in plain: names in the spellings that programs write them in, and pieces of sound."""

import contextlib
import json
import threading
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
import psutil

MARKER_SAMPLES = 32
_CHUNK = 8 << 20
_OVERLAP = 4096


def spellings(word: str) -> dict[str, bytes]:
    """How `word` may lie in a file, by a description; all in lower case as far as ASCII goes."""
    found: dict[str, bytes] = {}
    for case in (word, word.lower(), word.upper(), word.title()):
        found |= {
            f"UTF-8 {case}": case.encode(),
            f"UTF-16-LE {case}": case.encode("utf-16-le"),
            f"UTF-16-BE {case}": case.encode("utf-16-be"),
            f"UTF-32-LE {case}": case.encode("utf-32-le"),
            f"JSON {case}": json.dumps(case)[1:-1].encode(),
            f"URL {case}": quote(case).encode(),
        }
        with contextlib.suppress(UnicodeEncodeError):
            found[f"Latin-1 {case}"] = case.encode("latin-1")
    return {what: data.lower() for what, data in found.items()}


def sound_markers(samples: "np.ndarray", rate: int, each_s: float = 1.0) -> dict[str, bytes]:
    """Pieces of 32 samples from each second of what was recorded, as integers and as floats; not from silence.

    `samples` are int16, or float32 from -1 to 1, which become integers in each of the ways that programs have.
    """
    found: dict[str, bytes] = {}
    for at in range(0, len(samples) - MARKER_SAMPLES, int(rate * each_s)):
        place = f"sound at {at * 1000 // rate} ms, {rate} Hz"
        for form, piece in _forms(samples[at : at + MARKER_SAMPLES]).items():
            if len(set(piece.tolist())) > MARKER_SAMPLES // 2:
                found[f"{place}, {form}"] = piece.tobytes()
                found[f"{place}, {form}, other end first"] = piece.byteswap().tobytes()
    return found


def _forms(piece: "np.ndarray") -> "dict[str, np.ndarray]":
    if piece.dtype == np.int16:
        return {"16 bit": piece, "float": (piece / 32768).astype("<f4")}
    found = {"float": piece.astype("<f4")}
    for scale in (32767, 32768):
        found[f"16 bit, times {scale}"] = (piece * scale).astype("<i2")
        found[f"16 bit, times {scale} and rounded"] = np.rint(piece * scale).astype("<i2")
    return found


class Canary:
    """What is looked for. `words` are compared without regard to case, `sounds` as they are."""

    def __init__(self, words: Iterable[str], sounds: Mapping[str, bytes] | None = None) -> None:
        self.words = {data: what for word in words for what, data in spellings(word).items()}
        self.sounds = {data: what for what, data in (sounds or {}).items()}

    def in_data(self, data: bytes) -> list[str]:
        """What of it is in `data`."""
        if data.count(0) == len(data):  # a recording's reserve: much to look through, and nothing to find
            return []
        small = data.lower()
        found = [what for form, what in self.words.items() if form in small]
        return found + [what for form, what in self.sounds.items() if form in data]

    def in_file(self, path: Path) -> list[str]:
        """What of it is in a file, in its name, and in the parts of a zip archive."""
        found = self.in_data(str(path).encode())
        with path.open("rb") as file:
            before = b""
            while chunk := file.read(_CHUNK):
                found += self.in_data(before + chunk)
                before = chunk[-_OVERLAP:]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    found += self.in_data(name.encode()) + self.in_data(archive.read(name))
        return [f"{path}: {what}" for what in dict.fromkeys(found)]

    def in_folders(self, folders: Sequence[Path]) -> list[str]:
        """The same for every file below `folders`, and the headers of sound files, which may not be there at all."""
        found = []
        for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
            found += self.in_data(path.name.encode())
            if path.is_file() and not path.is_symlink():
                found += self.in_file(path)
                with path.open("rb") as file:
                    if file.read(4).lower() in (b"riff", b"flac", b"oggs"):
                        found.append(f"{path}: a plain sound file")
        return found

    def missed_by_search(self, folder: Path) -> list[str]:
        """Plants each form in a file of `folder` and returns those that a search does not find: none, if it works."""
        missed = []
        for data, what in {**self.words, **self.sounds}.items():
            path = folder / "planted"
            path.write_bytes(b"\0" * 100 + data + b"\0" * 100)
            if f"{path}: {what}" not in self.in_folders([folder]):
                missed.append(what)
            path.unlink()
        return missed


class Bystander:
    """Context manager: looks at the arguments and surroundings of every process that this one has started, and theirs.

    `found` says what stood there. The programs that were given the passphrase may have it; their helpers may not.
    """

    def __init__(self, canary: Canary, secret: str, helpers: str = "facilitator.") -> None:
        self._canary, self._secret, self._helpers = canary, secret.encode(), helpers
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.found: dict[str, None] = {}
        self.seen: set[str] = set()

    def __enter__(self) -> "Bystander":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        me, known = psutil.Process(), set[tuple[int, float]]()
        while not self._over.wait(0.05):
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error, OSError):
                    if (process.pid, process.create_time()) in known or process.create_time() < me.create_time():
                        continue
                    time.sleep(0.02)  # between fork and exec it still looks like its parent
                    known.add((process.pid, process.create_time()))
                    self._judge(process)

    def _judge(self, process: psutil.Process) -> None:
        command = " ".join(process.cmdline())
        surroundings = Path(f"/proc/{process.pid}/environ").read_bytes()
        module = next((word for word in process.cmdline() if word.startswith(self._helpers)), "")
        if not module:
            return
        self.seen.add(module)
        for what in self._canary.in_data(command.encode() + surroundings):
            self.found[f"{module}: {what}"] = None
        if module != "facilitator.cli.main" and self._secret in surroundings + command.encode():
            self.found[f"{module}: the passphrase"] = None
