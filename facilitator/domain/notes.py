"""Facilitator notes and speaker marks, stamped on the session clock."""

from dataclasses import dataclass
from enum import StrEnum

from facilitator.domain.ids import Speaker


class NoteKind(StrEnum):
    """What a note is. The first letter is its key on the conduct screen, apart from `own thought`."""

    THEME = "theme"
    QUESTION = "question"
    QUOTE = "quote"
    NONVERBAL = "nonverbal"
    DYNAMICS = "dynamics"
    THOUGHT = "own thought"
    TECHNICAL = "technical"
    FOLLOW_UP = "follow-up"


@dataclass(frozen=True, slots=True)
class Note:
    """`at_ms` is the time of its first keystroke, `id` the number of the event that made it."""

    id: int
    at_ms: int
    kind: NoteKind
    text: str
    speaker: Speaker | None = None
    question_id: str | None = None


@dataclass(frozen=True, slots=True)
class SpeakerMark:
    """From `at_ms` on, `speaker` has the floor; None means that the facilitator does not know who does."""

    at_ms: int
    speaker: Speaker | None
