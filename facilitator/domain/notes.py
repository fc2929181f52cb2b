"""Facilitator notes and speaker marks, stamped on the session clock."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from facilitator.domain.ids import Speaker


class NoteKind(StrEnum):
    """What a note is. `PARKED` is a topic for the parking lot: off the question, and to come back to."""

    THEME = "theme"
    QUESTION = "question"
    QUOTE = "quote"
    NONVERBAL = "nonverbal"
    DYNAMICS = "dynamics"
    THOUGHT = "own thought"
    TECHNICAL = "technical"
    FOLLOW_UP = "follow-up"
    PARKED = "parked"
    MOMENT = "moment"


RETURNING: Final = frozenset({NoteKind.FOLLOW_UP, NoteKind.PARKED})
"""These come back on a list before the ending questions."""
_TAG = re.compile(r"(?<!\S)#(\w[\w-]{0,39})")


@dataclass(frozen=True, slots=True)
class Note:
    """`at_ms` is the time of its first keystroke, `id` the number of the event that made it. `settled`: a follow-up or
    a parked topic was taken up in the group."""

    id: int
    at_ms: int
    kind: NoteKind
    text: str
    speaker: Speaker | None = None
    question_id: str | None = None
    settled: bool = False

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags without `#`, in the order of the text, each once: `less manual #core #staff` has core and staff."""
        return tuple(dict.fromkeys(_TAG.findall(self.text)))


@dataclass(frozen=True, slots=True)
class SpeakerMark:
    """From `at_ms` on, `speaker` has the floor; None means that the facilitator does not know who does. `words` are
    the first of the turn, if somebody wrote them down."""

    at_ms: int
    speaker: Speaker | None
    words: str = ""


def known_tags(notes: Iterable[Note]) -> tuple[str, ...]:
    """Every tag of `notes`, the one used most often first."""
    counts: dict[str, int] = {}
    for note in notes:
        for tag in note.tags:
            counts[tag] = counts.get(tag, 0) + 1
    return tuple(sorted(counts, key=lambda tag: (-counts[tag], tag)))


def completed(text: str, tags: Iterable[str]) -> str | None:
    """`text` with the tag that it ends in written out, or None where no known tag begins so.

    `tuning in #co` becomes `tuning in #core` when core is a known tag; capitals do not matter.
    """
    found = re.search(r"(?<!\S)#([\w-]*)\Z", text)
    if found is None:
        return None
    begun = found.group(1).casefold()
    for tag in tags:
        if tag.casefold().startswith(begun) and tag.casefold() != begun:
            return text[: found.start(1)] + tag
    return None
