"""From stored audio to a draft transcript: windows are stored as they finish, so a killed job goes on where it was."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from facilitator.domain import events as ev
from facilitator.domain.accounting import is_whole
from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.errors import NotFound, UsageError, WorkerFailed
from facilitator.domain.ids import Speaker
from facilitator.domain.progress import Report, silent
from facilitator.domain.session_state import Hearing, SessionState
from facilitator.domain.stretches import Stretch, merged
from facilitator.domain.suspicion import doubts, in_order
from facilitator.domain.transcript import Segment
from facilitator.domain.withdrawal import given_back
from facilitator.workflows.hearing import Manner, accounted, filled, find_weights_for, hear, started
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound

if TYPE_CHECKING:
    from facilitator.transcription.cluster import Cluster

AS_USUAL = Manner()


def transcribe(
    session: Session,
    manner: Manner = AS_USUAL,
    *,
    again: bool = False,
    report: Report = silent,
    cluster: "Cluster | None" = None,
) -> SessionState:
    """Transcribe what is not transcribed yet, here or on a cluster, then cut the draft into turns.

    A finished transcription is left alone unless `again`; one with other settings starts over, unless somebody has
    corrected the draft.

    Raises:
        NotFound: there is no audio.
        UsageError: unknown engine or language, or the draft has corrections that would be lost.
        MissingNeed: no weights.
        WorkerFailed: the worker died; finished windows are kept.
    """
    weights = find_weights_for(manner, report)
    check_recorded(session)
    how = started(session, manner, weights, session.state.length_ms, filled(session))
    if _settled(session.state, how, again):
        return session.state
    sound = SessionSound(session)
    _end_live(session, how)
    state = session.state
    if state.transcription != how or state.transcription_finished or state.heard_now is not state.hearing:
        session.record(how)
    hear(session, heard_now(session), weights, sound, report, cluster)
    finish(session)
    return session.state


def _end_live(session: Session, how: ev.TranscriptionStarted) -> None:
    """Take over what was heard while the session was recorded, if it was heard in the same way."""
    live = session.state.transcription
    if live is not None and live.total_ms == 0 and replace(live, total_ms=how.total_ms) == how:
        session.record(ev.HeardUntil(how.total_ms))


def check_recorded(session: Session) -> None:
    """Raises NotFound unless there is a finished recording."""
    if not session.state.recorded:
        raise NotFound(
            f"Session {session.id} has no finished recording.", do="Record it, or import audio, before transcribing."
        )


def heard_now(session: Session) -> Hearing:
    """The run that the draft is, or will be, made of."""
    hearing = session.state.hearing
    assert hearing is not None  # noqa: S101 - its start was stored
    return hearing


def _settled(state: SessionState, how: ev.TranscriptionStarted, again: bool) -> bool:
    """True when there is a draft to leave alone. Raises UsageError when it has corrections and would be replaced."""
    if again or not state.transcription_finished or not state.segments:
        return False
    if state.transcription == how:
        return True
    if state.edits or state.corrected:
        raise UsageError(
            "The draft has been corrected; transcribing anew would lose the corrections.",
            safe="Nothing was changed.",
            do="Add --beside to see the new text beside the corrected one, or --again to give the corrections up.",
        )
    return False


def finish(session: Session) -> None:
    """Check that the stored windows are the whole recording, make the draft of them, and read it back.

    Raises:
        WorkerFailed: something is missing; what is stored is kept.
    """
    from facilitator.speakers.attribution import attribute
    from facilitator.speakers.overlap import overlaps

    stored = session.reread()
    hearing = stored.hearing
    if hearing is None or not hearing.is_whole or not is_whole(accounted(stored), hearing.end_ms):
        raise _not_whole()
    windows = hearing.in_order
    heard = [segment for window in windows for segment in window.segments]
    marks = stored.speaker_marks
    raised = in_order((*doubts(windows), *overlaps(heard, marks)))
    said = given_back(attribute(heard, marks), _spoken_by_withdrawn(stored))
    draft = with_unresolved(said, raised)
    session.record_all([(ev.TranscriptionFinished(len(windows)), 0), (ev.DraftMade(draft, raised), 0)])
    if session.reread().segments != stored.shown(draft):
        raise _not_whole()


def _spoken_by_withdrawn(state: SessionState) -> dict[Speaker, list[Stretch]]:
    """When each of those who withdrew spoke, turns included that were attributed to them since."""
    turns = [(one.speaker, (one.start_ms, max(one.end_ms, one.start_ms + 1))) for one in state.transcript]
    return {
        who: merged([*stretches, *(turn for speaker, turn in turns if speaker == who)])
        for who, stretches in state.withdrawn.items()
    }


def with_unresolved(draft: Sequence[Segment], raised: Sequence[Doubt]) -> tuple[Segment, ...]:
    """The draft with an empty segment wherever speech was not understood, numbered in order of time."""
    empty = [Segment(0, one.start_ms, one.end_ms, None, "") for one in raised if one.rule is Rule.UNRESOLVED]
    ordered = sorted((*draft, *empty), key=lambda segment: (segment.start_ms, segment.end_ms))
    return tuple(replace(segment, id=number) for number, segment in enumerate(ordered, start=1))


def _not_whole() -> WorkerFailed:
    return WorkerFailed(
        "What is stored of the transcript is not the whole recording.",
        safe="The recording and what was transcribed are kept.",
        do="Run `facilitator transcribe` again.",
    )


def fill_speakers(session: Session) -> int:
    """Give a speaker to turns that have none, from the facilitator's marks; returns how many.

    Raises:
        NotFound: there is no draft.
    """
    from facilitator.speakers.attribution import fill_unknown

    if not session.state.segments:
        raise NotFound("There is no draft transcript yet.", do=f"Run `facilitator transcribe {session.id}`.")
    found = fill_unknown(session.state.transcript, session.state.speaker_marks)
    if found:
        session.record_all([(ev.SpeakerCorrected(segment_id, None, speaker), 0) for segment_id, speaker in found])
    return len(found)
