"""Hear a stretch of a session's sound: how, with which words to expect, and every window stored as it is finished."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from facilitator.domain import events as ev
from facilitator.domain.accounting import Part, account
from facilitator.domain.errors import FacilitatorError, UsageError
from facilitator.domain.progress import Report
from facilitator.domain.session_state import Hearing, SessionState
from facilitator.domain.stretches import Stretch, merged, without
from facilitator.domain.text import fold
from facilitator.transcription.languages import AUTO, check_language
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound

if TYPE_CHECKING:
    from facilitator.transcription.batching import Hearer
    from facilitator.transcription.client import Transcriber
    from facilitator.transcription.cluster import Cluster
    from facilitator.transcription.weights import Weights

ENGINES: Final = ("auto", "faster-whisper", "openai-whisper")
MOST_BEAM: Final = 10
PROMPT_LENGTH: Final = 200
"""Characters. Whisper takes in 224 tokens, and what is in front of them costs a little time in every window."""
FILLERS: Final = "Um, uh, hmm, so, like, I mean, you know …"
"""Whisper writes on in the manner of what it reads first. It keeps some more of the fillers then, not all."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a session is heard.

    Attributes:
        engine: auto, faster-whisper or openai-whisper.
        model: name of a Whisper model.
        language: ISO 639 code, "auto" for whatever each window sounds like, or None for the study's language.
        beam: how many readings are followed at once, 1 to 10; 1 is fastest.
        fillers: ask for "um" and the like; some sentences are heard worse then.
        names: let the participants' names be among the words to expect.
    """

    engine: str = "auto"
    model: str = "base"
    language: str | None = None
    beam: int = 5
    fillers: bool = False
    names: bool = False


def check_manner(manner: Manner) -> None:
    """Raises UsageError for what no engine can do."""
    if manner.engine not in ENGINES:
        raise UsageError(f"There is no engine {manner.engine!r}.", do=f"Choose one of {', '.join(ENGINES)}.")
    if not 1 <= manner.beam <= MOST_BEAM:
        raise UsageError("A beam is from 1 to 10.", safe="Nothing was changed.", do="Take 1 for speed, 5 for care.")
    if manner.language is not None:
        check_language(manner.language, manner.model)


def find_weights_for(manner: Manner, report: Report) -> "Weights":
    """The weights of the model, checked.

    Raises:
        UsageError: no engine, model or language of that name.
        MissingNeed: the model is not here.
        Damaged: it is not what was stored.
    """
    from facilitator.transcription.weights import find_weights

    check_manner(manner)
    return find_weights(manner.model, report, engine=manner.engine)


def started(
    session: Session, manner: Manner, weights: "Weights", total_ms: int, filled: tuple[Stretch, ...] = ()
) -> ev.TranscriptionStarted:
    """The event that says how the windows after it are heard; `total_ms` and `filled` as in the event."""
    from facilitator.transcription.engines import resolve

    language = manner.language or session.study.settings.language
    check_language(language, manner.model)
    return ev.TranscriptionStarted(
        resolve(manner.engine, weights.form),
        manner.model,
        weights.sha256,
        language,
        total_ms,
        filled,
        manner.beam,
        manner.fillers,
        manner.names,
    )


def hear(
    session: Session,
    hearing: Hearing,
    weights: "Weights",
    sound: SessionSound,
    report: Report,
    cluster: "Cluster | None" = None,
) -> None:
    """Hear what of `hearing` is not stored yet, and store each batch of windows as it is finished.

    Raises:
        WorkerFailed: a worker died, or there is no such cluster; finished windows are kept.
        UsageError: the cluster may not be trusted with sound; finished windows are kept.
        Cancelled: `report` said so; finished windows are kept.
    """
    from facilitator.transcription.client import SpeechDetector
    from facilitator.transcription.planning import at_model_rate, plan

    how, end_ms = hearing.started, hearing.end_ms
    index, start_ms = hearing.goes_on
    with SpeechDetector() as detector, _hearer(session, how, weights, cluster) as transcriber:
        blocks = at_model_rate(sound.read, sound.rate, end_ms, start_ms=start_ms)
        windows = plan(blocks, detector.find, start_ms=start_ms, index=index)
        for batch in transcriber.run(
            windows, hearing.windows.keys(), report, end_ms - how.from_ms, skipped_ms=start_ms - how.from_ms
        ):
            session.record_all([(window, window.start_ms) for window in batch])


def transcriber_for(
    session: Session, how: ev.TranscriptionStarted, weights: "Weights", *, nice: int = 10
) -> "Transcriber":
    """A transcriber that hears as `how` says."""
    from facilitator.transcription.client import Transcriber

    return Transcriber(
        weights,
        engine=how.engine,
        language=None if how.language == AUTO else how.language,
        prompt=prompt(session, how),
        beam=how.beam,
        nice=nice,
    )


def _hearer(session: Session, how: ev.TranscriptionStarted, weights: "Weights", cluster: "Cluster | None") -> "Hearer":
    if cluster is None:
        return transcriber_for(session, how, weights)
    from facilitator.transcription.cluster import ClusterTranscriber

    language = None if how.language == AUTO else how.language
    words = prompt(session, how)
    return ClusterTranscriber(cluster, weights, engine=how.engine, language=language, prompt=words, beam=how.beam)


def filled(session: Session) -> tuple[Stretch, ...]:
    """(start, length) in ms of the gaps that backup tracks fill; what was heard before, once there is no sound."""
    state = session.state
    if state.purged:
        return state.transcription.filled if state.transcription else ()
    if not state.backups:
        return ()
    return tuple((at_ms, length_ms) for at_ms, length_ms, _ in SessionSound(session).filled)


def prompt(session: Session, how: ev.TranscriptionStarted) -> str:
    """Words that Whisper should expect: terms of the guide, the shortest first; participants' names only if allowed."""
    state = session.state
    terms = sorted(state.guide.glossary, key=len) if state.guide else []
    names = _names(session)
    if how.names:
        terms = [*names, *terms]
    else:
        known = {fold(part) for name in names for part in name.split()}
        terms = [term for term in terms if known.isdisjoint(fold(word) for word in term.split())]
    while terms and len(", ".join(terms)) > PROMPT_LENGTH:
        terms.pop()
    return " ".join(filter(None, [FILLERS if how.fillers else "", ", ".join(terms)]))


def _names(session: Session) -> list[str]:
    """What those who take part are called, as far as that is open to this key."""
    try:
        identities = session.study.linkage.identities
    except FacilitatorError:  # without names, nothing can be kept out by name, and nothing can be let in
        return []
    here = [identities[number] for number in session.state.participants if number in identities]
    return [name for one in here for name in (one.name, *one.aliases)]


def accounted(state: SessionState) -> tuple[Part, ...]:
    """What became of each moment of the recording, by the stored windows."""
    hearing = state.hearing
    if hearing is None:
        return ()
    windows = hearing.in_order
    words = [word for window in windows for segment in window.segments for word in segment.words]
    speech = [stretch for window in windows for stretch in window.speech]
    return account(hearing.end_ms, merged(speech), words, missing(state))


def missing(state: SessionState) -> list[Stretch]:
    """Where there is no sound of the session: gaps that nothing fills, breaks, and what was struck."""
    heard = [(at, at + length) for at, length in state.transcription.filled] if state.transcription else []
    gaps = without([(at, at + length) for at, length, _ in state.gaps], heard)
    return merged([*gaps, *state.breaks(state.length_ms)])
