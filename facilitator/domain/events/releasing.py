"""From a transcript to what may leave the study."""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.detail import ExportProfile
from facilitator.domain.events.base import Event


@dataclass(frozen=True, slots=True)
class FoundMention:
    """Where a candidate stands, without its words: `entity_id` points into the register."""

    entity_id: str
    ref: str
    start: int
    end: int
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class CandidatesSearched(Event):
    """The search for identifiers read the texts whose digest is `texts_sha256` and found these."""

    kind: ClassVar[str] = "candidates.searched"
    texts_sha256: str
    recognizers: str
    mentions: tuple[FoundMention, ...]


@dataclass(frozen=True, slots=True)
class MentionKept(Event):
    """One place of an identifier that is replaced elsewhere stays as it is, or (`kept` false) no more.

    It is the place that begins at `start` of the text `ref`, for as long as that text has this digest: a correction of
    the text takes it back.
    """

    kind: ClassVar[str] = "mention.kept"
    entity_id: str
    ref: str
    start: int
    text_sha256: str
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Approved(Event):
    """`approver` is a role or initials as typed at approval; `content_sha256` is what was checked."""

    kind: ClassVar[str] = "session.approved"
    content_sha256: str
    approver: str
    profile: ExportProfile = ExportProfile.TEAM


@dataclass(frozen=True, slots=True)
class ExportedFile:
    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Exported(Event):
    kind: ClassVar[str] = "session.exported"
    content_sha256: str
    files: tuple[ExportedFile, ...]
    profile: ExportProfile = ExportProfile.TEAM
