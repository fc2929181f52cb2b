"""Who has had the floor for how long, from the facilitator's marks alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from facilitator.domain.ids import Speaker
from facilitator.domain.notes import SpeakerMark


@dataclass(frozen=True, slots=True)
class Share:
    """`percent` of all marked time (0 to 100). `silent_ms` since the end of the last turn; None before the first."""

    percent: int
    silent_ms: int | None
    now: bool


def talk_shares(marks: Iterable[SpeakerMark], people: Iterable[Speaker], now_ms: int) -> dict[Speaker, Share]:
    """The share of each of `people` at `now_ms`; time marked as unknown counts for nobody."""
    ordered = sorted(marks, key=lambda mark: mark.at_ms)
    talked: dict[Speaker, int] = {}
    ended: dict[Speaker, int] = {}
    ends = [*(mark.at_ms for mark in ordered[1:]), now_ms][: len(ordered)]
    for mark, end_ms in zip(ordered, ends, strict=True):
        if mark.speaker is not None:
            talked[mark.speaker] = talked.get(mark.speaker, 0) + max(0, end_ms - mark.at_ms)
            ended[mark.speaker] = end_ms
    whole = sum(talked.values())
    current = ordered[-1].speaker if ordered else None
    return {
        person: Share(
            round(talked.get(person, 0) * 100 / whole) if whole else 0,
            max(0, now_ms - ended[person]) if person in ended else None,
            person == current,
        )
        for person in people
    }
