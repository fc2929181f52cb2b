"""The rules that doubt a draft, after what speech models are known to do.

They loop, bring along phrases from the subtitles they were trained on, write text where nobody speaks and more words
than anybody says in the time, and write down one language as another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from facilitator.domain.accounting import uncovered
from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.events.transcribing import HeardSegment, WindowTranscribed
from facilitator.domain.stretches import Stretch, common, merged, total
from facilitator.domain.text import fold, plain_words
from facilitator.domain.transcript import Word

LEAST_PROBABILITY: Final = 0.45
"""Mean word probability below which a passage is doubted; Whisper's words in clear speech have 0.8 and more."""
LEAST_AVERAGE: Final = -1.0
"""Mean log probability of a window's tokens below which Whisper itself holds a decoding for failed."""
NO_SPEECH: Final = 0.6
"""Whisper's own chance that a window has no speech, from which it holds it for silence."""
LEAST_SPOKEN: Final = 0.5
"""Of a segment's time, so much must be speech, or its text stands over silence."""
MOST_WORDS_A_SECOND: Final = 7.0
"""Over at least four words. Fast conversation has 5."""
SURE_LANGUAGE: Final = 0.7
_FEWEST_FAST: Final = 4
_LONGEST_PHRASE: Final = 10
_REPEATS: Final = 4
"""The same phrase so often in a row, with at least six words in all, is a loop: people stop at three."""
_REPEATED_WORDS: Final = 6
_REACH_MS: Final = 200
_SUBTITLES: Final = (
    "thanks for watching",
    "thank you for watching",
    "thank you so much for watching",
    "thank you very much for watching",
    "please subscribe",
    "subscribe to my channel",
    "subscribe to the channel",
    "like and subscribe",
    "see you in the next video",
    "see you next time",
    "subtitles by",
    "subtitled by",
    "captions by",
    "transcribed by",
    "transcription by",
    "translated by",
    "amara org",
    "castingwords",
    "all rights reserved",
    "undertekster av",
    "undertekst av",
    "undertexter från",
    "undertekster fra",
    "teksting av",
    "tekstet av",
    "tekstning",
    "takk for at du så på",
    "takk for at dere så på",
    "takk for ating med",
    "tack för att du tittade",
    "tak fordi du så med",
    "untertitel von",
    "untertitel der",
    "untertitel im auftrag",
    "untertitelung",
    "vielen dank fürs zuschauen",
    "sous titres",
    "merci d avoir regardé",
    "subtítulos",
    "gracias por ver",
    "sottotitoli",
    "ondertiteling",
)


_STOCK: Final = tuple(fold(phrase) for phrase in _SUBTITLES)


def doubts(windows: Iterable[WindowTranscribed]) -> tuple[Doubt, ...]:
    """All doubts about what was heard, in order of time; `windows` in order of time."""
    windows = tuple(windows)
    found = [doubt for window in windows for doubt in _of_window(window)]
    found += _switches(windows)
    return in_order(map(_with_length, found))


def in_order(found: Iterable[Doubt]) -> tuple[Doubt, ...]:
    """Doubts in order of time."""
    return tuple(sorted(found, key=lambda doubt: (doubt.start_ms, doubt.end_ms, doubt.rule)))


def _with_length(doubt: Doubt) -> Doubt:
    """Words without length lie at a moment; a doubt about them must touch the turn that they begin or end."""
    if doubt.start_ms < doubt.end_ms:
        return doubt
    return replace(doubt, start_ms=max(0, doubt.start_ms - 1), end_ms=doubt.start_ms + 1)


def _of_window(window: WindowTranscribed) -> Iterator[Doubt]:
    words = [word for segment in window.segments for word in segment.words]
    yield from _loops(window, words)
    for start, end in uncovered(window.speech, words):
        yield Doubt(Rule.UNRESOLVED, start, end, f"{(end - start) / 1000:.1f} s of speech without text")
    unsure = window.average < LEAST_AVERAGE
    for segment in window.segments:
        yield from _of_segment(segment, window.speech, unsure)


def _of_segment(segment: HeardSegment, speech: Sequence[Stretch], unsure: bool) -> Iterator[Doubt]:
    start, end, words = segment.start_ms, segment.end_ms, segment.words
    if is_stock_phrase(segment.text):
        yield Doubt(Rule.STOCK_PHRASE, start, end)
    if speech and (spoken := _spoken(words, speech)) < LEAST_SPOKEN:
        yield Doubt(Rule.OVER_SILENCE, start, end, f"{spoken:.0%} of it is speech")
    elif segment.no_speech >= NO_SPEECH:
        yield Doubt(Rule.OVER_SILENCE, start, end, f"{segment.no_speech:.0%} likely no speech")
    if len(words) >= _FEWEST_FAST and (pace := len(words) * 1000 / max(1, end - start)) > MOST_WORDS_A_SECOND:
        yield Doubt(Rule.TOO_FAST, start, end, f"{pace:.0f} words a second")
    mean = sum(word.probability for word in words) / len(words) if words else 1.0
    if mean < LEAST_PROBABILITY or (unsure and words):
        yield Doubt(Rule.UNSURE, start, end, f"{mean:.0%} sure")


def _spoken(words: Sequence[Word], speech: Sequence[Stretch]) -> float:
    """Which share of the words' time is near detected speech, 0.0 to 1.0."""
    said = [(word.start_ms, max(word.end_ms, word.start_ms + 1)) for word in words]
    reach = [(start - _REACH_MS, end + _REACH_MS) for start, end in speech]
    return total(common(said, reach)) / total(said) if said else 1.0


def is_stock_phrase(text: str) -> bool:
    """Whether a text holds a phrase that speech models bring along from subtitles."""
    plain = f" {' '.join(plain_words(text))} "
    return any(f" {phrase} " in plain for phrase in _STOCK)


def _loops(window: WindowTranscribed, words: Sequence[Word]) -> Iterator[Doubt]:
    found = list(loops([word.text for word in words]))
    for first, end, times in found:
        yield Doubt(Rule.LOOP, words[first].start_ms, words[end - 1].end_ms, f"{times} times")
    if window.loops and words and not found:
        yield Doubt(Rule.LOOP, words[0].start_ms, words[-1].end_ms, "repeats itself")


def loops(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(first word, end, times) of each phrase of up to ten words said at least four times in a row."""
    plain = ["".join(plain_words(word)) for word in words]
    at = 0
    while at < len(plain):
        times, size = max(((_times(plain, at, size), size) for size in range(1, _LONGEST_PHRASE + 1)), key=_length)
        if times >= _REPEATS and times * size >= _REPEATED_WORDS:
            yield at, at + times * size, times
            at += times * size
        else:
            at += 1


def _length(found: tuple[int, int]) -> int:
    times, size = found
    return times * size if times >= _REPEATS else 0


def _times(words: Sequence[str], at: int, size: int) -> int:
    phrase, times = words[at : at + size], 1
    while words[at + times * size : at + (times + 1) * size] == phrase and len(phrase) == size:
        times += 1
    return times


def _switches(windows: Sequence[WindowTranscribed]) -> Iterator[Doubt]:
    """Windows that sound like another language than they were written in, or than the one before was written in."""
    heard = [window for window in windows if window.segments]
    for window in heard:
        for language in dict.fromkeys(language for _, _, language in window.others):
            for start, end in merged((start, end) for start, end, one in window.others if one == language):
                yield Doubt(Rule.LANGUAGE, start, end, f"sounds like {language}, written as {window.language}")
        if window.spoken != window.language and window.spoken_chance >= SURE_LANGUAGE:
            yield _switch(window, f"sounds like {window.spoken}, written as {window.language}")
    for before, after in pairwise(heard):
        if before.language != after.language:
            yield _switch(after, f"{after.language} after {before.language}")


def _switch(window: WindowTranscribed, detail: str) -> Doubt:
    return Doubt(Rule.LANGUAGE, window.segments[0].start_ms, window.segments[-1].end_ms, detail)
