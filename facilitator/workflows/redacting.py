"""Sound for an export: a tone over all that the approved text does not say, and a second hearing that looks for names.

Nothing with a name in it is written: what would be exported is heard in memory first, and written after that.
"""

import re
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from facilitator.domain import events as ev
from facilitator.domain.doubts import Rule
from facilitator.domain.errors import ConsentMissing, LeakFound, MissingNeed
from facilitator.domain.ids import ASSISTANT, MODERATOR, ResearchNumber, number_value
from facilitator.domain.progress import Report, silent
from facilitator.domain.session_state import SessionState
from facilitator.domain.spans import Span
from facilitator.domain.stretches import Stretch, merged, without
from facilitator.domain.text import plain_words
from facilitator.domain.timebase import ms_to_samples, samples_to_ms, stamp
from facilitator.domain.transcript import Segment, Word
from facilitator.privacy.replacement import pseudonymize
from facilitator.privacy.residue import find_residue
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher
from facilitator.transcription.languages import AUTO
from facilitator.workflows.hearing import Manner, find_weights_for
from facilitator.workflows.release import SHORTEST_GAP_MS, known_surfaces
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound

if TYPE_CHECKING:
    from facilitator.audio.redaction import Redaction
    from facilitator.transcription.weights import Weights

MARGIN_MS: Final = 250
"""Word times of a speech model are not exact: so much more is put under the tone on both sides."""
LETTER_MS: Final = 30
"""Nobody speaks faster than 33 letters a second: a word that is timed shorter was said somewhere around there."""
SHORTEST_SPEECH_MS: Final = 300
"""Shorter speech than this, away from all words of the transcript, holds no name."""
SHORTEST_WORD_MS: Final = 100
"""What a person put in, such as [laughs], where nothing was heard, lasts shorter than any word."""
_SILENCE_MS: Final = 1_000
_BRACKETS: Final = re.compile(r"\[[^\[\]]*\]")
_NEARBY_MS: Final = 500
_OPENERS: Final = " \"'“‘«(["
_FILLERS: Final = frozenset({"ah", "eh", "er", "hm", "hmm", "mhm", "mm", "mmm", "uh", "um"})


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was put under a tone: `toned` are (start, end) in ms of the session clock.

    `whole_turns` is how many turns are under it wholly, because the transcript does not tell where in them an
    identifier was said. At each of `listen_to`, in ms, the second hearing has a word that sounds like a known name.
    """

    toned: tuple[Stretch, ...]
    whole_turns: int
    listen_to: tuple[int, ...] = ()


# --- who has to agree


def check_shared(session: Session) -> None:
    """Raise ConsentMissing unless everybody whose voice may be in the recording agreed that sound is shared."""
    state, consents = session.state, session.study.state.consents
    turns = [segment for segment in state.transcript if segment.text.strip()]
    heard = {segment.speaker for segment in turns} | {mark.speaker for mark in state.speaker_marks}
    voices = {*state.took_part, *(ResearchNumber(one) for one in heard if one not in (None, MODERATOR, ASSISTANT))}
    refused = [one for one in voices if one not in consents or not consents[one].audio_sharing]
    if refused:
        raise ConsentMissing(
            f"Not everybody agreed that sound is shared: {', '.join(sorted(refused, key=number_value))}.",
            safe="Nothing was written.",
            do="Export without --audio, or record their consent (`facilitator consent record … --audio-sharing`).",
        )
    if unknown := sum(segment.speaker is None for segment in turns):
        raise ConsentMissing(
            f"Nobody knows who speaks in {unknown} turn{'s' * (unknown != 1)}, nor whether they agreed to be heard.",
            safe="Nothing was written.",
            do=f"Name the speakers (`facilitator correct {session.id}`), or export without --audio.",
        )


# --- what is put under a tone


def redaction(session: Session, sound: SessionSound, report: Report = silent) -> "tuple[Redaction, Redacted]":
    """The session's sound with a tone over all that the exported text does not say, and what is under it.

    Reads the sound once, so that damage is known from then on. What is silent for a second or more stays silent.

    Raises:
        Cancelled: `report` said so.
    """
    from facilitator.audio.redaction import Redaction, blocks, silences

    read = blocks(sound.read, sound.rate, sound.length_ms, "Reading the sound", report)
    silent_there = silences(read, ms_to_samples(_SILENCE_MS, sound.rate))
    filled = [(at, at + length) for at, length, _ in sound.filled]
    stretches, whole_turns = unsaid(session.state, known_surfaces(session.study), sound.length_ms, filled)
    rate = sound.rate
    wanted = [(ms_to_samples(start, rate), ms_to_samples(end, rate) + 1) for start, end in stretches]
    toned = without([(low, min(high, ms_to_samples(sound.length_ms, rate))) for low, high in wanted], silent_there)
    told = tuple((samples_to_ms(low, rate), samples_to_ms(high, rate)) for low, high in toned)
    return Redaction(sound.read, rate, sound.length_ms, tuple(toned)), Redacted(told, whole_turns)


def unsaid(
    state: SessionState, known: Iterable[KnownSurface], length_ms: int, filled: Iterable[Stretch] = ()
) -> tuple[list[Stretch], int]:
    """(start, end) in ms of all that may not be heard, and how many turns are in it wholly for want of word times.

    That is, with 250 ms around each: known identifiers in the transcript, and in what any speech model heard, whatever
    became of it in correction; what a person replaced by words in square brackets; turns without text, and those of
    people who withdrew; passages that were not understood; words that were heard and taken out of the transcript;
    speech without words; and what the transcription never heard.

    Args:
        state: of the session.
        known: what the export replaces.
        length_ms: of the sound.
        filled: what of the recording backup tracks fill now.
    """
    matcher = SurfaceMatcher(known)
    found: list[Stretch] = []
    whole = 0
    for segment in state.transcript:
        if _is_read(segment, state):
            places, is_whole = _identifiers(segment, matcher)
            found += [*places, *_bracketed(segment)]
            whole += is_whole
        else:
            found.append((segment.start_ms, segment.end_ms))
    found += [stretch for stretches in state.withdrawn.values() for stretch in stretches]
    hearings = [*([state.hearing] if state.hearing else []), *state.beside]
    heard = [segment for hearing in hearings for window in hearing.in_order for segment in window.segments]
    found += [place for segment in heard for place in _identifiers(segment, matcher)[0]]
    found += [(one.start_ms, one.end_ms) for one in state.open_doubts if one.rule is Rule.UNRESOLVED]
    found += _taken_out(state)
    found += _speech_without_words(state)
    found += _never_heard(state, length_ms, filled)
    return merged((max(0, start - MARGIN_MS), min(length_ms, end + MARGIN_MS)) for start, end in found), whole


def _identifiers(said: Segment | ev.HeardSegment, matcher: SurfaceMatcher) -> tuple[list[Stretch], bool]:
    """Where the identifiers of a segment were said; all of it, and True, where its words do not tell."""
    spans = [one.span for one in pseudonymize(said.text, matcher).replacements]
    where = word_spans(said.text, said.words)
    places = [_said_at(said, where, span) if where else None for span in spans]
    if None in places:
        return [(said.start_ms, said.end_ms), *((word.start_ms, word.end_ms) for word in said.words)], True
    return [place for place in places if place], False


def word_spans(text: str, words: Sequence[Word]) -> list[Span]:
    """Where in `text` each of the words stands; empty unless they are all of it, apart from white space."""
    found, at = [], 0
    for word in words:
        at += len(text[at:]) - len(text[at:].lstrip())
        if not text.startswith(word.text.strip(), at):
            return []
        found.append(Span(at, at + len(word.text.strip())))
        at = found[-1].end
    return [] if text[at:].strip() else found


def _said_at(said: Segment | ev.HeardSegment, where: Sequence[Span], span: Span) -> Stretch | None:
    """When the words that `span` touches were said; None where their times are no help."""
    words, touched = said.words, _touched(said.words, where, span)
    if touched is None:
        return None
    low, high = touched
    least = LETTER_MS * (where[high].end - where[low].start)
    if _end(words[low : high + 1]) - words[low].start_ms >= least:
        return words[low].start_ms, _end(words[low : high + 1])
    start = words[low - 1].start_ms if low else said.start_ms
    end = _end(words[low : high + 2]) if high < len(words) - 1 else said.end_ms
    return (start, end) if end - start >= least else None


def _touched(words: Sequence[Word], where: Sequence[Span], span: Span) -> tuple[int, int] | None:
    """The first and the last word that `span` touches, if it touches any.

    Words that a person typed share the time of what they replaced: a run of them counts as one.
    """
    touched = [at for at, word in enumerate(where) if word.overlaps(span)]
    if not touched:
        return None
    low, high = touched[0], touched[-1]
    while low > 0 and _typed(words[low]) and _typed(words[low - 1]):
        low -= 1
    while high < len(words) - 1 and _typed(words[high]) and _typed(words[high + 1]):
        high += 1
    return low, high


def _bracketed(turn: Segment) -> list[Stretch]:
    """When words were said in whose place a person typed something in square brackets; what was only put in has no
    time of its own."""
    where = word_spans(turn.text, turn.words)
    found = []
    for match in _BRACKETS.finditer(turn.text):
        touched = _touched(turn.words, where, Span(*match.span()))
        if touched and all(map(_typed, turn.words[touched[0] : touched[1] + 1])):
            found.append((turn.words[touched[0]].start_ms, _end(turn.words[touched[0] : touched[1] + 1])))
    return [one for one in found if one[1] - one[0] >= SHORTEST_WORD_MS]


def _typed(word: Word) -> bool:
    return word.probability >= 1.0


def _end(words: Sequence[Word]) -> int:
    return max(word.end_ms for word in words)


def _is_read(turn: Segment, state: SessionState) -> bool:
    """Whether a turn has text, and is of somebody who did not withdraw."""
    return bool(turn.text.strip()) and turn.speaker not in state.withdrawn


def _timed(state: SessionState) -> list[Stretch]:
    """When what the transcript says was said: its words, and turns that came without word times."""
    turns = [one for one in state.transcript if _is_read(one, state)]
    words = [(word.start_ms, word.end_ms) for segment in turns for word in segment.words]
    return merged([*words, *((one.start_ms, one.end_ms) for one in turns if not one.words)])


def _taken_out(state: SessionState) -> list[Stretch]:
    """When words were said that a person took out of the draft, but for fillers and words said twice."""
    heard: list[Stretch] = []
    for window in state.hearing.in_order if state.hearing else ():
        words = [word for segment in window.segments for word in segment.words]
        plain = ["", *("".join(plain_words(word.text)) for word in words), ""]
        heard += [
            (word.start_ms, word.end_ms)
            for at, word in enumerate(words, start=1)
            if plain[at] and plain[at] not in _FILLERS and plain[at] not in (plain[at - 1], plain[at + 1])
        ]
    return without(heard, _timed(state))


def _speech_without_words(state: SessionState) -> list[Stretch]:
    """Where a voice was found and the transcript has no word near."""
    windows = state.hearing.in_order if state.hearing else ()
    speech = [stretch for window in windows for stretch in window.speech]
    near = [(start - MARGIN_MS, end + MARGIN_MS) for start, end in _timed(state)]
    return [one for one in without(speech, near) if one[1] - one[0] >= SHORTEST_SPEECH_MS]


def _never_heard(state: SessionState, length_ms: int, filled: Iterable[Stretch]) -> list[Stretch]:
    """What lies behind the end of the transcription, and gaps that were filled after it."""
    how = state.transcription
    if state.hearing is None or how is None:
        return [(0, length_ms)]
    late = without(filled, [(at, at + length) for at, length in how.filled])
    ends = [(state.hearing.end_ms, length_ms)] if length_ms - state.hearing.end_ms > SHORTEST_GAP_MS else []
    return [*late, *ends]


# --- the second hearing


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


def refuse_names(session: Session, redacted: "Redaction", weights: "Weights", report: Report = silent) -> list[int]:
    """Hear the redacted sound. Returns when, in ms, a word that the transcript does not have sounds like a known name.

    Raises:
        LeakFound: a known name or another identifier is heard.
        WorkerFailed, Cancelled: as `listen`.
    """
    known = known_surfaces(session.study)
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
