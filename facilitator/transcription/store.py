"""The user's folder of speech models. Files are written atomically; their SHA-256 is kept and checked at each load.

```
<cache>/models/base/                    CTranslate2 weights, for both engines
<cache>/models/base.openai-whisper/     weights in openai-whisper's own format, for that engine only
    manifest.json                       what was put there, from where, with the SHA-256 of each file
```
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import filelock
import platformdirs

from facilitator.domain.errors import Busy, Damaged, StorageFailed, UsageError
from facilitator.domain.progress import Progress, Report, silent

Form = Literal["ctranslate2", "openai-whisper"]
"""How weights are written down."""
MANIFEST: Final = "manifest.json"
_CHUNK: Final = 4 << 20
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Weights:
    """A speech model on this computer.

    `file` is the name of the weights in `folder` and `sha256` their digest; `files` holds name and digest of every
    file that belongs to the model; `source` says where they came from.
    """

    model: str
    folder: Path
    sha256: str
    file: str
    form: Form
    source: str
    files: tuple[tuple[str, str], ...]


def models_folder() -> Path:
    """Where models lie: in FACILITATOR_CACHE when that is set, else in the user's cache folder."""
    root = os.environ.get("FACILITATOR_CACHE") or platformdirs.user_cache_dir("facilitator")
    return Path(root) / "models"


def model_folder(model: str, form: Form = "ctranslate2") -> Path:
    """The folder of one model, which need not exist.

    Raises:
        UsageError: a name that is none, such as one that leads out of the models folder.
    """
    if not _NAME.fullmatch(model) or ".." in model:
        raise UsageError("That is not the name of a speech model.", do="Run `facilitator models list`.")
    return models_folder() / (model if form == "ctranslate2" else f"{model}.{form}")


def recorded(folder: Path) -> Weights | None:
    """What the manifest in `folder` says, unchecked; None without a manifest.

    Raises:
        Damaged: the manifest cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(sorted((str(name), str(digest)) for name, digest in entry["files"].items()))
        weights = Weights(
            entry["model"], folder, dict(files)[entry["file"]], entry["file"], entry["form"], entry["source"], files
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(folder.name) from error
    if not all(_FILE_NAME.fullmatch(name) and _SHA256.fullmatch(digest) for name, digest in files):
        raise damaged(folder.name)
    return weights


def wrong_files(weights: Weights, report: Report = silent) -> list[str]:
    """Names of the files that are absent or not what the manifest says."""
    return [
        name
        for name, expected in weights.files
        if not (weights.folder / name).is_file() or file_sha256(weights.folder / name, report) != expected
    ]


def read_checked(folder: Path, files: Mapping[str, str]) -> dict[str, bytes]:
    """The contents of a model's files, so that exactly the bytes that were checked get loaded.

    Raises:
        Damaged: a file is absent or its SHA-256 is another than expected.
    """
    contents: dict[str, bytes] = {}
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise damaged(folder.name)
        contents[name] = path.read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise damaged(folder.name)
    return contents


def damaged(model: str) -> Damaged:
    """The error for weights that are not what was stored."""
    return Damaged(
        f"The speech model “{model}” on this computer is not what was stored.",
        safe="No recording or transcript is affected.",
        do=f"Run `facilitator models get {model.partition('.openai')[0]}` to fetch it anew.",
    )


def file_sha256(path: Path, report: Report = silent) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    for chunk in chunks(path):
        digest.update(chunk)
        done += len(chunk)
        report(Progress("Checking the speech model", done, total))
    return digest.hexdigest()


def chunks(*paths: Path) -> Iterator[bytes]:
    """The contents of some files one after the other, in pieces of 4 MiB."""
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make `folder` and hold it against other processes that would write there.

    Raises:
        Busy: another process has held it for a minute.
        StorageFailed: the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / ".lock", timeout=60)
        lock.acquire()
    except filelock.Timeout as error:
        raise Busy("Another program is writing to the speech models.", do="Wait for it and try again.") from error
    except OSError as error:
        raise _storage_failed(error) from error
    try:
        yield
    finally:
        lock.release()


def put(folder: Path, name: str, content: Iterable[bytes], expected: str | None = None) -> str:
    """Write a file so that it is there whole or not at all, and return its SHA-256. Call it under `locked`.

    Raises:
        Damaged: the content has another SHA-256 than `expected`; nothing was put in place.
        StorageFailed: the disk refused.
    """
    part, digest = folder / f".{name}.part", hashlib.sha256()
    try:
        with part.open("wb") as file:
            for chunk in content:
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if expected not in (None, digest.hexdigest()):
            raise damaged(folder.name)
        part.replace(folder / name)
        _sync_folder(folder)
    except OSError as error:
        raise _storage_failed(error) from error
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest()


def put_manifest(weights: Weights) -> None:
    """Write the manifest, the last step of putting a model in place."""
    entry = {
        "format": 1,
        "model": weights.model,
        "form": weights.form,
        "source": weights.source,
        "file": weights.file,
        "files": dict(weights.files),
    }
    put(weights.folder, MANIFEST, [json.dumps(entry, indent=1, sort_keys=True).encode("utf-8")])


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _storage_failed(error: OSError) -> StorageFailed:
    return StorageFailed(
        f"The speech model could not be stored: {error.strerror or type(error).__name__}.",
        safe="No recording or transcript is affected.",
        do="Free some disk space, or set FACILITATOR_CACHE to a folder that you may write to.",
    )
