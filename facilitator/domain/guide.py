"""The discussion guide: sections, questions by type, probes and planned minutes (Krueger & Casey's route)."""

from dataclasses import dataclass
from enum import StrEnum


class QuestionType(StrEnum):
    """Krueger's five kinds, in the order in which a route uses them."""

    OPENING = "opening"
    INTRODUCTORY = "introductory"
    TRANSITION = "transition"
    KEY = "key"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class Question:
    """One open question.

    `minutes` is the planned time, 0.5 to 60. `must_ask` keeps it from being dropped when time runs short, whatever its
    type. `stimuli` are what is shown with it: cards, a vignette. Sessions from before these fields hold neither.
    """

    id: str
    type: QuestionType
    text: str
    minutes: float
    probes: tuple[str, ...] = ()
    must_ask: bool = False
    stimuli: tuple[str, ...] = ()

    @property
    def planned_ms(self) -> int:
        """Its planned time."""
        return int(self.minutes * 60_000)


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that belong together, under a title."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """A whole guide. Question ids are unique in it.

    `slot_minutes` is the length of the appointment, 10 to 480, or 0 where it is not stated. `materials` are what to
    bring.
    """

    id: str
    title: str
    language: str
    sections: tuple[Section, ...]
    welcome: str = ""
    ground_rules: tuple[str, ...] = ()
    closing: str = ""
    glossary: tuple[str, ...] = ()
    slot_minutes: float = 0
    materials: tuple[str, ...] = ()

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions in the order of the guide."""
        return tuple(question for section in self.sections for question in section.questions)

    @property
    def planned_ms(self) -> int:
        """Planned time of all questions together."""
        return sum(question.planned_ms for question in self.questions)

    def position(self, question_id: str) -> tuple[str, int, int]:
        """(type label, n, of) of a question among those of its type: KEY 2 of 4."""
        question = next(q for q in self.questions if q.id == question_id)
        alike = [q.id for q in self.questions if q.type is question.type]
        return question.type.value, alike.index(question_id) + 1, len(alike)
