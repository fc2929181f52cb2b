"""From the words of a window to segments of text on the session clock."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from facilitator.domain.events import HeardSegment, WindowTranscribed
from facilitator.domain.stretches import Stretch, common, last_of
from facilitator.domain.transcript import Word, words_text
from facilitator.transcription.engines import UNSPACED
from facilitator.transcription.listening import Found

if TYPE_CHECKING:
    from facilitator.transcription.planning import Window

PAUSE_MS: Final = 700
"""Such a pause begins a new segment."""
SENTENCE_PAUSE_MS: Final = 400
"""After the end of a sentence, this much is enough."""
LONG_MS: Final = 6_000
"""A segment that is longer ends with the next sentence, pause or none: as much as one hears and corrects at once."""
_LONG_WORD_MS: Final = 600
_REACH_MS: Final = 100
LEAST_PART_MS: Final = 150
"""After a pause a speech model is late to begin a word, not late to end it: it was said in the last part that is more
than an edge of it."""
_ENDS: Final = (".", "?", "!", "…", "。", "？", "！")
_CLOSERS: Final = "\"'”’»)]"


def transcribed(window: "Window", found: Found | None) -> WindowTranscribed:
    """What was heard in a window, on the session clock; None for a window without speech."""
    if found is None:
        return WindowTranscribed(window.index, window.start_ms, window.end_ms, ())
    heard = found.heard
    words = within_speech([_placed(window, word) for word in heard.words], window.speech)
    return WindowTranscribed(
        window.index,
        window.start_ms,
        window.end_ms,
        tuple(phrases(words, heard.language, heard.no_speech)),
        window.speech,
        tuple((window.session_ms(start), window.session_ms(end, is_end=True)) for start, end in found.again),
        heard.language,
        heard.spoken,
        heard.spoken_chance,
        heard.average,
        heard.loops,
        tuple((window.session_ms(start), window.session_ms(end, is_end=True), one) for start, end, one in heard.others),
    )


def _placed(window: "Window", word: Word) -> Word:
    start, end = window.session_stretch(word.start_ms, word.end_ms)
    return replace(word, start_ms=start, end_ms=end)


def within_speech(words: Iterable[Word], speech: Sequence[Stretch]) -> list[Word]:
    """Words of more than 600 ms drawn in to the last stretch of speech that they reach into.

    A speech model lets a word last through the pause beside it; the voice detector knows better where that begins.
    """
    fitted = []
    reach = [(start - _REACH_MS, end + _REACH_MS) for start, end in speech]
    for word in words:
        if word.end_ms - word.start_ms > _LONG_WORD_MS:
            spoken = common([(word.start_ms, word.end_ms)], reach)
            if spoken:
                start, end = last_of(spoken, _REACH_MS + LEAST_PART_MS)
                word = replace(word, start_ms=start, end_ms=end)
        fitted.append(word)
    return fitted


def phrases(words: Iterable[Word], language: str, no_speech: float) -> Iterable[HeardSegment]:
    """Words as segments, cut at pauses and where sentences end; no word is lost."""
    phrase: list[Word] = []
    for word in words:
        if phrase and _ends(phrase, word):
            yield _phrase(phrase, language, no_speech)
            phrase = []
        phrase.append(word)
    if phrase:
        yield _phrase(phrase, language, no_speech)


def _ends(phrase: Sequence[Word], after: Word) -> bool:
    pause = after.start_ms - phrase[-1].end_ms
    sentence = phrase[-1].text.rstrip(_CLOSERS).endswith(_ENDS)
    is_long = phrase[-1].end_ms - phrase[0].start_ms > LONG_MS
    return pause >= PAUSE_MS or (sentence and (is_long or pause >= SENTENCE_PAUSE_MS))


def _phrase(words: Sequence[Word], language: str, no_speech: float) -> HeardSegment:
    text = "".join(word.text for word in words) if language in UNSPACED else words_text(words)
    return HeardSegment(words[0].start_ms, max(word.end_ms for word in words), text, tuple(words), no_speech)
