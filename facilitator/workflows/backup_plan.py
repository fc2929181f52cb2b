"""Which files of a study a backup holds, and how much of one that is being written."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.audio.record_format import LENGTH, MAGIC, record_files
from facilitator.domain.ids import SessionId
from facilitator.storage.study_folder import StudyFolder, StudySettings

JOURNAL: Final = "journal.jsonl"
_AUDIO: Final = re.compile(r"audio(-backup-[0-9]+)?")
_OF_A_RUNNING_PROGRAM: Final = re.compile(
    r"(capture\.json|request(\.taken|\.waited)?|ballast|.*\.(part|db-wal|db-shm|lock|destroying\.age)|\..*)"
)
_MOST_CUT: Final = 1 << 17
"""More than a record of 250 ms ever has."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be copied. `linkage` is its path where it is to be copied, else None; `bytes` is as of now.

    `linkage_place` is where in a copy of the study the linkage file lies.
    """

    sessions: tuple[SessionId, ...]
    linkage: Path | None
    linkage_place: Path
    linkage_elsewhere: bool
    bytes: int


def plan_backup(folder: StudyFolder, settings: StudySettings, *, with_linkage: bool) -> Plan:
    """Look through the study; changes nothing."""
    linkage = folder.linkage(settings)
    taken = linkage if with_linkage and linkage.is_file() else None
    sessions = session_ids(folder)
    size = sum(map(_size, (*study_files(folder, settings), folder.database)))
    for session_id in sessions:
        root = folder.session(session_id).root
        size += sum(map(_size, (*root.glob("session.db*"), *session_files(root))))
    size += _size(taken) if taken else 0
    place, root = linkage.resolve(), folder.root.resolve()
    inside = place.is_relative_to(root)
    return Plan(sessions, taken, place.relative_to(root) if inside else Path("linkage.age"), not inside, size)


def session_ids(folder: StudyFolder) -> tuple[SessionId, ...]:
    """The sessions that have a folder, known to the study's log or not."""
    found = sorted((folder.root / "sessions").glob("[0-9]*"))
    return tuple(SessionId(path.name) for path in found if path.name.isdecimal() and path.is_dir())


def study_files(folder: StudyFolder, settings: StudySettings) -> list[Path]:
    """Settings, keys and guides; without the database and the linkage file, which need care."""
    linkage = folder.linkage(settings)
    found = [folder.settings_file, *sorted(folder.root.glob("*.age"))]
    found += sorted(path for path in folder.guides.rglob("*") if not path.name.startswith("."))
    return [path for path in found if _plain(path) and path != linkage and path.name != linkage.name]


def session_files(root: Path) -> list[Path]:
    """Keys and sound of a session, in an order in which no file speaks of what a later one lacks.

    The database is not among them. Exports are left out: they are not encrypted, and can be made again.
    """
    found = [path for path in sorted(root.iterdir()) if _plain(path) and not path.name.startswith("session.db")]
    for folder in sorted(path for path in root.iterdir() if _AUDIO.fullmatch(path.name) and path.is_dir()):
        records = record_files(folder)
        found += [path for path in sorted(folder.iterdir()) if _plain(path) and path not in records]
        found += records
    return found


def whole_length(path: Path) -> int | None:
    """How much of a file that is being written is whole: records, or lines of a journal; None for any other file."""
    if path.name == JOURNAL:
        return path.read_bytes().rfind(b"\n") + 1
    if path.suffix != ".rec":
        return None
    size, whole, at = path.stat().st_size, 0, len(MAGIC)
    with path.open("rb") as file:
        while at <= size:
            whole = at
            file.seek(at)
            stated = file.read(LENGTH.size)
            at = at + LENGTH.size + LENGTH.unpack(stated)[0] if len(stated) == LENGTH.size else size + 1
    return whole if 0 <= size - whole <= _MOST_CUT else size  # a damaged length must not cost what follows it


def _size(path: Path) -> int:
    """In bytes; 0 for a file that is gone by now, such as a write-ahead file whose last reader left."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not _OF_A_RUNNING_PROGRAM.fullmatch(path.name)
