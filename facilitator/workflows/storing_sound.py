"""Writing imported sound: staged beside what is there, in records of 250 ms, and read back before it counts."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from facilitator.domain import events as ev
from facilitator.domain.errors import InvalidAudio, NotFound
from facilitator.domain.progress import Progress, Report
from facilitator.domain.stretches import Stretch
from facilitator.domain.timebase import ms_to_samples, samples_to_ms
from facilitator.storage.files import storage_failed, sync_folder, write_atomically
from facilitator.workflows.leftovers import IMPORT_NOTE, STAGED
from facilitator.workflows.sessions import Session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from facilitator.audio.container import AudioReader, RecordWriter

Imported = ev.AudioImported | ev.BackupImported
_NOTED: Final = {one.kind: TypeAdapter[Imported](one) for one in (ev.AudioImported, ev.BackupImported)}


@contextlib.contextmanager
def staged(session: Session) -> Iterator[Path]:
    """An empty folder to write into, to be renamed by the caller; gone after an error."""
    folder = session.folder.root / STAGED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def writing(session: Session, folder: Path, rate: int) -> "RecordWriter":
    """A writer of the session's records into `folder`."""
    from facilitator.audio.container import RecordWriter  # numpy is not needed before this

    recipient = session.key.audio_recipient
    return RecordWriter(folder, session_id=session.id, recipient=recipient, rate=rate, ballast_bytes=0)


def store(
    writer: "RecordWriter", placed: Iterable[tuple[int, "NDArray[np.int16]"]], kept_ms: Sequence[Stretch], rate: int
) -> None:
    """Write those samples of `placed` (first sample, block; in order) that lie in `kept_ms`, in records of 250 ms."""
    kept = [(ms_to_samples(start, rate), ms_to_samples(end, rate)) for start, end in kept_ms]
    record_bytes = rate // 4 * 2
    waiting, waiting_at = b"", 0
    for first, block in placed:
        for start, end in kept:
            low, high = max(first, start), min(first + len(block), end)
            if low >= high:
                continue
            if low != waiting_at + len(waiting) // 2:
                writer.append(waiting, waiting_at)
                waiting, waiting_at = b"", low
            waiting += block[low - first : high - first].astype("<i2").tobytes()
            full = len(waiting) // record_bytes * record_bytes
            writer.append(waiting[:full], waiting_at)
            waiting, waiting_at = waiting[full:], waiting_at + full // 2
    writer.append(waiting, waiting_at)


def read_back(session: Session, folder: Path, writer: "RecordWriter") -> "AudioReader":
    """A reader of what `writer` wrote there, once every record was opened. Raises InvalidAudio."""
    from facilitator.audio.container import AudioReader

    if writer.samples:
        reader = AudioReader(folder, session_id=session.id, identity=session.key.audio_secret)
        stored = reader.check()
        if (stored.samples, stored.head, stored.damage) == (writer.samples, writer.head, ()):
            return reader
    raise InvalidAudio(
        "The sound could not be stored whole." if writer.samples else "The file holds no sound.",
        safe="Nothing was imported.",
        do="Check that the file plays in another program, then try again.",
    )


def put_in_place(session: Session, folder: Path, target: Path, imported: Imported) -> None:
    """Make the staged `folder` the track `target`, and log it.

    A note in it holds the event until that is stored: sound whose program died in between stays known as imported.

    Raises:
        StorageFailed: the disk refused; if only the event is missing, `recover` enters it.
    """
    write_atomically(folder / IMPORT_NOTE, json.dumps({"kind": imported.kind, **asdict(imported)}).encode() + b"\n")
    shutil.rmtree(target, ignore_errors=True)
    try:
        folder.rename(target)
    except OSError as error:
        raise storage_failed(target, error) from error
    sync_folder(target.parent)
    session.record(*at_its_time(imported))
    forget_note(target)


def at_its_time(imported: Imported) -> tuple[Imported, int]:
    """The event with its time on the session clock."""
    return imported, max(0, imported.offset_ms) if isinstance(imported, ev.BackupImported) else 0


def noted_import(folder: Path) -> Imported | None:
    """What the note in a track's folder says it was imported as; None without a note, or with a damaged one."""
    try:
        noted = json.loads((folder / IMPORT_NOTE).read_bytes())
        return _NOTED[noted.pop("kind")].validate_python(noted)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def forget_note(folder: Path) -> None:
    """The import is in the log. What cannot be removed is a leftover, and harms nothing."""
    with contextlib.suppress(OSError):
        (folder / IMPORT_NOTE).unlink(missing_ok=True)


def counted(
    blocks: Iterable["NDArray[np.int16]"], rate: int, length_ms: int | None, label: str, report: Report
) -> Iterator["NDArray[np.int16]"]:
    """The same blocks, with progress told after each."""
    samples = 0
    for block in blocks:
        yield block
        samples += len(block)
        done_ms = samples_to_ms(samples, rate)
        report(Progress(label, done_ms, max(length_ms or done_ms, done_ms)))


def placed(blocks: Iterable["NDArray[np.int16]"], first: int) -> Iterator[tuple[int, "NDArray[np.int16]"]]:
    """(first sample, block) of blocks of which the first begins at sample `first`."""
    for block in blocks:
        yield first, block
        first += len(block)


def resampled(blocks: Iterable["NDArray[np.int16]"], rate: float, wanted: int) -> Iterator["NDArray[np.int16]"]:
    """Mono blocks at `wanted` Hz, without holding more than one; both rates may have decimals."""
    import numpy as np
    import soxr  # a native library that only resampling needs

    if rate == wanted:
        yield from blocks
        return
    stream: Any = soxr.ResampleStream(rate, wanted, 1, dtype="int16")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block, dtype=np.int16))
    yield stream.resample_chunk(np.zeros(0, dtype=np.int16), last=True)


def whole(blocks: Iterable["NDArray[np.int16]"]) -> "NDArray[np.int16]":
    """All blocks as one array."""
    import numpy as np

    return np.concatenate([np.zeros(0, dtype=np.int16), *blocks])


def sha256(path: Path) -> str:
    """The file's digest, 64 hex digits. Raises NotFound, InvalidAudio."""
    if path.exists() and not path.is_file():  # a pipe or a device may have no end
        raise InvalidAudio("That is not a file.", safe="Nothing was imported.", do="Give a sound file.")
    try:
        with path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise NotFound("There is no such sound file.", do="Check the path.") from error
    except OSError as error:
        raise InvalidAudio("The sound file cannot be opened.", do="Give a sound file that you may read.") from error
