"""Reading a backup back as a study: keys, hash chains, and every record of sound."""

from collections.abc import Callable
from pathlib import Path

from facilitator.domain.errors import AccessRefused, Damaged, FacilitatorError
from facilitator.domain.ids import SessionId
from facilitator.storage import linkage_key
from facilitator.storage.linkage_key import LinkageFiles
from facilitator.storage.study_folder import StudyFolder, read_settings
from facilitator.workflows.diagnosing import Verdict, diagnose_folder
from facilitator.workflows.study import Study


def check_backup(study: Study, copy: StudyFolder, linkage: Path | None, step: Callable[[str, int], None]) -> list[str]:
    """Open every log and every record of `copy`; returns sentences on what is damaged in the study as well.

    `linkage` is where in the copy the linkage file lies, if it was copied; `step` hears how many bytes were read.

    Raises:
        Damaged: the copy does not open, though the study does.
    """
    try:
        # the linkage file that was copied, not the one that the study has on another medium
        settings = read_settings(copy).model_copy(update={"linkage": (linkage or Path("linkage.age")).as_posix()})
        with Study(copy, settings, study.key, write=False) as copied:
            copied.verify_log()
            names = _check_names(study, copied.linkage_files) if linkage else []
            sessions = [path.name for path in sorted((copy.root / "sessions").iterdir()) if path.is_dir()]
            return names + [line for name in sessions for line in _check_session(copied, SessionId(name), step)]
    except FacilitatorError as error:
        raise Damaged(
            f"The backup cannot be opened: {error.what}",
            safe="The study is unchanged, and nothing of the backup was left behind.",
            do="Run `facilitator study check`, check the medium, then make the backup again.",
        ) from error


def _check_names(study: Study, files: LinkageFiles) -> list[str]:
    """Open the copied names with the copied key; they fit together only if both are of one moment."""
    if study.state.linkage_destroyed_utc:
        return []
    try:
        linkage_key.read(files, study.key)
    except FacilitatorError:
        study.refresh()
        try:
            study.linkage  # noqa: B018  read anew
        except AccessRefused:
            return []  # nobody who may not see names can tell
        except FacilitatorError as error:
            return [f"Names, in the study itself as well: {error.what}"]
        raise
    return []


def _check_session(copied: Study, session_id: SessionId, step: Callable[[str, int], None]) -> list[str]:
    if session_id not in copied.state.sessions:
        return []  # its planning was cut off; or `study check` enters it
    found = diagnose_folder(copied, session_id, thorough=True)
    database = copied.folder.session(session_id).database
    step("Reading back", database.stat().st_size if database.exists() else 0)
    bad = [line for one, line in zip(found.findings, found.lines, strict=True) if one.verdict is Verdict.RESTORE]
    return [f"Session {session_id}, in the study itself as well: {line}" for line in bad]
