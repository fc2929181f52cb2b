"""Speech engines behind one protocol. The modules beside this one load model libraries: import them in the worker only.

Segments and words leave an engine in one form whatever the library: words separated by white space, times in whole
milliseconds from the start of the window, never running backwards and never past its end.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from facilitator.domain.errors import UsageError
from facilitator.domain.events import HeardSegment
from facilitator.domain.transcript import Word, words_text

if TYPE_CHECKING:  # numpy costs a tenth of a second that listing engines need not pay
    from facilitator.transcription.planning import Samples

ENGINES: Final = ("faster-whisper", "openai-whisper")
SEED: Final = 20_000
"""Engines draw lots when a first decoding looks wrong; the same window shall give the same text each time."""
_UNSPACED: Final = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages that Whisper writes without spaces between words."""

RawWord = tuple[str, float, float, float]
"""A word as a library gives it: text, start and end in seconds, probability."""


class Engine(Protocol):
    """Turns sound into text."""

    def transcribe(self, samples: "Samples", *, language: str | None, prompt: str, beam: int) -> list[HeardSegment]:
        """What is said in one window.

        Args:
            samples: mono float32 at 16 kHz, at most 30 s.
            language: a code such as "en", or None to find out.
            prompt: words to expect, such as names and terms, or "".
            beam: how many readings are followed at once; 1 is fastest.

        Returns:
            Segments in order of time, in milliseconds from the first sample.
        """


def resolve(engine: str, form: str = "ctranslate2") -> str:
    """The engine that a choice means: `auto` is the fast one, unless the weights serve only the other.

    Raises:
        UsageError: no such engine.
    """
    if engine == "auto":
        return "faster-whisper" if form == "ctranslate2" else "openai-whisper"
    if engine not in ENGINES:
        raise UsageError(f"There is no engine {engine!r}.", do=f"Choose one of auto, {', '.join(ENGINES)}.")
    return engine


def load(engine: str, model: str, folder: Path, contents: Mapping[str, bytes], threads: int) -> Engine:
    """Load an engine with the contents of its model's files. Takes seconds and imports model libraries."""
    if engine == "faster-whisper":
        from facilitator.transcription.engines.faster_whisper_engine import FasterWhisperEngine

        return FasterWhisperEngine(contents, threads)
    from facilitator.transcription.engines.openai_whisper_engine import OpenAIWhisperEngine

    return OpenAIWhisperEngine(model, folder, contents, threads)


def heard(
    text: str, start: float, end: float, words: Iterable[RawWord], no_speech: float, language: str, limit_ms: int
) -> HeardSegment | None:
    """A segment in this program's form, or None when nothing but white space was heard. Times in seconds."""
    timed = _in_order(_whole_words(words, language not in _UNSPACED), limit_ms)
    said = words_text(timed) if timed and language not in _UNSPACED else " ".join(text.split())
    if not said:
        return None
    first, last = _ms(start, limit_ms), _ms(end, limit_ms)
    if timed:
        first, last = min(first, timed[0].start_ms), max(last, timed[-1].end_ms)
    return HeardSegment(first, max(first, last), said, timed, no_speech)


def _whole_words(words: Iterable[RawWord], spaced: bool) -> list[RawWord]:
    """Join pieces such as "well" and "-known": a piece without leading space belongs to the word before."""
    whole: list[RawWord] = []
    for text, start, end, probability in words:
        if whole and spaced and not text[:1].isspace():
            before, begun, _, sure = whole[-1]
            whole[-1] = (before + text, begun, end, min(sure, probability))
        elif text.strip():
            whole.append((text, start, end, probability))
    return whole


def _in_order(words: list[RawWord], limit_ms: int) -> tuple[Word, ...]:
    placed: list[Word] = []
    earliest = 0
    for text, start, end, probability in words:
        begin = max(earliest, _ms(start, limit_ms))
        placed.append(Word(text.strip(), begin, max(begin, _ms(end, limit_ms)), min(1.0, max(0.0, probability))))
        earliest = placed[-1].end_ms
    return tuple(placed)


def _ms(seconds: float, limit_ms: int) -> int:
    """Whole milliseconds, rounded down; the millionth makes up for 1.14 s being stored as a little less."""
    return min(limit_ms, max(0, int(seconds * 1000 + 1e-6)))
