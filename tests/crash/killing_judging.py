"""Whether what was acknowledged is there after a kill, and how much of the sound is not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from known_sound import apart

from facilitator.audio.container import AudioReader
from facilitator.domain import events as ev
from facilitator.domain.session_state import SessionState
from facilitator.workflows.sessions import Session

from .killing_program import Program
from .killing_study import PIECE_MS, World

MOST_LOST_MS = 500
TIMELINE_MS = 50
ORIGIN_MS = 250
"""A take that begins on a busy computer may be set down late as a whole, by a block at most."""
CUT_OFF = "the last record was cut off"


def judge_log(session: Session, lines: Sequence[dict[str, Any]]) -> list[str]:
    """What is wrong with the log, given what the program said it had stored."""
    session.verify_log()
    history = list(session.history())
    stored = {item.seq: item.event for item in history}
    faults = [
        f"{line['said']} {line['seq']} was acknowledged and is not there"
        for line in lines
        if "seq" in line and not _same(stored.get(line["seq"]), line)
    ]
    if SessionState.fold(history) != session.state:
        faults.append("the state is not the fold of the log")
    return faults


def _same(event: ev.Event | None, line: dict[str, Any]) -> bool:
    match event:
        case ev.NoteTaken(_, text):
            return bool(line["said"] == "note" and text == line["text"].strip())
        case ev.SpeakerMarked(speaker):
            return bool(line["said"] == "mark" and speaker == line["text"])
        case ev.TextCorrected(segment, _, after):
            return line["said"] == "edit" and (segment, after) == (line["segment"], line["text"])
        case _:
            return False


CLOCK_MS = 250
"""How far the clock of a take may be off, since its first block came late."""


@dataclass
class Lost:
    """`ms` of sound from before the kill are not stored; what is ends at `end_ms` of the session clock."""

    ms: float
    end_ms: int
    faults: list[str] = field(default_factory=list)


def lost_ms(world: World, reader: AudioReader, program: Program, killed_ms: float) -> Lost:
    """How much sound before the kill is lost: by the clock, and by what the last stored sound is, whichever is more."""
    at_kill = killed_ms - program.origin_ms
    gone = (at for at, length in reader.pauses if at - CLOCK_MS <= at_kill < at + length)
    end_ms = next(gone, reader.length_ms)
    lost = at_kill - end_ms
    if end_ms >= PIECE_MS and (late := world.late_ms(reader, end_ms - PIECE_MS, program.origin_ms)) is not None:
        lost = max(lost, lost + late)
    faults = [] if lost <= MOST_LOST_MS else [f"{lost:.0f} ms of sound lost"]
    return Lost(lost, end_ms, faults)


def judge_sound(world: World, reader: AudioReader, program: Program) -> list[str]:
    """What is wrong with the sound on the clock of the program: damage, or sound that is not where it sounded."""
    damage = [one for one in reader.check().damage if one.reason != CUT_OFF]
    faults = [f"damage at {one.at_ms} ms: {one.reason}" for one in damage]
    pauses = [(0, 0), *reader.pauses, (reader.length_ms, 0)]
    for begin_ms, end_ms in ((at + gone, until) for (at, gone), (until, _) in pairwise(pauses)):
        if end_ms - begin_ms >= 2 * PIECE_MS:
            faults += _misplaced(world, reader, program, (begin_ms, end_ms - PIECE_MS))
    return faults


def judge_next_take(world: World, reader: AudioReader, at_ms: int) -> list[str]:
    """The same for a take that began at `at_ms`, after a restart of everything: its clock is the wall's."""
    begins, ends = world.late_ms(reader, at_ms, 0), world.late_ms(reader, reader.length_ms - PIECE_MS, 0)
    if begins is None or ends is None:
        return ["the sound of the next take is not what was played"]
    if abs(apart(begins, ends)) > TIMELINE_MS:
        return [f"the next take runs apart by {apart(begins, ends):.0f} ms"]
    return []


def _misplaced(world: World, reader: AudioReader, program: Program, places: tuple[int, ...]) -> list[str]:
    faults = []
    for at_ms in places:
        late = world.late_ms(reader, at_ms, program.origin_ms)
        if late is None:
            faults.append(f"the sound at {at_ms} ms is not what was played")
        elif abs(late) > ORIGIN_MS:
            faults.append(f"the sound at {at_ms} ms stands {late:.0f} ms late")
    return faults
