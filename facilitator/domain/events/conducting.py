"""What happens while a group is conducted: questions, speaker marks, notes."""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.events.base import Event
from facilitator.domain.guide import Guide
from facilitator.domain.ids import ResearchNumber, Speaker
from facilitator.domain.notes import NoteKind


@dataclass(frozen=True, slots=True)
class SessionPlanned(Event):
    kind: ClassVar[str] = "session.planned"
    title: str
    guide: Guide
    participants: tuple[ResearchNumber, ...]
    planned_for: str = ""


@dataclass(frozen=True, slots=True)
class QuestionAsked(Event):
    kind: ClassVar[str] = "question.asked"
    question_id: str


@dataclass(frozen=True, slots=True)
class SpeakerMarked(Event):
    kind: ClassVar[str] = "speaker.marked"
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class SpeakerMarkUndone(Event):
    kind: ClassVar[str] = "speaker.mark_undone"
    undoes: int


@dataclass(frozen=True, slots=True)
class NoteTaken(Event):
    kind: ClassVar[str] = "note.taken"
    note_kind: NoteKind
    text: str
    speaker: Speaker | None = None
    question_id: str | None = None
