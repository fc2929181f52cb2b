"""What a program that died can leave in a session's folder, none of which holds anything that is not elsewhere."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.audio.recorder import Recorder
from facilitator.export.gate import remove_leftovers as remove_half_exports
from facilitator.storage.files import storage_failed
from facilitator.storage.study_folder import SessionFolder

STAGED: Final = "audio.importing"
"""Where an import is written before it is renamed into place."""
IMPORT_NOTE: Final = "imported.json"
"""In the folder of an imported track until the log speaks of it."""
_STAGED_FILE: Final = re.compile(r"\.session\.[a-z.]+\.[0-9a-f]{8}")
_OF_A_RECORDER: Final = ("capture.json", "request", "request.taken", "request.waited", "ballast")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file or folder that can go, and what it is."""

    path: Path
    what: str


def audio_folders(folder: SessionFolder) -> list[Path]:
    """The folders of the recording and of all backup tracks, as far as there are any."""
    return [path for path in (folder.audio, *sorted(folder.root.glob("audio-backup-[0-9]*"))) if path.is_dir()]


def recording_goes_on(folder: SessionFolder) -> bool:
    """Whether a capture process still runs for this session."""
    return any(Recorder.attach(path) is not None for path in audio_folders(folder))


def find_leftovers(folder: SessionFolder) -> list[Leftover]:
    """What can be removed once nothing records and nobody else has the session open."""
    return [*_of_the_session(folder), *(one for path in audio_folders(folder) for one in _of_a_track(path))]


def half_exports(folder: SessionFolder) -> int:
    """How many exports were begun and are not finished."""
    return sum(1 for path in folder.exports.glob(".facilitator-staging-*") if path.is_dir())


def remove_leftovers(folder: SessionFolder) -> int:
    """Remove them, and exports half written by programs that are gone; returns how many. Raises StorageFailed."""
    found = find_leftovers(folder)
    for one in found:
        try:
            shutil.rmtree(one.path) if one.path.is_dir() else one.path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_failed(one.path, error) from error
    return len(found) + (remove_half_exports(folder.exports) if folder.exports.is_dir() else 0)


def _of_the_session(folder: SessionFolder) -> Iterator[Leftover]:
    if (importing := folder.root / STAGED).is_dir():
        yield Leftover(importing, "an import that was cut off")
    for path in sorted(folder.root.iterdir()):
        if _STAGED_FILE.fullmatch(path.name):
            yield Leftover(path, "a file that was not finished")


def _of_a_track(folder: Path) -> Iterator[Leftover]:
    for name in _OF_A_RECORDER:
        if (folder / name).is_file():
            what = "the disk space kept in reserve" if name == "ballast" else "the status of a recorder that is gone"
            yield Leftover(folder / name, what)
    if (folder / IMPORT_NOTE).is_file():
        yield Leftover(folder / IMPORT_NOTE, "the note of an import")
    for path in sorted(folder.glob("*.part")):
        yield Leftover(path, "a file that was not finished")
