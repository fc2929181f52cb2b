"""Who has had the floor for how long, and whom a moderator might look at: from speaker marks and voice activity."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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

    @property
    def known_until_ms(self) -> int:
        """The end of the last block: what lies before it does not change any more."""
        return self._last_ms

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
    ordered = sorted(marks, key=lambda mark: mark.at_ms)
    return TalkShares(voice or VoiceActivity()).at(ordered, people, now_ms, came_ms, breaks)


@dataclass(slots=True)
class _Tally:
    """What marks up to some moment add up to: talk, turns and the end of the last one, by speaker."""

    talked_ms: dict[Speaker, int] = field(default_factory=dict)
    turns: dict[Speaker, int] = field(default_factory=dict)
    ended_ms: dict[Speaker, int] = field(default_factory=dict)
    before: Speaker | None = None

    def add(self, mark: SpeakerMark, end_ms: int, voice: VoiceActivity, pauses: list[Stretch]) -> None:
        """Take in the next mark, whose stretch ends at `end_ms`."""
        if (who := mark.speaker) is not None:
            talked = max(0, voice.talked_until(end_ms) - voice.talked_until(mark.at_ms))
            if pauses and any(start < end_ms and mark.at_ms < end for start, end in pauses):
                talked = sum(voice.talked_ms(*part) for part in without([(mark.at_ms, end_ms)], pauses))
            self.talked_ms[who] = self.talked_ms.get(who, 0) + talked
            self.turns[who] = self.turns.get(who, 0) + (who != self.before)
            self.ended_ms[who] = end_ms
        self.before = mark.speaker

    def copy(self) -> "_Tally":
        return _Tally(dict(self.talked_ms), dict(self.turns), dict(self.ended_ms), self.before)


class TalkShares:
    """`shares` for a screen that asks every second: it remembers the sum of what no later level can change."""

    def __init__(self, voice: VoiceActivity) -> None:
        self._voice = voice
        self._settled: Sequence[SpeakerMark] = ()
        self._until_ms = 0
        self._pauses: list[Stretch] = []
        self._sum = _Tally()

    def at(
        self,
        marks: Sequence[SpeakerMark],
        people: Iterable[Speaker],
        now_ms: int,
        came_ms: Mapping[Speaker, int] | None = None,
        breaks: Iterable[Stretch] = (),
    ) -> dict[Speaker, Share]:
        """The share of each of `people` at `now_ms`, as `shares`; `marks` are in time order."""
        pauses = merged(breaks)
        self._settle(marks, pauses)
        tally = self._sum.copy()
        for mark, after in pairwise(marks[len(self._settled) :]):
            tally.add(mark, after.at_ms, self._voice, pauses)
        if marks:
            tally.add(marks[-1], now_ms, self._voice, pauses)
        whole = sum(tally.talked_ms.values())
        began_ms = marks[0].at_ms if marks else now_ms
        current = marks[-1].speaker if marks else None
        quiet_since = {one: max(tally.ended_ms.get(one, began_ms), (came_ms or {}).get(one, 0)) for one in people}
        return {
            person: Share(
                round(tally.talked_ms.get(person, 0) * 100 / whole) if whole else 0,
                tally.turns.get(person, 0),
                total(without([(since_ms, now_ms)], pauses)),
                person == current,
            )
            for person, since_ms in quiet_since.items()
        }

    def _settle(self, marks: Sequence[SpeakerMark], pauses: list[Stretch]) -> None:
        """Add the marks whose stretch ended before the last level; all anew where an earlier one or a break changed."""
        count = len(self._settled)
        until_ms = marks[count].at_ms if count < len(marks) else 0
        same = (marks[:count], until_ms, _before(pauses, until_ms)) == (self._settled, self._until_ms, self._pauses)
        if count and not same:
            count, self._sum = 0, _Tally()
        while count + 1 < len(marks) and marks[count + 1].at_ms <= self._voice.known_until_ms:
            self._sum.add(marks[count], marks[count + 1].at_ms, self._voice, pauses)
            count += 1
        self._settled, self._until_ms = marks[:count], marks[count].at_ms if count < len(marks) else 0
        self._pauses = _before(pauses, self._until_ms)


def _before(pauses: list[Stretch], until_ms: int) -> list[Stretch]:
    return [(start, min(end, until_ms)) for start, end in pauses if start < until_ms]


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
