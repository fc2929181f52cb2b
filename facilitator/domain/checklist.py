"""What a moderator must not forget before and at the end of a group.

The items follow Krueger & Casey (Focus Groups, 5th ed. 2015: beginning and ending the discussion), the ground rules of
the guide, and what ethics reviews ask of focus groups: confidentiality is asked of everybody and cannot be promised.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from facilitator.domain.guide import Guide


class Phase(StrEnum):
    """When an item is due."""

    BEFORE = "before"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Item:
    """One line. `told` ones are ticked by the program itself, from what is stored."""

    id: str
    phase: Phase
    text: str
    told: bool = False


CONSENT: Final = Item("consent", Phase.BEFORE, "Everybody who comes has signed a consent form", told=True)
PRESENT: Final = Item("present", Phase.BEFORE, "Who is here is noted (j)", told=True)
SOUND: Final = Item("sound", Phase.BEFORE, "Sound check, and it records", told=True)
RETURNING: Final = Item("returning", Phase.CLOSING, "Follow-ups and parked topics were taken up (l)", told=True)
_BEFORE: Final = (
    Item("information", Phase.BEFORE, "Purpose and recording explained; questions answered"),
    CONSENT,
    PRESENT,
    SOUND,
)
_USUAL_RULES: Final = (
    "Taking part is voluntary; anybody may pass on a question, or leave",
    "One person speaks at a time; no names of others",
    "What is said here stays here: asked of everybody, guaranteed by nobody",
)
"""For a guide that has no ground rules of its own."""
_ASSENT: Final = Item("assent", Phase.BEFORE, "Everybody agreed aloud, on the recording")
_CLOSING: Final = (
    Item("summary", Phase.CLOSING, "Summed up, and asked whether that is fair"),
    Item("missed", Phase.CLOSING, "Asked what was missed"),
    RETURNING,
    Item("thanks", Phase.CLOSING, "Thanked; said what comes next and how to withdraw"),
)


def checklist(guide: Guide | None) -> tuple[Item, ...]:
    """Every item, in the order in which they are due; each material and each ground rule is one."""
    rules = (guide.ground_rules if guide else ()) or _USUAL_RULES
    brought = tuple(
        Item(f"material-{number}", Phase.BEFORE, f"At hand: {name}")
        for number, name in enumerate(guide.materials if guide else (), start=1)
    )
    said = tuple(Item(f"rule-{number}", Phase.BEFORE, rule) for number, rule in enumerate(rules, start=1))
    return (*brought, *_BEFORE, *said, _ASSENT, *_CLOSING)
