"""What a transcript shows, row by row: turns, the questions asked between them and the notes taken meanwhile."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from facilitator.domain.doubts import Doubt
from facilitator.domain.session_state import SessionState
from facilitator.domain.text import one_line
from facilitator.domain.transcript import Segment
from facilitator.domain.turn_words import in_place_of_text, rule_names

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
    """One row. `who` is a speaker label, `?` or "".

    Attributes:
        weak: (start, end) of doubtful words in `text`.
        doubts: the open ones that touch the turn.
        blank: what is read where there is no text.
        differs: another text was heard beside it.
    """

    kind: RowKind
    text: str
    at_ms: int
    who: str = ""
    checked: bool = False
    weak: tuple[tuple[int, int], ...] = ()
    segment_id: int | None = None
    doubts: tuple[Doubt, ...] = ()
    blank: str = ""
    differs: bool = False

    @property
    def problem(self) -> str:
        """Why somebody should listen again, or ""."""
        if self.kind is not RowKind.TURN:
            return ""
        if self.doubts:
            return rule_names(self.doubts)
        return "unknown speaker" if self.who == UNKNOWN else self.weak_words

    @property
    def weak_words(self) -> str:
        """How many words are doubtful, or ""."""
        return f"{len(self.weak)} doubtful word{'s' * (len(self.weak) > 1)}" if self.weak else ""

    @property
    def shown(self) -> str:
        """The text, or what stands in its place, then the rules that doubt it."""
        return f"{self.text or self.blank}{self.flags}"

    @property
    def flags(self) -> str:
        """The rules that doubt the turn, as they follow its text."""
        return f"  ⚑ {rule_names(self.doubts)}" if self.doubts else ""


def turn_row(state: SessionState, segment: Segment, differs: bool = False) -> Row:
    """The row of one segment. A checked turn has no doubtful words: somebody has listened to it."""
    text = one_line(segment.text)
    doubts = state.doubts_about(segment)
    blank = in_place_of_text(segment, doubts)
    nobody = "" if blank and segment.checked else UNKNOWN
    return Row(
        RowKind.TURN,
        text,
        segment.start_ms,
        segment.speaker or nobody,
        segment.checked,
        () if segment.checked else tuple(_weak(segment, text)),
        segment.id,
        doubts,
        blank,
        differs,
    )


def transcript_rows(state: SessionState, differing: Container[int] = ()) -> list[Row]:
    """All rows of a session in time order; a question or a note stands before the turn that follows it.

    Args:
        state: of the session.
        differing: ids of the segments that another text was heard beside.
    """
    turns = (turn_row(state, segment, segment.id in differing) for segment in state.transcript)
    rows = [*_question_rows(state), *_note_rows(state), *turns]
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
