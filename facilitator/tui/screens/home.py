"""The sessions of the study by stage: where everybody starts, and what each session needs next."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Resize, ScreenResume
from textual.message import Message
from textual.widgets import DataTable, Static

from facilitator.domain.errors import FacilitatorError, NotFound
from facilitator.domain.ids import SessionId
from facilitator.domain.timebase import clock
from facilitator.tui.first_steps import first_steps
from facilitator.tui.reminders import reminders
from facilitator.tui.screens.base import StudyScreen
from facilitator.tui.session_rows import detail, stage_text
from facilitator.tui.session_signs import Signs, find_signs
from facilitator.tui.widgets.dialogs import Confirm
from facilitator.tui.widgets.text import cell, plain

if TYPE_CHECKING:  # workflows load slowly, and the first paint does not wait for them
    from facilitator.workflows.sessions import Summary

NO_SIGNS = Signs()
LOOK_S = 4.0
WIDE = 100
STEP_ACTIONS = {
    "conduct": "conduct",
    "recover": "conduct",
    "transcribe": "transcribe",
    "correct": "correct",
    "pseudonymize": "pseudonymize",
    "verify": "verify",
    "export": "export",
    "done": "export",
    "look": "look",
}


class HomeScreen(StudyScreen):
    """The list of sessions, and a key for each step of one."""

    NAME = "Sessions"
    HELP = (
        "Every session of the study with how far it has come. Move with the arrow keys; Enter does the step named "
        "under Next. A session goes from conduct (or import) through transcribe, correct, pseudonymize and verify to "
        "export; each step can be opened again at any time. A session with ▲ interrupted was cut off while it was "
        "recorded: Enter shows what is there before anything is changed. ^p holds what is done to the whole study now "
        "and then: a backup, another passphrase, the dates of deletion."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="new", tooltip="Plan a session: guide, people, date"),
        Binding("r", "roster", "People", id="roster", tooltip="Roster: participants, names and consents"),
        Binding("i", "import_audio", "Import", id="import", tooltip="Bring in a recording made elsewhere"),
        Binding("c", "conduct", "Conduct", id="conduct", tooltip="Conduct and record the session"),
        Binding(
            "a", "assist", "Assist", show=False, id="assist", tooltip="Join it as a second person: notes and marks"
        ),
        Binding("t", "transcribe", "Transcribe", id="transcribe", tooltip="Make a draft transcript on this machine"),
        Binding("e", "correct", "Correct", id="correct", tooltip="Correct the draft against the sound"),
        Binding("p", "pseudonymize", "Pseudonymize", id="pseudonymize", tooltip="Find and replace what identifies"),
        Binding("m", "mosaic", "Mosaic", id="mosaic", tooltip="What remains of each person, all sessions together"),
        Binding("v", "verify", "Verify", id="verify", tooltip="Ethics check and approval"),
        Binding("x", "export", "Export", id="export", tooltip="Write the approved session as files"),
        Binding("q", "leave", "Quit", id="home-quit", tooltip="Leave the program"),
        Binding("escape", "nothing", "", show=False),
    ]

    class Read(Message):
        """The sessions as read in answer to request number `asked`."""

        def __init__(
            self,
            asked: int,
            rows: "list[Summary]",
            signs: Signs = NO_SIGNS,
            reminders: tuple[str, ...] = (),
            error: FacilitatorError | None = None,
        ) -> None:
            super().__init__()
            self.asked, self.rows, self.signs, self.reminders, self.error = asked, rows, signs, reminders, error

    reading = False
    signs = NO_SIGNS
    """Sessions that are being recorded or were interrupted, as far as this screen knows."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0
        self._rows: dict[str, Summary] = {}
        self._note = "opening…"
        self._wanted: str | None = None

    def compose_body(self) -> ComposeResult:
        """The table, the first steps in its place while it is empty, the selected session, and what is due."""
        table: DataTable[Text] = DataTable(id="sessions", cursor_type="row", show_row_labels=False)
        yield table
        with VerticalScroll(id="first", can_focus=False):
            yield Static(id="steps")
        yield Static(id="detail")
        yield Static(id="reminders")

    def on_mount(self) -> None:
        self._show_state()
        self.set_interval(15, self._show_state)
        self.set_interval(LOOK_S, self._look_again)
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        from facilitator.tui.opening import open_first

        open_first(self)

    def _look_again(self) -> None:
        """What is recorded just now may be stopped by another program."""
        if self.is_current and self.signs != NO_SIGNS and not self.reading:
            self.reload()

    def reload(self) -> None:
        """Read every session's stage again."""
        if self.facilitator.study:
            self._note = "● unlocked"
            self._asked += 1
            self.reading = True
            self.run_worker(partial(self._read, self._asked), group="read", thread=True)

    def _read(self, asked: int) -> None:
        """In a thread, with a connection of its own: jobs and screens go on using the study meanwhile."""
        from facilitator.workflows.sessions import summaries
        from facilitator.workflows.study import Study

        try:
            with Study(self.study.folder, self.study.settings, self.study.key) as own:
                rows = list(summaries(own))
                signs, remind = find_signs(own, rows), reminders(own, rows)
            self.post_message(self.Read(asked, rows, signs, remind))
        except FacilitatorError as error:
            self.post_message(self.Read(asked, [], error=error))

    @on(Read)
    def _have_read(self, message: Read) -> None:
        message.stop()
        if message.asked != self._asked:
            return  # a later reading is under way
        self.reading = False
        if message.error:
            self.fail(message.error)
        else:
            self.signs = message.signs
            self._show(message.rows)
            self.query_one("#reminders", Static).update(plain("\n".join(message.reminders)))
            self.set_class(bool(message.reminders), "-reminded")

    @on(ScreenResume)
    def _resumed(self) -> None:
        self.reload()

    @on(Resize)
    def _resized(self) -> None:
        if self.facilitator.study:
            self._fill()

    def _show(self, rows: "list[Summary]") -> None:
        if self.is_current:
            self.study.refresh()
        self._rows = {row.id: row for row in self.signs.shown(rows)}
        if self.facilitator.at:
            self.choose(self.facilitator.at[1])
        self._show_state()
        self._fill()
        self.call_after_refresh(self._go_where_asked)

    def choose(self, session_id: SessionId) -> None:
        """Select `session_id` when the sessions are read next."""
        self._wanted = session_id

    async def _go_where_asked(self) -> None:
        at, self.facilitator.at = self.facilitator.at, None
        if at and at[1] in self._rows:
            await self.run_action(at[0])
        elif at:
            self.fail(NotFound(f"There is no session {at[1]}.", do="The list shows those there are."))

    def _show_state(self) -> None:
        study = self.facilitator.study
        left = " Facilitator"
        if study:
            reference = study.settings.approval_reference
            left += f"   {study.settings.title}" + (f" · ref. {reference}" if reference else "")
        note = " · ".join(part for part in (str(self.signs), self._note) if part)
        self.bar.show(left, f"{note}  {datetime.now():%H:%M} ")

    def _fill(self) -> None:
        table = self.query_one("#sessions", DataTable)
        selected = self._wanted or self._selected_id()
        self._wanted = None
        self.set_class(not self._rows, "-empty")
        if not self._rows:
            self.query_one("#steps", Static).update(first_steps(self.study.state))
            return
        table.clear(columns=True)
        wide = self.app.size.width >= WIDE
        table.add_column("  Session", width=self._title_width(wide), key="session")
        for heading, width in (("Date", 10), ("People", 7), *((("Length", 7),) if wide else ())):
            table.add_column(heading, width=width)
        table.add_column("Stage", width=44 if wide else 20)
        table.add_column("Next", width=12)
        for row in self._rows.values():
            table.add_row(*self._cells(row, wide), key=row.id)
        if selected in self._rows:
            table.move_cursor(row=list(self._rows).index(selected))
        table.focus()
        self._mark_cursor()

    def _title_width(self, wide: bool) -> int:
        taken = 10 + 7 + 7 + 44 + 12 + 2 * 6 if wide else 10 + 7 + 20 + 12 + 2 * 5
        return max(12, self.app.size.width - taken - 2)

    def _cells(self, row: "Summary", wide: bool) -> list[Text]:
        length = cell(clock(row.length_ms) if row.length_ms else "–")
        return [
            cell(f"{row.id} {row.title}", "  "),
            cell(row.date or "–"),
            cell(row.people),
            *((length,) if wide else ()),
            cell(stage_text(row.stages, wide)),
            cell(row.next),
        ]

    @on(DataTable.RowHighlighted)
    def _mark_cursor(self) -> None:
        """Point at the selected row with a sign too, and say all about it below."""
        table, selected = self.query_one("#sessions", DataTable), self._selected_id()
        for row in self._rows.values():
            if row.id in table.rows:
                sign = "▸ " if row.id == selected else "  "
                table.update_cell(row.id, "session", cell(f"{row.id} {row.title}", sign))
        chosen = self._rows.get(selected or "")
        self.query_one("#detail", Static).update(detail(chosen, self.app.size.width - 4) if chosen else "")

    def _selected_id(self) -> str | None:
        table = self.query_one("#sessions", DataTable)
        if not table.row_count:
            return None
        return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value

    def _chosen(self) -> SessionId | None:
        selected = self._selected_id()
        if selected is None:
            self.tell(
                "There is no session yet: n plans one." if self.facilitator.study else "The study is still closed."
            )
        return SessionId(selected) if selected else None

    @on(DataTable.RowSelected)
    async def _next_step(self) -> None:
        chosen = self._rows.get(self._selected_id() or "")
        if chosen:
            await self.run_action(STEP_ACTIONS.get(chosen.next, "verify"))

    def action_nothing(self) -> None:
        """Home is the last screen; Escape does not leave the program."""

    def action_leave(self) -> None:
        """Leave the program, after a word when a recording goes on without it."""
        from facilitator.workflows.rehearsal_mark import rehearsal_of

        running = (*self.signs.recording, *self.signs.backup_only)
        study = self.facilitator.study
        if not running or (study is not None and rehearsal_of(study)):  # a rehearsal ends with the program
            self.app.exit()
            return
        body = (
            f"Session {', '.join(running)} is being recorded, and that goes on when this program is "
            "closed. To stop it, open the session with c and press s."
        )
        self.app.push_screen(Confirm("Leave while recording?", body, "Leave, keep recording", "Stay"), self._left)

    def _left(self, leave: bool | None) -> None:
        if leave:
            self.app.exit()

    def action_new(self) -> None:
        """Plan a session."""
        from facilitator.tui.screens.new_session import NewSessionScreen

        if self.facilitator.study:
            self.app.push_screen(NewSessionScreen())

    def action_roster(self) -> None:
        """Participants and consents."""
        from facilitator.tui.screens.roster import RosterScreen

        if self.facilitator.study:
            self.app.push_screen(RosterScreen())

    def action_conduct(self) -> None:
        """Conduct the selected session; one that was interrupted is looked at first."""
        from facilitator.tui.screens.conduct import ConductScreen
        from facilitator.tui.screens.recovery import RecoveryScreen

        if chosen := self._chosen():
            self.app.push_screen(RecoveryScreen(chosen) if chosen in self.signs.interrupted else ConductScreen(chosen))

    def action_assist(self) -> None:
        """Join the selected session beside whoever conducts it."""
        from facilitator.tui.screens.assist import AssistScreen

        if chosen := self._chosen():
            self.app.push_screen(AssistScreen(chosen))

    def action_look(self) -> None:
        """Say what is the matter with a session that cannot be opened."""
        from facilitator.tui.screens.recovery import RecoveryScreen

        if chosen := self._chosen():
            self.app.push_screen(RecoveryScreen(chosen))

    def action_correct(self) -> None:
        """Correct its draft."""
        from facilitator.tui.screens.correct import CorrectScreen

        if chosen := self._chosen():
            self.app.push_screen(CorrectScreen(chosen))

    def action_pseudonymize(self) -> None:
        """Decide its identifiers."""
        from facilitator.tui.screens.pseudonymize import PseudonymizeScreen

        if chosen := self._chosen():
            self.app.push_screen(PseudonymizeScreen(chosen))

    def action_verify(self) -> None:
        """Check it, and approve it."""
        from facilitator.tui.screens.verify import VerifyScreen

        if chosen := self._chosen():
            self.app.push_screen(VerifyScreen(chosen))

    def action_mosaic(self) -> None:
        """What all sessions together tell of each participant."""
        from facilitator.tui.screens.mosaic import MosaicScreen

        if self.facilitator.study:
            self.app.push_screen(MosaicScreen())

    def action_export(self) -> None:
        """Write its files."""
        from facilitator.tui.screens.export import ExportScreen

        if chosen := self._chosen():
            self.app.push_screen(ExportScreen(chosen))

    def action_import_audio(self) -> None:
        """Bring in a recording for the selected session."""
        from facilitator.tui.long_jobs import import_into

        if chosen := self._chosen():
            import_into(self, chosen)

    def action_transcribe(self) -> None:
        """Make or finish its draft."""
        from facilitator.tui.long_jobs import transcribe_session

        if chosen := self._chosen():
            transcribe_session(self, chosen)

    def fail(self, error: FacilitatorError) -> None:
        """As everywhere, and read the stages again: a job that failed may have stored a part."""
        super().fail(error)
        self._show_state()
