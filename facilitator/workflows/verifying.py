"""The ethics check of a session, and the approval that an export needs."""

from dataclasses import dataclass

from facilitator.domain import events as ev
from facilitator.domain.consent import missing_consents
from facilitator.domain.detail import ExportProfile
from facilitator.domain.errors import InvalidInput, NotVerified
from facilitator.domain.release import ReleaseContent
from facilitator.domain.session_state import Approval, SessionState
from facilitator.domain.text import one_line
from facilitator.ethics.approval import approval_valid
from facilitator.ethics.checks import Check, Verdict, ready, run_checks
from facilitator.privacy.residue import find_residue
from facilitator.workflows.pseudonymizing import Pseudonymization
from facilitator.workflows.release import known_surfaces, release
from facilitator.workflows.sessions import Session

SHORTEST_DIGEST = 8
"""Digits that have to be named at approval."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The session as a profile's export would show it, and what the checks say of it.

    `approved` is an approval of exactly this while no check fails; `approval` the last one, which may be void by now.
    """

    profile: ExportProfile
    content: ReleaseContent
    checks: tuple[Check, ...]
    ready: bool
    approved: bool
    approval: Approval | None


def verify(session: Session, profile: ExportProfile = ExportProfile.TEAM) -> Verification:
    """Run every check on the session as an export of the profile would show it now."""
    study, state = session.study, session.state
    study.refresh()
    made = release(session, profile)
    content = made.content
    pseudonymization = Pseudonymization(session)
    surfaces = [known.surface for known in known_surfaces(study, profile)]
    residue = find_residue(referenced_texts(made.searched), surfaces)
    approval = state.approvals.get(profile)
    known_approval = approval or state.voided.get(profile)
    consents = study.state.consents
    checks = run_checks(
        content,
        residue_refs=tuple(dict.fromkeys(found.ref for found in residue)),
        search_current=pseudonymization.current,
        undecided=len(pseudonymization.open_ids),
        unknown_identifiers=len(pseudonymization.unknown_ids),
        transcription_finished=_transcribed_whole(state),
        unknown_speaker_turns=sum(turn.speaker is None for turn in content.turns),
        unchecked_segments=sum(not segment.checked for segment in state.segments.values()),
        total_segments=len(state.segments),
        open_doubts=len(state.open_doubts),
        missing_recording_consent=missing_consents(state.took_part, consents),
        refused_quotation=content.not_to_be_quoted,
        approval=known_approval,
    )
    fit = ready(checks)
    return Verification(profile, content, checks, fit, fit and approval_valid(approval, content), known_approval)


def approve(
    session: Session, approver: str, content_sha256: str, profile: ExportProfile = ExportProfile.TEAM
) -> Verification:
    """Approve the content whose digest was shown, and nothing else.

    Args:
        session: open for writing.
        approver: a role or initials, printed in the manifest.
        content_sha256: digest of what the approver read, or its first 8 digits or more.
        profile: for whom it is approved.

    Raises:
        NotVerified: a check fails, or the session changed since.
        InvalidInput: nobody is named, or somebody whose name must not leave the study.
    """
    name = one_line(approver, 60)
    if not name:
        raise InvalidInput("An approval needs to say who gives it.", do="Give a role or initials.")
    found = verify(session, profile)
    known = {one.surface for of in {profile, ExportProfile.TEAM} for one in known_surfaces(session.study, of)}
    if find_residue([("approver", name)], known):
        raise InvalidInput(
            "That is a name of the study, which the manifest would carry out.",
            safe="Nothing was approved.",
            do="Give a role or initials instead.",
        )
    failing = [check for check in found.checks if check.verdict is Verdict.FAIL]
    if failing:
        raise NotVerified(
            f"{len(failing)} of {len(found.checks)} checks fail: {'; '.join(check.title for check in failing)}.",
            safe="Nothing was approved.",
            do=f"See `facilitator verify {session.id}` and mend them.",
        )
    if len(content_sha256) < SHORTEST_DIGEST or not found.content.digest.startswith(content_sha256.lower()):
        raise NotVerified(
            "The session is not the text that was shown: something changed since.",
            safe="Nothing was approved.",
            do=f"Read it again with `facilitator verify {session.id} --text`, and approve the digest shown there.",
        )
    session.record(ev.Approved(found.content.digest, name, profile))
    return verify(session, profile)


def _transcribed_whole(state: SessionState) -> bool:
    """True when the transcription reaches the end of the last take, and none is running."""
    started = state.transcription
    return bool(state.recorded and state.transcription_finished and started and started.total_ms >= state.length_ms)


def referenced_texts(content: ReleaseContent) -> list[tuple[str, str]]:
    """(where, text) of everything that people wrote or said in `content`."""
    return [
        ("study title", content.study_title),
        ("approval reference", content.approval_reference),
        ("session title", content.title),
        *((f"turn at {turn.start_ms}", turn.text) for turn in content.turns),
        *((f"question at {question.at_ms}", question.text) for question in content.questions),
        *((f"note at {note.at_ms}", note.text) for note in content.notes),
        *((f"gap at {at_ms}", reason) for at_ms, _, reason in content.gaps),
    ]
