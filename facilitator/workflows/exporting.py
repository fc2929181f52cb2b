"""Export: only what was approved, and only when nothing that identifies somebody is left in the files."""

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from facilitator.domain import events as ev
from facilitator.domain.errors import NotVerified
from facilitator.domain.progress import Progress, Report, silent
from facilitator.domain.release import ReleaseContent
from facilitator.domain.session_state import Approval
from facilitator.ethics.approval import approval_valid
from facilitator.export.formats import parse_formats
from facilitator.export.gate import ExportResult, Sound, export
from facilitator.privacy.residue import contains_any
from facilitator.workflows.redacting import Redacted, check_shared, find_weights_again, redaction, refuse_names
from facilitator.workflows.release import known_surfaces
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound
from facilitator.workflows.verifying import verify


@dataclass(frozen=True, slots=True)
class SessionExport(ExportResult):
    """Where an export lies, and what is under a tone in its sound; None without sound."""

    redacted: Redacted | None = None


def export_session(
    session: Session,
    formats: str = "docx,txt",
    out: Path | None = None,
    report: Report = silent,
    *,
    audio: bool = False,
) -> SessionExport:
    """Write the approved session as `formats` into a new folder below `out` (the session's exports, if not given).

    Args:
        session: open for writing.
        formats: names of formats, separated by commas.
        out: where the new folder is made.
        report: told how far it is.
        audio: write the sound too, with a tone over every identifier.

    Raises:
        UsageError: unknown format.
        NotVerified: no approval, or something changed since.
        ConsentMissing: sound is wished for, and somebody in it has not agreed, or nobody knows who speaks.
        MissingNeed: sound is wished for, and no speech model is here that could search it for names.
        NotFound: sound is wished for, and there is none.
        LeakFound: a name is left in a file, or can be heard; nothing was written.
        StorageFailed: the folder cannot be written.
        Cancelled: `report` said so; nothing was written.
    """
    wanted = parse_formats(formats)
    report(Progress("Checking the approval", 0, 2))
    content, approval = _approved(session)
    sound, redacted = None, None
    if audio:
        sound, redacted = _searched_sound(session, report)
        content, approval = _approved(session)  # it took long
    report(Progress("Writing and scanning", 1, 2))
    result = export(
        content,
        folder=out or session.folder.exports,
        run_name=f"session-{session.id}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        formats=wanted,
        approval=approval,
        surfaces=_scanned_for(session),
        contains=contains_any,
        session_id=session.id,
        sound=sound,
    )
    try:
        session.record(ev.Exported(content.digest, result.files))
    except BaseException:  # what is in no log must not lie about
        shutil.rmtree(result.folder)
        raise
    report(Progress("Exported", 2, 2))
    return SessionExport(result.folder, result.files, redacted)


def _approved(session: Session) -> tuple[ReleaseContent, Approval]:
    verification, approval = verify(session), session.state.approval
    if not verification.ready or not approval_valid(approval, verification.content) or approval is None:
        raise NotVerified(
            f"Session {session.id} is not approved as it is now.",
            safe="Nothing was written.",
            do=f"Run `facilitator verify {session.id}`, read it, and approve it with --approve DIGEST.",
        )
    return verification.content, approval


def _searched_sound(session: Session, report: Report) -> tuple[Sound, Redacted]:
    """The redacted sound, which a speech model has heard without finding a name; nothing is written yet."""
    from facilitator.audio.redaction import check_flac, write_flac  # numpy is not needed before this

    check_shared(session)
    source, weights = SessionSound(session), find_weights_again(session, report)
    made, redacted = redaction(session, source, report)
    listen_to = refuse_names(session, made, weights, report)
    sound = Sound(
        f"session-{session.id}.redacted.flac",
        lambda file: write_flac(file, made, report),
        lambda path: check_flac(path, made, report),
    )
    return sound, replace(redacted, listen_to=tuple(listen_to))


def _scanned_for(session: Session) -> list[str]:
    """Everything that no file may hold, apart from what the approval reference itself is made of, such as a year."""
    reference = session.study.settings.approval_reference
    return [
        known.surface
        for known in known_surfaces(session.study)
        if not (known.owner.startswith("E") and contains_any(reference, [known.surface]))
    ]
