"""Export: only what was approved, and only when nothing that identifies somebody is left in the files.

No sound with a name in it is written: what would be exported is heard in memory first, and written after that.
"""

import shutil
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facilitator.domain import events as ev
from facilitator.domain.detail import ExportProfile
from facilitator.domain.errors import LeakFound, MissingNeed, NotVerified
from facilitator.domain.progress import Progress, Report, silent
from facilitator.domain.release import ReleaseContent
from facilitator.domain.session_state import Approval
from facilitator.domain.text import plain_words
from facilitator.domain.timebase import stamp
from facilitator.domain.transcript import Word
from facilitator.ethics.approval import approval_valid
from facilitator.export.formats import parse_formats
from facilitator.export.gate import ExportResult, Sound, export
from facilitator.privacy.residue import contains_any, find_residue
from facilitator.privacy.surfaces import KnownSurface
from facilitator.transcription.languages import AUTO
from facilitator.workflows.hearing import Manner, find_weights_for
from facilitator.workflows.redacting import Redacted, check_shared, redaction, word_spans
from facilitator.workflows.release import known_surfaces, release
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound
from facilitator.workflows.verifying import verify

if TYPE_CHECKING:
    from facilitator.audio.redaction import Redaction
    from facilitator.transcription.weights import Weights

_NEARBY_MS: Final = 500
_OPENERS: Final = " \"'“‘«(["


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
    profile: ExportProfile = ExportProfile.TEAM,
) -> SessionExport:
    """Write the approved session as `formats` into a new folder below `out` (the session's exports, if not given).

    Args:
        session: open for writing.
        formats: names of formats, separated by commas.
        out: where the new folder is made.
        report: told how far it is.
        audio: write the sound too, with a tone over every identifier.
        profile: for whom; each profile has an approval of its own.

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
    content, approval = _approved(session, profile)
    sound, redacted = None, None
    if audio:
        sound, redacted = _searched_sound(session, report, profile)
        content, approval = _approved(session, profile)  # it took long
        check_shared(session)
    report(Progress("Writing and scanning", 1, 2))
    made = release(session, profile)
    for_whom = "" if profile is ExportProfile.TEAM else f"-{profile}"
    result = export(
        content,
        folder=out or session.folder.exports,
        run_name=f"session-{session.id}{for_whom}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        formats=wanted,
        approval=approval,
        surfaces=[known.surface for known in known_surfaces(session.study, profile)],
        contains=contains_any,
        searched=made.searched,
        blanked=made.blanked,
        session_id=session.id,
        sound=sound,
    )
    try:
        session.record(ev.Exported(content.digest, result.files, profile))
    except BaseException:  # what is in no log must not lie about
        shutil.rmtree(result.folder)
        raise
    report(Progress("Exported", 2, 2))
    return SessionExport(result.folder, result.files, redacted)


def _approved(session: Session, profile: ExportProfile) -> tuple[ReleaseContent, Approval]:
    verification, approval = verify(session, profile), session.state.approvals.get(profile)
    wish = "" if profile is ExportProfile.TEAM else f" --profile {profile}"
    if not verification.ready or not approval_valid(approval, verification.content) or approval is None:
        raise NotVerified(
            f"Session {session.id} is not approved as it is now, for the profile {profile}.",
            safe="Nothing was written.",
            do=f"Run `facilitator verify {session.id}{wish}`, read it, and approve it with --approve DIGEST.",
        )
    return verification.content, approval


def _searched_sound(session: Session, report: Report, profile: ExportProfile) -> tuple[Sound, Redacted]:
    """The redacted sound, which a speech model has heard without finding a name; nothing is written yet."""
    from facilitator.audio.redaction import check_flac, write_flac  # numpy is not needed before this

    check_shared(session)
    source, weights = SessionSound(session), find_weights_again(session, report)
    known = known_surfaces(session.study, profile)
    made, redacted = redaction(session, source, report, known)
    listen_to = refuse_names(session, made, weights, report, known)
    sound = Sound(
        f"session-{session.id}.redacted.flac",
        lambda file: write_flac(file, made, report),
        lambda path: check_flac(path, made, report),
    )
    return sound, replace(redacted, listen_to=tuple(listen_to))


# --- the second hearing of the sound


def find_weights_again(session: Session, report: Report = silent) -> "Weights":
    """The model that the session was transcribed with, or base where it is not here any more.

    Raises:
        MissingNeed: neither is here.
    """
    how = session.state.transcription
    try:
        return find_weights_for(Manner(model=how.model if how else "base"), report)
    except MissingNeed:
        return find_weights_for(Manner(), report)


def listen(
    session: Session, redacted: "Redaction", weights: "Weights", report: Report = silent
) -> Generator[ev.WindowTranscribed, None, None]:
    """What a speech model hears in the redacted sound, window by window; nothing of it is stored.

    Raises:
        WorkerFailed: a worker died.
        Cancelled: `report` said so.
    """
    from facilitator.transcription.client import SpeechDetector, Transcriber
    from facilitator.transcription.planning import at_model_rate, plan

    how = session.state.transcription
    language = None if how is None or how.language == AUTO else how.language
    # no words to expect: it should hear what a stranger would
    with SpeechDetector() as detector, Transcriber(weights, language=language) as transcriber:
        sound = at_model_rate(redacted.read, redacted.rate, redacted.length_ms)
        windows = plan(sound, detector.find)
        told = transcriber.run(
            windows, (), lambda step: report(replace(step, label="Listening for names")), redacted.length_ms
        )
        for batch in told:
            yield from batch


def refuse_names(
    session: Session,
    redacted: "Redaction",
    weights: "Weights",
    report: Report = silent,
    known: Sequence[KnownSurface] | None = None,
) -> list[int]:
    """Hear the redacted sound. Returns when, in ms, a word that the transcript does not have sounds like a known name.

    Raises:
        LeakFound: a known name or another identifier is heard.
        WorkerFailed, Cancelled: as `listen`.
    """
    known = known_surfaces(session.study) if known is None else known
    said = [word for segment in session.state.transcript for word in segment.words]
    leaks, alike = list[int](), list[int]()
    with closing(listen(session, redacted, weights, report)) as windows:
        for window in windows:
            leaks += named_at(window, known)
            alike += _alike_at(window, known, said)
    if leaks:
        places = list(dict.fromkeys(stamp(at_ms) for at_ms in sorted(leaks)))
        raise LeakFound(
            f"A name or another identifier can still be heard in the redacted sound, at {', '.join(places[:8])}"
            f"{' and later' if len(places) > 8 else ''}.",
            safe="Nothing has left the study.",
            do=f"Listen there (`facilitator correct {session.id}`), write what is said into the turn, and verify anew.",
        )
    return sorted(alike)


def named_at(window: ev.WindowTranscribed, known: Sequence[KnownSurface]) -> list[int]:
    """When, in ms, known surfaces are heard in a window."""
    words = [word for segment in window.segments for word in segment.words]
    text = " ".join(segment.text for segment in window.segments)
    where = word_spans(text, words)
    found = find_residue([("", text)], [one.surface for one in known])
    touched = ([word for word, span in zip(words, where, strict=False) if span.overlaps(hit.span)] for hit in found)
    return [those[0].start_ms if those else window.start_ms for those in touched]


def _alike_at(window: ev.WindowTranscribed, known: Iterable[KnownSurface], said: Iterable[Word]) -> list[int]:
    """When words are heard that sound like a known name of one word, and do not stand in the transcript there."""
    from facilitator.privacy.similar import sounds_like

    names = [one for one in known if len(one.surface.split()) == 1]
    found = []
    for word in (word for segment in window.segments for word in segment.words):
        plain = plain_words(word.text)
        if plain and word.text.lstrip(_OPENERS)[:1].isupper() and sounds_like(plain[0], names):
            low, high = word.start_ms - _NEARBY_MS, word.end_ms + _NEARBY_MS
            nearby = (one for one in said if one.start_ms < high and low < one.end_ms)
            if not any(plain_words(one.text) == plain for one in nearby):
                found.append(word.start_ms)
    return found
