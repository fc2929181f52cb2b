"""Conducting a group with the eyes on the people: one key an action, and the recording always in sight."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from facilitator.domain.ids import SessionId
from facilitator.tui.screens.recording_screen import RecordingScreen
from facilitator.tui.session_keys import recording_bindings
from facilitator.tui.widgets.input_picker import InputPicker
from facilitator.tui.widgets.strike_line import StrikeLine

if TYPE_CHECKING:  # opens databases and audio; not needed for the first paint
    from facilitator.workflows.conducting import Recorded
    from facilitator.workflows.live_draft import LiveDraft

TICK_S: Final = 0.1
DRAFT_S: Final = 2.0


class ConductScreen(RecordingScreen):
    """The facilitation screen of one session."""

    NAME = "Conduct"
    HELP = """\
Lead the group, and let one key do each thing. r records, after a look at everything that could spoil it; the first \
line says so in words, with the loudness, and turns into a warning that starts with ▲ when something is wrong. The \
recording and the notes go on meanwhile. Leaving this screen never stops the recording.

p is a break and o is off the record: nothing is recorded until the same key or r. x destroys the last minutes for \
good, sound and notes, when somebody in the group asks for it; it says first what that means.

A digit says who speaks from now on, by seat (J, K and L are the tenth to the twelfth), m the moderator, a the \
assistant, 0 that you do not know; u takes the last of these back, w notes the first words of a turn. j says who is \
here, came late or left, and who sits where; Tab shows the table.

Space puts the next question, b goes back, g finds any other. - leaves the next one out and asks why, + puts it off \
until before the ending, U takes such a step back. W changes a wording for this group. When time runs short, the \
panel proposes what to drop so that the key questions keep their minutes, and y does it.

A letter of the bottom line begins a note, stamped with the moment of its first character; Enter stores it, Escape \
drops it, F2 and F3 change its kind and its person, and Tab completes a #tag. ↑ and ↓ choose a note, Enter changes \
it. k parks a topic; l lists what you wanted to come back to. c is the checklist. What the list shows is stored.

While it records, the group is transcribed with what the computer has left, so that a draft is there soon after the \
stop. T switches that off, to spare the battery, and on again.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *recording_bindings(),
        Binding(
            "D", "debrief", "Debrief", id="conduct.debrief", tooltip="Write down what must not fade; after the group"
        ),
        Binding(
            "T", "live_draft", "Live draft", show=False, id="conduct.live_draft", tooltip="Transcribe meanwhile, or not"
        ),
    ]

    draft: "LiveDraft"
    _draft_told = True

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._strike_line = StrikeLine(id="strike")
        self._input_picker = InputPicker(id="inputs")

    def compose_panels(self) -> ComposeResult:
        """The lists, and the inputs."""
        yield from super().compose_panels()
        yield self._input_picker

    def compose_lines(self) -> Sequence[Widget]:
        """The question about striking."""
        return (self._strike_line,)

    def start_work(self) -> None:
        """Show the session, and take over a recording that is still running."""
        from facilitator.workflows.live_draft import LiveDraft

        self.draft = LiveDraft(self.session)
        self.start_watch()
        self.start_group()
        self.tick()
        self.set_interval(TICK_S, self.tick)
        self.set_interval(DRAFT_S, self._tend_draft)

    def close_session(self) -> None:
        """Let a running recording run on, and keep a note that is half typed."""
        if self.is_open:
            self.draft.close()
            self.conduct.detach()
        super().close_session()

    # --- the draft that is made meanwhile

    def action_live_draft(self) -> None:
        """Have the recording transcribed meanwhile, or not."""
        on = not self.draft.standing.on
        said = "The draft is made meanwhile again." if on else "No draft is made meanwhile. Transcribe afterwards."
        self.run_apart(lambda: self.draft.switch(on), lambda _: self.tell(said))

    def _tend_draft(self) -> None:
        """Let the draft begin or go on, and say once when it is complete."""
        if not self.is_open:
            return
        standing = self.draft.standing
        if standing.failed and not self._draft_told:
            self._draft_told = True
            self.tell(f"No draft is made meanwhile: {standing.failed} Transcribe afterwards.")
        elif self.conduct.recording and not standing.failed:
            self.draft.look()
            self._draft_told = False
        elif standing.done and not self._draft_told:
            self._draft_told = True
            turns = len(self.session.state.segments)
            self.tell(f"The draft is complete: {turns} turns, to correct from the first screen.")

    def _stopped(self, recorded: "Recorded") -> None:
        super()._stopped(recorded)
        self.draft.recording_ended()

    @property
    def typing(self) -> bool:
        """Whether keys are text."""
        return super().typing or self._strike_line.is_open

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Recording keys show only when they can do something."""
        if not self.is_open or (self.typing and action not in self.WHILE_TYPING):
            return super().check_action(action, parameters)
        if action in ("pick", "panel", "other_input") and self._input_picker.is_open:
            return False
        if action == "live_draft":
            return self.conduct.rehearsal_speed is None and not self.working
        if action == "debrief":
            return bool(self.session.state.takes) and not self.conduct.under_way
        allowed = self.may_record_action(action, parameters)
        return allowed if allowed is not None else super().check_action(action, parameters)

    def action_back(self) -> None:
        """Close what is open; leave only when nothing is, and not without a word while a recording runs."""
        if self._strike_line.is_open:
            self.close_strike()
        elif self._input_picker.is_open:
            self.close_inputs()
        else:
            super().action_back()

    def leave(self) -> None:
        """Leave, after a word where a recording runs."""
        if self.is_open and self.conduct.recording and not self.working:
            self.ask_below("Leave this screen? The recording goes on.   y leaves   Esc stays", super().leave)
        else:
            super().leave()
