"""Identifiers found in a session's texts, and what was decided about them."""

from dataclasses import dataclass
from enum import StrEnum

from facilitator.domain.spans import Span


class Category(StrEnum):
    """Kinds of identifiers. The label is what a replacement is made of: [Place 2]."""

    PERSON = "person"
    PLACE = "place"
    ORGANIZATION = "organization"
    DATE = "date"
    AGE = "age"
    CONTACT = "contact"
    NUMBER = "number"
    OTHER = "other"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class Action(StrEnum):
    """What becomes of an identifier."""

    REPLACE = "replace"
    KEEP = "keep"


class PassageKind(StrEnum):
    """Where people's text stands. Everything that can be exported is a passage."""

    SEGMENT = "segment"
    NOTE = "note"
    TITLE = "title"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to pseudonymize: a segment, a note, the session title or a guide question."""

    kind: PassageKind
    id: str
    text: str
    at_ms: int = 0

    @property
    def ref(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Mention:
    """Where an identifier stands, and which rule proposed it. `score` is 0.0 to 1.0."""

    ref: str
    span: Span
    surface: str
    rule: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One distinct identifier with all its mentions. `key` is the folded surface form that joins them."""

    key: str
    surface: str
    category: Category
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """An identifier of the study-wide register; it lies in the linkage file, since surface forms are names.

    `id` (E and six hex digits) is what events and the study database may say of it.
    """

    id: str
    category: Category
    surfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of an entity: `replacement` includes its square brackets, and is "" when kept."""

    entity_id: str
    action: Action
    replacement: str = ""
