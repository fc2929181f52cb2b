"""Somebody withdraws: the order and its end in the study log, what came of it in the log of each session."""

from dataclasses import dataclass
from typing import ClassVar

from facilitator.domain.events.base import Event
from facilitator.domain.ids import ResearchNumber
from facilitator.domain.withdrawal import Rule


@dataclass(frozen=True, slots=True)
class WithdrawalOrdered(Event):
    """`number` withdraws. Stored first, so that a crash cannot forget it.

    `destroyed` are the risk notes on them: the events of the study log whose payloads go with it.
    """

    kind: ClassVar[str] = "withdrawal.ordered"
    number: ResearchNumber
    rule: Rule
    destroyed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WithdrawalFinished(Event):
    """It was carried out in every session, and read back."""

    kind: ClassVar[str] = "withdrawal.finished"
    number: ResearchNumber


@dataclass(frozen=True, slots=True)
class SpeechWithdrawn(Event):
    """From now on nothing that `number` said, and nothing noted about them, is shown or leaves the study.

    Attributes:
        head: hash of the log's last event before all that was stored with this one.
        turns: of theirs that held words; `words` how many, `notes` about them.
        sound_ms: what was destroyed of the recording; `tracks` of how many backup tracks as well.
        stretches: (start, end) in ms of when they spoke.
        destroyed: the events whose payloads are gone; others' words in them were stored anew before this.
    """

    kind: ClassVar[str] = "speech.withdrawn"
    number: ResearchNumber
    rule: Rule
    head: str
    turns: int
    words: int
    notes: int
    sound_ms: int
    tracks: int
    stretches: tuple[tuple[int, int], ...]
    destroyed: tuple[int, ...] = ()
