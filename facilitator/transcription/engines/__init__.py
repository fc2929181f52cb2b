"""Speech engines behind one protocol. The modules beside this one load model libraries: import them in the worker only.

Words leave an engine in one form whatever the library: separated by white space, times in whole milliseconds from the
start of the sound, never running backwards and never past its end.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from facilitator.domain.errors import UsageError
from facilitator.domain.transcript import Word

if TYPE_CHECKING:  # numpy costs a tenth of a second that listing engines need not pay
    from facilitator.transcription.planning import Samples

ENGINES: Final = ("faster-whisper", "openai-whisper")
SEED: Final = 20_000
"""The reference engine draws lots when a first decoding looks wrong; the same window shall give the same text."""
LOOP_RATIO: Final = 2.4
"""Whisper's own mark of a loop: text that a compressor shrinks further says the same thing again and again."""
UNSPACED: Final = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages that Whisper writes without spaces between words."""

OtherLanguage = tuple[int, int, str]

RawWord = tuple[str, float, float, float]
"""A word as a library gives it: text, start and end in seconds, probability."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to listen.

    Attributes:
        language: a code such as "en", or None to find out for each sound.
        prompt: words to expect, such as terms of the study, or "".
        beam: how many readings are followed at once, 1 to 10; 1 is fastest.
    """

    language: str | None = None
    prompt: str = ""
    beam: int = 5


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of one sound.

    Attributes:
        words: in order of time, in ms from the first sample.
        language: the one it was written in; `spoken` what it sounded like as a whole, and how surely, 0.0 to 1.0.
        no_speech: how likely it holds no speech at all, 0.0 to 1.0.
        average: mean log probability of its tokens, at most 0.0.
        loops: it says the same again and again, or never came to an end.
        others: (start, end, language) in ms of what in it sounded like another language than `language`.
    """

    words: tuple[Word, ...]
    language: str
    spoken: str
    spoken_chance: float
    no_speech: float
    average: float
    loops: bool
    others: tuple[OtherLanguage, ...] = ()


class Engine(Protocol):
    """Turns sound into text. `lanes` calls of `hear` may run at once, best with `batch` sounds each."""

    lanes: int
    batch: int

    def hear(self, sounds: "Sequence[Samples]", manner: Manner) -> list[Heard]:
        """What is said in each sound: mono float32 at 16 kHz, at most 30 s. None of them bears on another's text."""


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


def whole_words(words: Iterable[RawWord], language: str, limit_ms: int) -> tuple[Word, ...]:
    """Words in this program's form. A piece without leading space, such as "-known", belongs to the word before."""
    spaced = language not in UNSPACED
    whole: list[RawWord] = []
    for text, start, end, probability in words:
        if whole and spaced and not text[:1].isspace():
            before, begun, _, sure = whole[-1]
            whole[-1] = (before + text, begun, end, min(sure, probability))
        elif text.strip():
            whole.append((text, start, end, probability))
    placed: list[Word] = []
    earliest = 0
    for text, start, end, probability in whole:
        begin = max(earliest, _ms(start, limit_ms))
        placed.append(Word(text.strip(), begin, max(begin, _ms(end, limit_ms)), min(1.0, max(0.0, probability))))
        earliest = placed[-1].end_ms
    return tuple(placed)


def looping(text: str) -> bool:
    """Whether a text repeats itself as Whisper does when it is caught in a loop (its own rule and limit)."""
    plain = text.strip().encode("utf-8")
    return len(plain) > LOOP_RATIO * len(zlib.compress(plain)) if plain else False


def _ms(seconds: float, limit_ms: int) -> int:
    """Whole milliseconds, rounded down; the millionth makes up for 1.14 s being stored as a little less."""
    return min(limit_ms, max(0, int(seconds * 1000 + 1e-6)))
