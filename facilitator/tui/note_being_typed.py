"""A note while it is typed: what it is to be, and what of it is stored."""

from dataclasses import dataclass

from facilitator.domain.ids import Speaker
from facilitator.domain.notes import Note, NoteKind

Stored = tuple[NoteKind, str, Speaker | None]
"""Kind, text and person of a note, as they are stored."""


def folded(text: str) -> str:
    """What is typed, as it is stored: blanks folded."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Writing:
    """A note being typed. `at_ms` and `question_id` from its first character on; `id` and what was `kept` of it once it
    is stored; `before` the note as it was, if an old one is changed. `told` is what somebody else made of it meanwhile,
    once that was said."""

    kind: NoteKind
    speaker: Speaker | None = None
    at_ms: int | None = None
    question_id: str | None = None
    id: int | None = None
    before: Note | None = None
    kept: Stored | None = None
    told: Stored | None = None

    def is_kept(self, text: str) -> bool:
        """Whether this is how it is stored."""
        return self.kept == (self.kind, folded(text), self.speaker)

    @property
    def label(self) -> str:
        """What stands before the line."""
        about = f" · {self.speaker}" if self.speaker else ""
        return f"{'edit ' if self.before else ''}{self.kind.value}{about}"
