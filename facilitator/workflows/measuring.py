"""How well a session with a known script came out: word error rate, and identifiers caught."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facilitator.domain.transcript import Segment
from facilitator.privacy.replacement import pseudonymize
from facilitator.privacy.surfaces import SurfaceMatcher

_WORD: Final = re.compile(r"\w+(?:['’.@-]\w+)*")
IDENTIFY_NOBODY: Final = frozenset({"the", "of", "at", "doctor", "dr"})
"""Words of a planted identifier that may stay: [Date 1] for “10th of March” leaves its “the”."""


@dataclass(frozen=True, slots=True)
class ReferenceTurn:
    """One line of an STM file: what was said from `start_ms` to `end_ms`."""

    speaker: str
    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Planted:
    """An identifier that the script holds, by the start of its turn."""

    at_ms: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Caught:
    """One planted identifier: `heard` is what the transcript made of it ("" if it was not heard at all)."""

    planted: Planted
    heard: str
    replaced: bool


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    segment: int
    start: int
    end: int


def read_stm(path: Path) -> tuple[ReferenceTurn, ...]:
    """Turns of an STM file (`file 1 speaker start end words`, seconds), in time order."""
    turns = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith(";;"):
            _, _, speaker, start, end, text = line.split(None, 5)
            turns.append(ReferenceTurn(speaker, int(float(start) * 1000), int(float(end) * 1000), text))
    return tuple(sorted(turns, key=lambda turn: turn.start_ms))


def read_planted(path: Path) -> tuple[Planted, ...]:
    """Rows of a CSV with at_ms, text and kind."""
    with path.open(encoding="utf-8", newline="") as rows:
        return tuple(Planted(int(row["at_ms"]), row["text"], row["kind"]) for row in csv.DictReader(rows))


def word_error_rate(reference: Iterable[str], heard: Iterable[str]) -> float:
    """Word error rate, 0.0 upward, of lower-cased words without punctuation (jiwer)."""
    import jiwer

    return float(jiwer.wer(" ".join(_words(" ".join(reference))), " ".join(_words(" ".join(heard)))))


def caught(
    reference: Sequence[ReferenceTurn], planted: Sequence[Planted], segments: Sequence[Segment], matcher: SurfaceMatcher
) -> list[Caught]:
    """For each planted identifier, what was heard in its place and whether all of that is replaced.

    The script's words are aligned with the transcript's (jiwer), so a name that Whisper spelt differently still has to
    be replaced to count.
    """
    import jiwer

    said = [(word, turn.start_ms) for turn in reference for word in _words(turn.text)]
    tokens = [token for segment in segments for token in _tokens(segment)]
    aligned = jiwer.process_words(" ".join(word for word, _ in said), " ".join(token.text for token in tokens))
    heard_at: dict[int, int] = {}
    for chunk in aligned.alignments[0]:
        if chunk.type in ("equal", "substitute"):
            width = chunk.ref_end_idx - chunk.ref_start_idx
            heard_at |= {chunk.ref_start_idx + step: chunk.hyp_start_idx + step for step in range(width)}
    spans = {segment.id: [r.span for r in pseudonymize(segment.text, matcher).replacements] for segment in segments}
    found = []
    taken: set[int] = set()
    for one in planted:
        places = _place(said, _words(one.text), one.at_ms, taken)
        taken |= set(places)
        heard = [tokens[heard_at[place]] for place in places if place in heard_at]
        telling = [token for token in heard if token.text not in IDENTIFY_NOBODY]
        replaced = all(
            any(span.start <= token.start and token.end <= span.end for span in spans[token.segment])
            for token in telling
        )
        found.append(Caught(one, " ".join(token.text for token in heard), replaced and bool(telling)))
    return found


def _place(said: Sequence[tuple[str, int]], words: Sequence[str], at_ms: int, taken: set[int]) -> range:
    for start in range(len(said) - len(words) + 1):
        places = range(start, start + len(words))
        if said[start][1] == at_ms and [said[place][0] for place in places] == words and not taken & set(places):
            return places
    raise ValueError("a planted identifier is not in the script where its row says")


def _tokens(segment: Segment) -> list[_Token]:
    found = []
    for match in _WORD.finditer(segment.text):
        text = _without_possessive(match.group())
        found.append(_Token(text.lower(), segment.id, match.start(), match.start() + len(text)))
    return found


def _words(text: str) -> list[str]:
    return [_without_possessive(word).lower() for word in _WORD.findall(text)]


def _without_possessive(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "’s")) else word
