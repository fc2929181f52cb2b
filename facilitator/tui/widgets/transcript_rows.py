"""What a transcript shows, row by row: turns, the questions asked between them and the notes taken meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from facilitator.domain.session_state import SessionState
from facilitator.domain.text import one_line
from facilitator.domain.transcript import Segment

WEAK: Final = 0.4
"""Words heard with a lower probability are worth a second listen."""
UNKNOWN: Final = "?"


class RowKind(Enum):
    """In the order in which rows of one moment stand."""

    QUESTION = auto()
    NOTE = auto()
    TURN = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `who` is a speaker label, `?` or "". `weak` holds (start, end) of doubtful words in `text`."""

    kind: RowKind
    text: str
    at_ms: int
    who: str = ""
    checked: bool = False
    weak: tuple[tuple[int, int], ...] = ()
    segment_id: int | None = None

    @property
    def problem(self) -> str:
        """Why somebody should listen again, or ""."""
        if self.kind is not RowKind.TURN:
            return ""
        if self.who == UNKNOWN:
            return "unknown speaker"
        return f"{len(self.weak)} doubtful word{'s' * (len(self.weak) > 1)}" if self.weak else ""


def turn_row(segment: Segment) -> Row:
    """The row of one segment. A checked turn has no doubtful words: somebody has listened to it."""
    text = one_line(segment.text)
    weak = () if segment.checked else tuple(_weak(segment, text))
    return Row(RowKind.TURN, text, segment.start_ms, segment.speaker or UNKNOWN, segment.checked, weak, segment.id)


def transcript_rows(state: SessionState) -> list[Row]:
    """All rows of a session in time order; a question or a note stands before the turn that follows it."""
    rows = [*_question_rows(state), *_note_rows(state), *(turn_row(segment) for segment in state.transcript)]
    return sorted(rows, key=lambda row: (row.at_ms, row.kind.value))


def _question_rows(state: SessionState) -> Iterator[Row]:
    guide = state.guide_as_run
    if guide is None:
        return
    questions = {question.id: question for question in guide.questions}
    for at_ms, question_id in state.asked:
        if question_id in questions:
            kind, number, count = guide.position(question_id)
            text = one_line(f"{kind.upper()} {number} of {count} · {questions[question_id].text}")
            yield Row(RowKind.QUESTION, text, at_ms)


def _note_rows(state: SessionState) -> Iterator[Row]:
    for mark, text in state.first_words.values():
        if mark in state.marks:
            who = state.marks[mark].speaker or ""
            yield Row(RowKind.NOTE, one_line(f"first words · {text}"), state.marks[mark].at_ms, who)
    for note in state.notes.values():
        yield Row(RowKind.NOTE, one_line(f"{note.kind} · {note.text}"), note.at_ms, note.speaker or "")


def _weak(segment: Segment, text: str) -> Iterator[tuple[int, int]]:
    if all(word.probability >= WEAK for word in segment.words):
        return
    position = 0
    for word in segment.words:
        shown = one_line(word.text)
        found = text.find(shown, position) if shown else -1
        if found < 0:
            continue
        position = found + len(shown)
        if word.probability < WEAK:
            yield found, position
