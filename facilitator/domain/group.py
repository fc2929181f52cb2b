"""The people of a group as it goes on: who is there, how they sit; and the parts of the debrief after it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from facilitator.domain.ids import ResearchNumber

ASSISTING: Final = "assistant"
"""The actor of what an assistant stores."""
MAX_DEBRIEF: Final = 10_000
"""Characters of each part of a debrief."""


class Presence(StrEnum):
    """Whether somebody of the session is in the room. `EXPECTED` is so until somebody says otherwise."""

    EXPECTED = "expected"
    HERE = "here"
    ABSENT = "absent"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Coming:
    """At `at_ms` of the session clock somebody came, left, or was said not to come."""

    at_ms: int
    number: ResearchNumber
    presence: Presence


class DebriefPart(StrEnum):
    """What a facilitator writes straight after the group, before it fades (Krueger 2002, debriefing)."""

    THEMES = "themes"
    SURPRISES = "surprises"
    ATMOSPHERE = "atmosphere"
    GUIDE = "changes to the guide"
