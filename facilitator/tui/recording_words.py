"""What the first lines of the conduct screen say of the recording, in words and signs, the worst first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content

from facilitator.domain.recording import Pause, Trouble
from facilitator.domain.session_state import Troubled
from facilitator.domain.timebase import clock

REMEMBERED_MS: Final = 60_000
"""How long a trouble that is over is still mentioned."""
TO_DO: Final = {
    Trouble.RECORDER_DIED: "starting again",
    Trouble.DEVICE_LOST: "r other input",
    Trouble.STORING: "check the disk",
    Trouble.NO_SOUND: "r other input",
    Trouble.SILENT: "muted? r other input",
    Trouble.STUCK: "r other input",
    Trouble.DEVICE_CHANGED: "r choose input",
    Trouble.DISK: "make room on it",
    Trouble.SLEPT: "keep the lid open",
}
"""The troubles that end a recording or empty it, the worst first, and what to do."""
SMALL: Final = {
    Trouble.OVERFLOW: "overload: sound lost",
    Trouble.CLIPPING: "too loud",
    Trouble.DRIFT: "clock drifts",
}
"""Those that a recording survives, the worst first."""
MORE_WIDTH: Final = 12
"""Cells kept free at the end of the second line to say that there is more."""
WITH_INPUT: Final = frozenset(
    {Trouble.DEVICE_LOST, Trouble.NO_SOUND, Trouble.SILENT, Trouble.STUCK, Trouble.DEVICE_CHANGED}
)
"""What another input may mend."""
PAUSED: Final = {
    Pause.BREAK: ("BREAK", "p goes on"),
    Pause.OFF_RECORD: ("OFF THE RECORD", "o goes on"),
}


@dataclass(frozen=True, slots=True)
class RecordingView:
    """What there is to say. `level` is the meter's text; `facts` are small things, the most important first.

    `busy` is what is being done to the recording just now; `speechless_ms` since when its process says nothing;
    `died` what there is to say of a recorder that ended although nobody stopped it; `rehearsal` how many seconds of the
    session clock pass in one, None in earnest.
    """

    now_ms: int
    recording: bool = False
    busy: str = ""
    paused: Pause | None = None
    paused_ms: int | None = None
    level: str = ""
    speechless_ms: int | None = None
    died: str = ""
    backup_only: bool = False
    troubles: tuple[Troubled, ...] = ()
    over: tuple[Troubled, ...] = ()
    facts: tuple[str, ...] = ()
    rehearsal: int | None = None

    @property
    def tag(self) -> str:
        """What stands before everything in a rehearsal, so that nobody takes it for earnest."""
        return f"REHEARSAL {self.rehearsal}×" if self.rehearsal else ""

    @property
    def sign(self) -> str:
        """That it records."""
        return f"● {self.tag or 'REC'}"


@dataclass(frozen=True, slots=True)
class RecordingLines:
    """The first line's left half without its ▲, and the second line, which may be "".

    `alarm` is drawn in reverse video behind a ▲; `paused` is drawn bold.
    """

    first: str
    second: str = ""
    alarm: bool = False
    paused: bool = False


def recording_lines(view: RecordingView, room: int, width: int) -> RecordingLines:
    """The two lines, where the first may take `room` cells and the second `width`."""
    serious, small = serious_troubles(view.troubles), small_troubles(view.troubles)
    facts = (*backup_troubles(view.troubles), *view.facts)
    was = [_was(one) for one in remembered(view.over, view.now_ms)] if view.recording else []
    own = _own_alarms(view, told=bool(serious))
    alarms = [*own, *(_alarm(one, view) for one in serious if not (own and one.trouble is Trouble.RECORDER_DIED))]
    if alarms:
        others = [f"▲ {other.head}" for other in alarms[1:]]
        second = (_running(view), *others, *_signs(small), *facts, *was)
        first = _tagged(view, alarms[0].fit(width - 3 - cells(_tagged(view, "")), len(others)))
        return RecordingLines(first, fitted(second, width), alarm=True)
    if view.paused is not None:
        first, rest = _filled(_tagged(view, view.busy) if view.busy else _pause(view), [*_signs(small), *facts], room)
        return RecordingLines(first, fitted((*rest, *was), width), paused=not view.busy)
    first, rest = _quiet(view, small, facts, room)
    return RecordingLines(first, fitted((*rest, *was), width))


def serious_troubles(troubles: Iterable[Troubled]) -> list[Troubled]:
    """Those that end or empty a recording, the worst first."""
    order = list(TO_DO)
    found = (one for one in troubles if one.trouble in TO_DO and one.track == 0)
    return sorted(found, key=lambda one: order.index(one.trouble))


def small_troubles(troubles: Iterable[Troubled]) -> list[Troubled]:
    """Those that it survives, the worst first."""
    order = list(SMALL)
    found = (one for one in troubles if one.trouble in SMALL and one.track == 0)
    return sorted(found, key=lambda one: order.index(one.trouble))


def backup_troubles(troubles: Iterable[Troubled]) -> list[str]:
    """Those of backup tracks, in words: the recording itself goes on."""
    return [f"▲ backup: {one.trouble.value} since {clock(one.at_ms)}" for one in troubles if one.track > 0]


def remembered(over: Iterable[Troubled], now_ms: int) -> list[Troubled]:
    """Troubles of the recording that ended a short while ago, the latest first; a death is never forgotten."""
    told = [
        one
        for one in over
        if one.end_ms is not None
        and one.track == 0
        and (one.trouble is Trouble.RECORDER_DIED or now_ms - one.end_ms < REMEMBERED_MS)
    ]
    return sorted(told, key=lambda one: one.end_ms or 0, reverse=True)


def fitted(entries: Sequence[str], width: int) -> str:
    """As many whole entries as fit, the first first; of troubles left out it says how many."""
    wanted = [entry for entry in entries if entry]
    kept: list[str] = []
    left_out = 0
    for place, entry in enumerate(wanted):
        more = left_out or any(other.startswith("▲") for other in wanted[place + 1 :])
        if cells(" · ".join((*kept, entry))) <= width - (MORE_WIDTH if more else 0) or not kept:
            kept.append(entry)
        else:
            left_out += entry.startswith("▲")
    return " · ".join((*kept, *((f"+{left_out} more ▲",) if left_out else ())))


def cells(text: str) -> int:
    """Width on the screen."""
    return Content(text).cell_length


@dataclass(frozen=True, slots=True)
class _Alarm:
    head: str
    goes_on: str
    to_do: str

    def fit(self, width: int, others: int) -> str:
        """Head and what to do always, the rest where there is room."""
        more = f"and {others} more" if others else ""
        for parts in (
            (self.head, more, self.goes_on, self.to_do),
            (self.head, more, self.to_do),
            (self.head, self.to_do),
        ):
            line = " · ".join(part for part in parts if part)
            if cells(line) <= width:
                return line
        return self.head


def _own_alarms(view: RecordingView, *, told: bool) -> list[_Alarm]:
    """What the screen finds itself: no process, or one that says nothing; one that `told` a trouble has spoken."""
    if view.died and not view.recording:
        died = [one for one in view.troubles if one.trouble is Trouble.RECORDER_DIED and one.track == 0]
        at = f" at {clock(died[-1].at_ms)}" if died else ""
        to_do = PAUSED[view.paused][1] if view.paused else view.busy or "r other input"
        return [_Alarm(f"RECORDER DIED{at}", view.died, to_do)]
    if view.backup_only and not view.recording and view.paused is None:
        return [_Alarm("ONLY THE BACKUP RECORDS", "", view.busy or "r records with both again")]
    if view.recording and view.speechless_ms is not None and view.paused is None and not told:
        since = clock(view.speechless_ms)
        return [_Alarm(f"THE RECORDER SAYS NOTHING since {since}", "", "s stop, r again")]
    return []


def _alarm(one: Troubled, view: RecordingView) -> _Alarm:
    head = f"{one.trouble.value.upper()} since {clock(one.at_ms)}"
    if view.paused is not None:
        goes_on = "nothing is recorded"
    else:
        goes_on = "recording goes on" if view.recording else "nothing is recorded"
    return _Alarm(head, goes_on, TO_DO[one.trouble])


def _tagged(view: RecordingView, text: str) -> str:
    return f"{view.tag} · {text}" if view.tag else text


def _running(view: RecordingView) -> str:
    """The state of the recording below an alarm."""
    if view.paused is not None:
        return _pause(view)
    if view.recording:
        return f"{view.sign} {clock(view.now_ms)}  {view.level}".rstrip()
    return f"session clock {clock(view.now_ms)} · notes go on"


def _pause(view: RecordingView) -> str:
    assert view.paused is not None  # noqa: S101  only called for a pause
    name, key = PAUSED[view.paused]
    since = "" if view.paused_ms is None else f" since {clock(view.paused_ms)}"
    nothing = "" if view.rehearsal else " · nothing is recorded"  # its sign needs the room
    return f"‖ {_tagged(view, name)}{since}{nothing} · {key}"


def _quiet(view: RecordingView, small: list[Troubled], facts: Sequence[str], room: int) -> tuple[str, list[str]]:
    """The first line when nothing is wrong, and what found no room on it."""
    if not view.recording:
        idle = f"■ {_tagged(view, 'not recording')}  {clock(view.now_ms)}"
        line, entries = _tagged(view, view.busy) if view.busy else idle, list(facts)
    elif view.busy:
        line, entries = f"{view.sign} {clock(view.now_ms)}  {view.busy}", [*_signs(small), *facts]
    else:
        sign = f" ▲ {SMALL[small[0].trouble]}" if small else ""
        line = f"{view.sign} {clock(view.now_ms)}  {view.level}{sign}"
        entries = [*_signs(small[1:]), *facts]
    return _filled(line, entries, room)


def _filled(line: str, entries: list[str], room: int) -> tuple[str, list[str]]:
    """`line` with as many of `entries` as have room behind it, and the rest of them."""
    while entries and cells(line) + 2 + cells(entries[0]) <= room:
        line += f"  {entries.pop(0)}"
    return line, entries


def _signs(small: list[Troubled]) -> list[str]:
    return [f"▲ {SMALL[one.trouble]} since {clock(one.at_ms)}" for one in small]


def _was(one: Troubled) -> str:
    if one.trouble is Trouble.RECORDER_DIED:
        return f"recorder started again at {clock(one.end_ms or one.at_ms)}"
    if one.end_ms is None or one.end_ms // 1000 == one.at_ms // 1000:
        return f"was: {one.trouble.value}, {clock(one.at_ms)}"
    return f"was: {one.trouble.value} {clock(one.at_ms)}–{clock(one.end_ms)}"
