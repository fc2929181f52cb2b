"""Correcting the draft against the sound, with both hands on the keyboard."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from facilitator.domain.errors import FacilitatorError, NotFound
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.text import fold
from facilitator.domain.timebase import clock
from facilitator.domain.transcript import Segment
from facilitator.domain.turn_words import tally
from facilitator.tui.screens.listening_screen import ListeningScreen
from facilitator.tui.screens.session_screen import SAVED
from facilitator.tui.session_keys import speaker_bindings
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.text import plain
from facilitator.tui.widgets.transcript_rows import Row, transcript_rows, turn_row
from facilitator.tui.widgets.transcript_view import TranscriptView
from facilitator.tui.widgets.turn_editor import TurnEditor, TurnText


class CorrectScreen(ListeningScreen):
    """A list of turns and one editor. In the list digits name the speaker; in the editor every key is text."""

    NAME = "Correct"
    HELP = """\
Listen to the draft turn by turn and put right what was heard wrongly.

There are two modes. In the list, keys are commands: move, play, say who speaks, look for the next problem. Enter \
opens the turn in the editor at the bottom, where keys are text: Enter stores it, marks it as checked (✓) and opens \
the next one; Escape stores it without checking it and leads back to the list.

⚑ marks a turn that somebody should hear: the draft may hold what nobody said, or lack what was said, and the rule \
that says so follows the text and stays until you have checked the turn; doubtful words are underlined, ? is an \
unknown speaker. F7 goes to the next such turn and plays it; then one key decides: Space, it is right; Enter, correct \
it; x, nothing was said. "Speech without text" is where somebody speaks and nothing was understood.

≠ marks a turn that was heard otherwise by another model or with other settings. The other text stands under the turn, \
what differs in bold and underlined, ⟨−2⟩ for two words that it lacks; b takes it, F6 goes to the next.

Every change is stored at once, and u takes the last one back, even tomorrow. Digits name the speaker, J, K and L the \
tenth to the twelfth participant, m the moderator, a the assistant, 0 nobody known.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,e", "edit", "Edit", id="correct.edit", tooltip="Open the turn in the editor"),
        Binding("space", "check", "Check, next", id="correct.check", tooltip="It is right as it stands"),
        Binding("x,delete", "nothing", "Nothing said", id="correct.nothing", tooltip="Take the text out, and check it"),
        Binding("f4", "play", "Play/stop", priority=True, id="correct.play", tooltip="Hear the turn, or stop"),
        Binding("f3", "skip(-1)", "−3 s", priority=True, id="correct.back", tooltip="Three seconds back"),
        Binding("f5", "skip(1)", "+3 s", priority=True, id="correct.forward", tooltip="Three seconds on"),
        Binding(
            "f7", "problem", "Next problem", priority=True, id="correct.problem", tooltip="To the next ⚑, and play"
        ),
        Binding("f6", "differing", "Next ≠", priority=True, id="correct.differing", tooltip="Next one heard otherwise"),
        Binding("b", "other", "Take other", id="correct.other", tooltip="Take what was heard beside the turn"),
        *speaker_bindings("correct", "1–9", "speaks here"),
        Binding("f9", "merge", "Join", show=False, id="correct.merge", tooltip="Join this turn with the one after it"),
        Binding("u,ctrl+z", "undo", "Undo", id="correct.undo", tooltip="Take the last correction back"),
        Binding("slash", "find", "Find", id="correct.find", tooltip="Look for a word; n goes to the next place"),
        Binding("n", "find_next(1)", "Next found", show=False, id="correct.next", tooltip="The next place found"),
        Binding(
            "N", "find_next(-1)", "Last found", show=False, id="correct.previous", tooltip="The place found before"
        ),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - Textual declares it so
    DEFAULT_CSS = """
    CorrectScreen {
        &.-tall TurnText { height: 5; }
        &.-short TurnEditor.-doubts.-other TurnText { height: 2; }
        & > #find { display: none; height: 1; border: none; }
        & > #find.-open { display: block; }
    }
    """
    LIST_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"edit", "check", "nothing", "other", "speaker", "label", "merge", "undo", "find", "find_next"}
    )

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._said = ""
        self._tally = ""
        self._has_other = False
        self._reviewed: int | None = None
        self._needle = ""
        self._was_playing = False

    def compose_body(self) -> ComposeResult:
        """Turns, editor, and the field to look for words."""
        yield TranscriptView(id="transcript")
        yield TurnEditor(id="editor")
        yield LineInput(id="find", placeholder="Find: a word, Enter for the next, Esc to close", compact=True)

    def start_work(self) -> None:
        """Show the transcript; the first turn that nobody has checked is the current one."""
        from facilitator.workflows.correcting import Correction

        self.correction = Correction(self.session)
        self._has_other = self.correction.has_other
        self.editor.prepare(doubts=bool(self.session.state.doubts), other=self._has_other)
        self._show_rows()
        self.view.focus()
        first = next((at for at, row in enumerate(self.view.rows) if row.segment_id and not row.checked), -1)
        self.view.go_to(first)
        self.set_interval(0.1, self.follow_sound)
        self.refresh_bindings()
        self._draw_status()

    @property
    def view(self) -> TranscriptView:
        """The list of turns."""
        return self.query_one(TranscriptView)

    @property
    def editor(self) -> TurnEditor:
        """The editor at the bottom."""
        return self.query_one(TurnEditor)

    @property
    def _turn(self) -> int | None:
        """The segment under the cursor."""
        return self.view.current.segment_id if self.view.current else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While text is typed, keys of the list neither work nor show."""
        if self.is_open and action in self.LIST_ONLY and (self.editor.editing or self._finding):
            return False
        if action in ("other", "differing") and not self._has_other:
            return False
        return super().check_action(action, parameters)

    # --- the list

    def action_edit(self) -> None:
        """Open the current turn in the editor."""
        if self.view.current is not None:
            self.editor.begin()
            self.refresh_bindings()
            self._draw_status()

    def action_check(self) -> None:
        """The current turn is right as it stands."""
        self._decide(lambda segment_id: self.correction.set_checked(segment_id))

    def action_nothing(self) -> None:
        """Nothing was said in the current turn."""
        self._decide(lambda segment_id: self.correction.nothing_said(segment_id))

    def _decide(self, store: Callable[[int], object]) -> None:
        turn = self._turn
        if turn is not None and self._change(turn, partial(store, turn)):
            self._next_turn()

    def action_other(self) -> None:
        """Take what was heard beside the current turn as its text."""
        row = self.view.current
        if row and row.segment_id is not None and row.differs:
            self._change(row.segment_id, partial(self.correction.take_other, row.segment_id))
        else:
            self.tell("Nothing else was heard beside this turn.")

    def action_label(self, label: str) -> None:
        """`label` speaks in the current turn; "" for nobody knows."""
        turn = self._turn
        if turn is not None:
            self._change(turn, lambda: self.correction.set_speaker(turn, Speaker(label) if label else None))

    def action_merge(self) -> None:
        """Join the current turn with the one after it."""
        turn = self._turn
        if turn is not None:
            self._reshape(turn, lambda: self.correction.merge(turn))

    @on(TurnText.Cut)
    def _cut(self, message: TurnText.Cut) -> None:
        turn = self._turn
        if turn is not None and self._keep_text():
            self._reshape(turn, lambda: self.correction.split(turn, message.at))

    def _reshape(self, segment_id: int, change: Callable[[], object]) -> None:
        """Make one turn of two or two of one; the rows are drawn anew."""
        try:
            change()
        except FacilitatorError as error:
            self.tell(error.what)
            return
        self._show_all(segment_id)
        self._say(SAVED)

    def _show_all(self, segment_id: int) -> None:
        self._show_rows()
        self.view.go_to(self.view.index_of(segment_id))
        self._show_turn()

    def _show_rows(self) -> None:
        self.view.show(transcript_rows(self.session.state, self.correction.differing()))
        self._count()

    def action_undo(self) -> None:
        """Take the last correction back and show where it was."""
        count = len(self.session.state.segments)
        try:
            segment_id = self.correction.undo()
        except NotFound as error:
            self.tell(error.what)
        except FacilitatorError as error:
            self.fail(error)
        else:
            if len(self.session.state.segments) == count:
                self._redraw(segment_id)
                self.view.go_to(self.view.index_of(segment_id))
            else:
                self._show_all(segment_id)
            self._say("taken back, " + SAVED)

    def action_problem(self) -> None:
        """To the next turn with a doubt, an unknown speaker or doubtful words, and play it.

        The current turn is the next one unless this has shown it already.
        """
        again = int(self._turn is not None and self._turn == self._reviewed)
        message = "No problem left: every speaker is known, and no doubt or doubtful word is unchecked."
        if self._go_on(lambda row: row.problem, again, message):
            self._reviewed = self._turn
            self.play_turn(quiet=True)

    def action_differing(self) -> None:
        """To the next turn beside which something else was heard."""
        self._go_on(lambda row: row.differs, 1, "No turn differs from what was heard beside it.")

    def _go_on(self, wanted: Callable[[Row], object], skipped: int, otherwise: str) -> bool:
        """To the next wanted row, or on at the other end; False, and `otherwise` is told, where there is none.

        So many rows, from the current one on, are `skipped`.
        """
        if self.editor.editing and not self._keep_text():
            return False
        rows, first = self.view.rows, self.view.cursor + skipped
        order = (*range(first, len(rows)), *range(min(first, len(rows))))
        found = next((index for index in order if wanted(rows[index])), -1)
        if found < 0:
            self.tell(otherwise)
        self.view.go_to(found)
        return found >= 0

    # --- the editor

    @on(TurnText.Taken)
    def _taken(self) -> None:
        turn, text = self._turn, self.editor.text
        if turn is not None and self._change(turn, lambda: self._take(turn, text)) and not self._next_turn():
            self._close_editor()

    @on(TurnText.Left)
    def _left(self) -> None:
        if self._keep_text():
            self._close_editor()

    @on(TurnText.Changed)
    def _typed(self) -> None:
        if self.editor.editing:
            self._draw_status()

    def _take(self, segment_id: int, text: str) -> None:
        self.correction.set_text(segment_id, text)
        self.correction.set_checked(segment_id)

    def _keep_text(self) -> bool:
        turn, text = self._turn, self.editor.text
        if turn is None or not self.editor.changed:
            return True
        return self._change(turn, lambda: self.correction.set_text(turn, text))

    def _close_editor(self) -> None:
        self.editor.end()
        self.view.focus()
        self.refresh_bindings()
        self._draw_status()

    @on(TranscriptView.Moved)
    def _moved(self, _: TranscriptView.Moved) -> None:
        self._show_turn()
        self._draw_status()

    def _show_turn(self) -> None:
        row = self.view.current
        other = self.correction.other(row.segment_id) if row and row.differs and row.segment_id else None
        self.editor.show(row, other)

    def _next_turn(self) -> bool:
        if self._turn == self._reviewed:
            self.silence()  # it was played for the decision that is made now
        playing = self.playing
        moved = self.view.step(1)
        if moved:
            self._show_turn()
            if playing:
                self.play_turn()
        else:
            self.tell("That was the last turn.")
        return moved

    # --- looking for words

    @property
    def _finding(self) -> bool:
        return self.query_one("#find").has_class("-open")

    def action_find(self) -> None:
        """Open the field to look for words."""
        field = self.query_one("#find", LineInput)
        field.add_class("-open")
        field.focus()
        self.refresh_bindings()

    def action_find_next(self, direction: int) -> None:
        """To the next turn that holds what was looked for; goes on at the other end."""
        if not self._needle:
            self.tell("Type / and a word first.")
            return
        count, wanted = len(self.view.rows), fold(self._needle)
        for step in range(1, count + 1):
            index = (self.view.cursor + direction * step) % count
            row = self.view.rows[index]
            if row.segment_id is not None and wanted in fold(row.text):
                if index == self.view.cursor:
                    self.tell("It is in no other turn.")
                self.view.go_to(index)
                return
        self.tell("It is in no turn.")

    @on(LineInput.Changed, "#find")
    def _needle_typed(self, event: LineInput.Changed) -> None:
        self._needle = event.value
        self.view.highlight(event.value)

    @on(LineInput.Submitted, "#find")
    def _needle_taken(self) -> None:
        self.action_find_next(1)
        self._close_find()

    def action_back(self) -> None:
        """Close the field to look for words, or leave."""
        if self._finding:
            self.view.highlight("")
            self._close_find()
        else:
            super().action_back()

    def _close_find(self) -> None:
        self.query_one("#find").remove_class("-open")
        self.view.focus()
        self.refresh_bindings()

    # --- the sound

    @property
    def in_hand(self) -> Segment | None:
        """The current turn."""
        return None if self._turn is None else self.correction.segment(self._turn)

    def follow_sound(self) -> None:
        """Show which turn is heard, and where the sound is."""
        playing = self.playing
        self.view.mark_playing(self.view.cursor if playing else -1)
        if playing or self._was_playing:
            self._draw_status()
        self._was_playing = playing

    # --- storing and saying so

    def _change(self, segment_id: int, store: Callable[[], object]) -> bool:
        """Store something about a segment, then show it; False when it could not be stored."""
        try:
            store()
        except FacilitatorError as error:
            self.fail(error)
            return False
        self._redraw(segment_id)
        self._say(SAVED)
        return True

    def _redraw(self, segment_id: int) -> None:
        index = self.view.index_of(segment_id)
        differs = self._has_other and self.correction.other(segment_id) is not None
        self.view.replace(index, turn_row(self.session.state, self.correction.segment(segment_id), differs))
        self._count()
        if index == self.view.cursor:
            self._show_turn()

    def _count(self) -> None:
        """Count what is left to do once for each change; the status line is drawn ten times a second."""
        rows = [row for row in self.view.rows if row.segment_id]
        checked = sum(row.checked for row in rows) * 100 // max(1, len(rows))
        left = len({doubt for row in rows for doubt in row.doubts})
        self._tally = f"{checked} % checked" + (f" · {tally(left)}" if self.session.state.doubts else "")

    def _say(self, text: str) -> None:
        self._said = text
        self._draw_status()

    def _draw_status(self) -> None:
        if not self.is_open:
            return
        row: Row | None = self.view.current
        said = "not stored yet" if self.editor.editing and self.editor.changed else self._said
        now = clock(row.at_ms) if row else ""
        if (heard_ms := self.heard_ms) is not None:
            now = f"▶ {clock(heard_ms)}"
        place = f"{now} / {clock(max(self.session.state.length_ms, self.view.rows[-1].at_ms))}"
        right = " · ".join(part for part in (place, said) if part)
        room = max(len(self.session_id), self.bar.size.width - len(f"  · {self._tally}  {right} "))
        name = plain(self.session_name).truncate(room, ellipsis=True)  # the title is cut rather than the tally
        self.bar.show(f"{name} · {self._tally}", right)
