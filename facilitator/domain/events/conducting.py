"""What happens while a group is conducted: questions, who is there, who speaks, notes, and what is written after."""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.events.base import Event
from facilitator.domain.group import DebriefPart, Presence
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
class QuestionSkipped(Event):
    """It will not be asked; `text` is the reason, or ""."""

    kind: ClassVar[str] = "question.skipped"
    question_id: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class QuestionParked(Event):
    """It is put off, and comes back before the ending questions."""

    kind: ClassVar[str] = "question.parked"
    question_id: str


@dataclass(frozen=True, slots=True)
class QuestionStepUndone(Event):
    """Takes an asking, a skip or a parking back."""

    kind: ClassVar[str] = "question.step_undone"
    undoes: int


@dataclass(frozen=True, slots=True)
class QuestionReworded(Event):
    """From now on the question reads `text`; "" gives it its planned wording back."""

    kind: ClassVar[str] = "question.reworded"
    question_id: str
    text: str


@dataclass(frozen=True, slots=True)
class StimulusShown(Event):
    """The stimulus at place `index` (from 0) of the question was shown."""

    kind: ClassVar[str] = "stimulus.shown"
    question_id: str
    index: int


@dataclass(frozen=True, slots=True)
class SpeakerMarked(Event):
    kind: ClassVar[str] = "speaker.marked"
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class SpeakerMarkUndone(Event):
    kind: ClassVar[str] = "speaker.mark_undone"
    undoes: int


@dataclass(frozen=True, slots=True)
class FirstWordsNoted(Event):
    """`text` is how the turn began that `mark` marks, for whoever attributes it later."""

    kind: ClassVar[str] = "speaker.first_words"
    mark: int
    text: str


@dataclass(frozen=True, slots=True)
class NoteTaken(Event):
    kind: ClassVar[str] = "note.taken"
    note_kind: NoteKind
    text: str
    speaker: Speaker | None = None
    question_id: str | None = None


@dataclass(frozen=True, slots=True)
class NoteEdited(Event):
    """The note that event `note_id` made reads as this from now on, its time unchanged; an empty `text` removes it."""

    kind: ClassVar[str] = "note.edited"
    note_id: int
    note_kind: NoteKind
    text: str
    speaker: Speaker | None = None


@dataclass(frozen=True, slots=True)
class NoteSettled(Event):
    """A follow-up or a parked topic was taken up in the group, or, with `done` false, was not after all."""

    kind: ClassVar[str] = "note.settled"
    note_id: int
    done: bool = True


@dataclass(frozen=True, slots=True)
class PresenceChanged(Event):
    kind: ClassVar[str] = "presence.changed"
    number: ResearchNumber
    presence: Presence


@dataclass(frozen=True, slots=True)
class SeatsArranged(Event):
    """Everybody of the session in the order in which they sit, clockwise from the moderator's left."""

    kind: ClassVar[str] = "seats.arranged"
    seats: tuple[ResearchNumber, ...]


@dataclass(frozen=True, slots=True)
class ItemTicked(Event):
    """An item of the checklist (`domain.checklist`) was done, or, with `done` false, was not after all."""

    kind: ClassVar[str] = "checklist.ticked"
    item: str
    done: bool = True


@dataclass(frozen=True, slots=True)
class DebriefWritten(Event):
    """What the facilitator wrote straight after the group; the last text of a part holds."""

    kind: ClassVar[str] = "debrief.written"
    part: DebriefPart
    text: str
