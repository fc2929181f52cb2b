"""What another model, or other settings, heard: shown beside the draft, which stays as it was corrected."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from facilitator.domain import events as ev
from facilitator.domain.errors import NotFound, UsageError, WorkerFailed
from facilitator.domain.progress import Report, silent
from facilitator.domain.session_state import Hearing, SessionState
from facilitator.domain.text import plain_words
from facilitator.domain.timebase import clock
from facilitator.domain.transcript import Segment, words_text
from facilitator.transcription.engines import UNSPACED
from facilitator.workflows.hearing import Manner, filled, find_weights_for, hear, started
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound
from facilitator.workflows.transcribing import check_recorded

if TYPE_CHECKING:
    from facilitator.transcription.cluster import Cluster

LEAST_MS = 500


@dataclass(frozen=True, slots=True)
class Beside:
    """What was heard beside one turn: `text`, by `model` with `beam` readings, in `language`."""

    segment_id: int
    text: str
    model: str
    language: str
    beam: int


def hear_beside(
    session: Session,
    manner: Manner,
    *,
    from_ms: int | None = None,
    to_ms: int | None = None,
    report: Report = silent,
    cluster: "Cluster | None" = None,
) -> int:
    """Hear a stretch of the session anew, from `from_ms` to `to_ms` of its clock, or all; the draft stays.

    The same stretch heard in the same way is not heard again; a run that was cut off goes on.

    Returns:
        How many turns have another text than was heard now.

    Raises:
        NotFound: there is no draft yet, or no audio.
        UsageError: an unknown engine or language, or a stretch outside the recording.
        MissingNeed: no weights.
        WorkerFailed: the worker died; finished windows are kept.
    """
    weights = find_weights_for(manner, report)
    check_recorded(session)
    state = session.state
    if not state.segments:
        raise NotFound(
            f"Session {session.id} has no draft to set another beside.",
            do=f"Run `facilitator transcribe {session.id}`.",
        )
    start, end = from_ms or 0, state.length_ms if to_ms is None else to_ms
    if not 0 <= start <= end - LEAST_MS or end > state.length_ms:
        raise UsageError(
            f"The session lasts {clock(state.length_ms)}.",
            safe="Nothing was changed.",
            do="Give --from and --to within it, at least half a second apart.",
        )
    how = replace(
        started(session, manner, weights, state.length_ms, filled(session)), beside=True, from_ms=start, to_ms=end
    )
    alike = [one for one in state.beside if one.started == how]
    hearing = next((one for one in alike if one.finished), alike[-1] if alike else None)
    if hearing is None or (not hearing.finished and hearing is not state.heard_now):
        session.record(how)
        hearing = session.state.beside[-1]
    if not hearing.finished:
        hear(session, hearing, weights, SessionSound(session), report, cluster)
        if not session.reread().beside[-1].is_whole:
            raise WorkerFailed("What is stored is not the whole stretch.", safe="The draft is as it was.")
        session.record(ev.TranscriptionFinished(len(hearing.windows)))
    return sum(differs(segment, found) for segment in state.transcript for found in beside(state, segment)[:1])


def beside(state: SessionState, segment: Segment) -> list[Beside]:
    """What was heard beside a turn, the latest first; empty where nothing was, or where somebody spoke who withdrew."""
    found: list[Beside] = []
    if segment.speaker in state.withdrawn:
        return found
    for hearing in reversed(state.beside):
        how = hearing.started
        covered = how.from_ms <= segment.start_ms and segment.end_ms <= hearing.end_ms
        if hearing.finished and covered:
            text, language = _heard(hearing, segment.start_ms, segment.end_ms)
            found.append(Beside(segment.id, text, how.model, language or how.language, how.beam))
    return found


def differs(segment: Segment, other: Beside) -> bool:
    """Whether what was heard beside a turn has other words than it; case and punctuation do not count."""
    return plain_words(segment.text) != plain_words(other.text)


def _heard(hearing: Hearing, start_ms: int, end_ms: int) -> tuple[str, str]:
    """The text of the words whose middle lies in a stretch, and the language of the first."""
    near = (one for one in hearing.windows.values() if one.start_ms <= end_ms and start_ms < one.end_ms)
    text, language = "", ""
    for window in sorted(near, key=lambda window: window.start_ms):
        words = [word for part in window.segments for word in part.words]
        inside = [word for word in words if start_ms <= (word.start_ms + word.end_ms) // 2 < max(end_ms, start_ms + 1)]
        if inside:
            spoken = window.language or hearing.started.language
            said = "".join(word.text for word in inside) if spoken in UNSPACED else words_text(inside)
            text, language = f"{text} {said}".strip(), language or spoken
    return text, language
