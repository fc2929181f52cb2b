"""What a transcript document says and in which order, the same for every format.

Nothing before the first turn holds a clock time, since programs for qualitative analysis take one for a time stamp.
"""

import re
import sys
from dataclasses import dataclass
from typing import Final

from facilitator.domain.ids import Speaker
from facilitator.domain.release import ReleaseContent, ReleaseQuestion, ReleaseTurn
from facilitator.domain.text import SafeText
from facilitator.domain.timebase import stamp

STATEMENT: Final = "Pseudonymized; may still identify people"
NOTES_TITLE: Final = "Facilitator notes"
NO_TURNS: Final = "(no speech in this transcript)"
_NOT_XML: Final = re.compile("[\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class QuestionBlock:
    """A guide question where it was asked. `label` is its type in words."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class TurnBlock:
    """One turn: `start` as 00:07:31, `label` as P3, M, A or ?."""

    start: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class GapBlock:
    """A stretch without recording, in parentheses."""

    text: str


Block = QuestionBlock | TurnBlock | GapBlock


def printable(text: str) -> str:
    """`text` through the gate, uncut, and without the few characters that XML cannot hold."""
    return _NOT_XML.sub("�", SafeText.of(text, sys.maxsize))


def flat(text: str) -> str:
    """`text` through the gate on one line."""
    return " ".join(printable(text).split())


def label(speaker: Speaker | None) -> str:
    """The speaker as printed; ? where nobody knows."""
    return flat(speaker) if speaker else "?"


def document_title(content: ReleaseContent) -> str:
    """The line at the top."""
    return f"Transcript of session {flat(content.session_id)}"


def facts(content: ReleaseContent) -> tuple[tuple[str, str], ...]:
    """(what, value) of the header, in order."""
    people = ", ".join(label(speaker) for speaker in content.participants) or "none recorded"
    unquoted = ", ".join(label(speaker) for speaker in content.not_to_be_quoted)
    return (
        ("Study", flat(content.study_title) or "untitled"),
        ("Approval reference", flat(content.approval_reference) or "not recorded"),
        ("Session", " – ".join(filter(None, (flat(content.session_id), flat(content.title))))),
        ("Participants", people),
        *((("Not to be quoted", unquoted),) if unquoted else ()),
        ("Length", _length(content.length_ms)),
        ("Language", flat(content.language) or "not recorded"),
        ("Status", f"{STATEMENT}. Handle as personal data."),
        ("Speakers", "P with a number = participant, M = moderator, A = assistant, ? = not known"),
        ("Brackets", "[Place 1] and the like stand for what was replaced; other brackets are the transcriber's"),
    )


def body(content: ReleaseContent) -> tuple[Block, ...]:
    """Questions, gaps and turns by time; a question comes before, a gap before turns that start at the same time."""
    timed: list[tuple[int, int, Block]] = [
        *((question.at_ms, 0, _question(question)) for question in content.questions),
        *((start_ms, 1, _gap(start_ms, length_ms, reason)) for start_ms, length_ms, reason in content.gaps),
        *((turn.start_ms, 2, _turn(turn)) for turn in content.turns),
    ]
    return tuple(block for _, _, block in sorted(timed, key=lambda item: item[:2]))


def notes(content: ReleaseContent) -> tuple[tuple[str, str], ...]:
    """(start and kind, text) of the facilitator's notes by time, such as (`[00:12:40] theme, P3`, `tuning in`)."""
    found = []
    for note in sorted(content.notes, key=lambda note: note.at_ms):
        about = f", {label(note.speaker)}" if note.speaker else ""
        found.append((f"[{_stamp(note.at_ms)}] {flat(note.kind)}{about}", flat(note.text)))
    return tuple(found)


def texts(content: ReleaseContent) -> tuple[str, ...]:
    """Everything people said or wrote, in the order in which a document must hold it."""
    return (*(block.text for block in body(content)), *(text for _, text in notes(content)))


def _question(question: ReleaseQuestion) -> QuestionBlock:
    return QuestionBlock(f"{flat(question.type).capitalize()} question", flat(question.text))


def _gap(start_ms: int, length_ms: int, reason: str) -> GapBlock:
    span = f"{_stamp(start_ms)}–{_stamp(start_ms + length_ms)}"
    return GapBlock(f"(no recording {span}: {flat(reason) or 'reason not known'})")


def _turn(turn: ReleaseTurn) -> TurnBlock:
    return TurnBlock(_stamp(turn.start_ms), label(turn.speaker), printable(turn.text))


def _stamp(ms: int) -> str:
    return stamp(max(0, ms))


def _length(ms: int) -> str:
    minutes = max(0, ms) // 60_000
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
