"""Passages of a draft that a speech model may have made up or left out, each with the rule that says so.

A doubt deletes nothing: it stands in a queue until a person has heard the passage.
"""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """Why a passage is doubted; the value is what people read."""

    LOOP = "loop"
    STOCK_PHRASE = "stock phrase"
    OVER_SILENCE = "text over silence"
    TOO_FAST = "too fast"
    UNSURE = "unsure"
    LANGUAGE = "other language"
    OVERLAP = "overlap"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt. Times on the session clock; `detail` are figures of the rule, never words of the recording."""

    rule: Rule
    start_ms: int
    end_ms: int
    detail: str = ""
