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


def split(segment: Segment, at: int, new_id: int) -> tuple[Segment, Segment]:
    """The segment up to code point `at` of its text, and the rest as segment `new_id`; words go where their text goes.

    The cut in time is where the first word of the rest begins, or in proportion to the text where times are missing.
    """
    first, rest = segment.text[:at].rstrip(), segment.text[at:].lstrip()
    count = len(first.split())
    words = segment.words
    if len(words) == len(segment.text.split()) and 0 < count < len(words):
        end_ms, begin_ms = words[count - 1].end_ms, words[count].start_ms
    else:
        end_ms = begin_ms = segment.start_ms + (segment.end_ms - segment.start_ms) * at // max(1, len(segment.text))
    return (
        replace(segment, text=first, words=words[:count], end_ms=end_ms),
        replace(segment, id=new_id, text=rest, words=words[count:], start_ms=begin_ms),
    )


def merged(first: Segment, second: Segment) -> Segment:
    """Two segments as one, with the speaker of the first; checked when both were."""
    return replace(
        first,
        text=f"{first.text} {second.text}".strip(),
        words=(*first.words, *second.words),
        end_ms=max(first.end_ms, second.end_ms),
        checked=first.checked and second.checked,
    )
