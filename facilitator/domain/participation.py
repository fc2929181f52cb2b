"""Who has had the floor for how long, and whom a moderator might look at: from speaker marks and voice activity."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from facilitator.domain.ids import ASSISTANT, MODERATOR, Speaker
from facilitator.domain.notes import SpeakerMark
from facilitator.domain.stretches import Stretch, merged, total, without

BLOCK_MS: Final = 250
"""A level stands for the sound of this long before it."""
ABOVE_FLOOR_DB: Final = 9.0
"""Speech in a room stands out from its noise by more than that, breathing and papers mostly by less."""
NEVER_SPEECH_DB: Final = -60.0
FLOOR_BLOCKS: Final = 240
"""The noise of the room is the tenth percentile of the last minute (240 blocks of 250 ms)."""
RENEW_BLOCKS: Final = 20
SILENT_MS: Final = 10 * 60_000
DOMINANT_PERCENT: Final = 50
SETTLED_MS: Final = 5 * 60_000
"""Shares of less talk than this say nothing yet."""


class VoiceActivity:
    """Where somebody spoke, by loudness alone, from levels taken in order. Time that no level tells of counts as
    talk, so that a program started anew, or a group without a recording, goes by the marks alone."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._silent: list[int] = [0]
        self._recent: list[float] = []
        self._floor_db = NEVER_SPEECH_DB
        self._since_renewed = 0
        self._last_ms = 0

    def take(self, at_ms: int, rms_db: float) -> None:
        """Take in the level of the block that ended at `at_ms`, in dBFS; one that is not later than the last is
        passed over."""
        if at_ms <= self._last_ms:
            return
        start_ms, self._last_ms = max(at_ms - BLOCK_MS, self._last_ms), at_ms
        self._recent.append(rms_db)
        self._since_renewed += 1
        if self._since_renewed >= RENEW_BLOCKS or len(self._recent) <= RENEW_BLOCKS:
            del self._recent[:-FLOOR_BLOCKS]
            self._floor_db = sorted(self._recent)[len(self._recent) // 10]
            self._since_renewed = 0
        if rms_db < max(NEVER_SPEECH_DB, self._floor_db + ABOVE_FLOOR_DB):
            self._starts.append(start_ms)
            self._ends.append(at_ms)
            self._silent.append(self._silent[-1] + at_ms - start_ms)

    def talked_ms(self, start_ms: int, end_ms: int) -> int:
        """How long somebody spoke between two moments."""
        return self.talked_until(max(start_ms, end_ms)) - self.talked_until(start_ms)

    def talked_until(self, at_ms: int) -> int:
        """How long somebody spoke from the beginning to a moment."""
        place = bisect_right(self._starts, at_ms)
        over = max(0, self._ends[place - 1] - at_ms) if place else 0
        return at_ms - self._silent[place] + over


@dataclass(frozen=True, slots=True)
class Share:
    """`percent` of all talk that is somebody's (0 to 100), in `turns`. `silent_ms` since the end of the last turn, or,
    without any, since the first mark of the group. `now`: has the floor."""

    percent: int
    turns: int
    silent_ms: int
    now: bool


@dataclass(frozen=True, slots=True)
class Hint:
    """Somebody to look at: silent for `silent_ms`, or else holding `percent` of the talk."""

    speaker: Speaker
    silent_ms: int = 0
    percent: int = 0


def shares(
    marks: Iterable[SpeakerMark],
    people: Iterable[Speaker],
    now_ms: int,
    voice: VoiceActivity | None = None,
    came_ms: Mapping[Speaker, int] | None = None,
    breaks: Iterable[Stretch] = (),
) -> dict[Speaker, Share]:
    """The share of each of `people` at `now_ms`; time marked as unknown counts for nobody.

    Within a mark's stretch only the time in which `voice` heard somebody counts. `came_ms` says when a latecomer came:
    nobody is silent before that. In `breaks` nobody talks and nobody is silent.
    """
    pauses = merged(breaks)
    ordered = sorted(marks, key=lambda mark: mark.at_ms)
    heard = voice or VoiceActivity()
    talked: dict[Speaker, int] = {}
    turns: dict[Speaker, int] = {}
    ended: dict[Speaker, int] = {}
    before: Speaker | None = None
    ends = [*(mark.at_ms for mark in ordered[1:]), now_ms][: len(ordered)]
    spoken_ms = pairwise([heard.talked_until(mark.at_ms) for mark in ordered] + [heard.talked_until(now_ms)])
    for mark, end_ms, (from_ms, to_ms) in zip(ordered, ends, spoken_ms, strict=True):
        if mark.speaker is not None:
            spoken = max(0, to_ms - from_ms)
            if any(start < end_ms and mark.at_ms < end for start, end in pauses):
                spoken = sum(heard.talked_ms(*part) for part in without([(mark.at_ms, end_ms)], pauses))
            talked[mark.speaker] = talked.get(mark.speaker, 0) + spoken
            turns[mark.speaker] = turns.get(mark.speaker, 0) + (mark.speaker != before)
            ended[mark.speaker] = end_ms
        before = mark.speaker
    whole = sum(talked.values())
    began_ms = ordered[0].at_ms if ordered else now_ms
    current = ordered[-1].speaker if ordered else None
    quiet_since = {one: max(ended.get(one, began_ms), (came_ms or {}).get(one, 0)) for one in people}
    return {
        person: Share(
            round(talked.get(person, 0) * 100 / whole) if whole else 0,
            turns.get(person, 0),
            total(without([(since_ms, now_ms)], pauses)),
            person == current,
        )
        for person, since_ms in quiet_since.items()
    }


def hints(found: Mapping[Speaker, Share], began_ms: int, now_ms: int, silent_ms: int = SILENT_MS) -> list[Hint]:
    """Whom to look at, the longest silent first, then who holds over half of the talk; moderator and assistant never.

    Args:
        found: shares of those who are there.
        began_ms: time of the first mark.
        now_ms: now.
        silent_ms: from how long a silence on it is worth a hint.
    """
    group = {who: share for who, share in found.items() if who not in (MODERATOR, ASSISTANT)}
    silent = [Hint(who, silent_ms=share.silent_ms) for who, share in group.items() if share.silent_ms >= silent_ms]
    silent.sort(key=lambda hint: -hint.silent_ms)
    settled = now_ms - began_ms >= SETTLED_MS and len(group) > 1
    quiet = {hint.speaker for hint in silent}
    loud = [
        Hint(who, percent=one.percent)
        for who, one in group.items()
        if one.percent > DOMINANT_PERCENT and who not in quiet
    ]
    return [*silent, *(loud if settled else [])]
