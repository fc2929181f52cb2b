"""From stored audio to a draft transcript: windows are stored as they finish, so a killed job goes on where it was."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from facilitator.domain import events as ev
from facilitator.domain.errors import NotFound, UsageError, WorkerFailed
from facilitator.domain.progress import Report, silent
from facilitator.domain.session_state import SessionState
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound

if TYPE_CHECKING:
    import numpy as np

    from facilitator.transcription.weights import Weights

READ_MS = 30_000
PROMPT_LENGTH = 40
"""Characters. A longer prompt is read again for every window, and costs more time than it mends words."""
ENGINES = ("auto", "faster-whisper", "openai-whisper")


def transcribe(
    session: Session,
    *,
    engine: str = "auto",
    model: str = "base",
    language: str | None = None,
    again: bool = False,
    report: Report = silent,
) -> SessionState:
    """Transcribe what is not transcribed yet, then cut the draft into turns.

    A finished transcription is left alone unless `again`; one with other settings starts over, unless somebody has
    corrected the draft.

    Raises:
        NotFound: there is no audio.
        UsageError: unknown engine, or the draft has corrections that would be lost.
        MissingNeed: no weights.
        WorkerFailed: the worker died; finished windows are kept.
    """
    from facilitator.transcription.engines import resolve
    from facilitator.transcription.weights import find_weights

    check_engine(engine)
    if not session.state.recorded:
        raise NotFound(
            f"Session {session.id} has no finished recording.", do="Record it, or import audio, before transcribing."
        )
    weights = find_weights(model, report, engine=engine)
    started = ev.TranscriptionStarted(
        resolve(engine, weights.form),
        model,
        weights.sha256,
        language or session.study.settings.language,
        session.state.length_ms,
        _filled(session),
    )
    if _settled(session.state, started, again):
        return session.state
    sound = SessionSound(session)
    if session.state.transcription != started or session.state.transcription_finished:
        session.record(started)
    _transcribe_windows(session, started, weights, sound, report)
    _finish(session)
    return session.state


def check_engine(engine: str) -> None:
    """Raises UsageError for an unknown engine."""
    if engine not in ENGINES:
        raise UsageError(f"There is no engine {engine!r}.", do=f"Choose one of {', '.join(ENGINES)}.")


def _settled(state: SessionState, started: ev.TranscriptionStarted, again: bool) -> bool:
    """True when there is a draft to leave alone. Raises UsageError when it has corrections and would be replaced."""
    if again or not state.transcription_finished or not state.segments:
        return False
    if state.transcription == started:
        return True
    if state.edits:
        raise UsageError(
            "The draft has been corrected; transcribing anew would lose the corrections.",
            safe="Nothing was changed.",
            do="Add --again if that is what you want.",
        )
    return False


def _transcribe_windows(
    session: Session, started: ev.TranscriptionStarted, weights: "Weights", sound: SessionSound, report: Report
) -> None:
    from facilitator.transcription.client import Transcriber
    from facilitator.transcription.planning import plan, to_model_rate

    with Transcriber(
        weights, engine=started.engine, language=started.language, prompt=_prompt(session.state)
    ) as transcriber:
        windows = plan(to_model_rate(_blocks(sound), sound.rate))
        for window in transcriber.run(windows, session.state.windows.keys(), report, started.total_ms):
            session.record(window, window.start_ms)


def _blocks(sound: SessionSound) -> "Iterator[np.ndarray]":
    for start_ms in range(0, sound.length_ms, READ_MS):
        yield sound.read(start_ms, min(start_ms + READ_MS, sound.length_ms))


def _filled(session: Session) -> tuple[tuple[int, int], ...]:
    """(start, length) in ms of the gaps that backup tracks fill; what was heard before, once there is no sound."""
    state = session.state
    if state.purged:
        return state.transcription.filled if state.transcription else ()
    if not state.backups:
        return ()
    return tuple((at_ms, length_ms) for at_ms, length_ms, _ in SessionSound(session).filled)


def _prompt(state: SessionState) -> str:
    """Terms of the guide that Whisper should spell right, the shortest first; never a participant's name."""
    terms = sorted(state.guide.glossary, key=len) if state.guide else []
    while terms and len(", ".join(terms)) > PROMPT_LENGTH:
        terms.pop()
    return ", ".join(terms)


def _finish(session: Session) -> None:
    from facilitator.speakers.attribution import attribute

    windows = sorted(session.reread().windows.values(), key=lambda window: window.start_ms)
    covered = all(window.start_ms == previous.end_ms for previous, window in pairwise(windows))
    if not windows or windows[0].start_ms != 0 or not covered:
        raise WorkerFailed(
            "The stored windows do not cover the whole recording.",
            safe="The recording and what was transcribed are kept.",
            do="Run `facilitator transcribe` again.",
        )
    heard = [segment for window in windows for segment in window.segments]
    draft = attribute(heard, session.state.speaker_marks)
    session.record_all([(ev.TranscriptionFinished(len(windows)), 0), (ev.DraftMade(draft), 0)])


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
