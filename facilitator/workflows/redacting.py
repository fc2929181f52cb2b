"""Sound for an export: a tone over all that the approved text does not say."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from facilitator.domain import events as ev
from facilitator.domain.doubts import Rule
from facilitator.domain.errors import ConsentMissing
from facilitator.domain.ids import ASSISTANT, MODERATOR, ResearchNumber, number_value
from facilitator.domain.progress import Report, silent
from facilitator.domain.session_state import SessionState
from facilitator.domain.spans import Span
from facilitator.domain.stretches import Stretch, merged, without
from facilitator.domain.text import plain_words
from facilitator.domain.timebase import ms_to_samples, samples_to_ms
from facilitator.domain.transcript import Segment, Word
from facilitator.privacy.replacement import pseudonymize
from facilitator.privacy.surfaces import KnownSurface, SurfaceMatcher
from facilitator.workflows.release import SHORTEST_GAP_MS, known_surfaces
from facilitator.workflows.sessions import Session
from facilitator.workflows.sound import SessionSound

if TYPE_CHECKING:
    from facilitator.audio.redaction import Redaction

MARGIN_MS: Final = 250
"""Word times of a speech model are not exact: so much more is put under the tone on both sides."""
LETTER_MS: Final = 30
"""Nobody speaks faster than 33 letters a second: a word that is timed shorter was said somewhere around there."""
SHORTEST_SPEECH_MS: Final = 300
"""Shorter speech than this, away from all words of the transcript, holds no name."""
SHORTEST_WORD_MS: Final = 100
"""What a person put in, such as [laughs], where nothing was heard, lasts shorter than any word."""
ALIKE: Final = 50.0
"""Least similarity, 0 to 100, of a heard word and what it was corrected to, where the correction is of a mishearing."""
_SILENCE_MS: Final = 1_000
_BRACKETS: Final = re.compile(r"\[[^\[\]]*\]")
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
    if gone := [one for one in refused if one in session.study.state.withdrawals]:
        raise ConsentMissing(
            f"{', '.join(sorted(gone, key=number_value))} withdrew, and may be heard in others' turns.",
            safe="Nothing was written.",
            do="Export without --audio.",
        )
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


def redaction(
    session: Session, sound: SessionSound, report: Report = silent, known: Iterable[KnownSurface] | None = None
) -> "tuple[Redaction, Redacted]":
    """The session's sound with a tone over all that the exported text does not say, and what is under it.

    `known` is what that export replaces; None for the team's.

    Reads the sound once, so that damage is known from then on. What is silent for a second or more stays silent.

    Raises:
        Cancelled: `report` said so.
    """
    from facilitator.audio.redaction import Redaction, blocks, silences

    read = blocks(sound.read, sound.rate, sound.length_ms, "Reading the sound", report)
    silent_there = silences(read, ms_to_samples(_SILENCE_MS, sound.rate))
    filled = [(at, at + length) for at, length, _ in sound.filled]
    known = known_surfaces(session.study) if known is None else known
    stretches, whole_turns = unsaid(session.state, known, sound.length_ms, filled)
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
    became of it in correction; what a person replaced by words in square brackets, or by others that do not sound
    alike; turns without text, and those of people who withdrew; passages that were not understood; words that were
    heard and taken out of the transcript; speech without words; and what the transcription never heard.

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
    found: list[Stretch] = []
    for span in spans:
        places = _said_at(said, where, span) if where else None
        if places is None:
            return [(said.start_ms, said.end_ms), *((word.start_ms, word.end_ms) for word in said.words)], True
        found += places
    return found, False


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


def _said_at(said: Segment | ev.HeardSegment, where: Sequence[Span], span: Span) -> list[Stretch] | None:
    """When the words that `span` touches were said; None where their times are no help."""
    words, touched, found = said.words, _touched(said.words, where, span), list[Stretch]()
    if touched is None:
        return None
    for low, high in _in_time(words, *touched):
        start, end = words[low].start_ms, _end(words[low : high + 1])
        least = LETTER_MS * (where[high].end - where[low].start)
        if end - start < least:
            start = min(start, words[low - 1].start_ms if low else said.start_ms)
            end = _end(words[low : high + 2]) if high < len(words) - 1 else max(end, said.end_ms)
        if end - start < least:
            return None
        found.append((start, end))
    return found


def _in_time(words: Sequence[Word], low: int, high: int) -> list[tuple[int, int]]:
    """The words from `low` to `high` as runs, each of which goes forward in time: where overlapping turns were merged,
    a word may be said before the one that it follows in the text."""
    starts = [low, *(at for at in range(low + 1, high + 1) if words[at].start_ms < words[at - 1].start_ms)]
    return list(zip(starts, [*(at - 1 for at in starts[1:]), high], strict=True))


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
        if touched and any(map(_typed, turn.words[touched[0] : touched[1] + 1])):
            runs = _in_time(turn.words, *touched)
            found += [(turn.words[low].start_ms, _end(turn.words[low : high + 1])) for low, high in runs]
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


@dataclass(frozen=True, slots=True)
class _Written:
    """What the transcript has for a time: a word as it was heard, or a run of typed ones, which share their time.

    `words` are plain, and without what a person typed in square brackets; `bracketed` says whether there is such.
    """

    start_ms: int
    end_ms: int
    words: frozenset[str]
    bracketed: bool = False

    def is_at(self, word: Word) -> bool:
        return (self.start_ms < word.end_ms and word.start_ms < self.end_ms) or (
            self.start_ms <= word.start_ms and word.end_ms <= self.end_ms
        )


def _written(turn: Segment) -> Iterator[_Written]:
    if not turn.words:
        yield _Written(turn.start_ms, turn.end_ms, frozenset(map(_plain, turn.text.split())))
    where = word_spans(turn.text, turn.words) or [Span(0, 0)] * len(turn.words)
    brackets = [Span(*match.span()) for match in _BRACKETS.finditer(turn.text)]
    for typed, those in groupby(zip(turn.words, where, strict=True), key=lambda one: _typed(one[0])):
        if not typed:
            yield from (_Written(word.start_ms, word.end_ms, frozenset([_plain(word.text)])) for word, _ in those)
            continue
        run = list(those)
        open_words = [word for word, span in run if not any(span.overlaps(one) for one in brackets)]
        start, end = min(word.start_ms for word, _ in run), _end([word for word, _ in run])
        plain = frozenset(_plain(word.text) for word in open_words)
        yield _Written(start, end, plain, bracketed=len(open_words) < len(run))


def _taken_out(state: SessionState) -> list[Stretch]:
    """When words were said that a person took out of the draft, or replaced by what does not sound alike, but for
    fillers and words said twice of which one is still there."""
    windows = state.hearing.in_order if state.hearing else ()
    heard = [word for window in windows for segment in window.segments for word in segment.words]
    plain = [_plain(word.text) for word in heard]
    by_second = defaultdict[int, list[_Written]](list)
    for one in (one for turn in state.transcript if _is_read(turn, state) for one in _written(turn)):
        for second in range(one.start_ms // 1000, one.end_ms // 1000 + 1):
            by_second[second].append(one)
    gone, uncovered = list[Stretch](), list[Stretch]()
    for said, those in groupby(range(len(heard)), key=lambda at: plain[at]):
        run = list(those)
        there = [_at(heard[at], by_second) for at in run]
        kept = [any(said in one.words for one in written) for written in there]
        is_dispensable = said in _FILLERS or any(kept)
        for at, written, is_kept in zip(run, there, kept, strict=True):
            is_replaced = any(one.bracketed for one in written)
            if not said or is_kept or (is_dispensable and not is_replaced):
                continue
            uncovered.append((heard[at].start_ms, heard[at].end_ms))
            if is_replaced or not any(_alike(said, other) for one in written for other in one.words):
                gone.append(_around(heard, at, LETTER_MS * len(said)))
    return [*gone, *without(uncovered, _timed(state))]


def _at(word: Word, by_second: dict[int, list[_Written]]) -> list[_Written]:
    seconds = range(word.start_ms // 1000, word.end_ms // 1000 + 1)
    return [one for second in seconds for one in by_second.get(second, ()) if one.is_at(word)]


def _plain(text: str) -> str:
    return "".join(plain_words(text))


def _alike(heard: str, written: str) -> bool:
    """Whether one may be a mishearing of the other. A script without cases may have no spaces either: there it is
    enough that what was heard is part of what is written."""
    from rapidfuzz import fuzz

    return fuzz.ratio(heard, written) >= ALIKE or (heard.upper() == heard.lower() and heard in written)


def _around(words: Sequence[Word], at: int, least: int) -> Stretch:
    """When a word was said; with those beside it where it is timed shorter than `least`."""
    low = high = at
    while _end(words[low : high + 1]) - words[low].start_ms < least and high - low + 1 < len(words):
        low, high = max(0, low - 1), min(len(words) - 1, high + 1)
    return words[low].start_ms, _end(words[low : high + 1])


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
