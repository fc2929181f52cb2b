"""Correcting the draft against the sound, with both hands on the keyboard."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from facilitator.domain.errors import FacilitatorError, NotFound
from facilitator.domain.ids import SessionId, Speaker
from facilitator.domain.text import fold
from facilitator.domain.timebase import clock
from facilitator.tui.screens.session_screen import SAVED, SessionScreen
from facilitator.tui.session_keys import speaker_bindings
from facilitator.tui.widgets.line_input import LineInput
from facilitator.tui.widgets.transcript_rows import Row, transcript_rows, turn_row
from facilitator.tui.widgets.transcript_view import TranscriptView
from facilitator.tui.widgets.turn_editor import TurnEditor, TurnText

if TYPE_CHECKING:
    from facilitator.workflows.correcting import Correction
    from facilitator.workflows.playing import ClipPlayer

SKIP_MS = 3000


class CorrectScreen(SessionScreen):
    """A list of turns and one editor. In the list digits name the speaker; in the editor every key is text."""

    NAME = "Correct"
    HELP = """\
Listen to the draft turn by turn and put right what was heard wrongly.

There are two modes. In the list, keys are commands: move, play, say who speaks, look for the next problem. Enter \
opens the turn in the editor at the bottom, where keys are text: Enter stores it, marks it as checked (✓) and opens \
the next one; Escape stores it without checking it and leads back to the list.

⚑ in the margin marks a turn with doubtful words, which are underlined, or without a known speaker (?). Every change \
is stored at once, and u takes the last one back, even tomorrow. Digits name the speaker, j, k and l the tenth to \
the twelfth participant, m the moderator, a the assistant, 0 nobody known.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,e", "edit", "Edit", id="correct.edit", tooltip="Open the turn in the editor"),
        Binding("space", "check", "Check, next", id="correct.check", tooltip="It is right as it stands"),
        Binding("f4", "play", "Play/stop", priority=True, id="correct.play", tooltip="Hear the turn, or stop"),
        Binding("f3", "skip(-1)", "−3 s", priority=True, id="correct.back", tooltip="Three seconds back"),
        Binding("f5", "skip(1)", "+3 s", priority=True, id="correct.forward", tooltip="Three seconds on"),
        Binding("f7", "problem", "Next problem", priority=True, id="correct.problem", tooltip="Next ⚑ or unknown ?"),
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
        & > #find { display: none; height: 1; border: none; }
        & > #find.-open { display: block; }
    }
    """
    LIST_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"edit", "check", "speaker", "label", "merge", "undo", "find", "find_next"}
    )

    correction: "Correction"

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._player: ClipPlayer | None = None
        self._said = ""
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
        self.view.show(transcript_rows(self.session.state))
        self.view.focus()
        first = next((at for at, row in enumerate(self.view.rows) if row.segment_id and not row.checked), -1)
        self.view.go_to(first)
        self.set_interval(0.1, self._follow_sound)
        self._draw_status()

    def close_session(self) -> None:
        """Silence the sound before the session closes."""
        if self._player is not None:
            self._player.stop()
            self._player = None
        super().close_session()

    @property
    def view(self) -> TranscriptView:
        """The list of turns."""
        return self.query_one(TranscriptView)

    @property
    def editor(self) -> TurnEditor:
        """The editor at the bottom."""
        return self.query_one(TurnEditor)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While text is typed, keys of the list neither work nor show."""
        if self.is_open and action in self.LIST_ONLY and (self.editor.editing or self._finding):
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
        row = self.view.current
        if row is not None and row.segment_id is not None:
            self._change(row.segment_id, lambda: self.correction.set_checked(row.segment_id or 0))
            self._next_turn()

    def action_label(self, label: str) -> None:
        """`label` speaks in the current turn; "" for nobody knows."""
        row = self.view.current
        if row is not None and row.segment_id is not None:
            segment_id = row.segment_id
            self._change(segment_id, lambda: self.correction.set_speaker(segment_id, Speaker(label) if label else None))

    def action_merge(self) -> None:
        """Join the current turn with the one after it."""
        row = self.view.current
        if row is not None and row.segment_id is not None:
            self._reshape(row.segment_id, lambda: self.correction.merge(row.segment_id or 0))

    @on(TurnText.Cut)
    def _cut(self, message: TurnText.Cut) -> None:
        row = self.view.current
        if row is not None and row.segment_id is not None and self._keep_text():
            self._reshape(row.segment_id, lambda: self.correction.split(row.segment_id or 0, message.at))

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
        self.view.show(transcript_rows(self.session.state))
        self.view.go_to(self.view.index_of(segment_id))
        self.editor.show(self.view.current)

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
        """To the next turn with an unknown speaker or doubtful words."""
        if self.editor.editing:
            self._keep_text()
        rows, cursor = self.view.rows, self.view.cursor
        order = (*range(cursor + 1, len(rows)), *range(cursor + 1))
        found = next((index for index in order if rows[index].problem), -1)
        if found < 0:
            self.tell("No problem left: every speaker is known and no doubtful word is unchecked.")
        else:
            self.view.go_to(found)

    # --- the editor

    @on(TurnText.Taken)
    def _taken(self) -> None:
        row = self.view.current
        if row is None or row.segment_id is None:
            return
        segment_id, text = row.segment_id, self.editor.text
        if self._change(segment_id, lambda: self._take(segment_id, text)) and not self._next_turn():
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
        row = self.view.current
        if row is None or row.segment_id is None or not self.editor.changed:
            return True
        segment_id, text = row.segment_id, self.editor.text
        return self._change(segment_id, lambda: self.correction.set_text(segment_id, text))

    def _close_editor(self) -> None:
        self.editor.end()
        self.view.focus()
        self.refresh_bindings()
        self._draw_status()

    @on(TranscriptView.Moved)
    def _moved(self, message: TranscriptView.Moved) -> None:
        self.editor.show(message.row)
        self._draw_status()

    def _next_turn(self) -> bool:
        playing = self._playing
        moved = self.view.step(1)
        if moved:
            self.editor.show(self.view.current)
            if playing:
                self._play_current()
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

    def action_play(self) -> None:
        """Hear the current turn, or stop."""
        if self._playing:
            self._silence()
        else:
            self._play_current()

    def action_skip(self, direction: int) -> None:
        """Three seconds back or on from what is heard; from the beginning of the turn in silence."""
        row = self.view.current
        if row is None or row.segment_id is None:
            return
        segment = self.correction.segment(row.segment_id)
        at_ms = self._player.position_ms if self._player is not None and self._playing else segment.start_ms
        start_ms = max(0, at_ms + direction * SKIP_MS)
        self._play(start_ms, max(segment.end_ms, start_ms + SKIP_MS))

    def _play_current(self) -> None:
        row = self.view.current
        if row is not None and row.segment_id is not None:
            segment = self.correction.segment(row.segment_id)
            self._play(segment.start_ms, segment.end_ms)

    def _play(self, start_ms: int, end_ms: int) -> None:
        """Play beside the event loop: the first sound of a session takes half a second to begin."""
        from facilitator.workflows.playing import ClipPlayer

        if self.working:
            return
        player = self._player = self._player or ClipPlayer(self.correction)
        self.run_apart(lambda: player.play(start_ms, end_ms), lambda _: self._follow_sound())

    def _silence(self) -> None:
        if self._player is not None and not self.working:
            self._player.stop()
            self._follow_sound()

    @property
    def _playing(self) -> bool:
        return self._player is not None and self._player.playing

    def _follow_sound(self) -> None:
        playing = self._playing
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
        row = turn_row(self.correction.segment(segment_id))
        self.view.replace(index, row)
        if index == self.view.cursor:
            self.editor.show(row)

    def _say(self, text: str) -> None:
        self._said = text
        self._draw_status()

    def _draw_status(self) -> None:
        if not self.is_open:
            return
        segments = self.session.state.segments
        checked, count = sum(segment.checked for segment in segments.values()), len(segments)
        row: Row | None = self.view.current
        left = f"{self.session_name} · draft → {checked * 100 // max(1, count)} % checked"
        said = "not stored yet" if self.editor.editing and self.editor.changed else self._said
        now = clock(row.at_ms) if row else ""
        if self._player is not None and self._player.playing:
            now = f"▶ {clock(self._player.position_ms)}"
        place = f"{now} / {clock(max(self.session.state.length_ms, self.view.rows[-1].at_ms))}"
        self.bar.show(left, " · ".join(part for part in (place, said) if part))
