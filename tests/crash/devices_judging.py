"""Whether a disturbance of the microphone was told in time and dated right, and what follows stands in its place."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from known_sound import ALIKE, apart, find

from facilitator.audio.container import AudioReader
from facilitator.audio.messages import Alarm, Gap, Message
from facilitator.domain.recording import Trouble

TOLD_MS = 1000
TIMELINE_MS = 50
ORIGIN_MS = 150
"""A take that begins on a busy computer may be set down late as a whole; within it, 50 ms hold."""
BLOCK_MS = 250
PIECE_MS = 100
MACHINE = frozenset({Trouble.DISK, Trouble.STORING})
"""Troubles of the computer that a busy one may have, whatever the microphone does."""


@dataclass(frozen=True)
class Case:
    """What happens and what must be told of it.

    `full_ms`: how long it must last before it can be known. `loses`: sound is lost, which must be a dated gap.
    `alters`: the sound between is not the known one. `ends`: that it is over must be told too. `final`: no sound comes
    any more. `held_ms` of older sound, kept by the sound server, may come first when it is over.
    """

    name: str
    wanted: Trouble
    allowed: frozenset[Trouble] = frozenset()
    full_ms: int = 0
    loses: bool = False
    alters: bool = False
    ends: bool = True
    real: bool = False
    final: bool = False
    held_ms: int = 0


@dataclass
class Heard:
    """All that was said but levels, with the monotonic ms at which it was heard; and what was done, when.

    `origin_ms` is the monotonic time of session time 0, `told_from_ms` when the program could first know, where that is
    later than the act, `stop_ms` when the recording was told to end.
    """

    origin_ms: float = 0.0
    act_ms: float = 0.0
    undo_ms: float = 0.0
    told_from_ms: float = 0.0
    stop_ms: float = 0.0
    said: list[tuple[float, Message]] = field(default_factory=list)

    def add(self, at_ms: float, message: Message) -> None:
        self.said.append((at_ms, message))

    @property
    def gaps(self) -> list[Gap]:
        return [message for _, message in self.said if isinstance(message, Gap)]

    def alarms(self) -> Iterable[tuple[float, Alarm]]:
        return ((at, message) for at, message in self.said if isinstance(message, Alarm))

    def began(self, trouble: Trouble) -> list[float]:
        """When it was told that `trouble` began."""
        return [at for at, one in self.alarms() if one.trouble == trouble and not one.over]


def told_after_ms(case: Case, heard: Heard) -> float | None:
    """How long after it could be known the alarm was heard; None if it was not after the act."""
    due = max(heard.act_ms, heard.told_from_ms) + case.full_ms
    return next((at - due for at in heard.began(case.wanted) if at >= heard.act_ms), None)


def judge(case: Case, heard: Heard, reader: AudioReader) -> list[str]:
    """What did not hold."""
    return [*judge_alarms(case, heard), *_judge_gaps(case, heard, reader), *_judge_places(case, heard, reader)]


def judge_alarms(case: Case, heard: Heard) -> list[str]:
    faults, after = [], told_after_ms(case, heard)
    if after is None:
        faults.append(f"“{case.wanted}” was never told")
    elif after > TOLD_MS:
        faults.append(f"“{case.wanted}” was told {after:.0f} ms after it could be known")
    known = {case.wanted, *case.allowed, *MACHINE}
    faults += [f"“{one.trouble}” was told and is not true" for _, one in heard.alarms() if one.trouble not in known]
    if any(at < heard.act_ms for at in heard.began(case.wanted)):
        faults.append(f"“{case.wanted}” was told before the act and is not true")
    over = (at for at, one in heard.alarms() if one.trouble == case.wanted and one.over)
    if case.ends and not any(heard.undo_ms <= at < heard.stop_ms for at in over):
        faults.append(f"that “{case.wanted}” is over was never told")
    return faults


def _judge_gaps(case: Case, heard: Heard, reader: AudioReader) -> list[str]:
    told = [(gap.at_ms, gap.length_ms) for gap in heard.gaps if gap.length_ms]
    faults = []
    if [(at, length) for at, length in reader.pauses if length > 1] != [one for one in told if one[1] > 1]:
        faults.append(f"the gaps told are {told}, those of the records {reader.pauses}")
    act_ms = heard.act_ms - heard.origin_ms
    if case.loses and not any(-TIMELINE_MS <= act_ms - at <= BLOCK_MS + TIMELINE_MS for at, _ in told):
        faults.append(f"sound was lost from {act_ms:.0f} ms on, and the gaps are {told}")
    if not case.loses and sum(length for _, length in told) > TIMELINE_MS:
        faults.append(f"no sound was lost, and the gaps are {told}")
    return faults


def _judge_places(case: Case, heard: Heard, reader: AudioReader) -> list[str]:
    act_ms, undo_ms = heard.act_ms - heard.origin_ms, heard.undo_ms - heard.origin_ms
    back_ms = max((at + length for at, length in reader.pauses), default=undo_ms) if case.loses else undo_ms
    places = [0.0, act_ms - BLOCK_MS - PIECE_MS]
    if not case.final:
        places += [back_ms + 2 * TIMELINE_MS + case.held_ms, reader.length_ms - PIECE_MS]
    if not case.loses and not case.alters and not case.final:
        places += [act_ms + BLOCK_MS, undo_ms - PIECE_MS]
    faults, first = [], None
    for at_ms in map(int, places):
        found = find(reader.read(at_ms, at_ms + PIECE_MS), reader.rate)
        late = apart(heard.origin_ms + at_ms, found.at_ms)
        first = late if first is None else first
        if found.alike < ALIKE:
            faults.append(f"the sound at {at_ms} ms is not what sounded")
        elif abs(late - first) > TIMELINE_MS or abs(late) > ORIGIN_MS:
            faults.append(f"the sound at {at_ms} ms stands {late:.0f} ms late, at the beginning {first:.0f}")
    return faults
