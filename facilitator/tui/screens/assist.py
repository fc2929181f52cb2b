"""A second person in a running group: notes, marks and questions beside the one who conducts."""

from typing import TYPE_CHECKING, ClassVar, Final

from facilitator.domain.ids import SessionId
from facilitator.domain.recording import Pause
from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.recording_words import cells
from facilitator.tui.screens.group_screen import GroupScreen
from facilitator.tui.widgets.meter import level_text

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.workflows.assisting import Assist
    from facilitator.workflows.sessions import Session

TICK_S: Final = 0.25
LEVELS: Final = 4
PAUSES: Final = {Pause.BREAK: "‖ BREAK", Pause.OFF_RECORD: "‖ OFF THE RECORD"}


class AssistScreen(GroupScreen):
    """The conduct screen without its recorder, on a session that somebody else may have open."""

    NAME = "Assist"
    HELP: ClassVar[str] = """\
You are beside the person who conducts: what you note and whom you mark stands in the same session, in the order of \
time, and on the other screen within a second. The first line says whether it is recorded; you cannot start, stop or \
pause that from here. u takes back your own last mark, never the other person's.

A digit says who speaks, w notes the first words of a turn. A letter of the bottom line begins a note, stamped with \
the moment of its first character. ↑ and ↓ choose a note, Enter changes it. j says who is here, c is the checklist.
"""
    assist: "Assist"

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._levels: list[float] = []
        self._tag = ""
        self._drawn: tuple[str, str] = ("", "")

    def open_session(self) -> "Session":
        """Beside whoever has it open."""
        from facilitator.workflows.sessions import Session

        return Session(self.study, self.session_id, beside=True)

    def start_work(self) -> None:
        """Join."""
        from facilitator.workflows.assisting import Assist
        from facilitator.workflows.rehearsal_mark import rehearsal_of

        self.noting = self.assist = Assist(self.session)
        if (rehearsed := rehearsal_of(self.study)) is not None:
            self._tag = f"REHEARSAL {rehearsed.speed}×  "
        self.start_group()
        self.tick()
        self.set_interval(TICK_S, self.tick)

    def tick(self) -> None:
        """Read how the recording stands."""
        if not self.is_open:
            return
        self.assist.look()
        level = self.assist.level
        if level is not None:
            self.voice.take(level.at_ms, level.rms_db)
            if not self._levels or self._levels[-1] != level.rms_db:
                self._levels = [*self._levels[1 - LEVELS :], level.rms_db]
        else:
            self._levels = []
        self.draw_status()

    def draw_status(self) -> None:
        """Whether it is recorded, and what was stored."""
        if not self.is_open:
            return
        left = f"{self._tag}ASSISTING  {self._state()}"
        room = self.app.size.width - cells(left) - cells(self._said) - 8
        name = one_line(self.session_name, max(len(self.session_id) + 2, room))
        drawn = (left, " · ".join(part for part in (name, self._said) if part))
        if drawn != self._drawn:
            self._drawn = drawn
            self.bar.show(*drawn)
            self.bar.set_class(self.assist.paused is not None, "-paused")

    def _state(self) -> str:
        now = clock(self.assist.now_ms)
        if self.assist.paused is not None:
            return f"{PAUSES[self.assist.paused]} · nothing is recorded  {now}"
        if self.assist.recording:
            return f"● REC {now}  {level_text(tuple(self._levels), LEVELS)}"
        return f"■ not recording  {now}"
