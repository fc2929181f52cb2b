"""Export: only what was approved, and only when nothing that identifies somebody is left in the files."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from facilitator.domain import events as ev
from facilitator.domain.errors import NotVerified
from facilitator.domain.progress import Progress, Report, silent
from facilitator.ethics.approval import approval_valid
from facilitator.export.formats import parse_formats
from facilitator.export.gate import ExportResult, export
from facilitator.privacy.residue import contains_any
from facilitator.workflows.release import known_surfaces
from facilitator.workflows.sessions import Session
from facilitator.workflows.verifying import verify


def export_session(
    session: Session, formats: str = "docx,txt", out: Path | None = None, report: Report = silent
) -> ExportResult:
    """Write the approved session as `formats` into a new folder below `out` (the session's exports, if not given).

    Raises:
        UsageError: unknown format.
        NotVerified: no approval, or something changed since.
        LeakFound: a name is left in a file; nothing was written.
        StorageFailed: the folder cannot be written.
    """
    wanted = parse_formats(formats)
    report(Progress("Checking the approval", 0, 2))
    verification = verify(session)
    approval = session.state.approval
    if not verification.ready or not approval_valid(approval, verification.content) or approval is None:
        raise NotVerified(
            f"Session {session.id} is not approved as it is now.",
            safe="Nothing was written.",
            do=f"Run `facilitator verify {session.id}`, read it, and approve it with --approve DIGEST.",
        )
    report(Progress("Writing and scanning", 1, 2))
    result = export(
        verification.content,
        folder=out or session.folder.exports,
        run_name=f"session-{session.id}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        formats=wanted,
        approval=approval,
        surfaces=_scanned_for(session),
        contains=contains_any,
        session_id=session.id,
    )
    try:
        session.record(ev.Exported(verification.content.digest, result.files))
    except BaseException:  # what is in no log must not lie about
        shutil.rmtree(result.folder)
        raise
    report(Progress("Exported", 2, 2))
    return result


def _scanned_for(session: Session) -> list[str]:
    """Everything that no file may hold, apart from what the approval reference itself is made of, such as a year."""
    reference = session.study.settings.approval_reference
    return [
        known.surface
        for known in known_surfaces(session.study)
        if not (known.owner.startswith("E") and contains_any(reference, [known.surface]))
    ]
