"""Words and turns on the session clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from facilitator.domain.ids import Speaker


@dataclass(frozen=True, slots=True)
class Word:
    """One word as heard. `probability` is 0.0 to 1.0; 1.0 for a word that a person typed."""

    text: str
    start_ms: int
    end_ms: int
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one speaker's talk. `text` is what people read; `words` carry the times behind it."""

    id: int
    start_ms: int
    end_ms: int
    speaker: Speaker | None
    text: str
    words: tuple[Word, ...] = ()
    checked: bool = False


def words_text(words: Iterable[Word]) -> str:
    """The words as running text."""
    return " ".join(word.text.strip() for word in words if word.text.strip())


def retime(words: tuple[Word, ...], text: str, start_ms: int, end_ms: int) -> tuple[Word, ...]:
    """Carry word times over to an edited text.

    Words that stayed keep their times; each run of new words shares the time of the run that it replaced, evenly,
    within `start_ms` to `end_ms`.
    """
    old = [word.text.strip() for word in words]
    new = text.split()
    result: list[Word] = []
    for tag, low, high, new_low, new_high in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            result.extend(words[low:high])
            continue
        begin = words[low].start_ms if low < high else (words[low - 1].end_ms if low else start_ms)
        end = words[high - 1].end_ms if low < high else (words[high].start_ms if high < len(words) else end_ms)
        end, count = max(begin, end), new_high - new_low
        for index in range(count):
            first = begin + (end - begin) * index // count
            last = begin + (end - begin) * (index + 1) // count
            result.append(Word(new[new_low + index], first, last, 1.0))
    return tuple(result)


def with_text(segment: Segment, text: str) -> Segment:
    """The segment with a corrected text and re-timed words."""
    return replace(segment, text=text, words=retime(segment.words, text, segment.start_ms, segment.end_ms))
