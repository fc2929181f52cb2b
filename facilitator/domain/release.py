"""What would leave the study: pseudonymized text only, with one digest that approval, export and manifest share."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final

from facilitator.domain.ids import Speaker

BLANK: Final = "\ue000"
"""Stands for what is in a text on purpose where it is searched for what was missed. Of private use: no text has it."""


@dataclass(frozen=True, slots=True)
class ReleaseTurn:
    """One turn. `speaker` is a research number, M, A, or None where nobody knows who spoke."""

    start_ms: int
    end_ms: int
    speaker: Speaker | None
    text: str


@dataclass(frozen=True, slots=True)
class ReleaseQuestion:
    """A guide question as asked: it becomes a heading before the turns that follow it."""

    at_ms: int
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class ReleaseNote:
    """A facilitator note, for the appendix."""

    at_ms: int
    kind: str
    speaker: Speaker | None
    text: str


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """Everything that the exports of one session are made of, already pseudonymized.

    `approval_reference` is the study's, from a data protection body. `gaps` are (start, length, reason) without sound.
    `not_to_be_quoted` are those who declined quotation; readers have to know.
    """

    study_title: str
    approval_reference: str
    session_id: str
    title: str
    length_ms: int
    language: str
    participants: tuple[Speaker, ...]
    turns: tuple[ReleaseTurn, ...]
    questions: tuple[ReleaseQuestion, ...] = ()
    notes: tuple[ReleaseNote, ...] = ()
    gaps: tuple[tuple[int, int, str], ...] = ()
    not_to_be_quoted: tuple[Speaker, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256, 64 hex digits, of the content as JSON with sorted keys and no spaces, UTF-8."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
