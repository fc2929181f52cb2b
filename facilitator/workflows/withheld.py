"""Which stretches of a session nobody agreed to have recorded, so that no second recorder may bring them back."""

from itertools import pairwise
from typing import Final

from facilitator.domain import events as ev
from facilitator.domain.recording import STRUCK, Pause
from facilitator.domain.session_state import SessionState, Take
from facilitator.domain.stretches import Stretch, merged, total, without
from facilitator.domain.withdrawal import GAP
from facilitator.workflows.sessions import Session

FAR_MS: Final = 1 << 40
"""Beyond every session."""
ON_PURPOSE: Final = frozenset({"not recorded", STRUCK, GAP, *(pause.value for pause in Pause)})
"""Reasons of gaps that no failure made: stopped, struck, withdrawn, paused."""


def withheld(session: Session) -> list[Stretch]:
    """(start, end) in ms of the session clock, in order: before the first take and after the last one, breaks and what
    was off the record, what was struck or is ordered to be, when somebody spoke who withdrew, and the time between
    takes unless a failure made it.

    In doubt a stretch is withheld: a pause that somebody ended without recording on lasts until sound was recorded.
    """
    state = session.state
    if not state.takes:
        return [(-FAR_MS, FAR_MS)]
    found = [(-FAR_MS, state.takes[0].at_ms), (state.length_ms, FAR_MS)]
    found += [(at, at + length) for at, length, reason in state.gaps if reason in ON_PURPOSE - {"not recorded"}]
    found += [(one.from_ms, one.to_ms) for one in state.struck]
    found += [one for stretches in state.withdrawn.values() for one in stretches]
    history = list(session.history())
    found += [(item.event.from_ms, item.event.to_ms) for item in history if isinstance(item.event, ev.StrikeOrdered)]
    return merged([*found, *_pauses(history, state.takes), *_between_takes(history, state)])


def _pauses(history: list[ev.Stored], takes: list[Take]) -> list[Stretch]:
    found, begun = [], None
    for item in history:
        match item.event:
            case ev.RecordingPaused():
                begun = item.at_ms if begun is None else min(begun, item.at_ms)
            case ev.RecordingResumed() if begun is not None:
                found.append((begun, _sound_again(max(begun, item.at_ms), takes)))
                begun = None
    return found if begun is None else [*found, (begun, FAR_MS)]


def _sound_again(resumed_ms: int, takes: list[Take]) -> int:
    """Where the first sound after a resumption lies: there, where a take goes on, or where the next one begins."""
    if any(take.at_ms <= resumed_ms < (FAR_MS if take.end_ms is None else take.end_ms) for take in takes):
        return resumed_ms
    return min((take.at_ms for take in takes if take.at_ms >= resumed_ms), default=FAR_MS)


def _between_takes(history: list[ev.Stored], state: SessionState) -> list[Stretch]:
    """The time between takes, less that which a failure made, as a gap's reason or a recovery says."""
    between = [(before.end_ms or after.at_ms, after.at_ms) for before, after in pairwise(state.takes)]
    cut_off = {item.at_ms for item in history if isinstance(item.event, ev.RecordingRecovered)}
    failed = [(at, at + length) for at, length, reason in state.gaps if reason not in ON_PURPOSE]
    return [
        one for one in between if one[0] not in cut_off and total(without([one], failed)) > 0
    ]  # a failure that explains a part only does not tell what the rest was
