"""The gate: the only way out of a study. Nothing appears among the exports that was not approved, scanned and re-read.

Files are scanned in memory, so that no name reaches the disk; then staged in a closed folder beside their destination,
read again and compared, and moved into place by one rename. Sound is too long for memory: whoever made it has searched
it before, writes it into the same folder, and compares what is read back with what was searched.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import psutil

from facilitator.domain.detail import ExportProfile
from facilitator.domain.errors import Damaged, LeakFound, NotVerified, UsageError
from facilitator.domain.events import ExportedFile
from facilitator.domain.guide import QuestionType
from facilitator.domain.ids import session_id as checked_session_id
from facilitator.domain.release import ReleaseContent, ReleaseNote, ReleaseQuestion, ReleaseTurn
from facilitator.domain.session_state import Approval
from facilitator.export import layout, manifest
from facilitator.export.disk import discard, disk_errors, sync_folder, write_new
from facilitator.export.formats import FORMATS, Format, parse_formats
from facilitator.export.leak_scan import Contains, Leak, OnPurpose, Piece, known_pieces, scan_bytes

_RUN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_STAGING: Final = ".facilitator-staging-"
_EMPTY_TURN: Final = ReleaseTurn(0, 0, None, "")
_EMPTY_NOTE: Final = ReleaseNote(0, "", None, "")


Check = Callable[[str, bytes], list[Leak]]


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording without names, to be exported beside the transcripts as the file `name`.

    `write` fills an empty file that is open for reading and writing; `check` reads it back, and raises what is wrong.
    """

    name: str
    write: Callable[[BinaryIO], None]
    check: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """Where an export lies. `files` are the transcripts and the sound, without manifest and sums."""

    folder: Path
    files: tuple[ExportedFile, ...]


def export(
    content: ReleaseContent,
    *,
    folder: Path,
    run_name: str,
    formats: Sequence[str],
    approval: Approval | None,
    surfaces: Sequence[str],
    contains: Contains,
    session_id: str,
    exported_at: datetime | None = None,
    sound: Sound | None = None,
    searched: ReleaseContent | None = None,
    blanked: Collection[str] = (),
) -> ExportResult:
    """Write `content` to `folder / run_name` in the given formats, all of it or nothing.

    Args:
        content: what leaves; its digest must be the approved one.
        folder: the session's exports; made when missing.
        run_name: letters, digits, dots, hyphens and underscores.
        formats: names from `parse_formats`.
        approval: what was approved last; None when nothing was.
        surfaces: every name and other identifier that may not leave.
        contains: whether a text holds one of them (`privacy.residue.contains_any`).
        session_id: the session that the caller believes to export.
        exported_at: the time to write down; now when None.
        sound: a recording that goes with it.
        searched: the content with a blank in place of each of `blanked`, which are in it on purpose: there the files
            may hold what `contains` finds.
        blanked: those words.

    Raises:
        NotVerified: nothing was approved, or something else than `content`.
        UsageError: unknown format, unusable run name, wrong session, or the destination exists.
        LeakFound: an identifier is in a staged file; nothing stays behind.
        StorageFailed: the disk refused.
        Damaged: a file did not read back as it was written.
        Whatever the sound's `write` and `check` raise; nothing stays behind then.
    """
    approved = _check_approval(content, approval)
    chosen = [FORMATS[name] for name in parse_formats(",".join(formats))]
    target = _target(folder, run_name, session_id, content)
    at = (exported_at or datetime.now(UTC)).astimezone(UTC)
    known = _known(content.session_id, chosen, at, sound, approved.profile)
    blank = {item.file_name(content.session_id): item.render(searched, at) for item in chosen if searched and blanked}

    def check(name: str, data: bytes) -> list[Leak]:
        purpose = OnPurpose(name, blank[name], blanked) if name in blank else None
        return scan_bytes(name, data, surfaces, contains, known=known, purpose=purpose)

    files = {item.file_name(content.session_id): item.render(content, at) for item in chosen}
    _refuse_leaks([leak for name, data in files.items() for leak in check(name, data)])
    if contains(re.sub(r"[\W_]+", " ", run_name), surfaces):
        _refuse_leaks([Leak("the export's folder", "its name")])
    with disk_errors():
        exported = _publish(target, content, approved, files, at, check, sound)
    return ExportResult(target, exported)


def _publish(
    target: Path,
    content: ReleaseContent,
    approval: Approval,
    files: Mapping[str, bytes],
    at: datetime,
    check: Check,
    sound: Sound | None,
) -> tuple[ExportedFile, ...]:
    """Stage the scanned files beside `target`, check them as they lie there, and move them into place."""
    if not target.parent.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(target.parent.parent)
    remove_leftovers(target.parent)
    prefix = f"{_STAGING}{os.getpid()}-"
    staging = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))  # made with mode 0700
    try:
        exported = _stage(staging, content, approval, files, at, sound)
        texts = [path for path in sorted(staging.iterdir()) if sound is None or path.name != sound.name]
        staged = {path.name: path.read_bytes() for path in texts}
        fresh = {name: data for name, data in staged.items() if data != files.get(name)}  # not scanned before
        _refuse_leaks([leak for name, data in fresh.items() for leak in check(name, data)])
        sync_folder(staging)
        staging.rename(target)
    except BaseException:
        discard(staging)
        raise
    _settle(target)
    return exported


def remove_leftovers(folder: Path) -> int:
    """Delete staging folders whose process is gone (a power cut, a kill), and return how many there were."""
    removed = 0
    for leftover in folder.glob(f"{_STAGING}*"):
        owner = leftover.name.removeprefix(_STAGING).partition("-")[0]
        if leftover.is_dir() and not leftover.is_symlink() and owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(leftover)
            removed += 1
    return removed


def _check_approval(content: ReleaseContent, approval: Approval | None) -> Approval:
    if approval and approval.content_sha256 == content.digest:
        return approval
    what = "changed after it was approved" if approval else "has not been approved"
    raise NotVerified(
        f"This session {what}, so it cannot be exported.",
        safe="Nothing was written.",
        do="Run the ethics check (`facilitator verify`), and approve what it shows.",
    )


def _target(folder: Path, run_name: str, session_id: str, content: ReleaseContent) -> Path:
    if checked_session_id(session_id) != content.session_id:
        raise UsageError("What was prepared belongs to another session.", safe="Nothing was written.", do="Try again.")
    if not _RUN_NAME.fullmatch(run_name) or ".." in run_name:
        raise UsageError(
            "An export's folder is named by letters, digits, dots, hyphens and underscores.",
            safe="Nothing was written.",
            do="Choose another name, such as 2021-09-14.",
        )
    if os.path.lexists(folder / run_name):
        raise UsageError(
            "There is an export of that name already.",
            safe="It was left as it is, and nothing was written.",
            do="Choose another name, or move the earlier export away.",
        )
    return folder / run_name


def _stage(
    staging: Path,
    content: ReleaseContent,
    approval: Approval,
    files: Mapping[str, bytes],
    at: datetime,
    sound: Sound | None,
) -> tuple[ExportedFile, ...]:
    for name, data in files.items():
        write_new(staging / name, data)
        again = (staging / name).read_bytes()
        if again != data or not _holds_all(FORMATS[name.rpartition(".")[2]].read(again), content):
            raise _not_read_back()
    if sound is not None:
        _stage_sound(staging / sound.name, sound)
    exported = tuple(manifest.exported_file(staging / name) for name in (*files, *([sound.name] if sound else [])))
    text = manifest.manifest_text(content.session_id, approval, exported, at, with_sound=sound is not None)
    write_new(staging / manifest.MANIFEST, text.encode())
    sums = manifest.sums_text((*exported, manifest.exported_file(staging / manifest.MANIFEST)))
    write_new(staging / manifest.SUMS, sums.encode())
    return exported


def _stage_sound(path: Path, sound: Sound) -> None:
    write_new(path, b"")
    with path.open("r+b") as file:
        sound.write(file)
        file.flush()
        os.fsync(file.fileno())
    sound.check(path)


def _holds_all(text: str, content: ReleaseContent) -> bool:
    """True when every question, gap, turn and note stands in `text`, in order. White space may differ."""
    flat, at = " ".join(text.split()), 0
    for wanted in (" ".join(part.split()) for part in layout.texts(content)):
        at = flat.find(wanted, at)
        if at < 0:
            return False
        at += len(wanted)
    return True


def _refuse_leaks(leaks: Sequence[Leak]) -> None:
    if leaks:
        places = dict.fromkeys(f"{leak.file} ({leak.part})" for leak in leaks)
        raise LeakFound(
            f"A name or another identifier is still in the export: {', '.join(places)}.",
            safe="Nothing has left the study.",
            do="Run `facilitator pseudonymize` again, decide what it finds, and verify anew.",
        )


def _known(
    session_id: str, chosen: Sequence[Format], at: datetime, sound: Sound | None, profile: ExportProfile
) -> frozenset[Piece]:
    """What the same formats write of a session in which nobody said anything: the program's own words."""
    questions = tuple(ReleaseQuestion(0, kind.value, "") for kind in QuestionType)
    empty = ReleaseContent("", "", session_id, "", 0, "", (), (), questions)
    sample = replace(empty, turns=(_EMPTY_TURN,), notes=(_EMPTY_NOTE,), gaps=((0, 0, ""),))
    found: set[Piece] = set()
    for item in chosen:
        for content in (empty, sample):
            found |= known_pieces(item.file_name(session_id), item.render(content, at))
    names = [*(item.file_name(session_id) for item in chosen), *([sound.name] if sound else [])]
    files, nobody = (
        [ExportedFile(name, "0" * 64, 0) for name in names],
        Approval("0" * 64, "", at.isoformat(), 0, profile),
    )
    text = manifest.manifest_text(session_id, nobody, files, at, with_sound=sound is not None)
    return frozenset(found | known_pieces(manifest.MANIFEST, text.encode()))


def _settle(target: Path) -> None:
    """Make the rename last and read everything once more from its final place; an export that fails that is removed."""
    try:
        sync_folder(target.parent)
        if manifest.verify_manifest(target):
            raise _not_read_back()
    except BaseException:
        discard(target)
        raise


def _not_read_back() -> Damaged:
    return Damaged(
        "An export file did not read back as it was written.",
        safe="The study is unchanged, and the export was deleted.",
        do="Export again; if it happens twice, check the disk.",
    )
