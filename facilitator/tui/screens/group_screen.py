"""The part of the conduct screen that leads: questions, who speaks, who is there, and lists for a moment."""

import gc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget

from facilitator.domain.conduct_state import QuestionStep
from facilitator.domain.errors import FacilitatorError, UsageError
from facilitator.domain.guide import QuestionType
from facilitator.domain.ids import ResearchNumber, SessionId, Speaker
from facilitator.domain.participation import TalkShares, VoiceActivity
from facilitator.domain.time_plan import Standing
from facilitator.domain.timebase import clock
from facilitator.tui.group_people import floor_of, people_of
from facilitator.tui.screens.noting_screen import NotingScreen
from facilitator.tui.session_keys import LEGEND, group_bindings, note_bindings, speaker_bindings
from facilitator.tui.widgets.entry_line import EntryLine
from facilitator.tui.widgets.group_panels import ChecklistPanel, PeoplePanel, ReturningPanel, StimulusPanel
from facilitator.tui.widgets.panel import Panel
from facilitator.tui.widgets.participant_marks import ParticipantMarks, Person
from facilitator.tui.widgets.question_panel import QuestionPanel, shown, undone_words
from facilitator.tui.widgets.question_picker import QuestionPicker
from facilitator.tui.widgets.waiting_list import WaitingList
from facilitator.tui.widgets.watch_line import WatchLine

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.domain.guide import Question

FRESH_MS: Final = 60_000
"""A mark that old is not what somebody means who takes the last one back."""
NO_TIME: Final = "no time"
"""The reason stored for questions that the program proposed to drop."""


class GroupScreen(NotingScreen):
    """Questions and notes, the people beside or below them, and the entry line."""

    AUTO_FOCUS = ""  # no field takes keys until a note is begun
    BINDINGS: ClassVar[list[BindingType]] = [
        *speaker_bindings("conduct", "1–9 m", "speaks from now on"),
        *group_bindings(),
        *note_bindings(),
        Binding(
            "y", "yes", "Yes", id="conduct.yes", tooltip="Yes to what the bottom line asks, or to what it proposes"
        ),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual declares it so
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - as above
    DEFAULT_CSS = """
    GroupScreen {
        #stage { height: 1fr; layout: horizontal; }
        #main { width: 1fr; height: 1fr; layers: group lists; }
        Panel, QuestionPicker, InputPicker { layer: lists; }
        #question-scroll { height: auto; max-height: 75%; }
        NoteList { border-top: solid $panel; }
        #side { width: 47; height: 1fr; border-left: solid $panel; }
        ParticipantMarks { padding: 1 2; }
        WaitingList.-some { display: block; }
        KeyFooter { min-height: 2; }  /* nothing moves when a line is begun and ended */
    }
    GroupScreen.-narrow {
        EntryLine { min-height: 3; }
        #stage { layout: vertical; }
        #side { width: 1fr; height: auto; border-left: none; }
        ParticipantMarks { border-top: solid $panel; padding: 0 2; }
        WaitingList.-some { display: none; }
    }
    GroupScreen.-tall {
        QuestionPanel { padding: 2 4; }
        NoteList { padding: 1 2; }
        EntryLine { padding: 1 2; }
    }
    GroupScreen.-short {
        #question-scroll { max-height: 85%; }
        QuestionPanel { padding: 0 2; }
    }
    """
    WHILE_TYPING: ClassVar[frozenset[str]] = frozenset({"back", "help", "scroll_notes", "note_kind", "note_speaker"})

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self.voice = VoiceActivity()
        self.talk = TalkShares(self.voice)
        self._hints_on = True
        self._reminded = False
        self._people_drawn: tuple[Person, ...] = ()
        self._proposing = False
        self._drawn_seq = 0
        self._unread = ""
        self._question, self._picker = QuestionPanel(id="question"), QuestionPicker(id="picker")
        self._marks, self._waiting = ParticipantMarks(id="people"), WaitingList(id="waiting")

    def compose_body(self) -> ComposeResult:
        """All of it."""
        yield WatchLine(id="watch")
        with Horizontal(id="stage"):
            with Vertical(id="main"):
                with VerticalScroll(id="question-scroll", can_focus=False):
                    yield self._question
                yield self._picker
                yield from self.compose_panels()
                yield self._notes
            with Vertical(id="side"):
                yield self._marks
                yield self._waiting
        yield from self.compose_lines()
        yield EntryLine(LEGEND, id="entry")

    def compose_panels(self) -> ComposeResult:
        """Lists that are opened for a moment."""
        yield ChecklistPanel(id="checklist")
        yield PeoplePanel(id="coming")
        yield ReturningPanel(id="returning")
        yield StimulusPanel(id="stimuli")

    def compose_lines(self) -> Sequence[Widget]:
        """What stands between the people and the entry line."""
        return ()

    def start_group(self) -> None:
        """Show the session, and go on showing it."""
        self.take_in()
        self.set_interval(1.0, self.take_in)
        gc.unfreeze()
        gc.collect()
        gc.freeze()  # else all that the program holds is looked through now and then, which takes longer than a key may

    def on_resize(self) -> None:
        """What the entry line gives away depends on the room there is, which the screen's classes tell only then."""
        self.call_after_refresh(self.entry.draw)

    @property
    def typing(self) -> bool:
        """Whether keys are text."""
        return self.entry.typing or self._picker.is_open

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While text is typed, keys are text."""
        if not self.is_open:
            return super().check_action(action, parameters)
        if action in ("note_kind", "note_speaker"):
            return self._writing is not None
        if self.typing and action not in self.WHILE_TYPING:
            return False
        if action == "yes":
            return self._answer is not None or self._proposing
        return super().check_action(action, parameters)

    # --- who speaks

    def action_label(self, label: str) -> None:
        """`label` speaks from now on; "" for nobody knows."""
        at_ms = self.pressed_ms()
        self.store(lambda: self.noting.mark(Speaker(label) if label else None, at_ms))

    def action_undo_mark(self) -> None:
        """Take the last speaker mark back; one that is no longer fresh only after a word."""
        mark = self.noting.last_mark
        if mark is None:
            self.tell("There is no speaker mark to take back.")
        elif self.noting.now_ms - mark.at_ms > FRESH_MS:
            ago = (self.noting.now_ms - mark.at_ms) // 60_000
            asked = f"Take back {mark.speaker or 'unknown'} at {clock(mark.at_ms)}, {ago} min ago?   y takes it back"
            self.ask_below(asked, self._undo_mark)
        else:
            self._undo_mark()

    def _undo_mark(self) -> None:
        self.store(self.noting.undo_mark)

    def action_first_words(self) -> None:
        """Write down how the turn begins, for whoever attributes it later."""
        mark = self.noting.latest_mark
        if mark is None:
            self.tell("Mark who speaks first, then note how they began.")
            return

        def write(text: str) -> None:
            if text.strip():
                self.noting.first_words(text, mark)

        self.begin_line(f"first words · {self.session.state.marks[mark].speaker or 'unknown'}", write)

    def action_hints(self) -> None:
        """Hints on or off."""
        self._hints_on = not self._hints_on
        self.tell(f"Hints on participation are {'on' if self._hints_on else 'off'}.")
        self.draw_group()

    def action_other_form(self) -> None:
        """The list of people, or the round table."""
        self._marks.other_form()

    # --- questions

    def action_question(self, direction: int) -> None:
        """Put the next open question, or go back to the one before."""
        plan = self.noting.plan()
        question = plan.next if direction > 0 else plan.previous
        if question is None:
            self.tell(
                "All questions were asked, skipped or put off." if direction > 0 else "No other was asked before."
            )
        elif direction > 0 and question.type is QuestionType.ENDING and self._must_return():
            self.action_panel("returning")
        else:
            self.ask(question)

    def ask(self, question: "Question") -> None:
        """Put a question."""
        self.close_panels()
        at_ms = self.pressed_ms()
        self.store(lambda: self.noting.ask(question, at_ms))

    def action_skip(self) -> None:
        """Leave the next question out; asks why."""
        if (question := self.noting.plan().next) is None:
            self.tell("No question is left to skip.")
        else:
            self._ask_reason(question)

    def _ask_reason(self, question: "Question") -> None:
        at_ms = self.pressed_ms()
        name = question.text if len(question.text) <= 24 else f"{question.text[:23]}…"
        must = "key question, " if question.type is QuestionType.KEY else "must ask, " if question.must_ask else ""

        def skip(reason: str) -> None:
            if must and not reason.strip():
                raise UsageError("This question is not to be dropped lightly.", do="Write why, or press Esc.")
            self.noting.skip(question, reason, at_ms)

        self.begin_line(f"{must}skip “{name}” because", skip)

    def action_later(self) -> None:
        """Put the next question off until before the ending ones."""
        question = self.noting.plan().next
        if question is None:
            self.tell("No question is left to put off.")
        else:
            at_ms = self.pressed_ms()
            self.store(lambda: self.noting.park(question, at_ms))

    def action_undo_step(self) -> None:
        """Take the last asking, skip or putting off back, and say which it was."""
        undone: list[QuestionStep] = []
        if self.store(lambda: undone.extend(self.noting.undo_step())):
            self.say_below(undone_words(undone, self.session.state.guide_as_run))

    def action_reword(self) -> None:
        """Change the wording of the current question for this group."""
        plan = self.noting.plan()
        question = plan.current or plan.next
        if question is None:
            self.tell("There is no question to reword.")
        else:
            self.begin_line("wording", lambda text: self.noting.reword(question, text), question.text)

    def action_probes(self) -> None:
        """Hide the probes or show them."""
        self._question.toggle_probes()

    def action_pick(self) -> None:
        """Let the facilitator type which question comes now."""
        if self.session.state.guide is not None:
            self.close_panels()
            self.make_room(True)
            self._picker.open(self.noting.plan())
            self.refresh_bindings()

    @on(QuestionPicker.Picked)
    def _picked(self, message: QuestionPicker.Picked) -> None:
        self.close_panels()
        question = message.question
        match message.step:
            case Standing.SKIPPED:
                self._ask_reason(question)
            case Standing.PARKED:
                at_ms = self.pressed_ms()
                self.store(lambda: self.noting.park(question, at_ms))
            case _:
                self.ask(question)

    def action_yes(self) -> None:
        """Yes to what is asked below, else to the questions that are proposed to be dropped."""
        dropping = self.noting.plan().dropping
        if self._answer is None and dropping is not None:
            self.store(lambda: self.noting.skip_all(dropping.questions, NO_TIME))
        else:
            super().action_yes()

    def _must_return(self) -> bool:
        """Whether there is something to come back to that nobody was told of yet."""
        must = not self._reminded and bool(self.session.state.returning)
        self._reminded = self._reminded or must
        return must

    # --- lists for a moment

    def action_panel(self, name: str) -> None:
        """Open a list, or close it again."""
        panel = self.query_one(f"#{name}", Panel)
        was_open = panel.is_open
        self.close_panels()
        if not was_open:
            if isinstance(panel, PeoplePanel):
                panel.names = {ResearchNumber(one.label): one.name for one in self._people_drawn}
            self.make_room(True)
            panel.open(self.noting, self.store, self.pressed_ms)
        self.refresh_bindings()

    def close_panels(self) -> bool:
        """Close whatever is open; whether something was."""
        found = [panel for panel in self.query(Panel) if panel.is_open]
        for panel in found:
            panel.close()
        if self._picker.is_open:
            self._picker.close()
        elif not found:
            return False
        self.make_room(False)
        self.refresh_bindings()
        if self.session.state.last_seq != self._drawn_seq:
            self.notes_changed()
        return True

    def make_room(self, wanted: bool) -> None:
        """Something is opened over question and notes, or closed again; they stay below it, drawn as they were."""
        self.entry.step_back(wanted)

    def ask_below(self, question: str, answer: Callable[[], None]) -> None:
        """Put a question in the bottom line; what y drops is not offered meanwhile."""
        super().ask_below(question, answer)
        self.draw_group()

    def end_entry(self) -> None:
        """Back to the legend of note kinds, or to the list that was open before."""
        asked = self._answer is not None
        super().end_entry()
        if asked:  # y drops questions again
            self.draw_group()
        for panel in self.query(Panel):
            if panel.is_open:
                panel.draw()  # what was written may stand in it
                panel.focus_list()

    # --- leaving

    def action_back(self) -> None:
        """Close what is open; leave only when nothing is."""
        if self.entry.typing or self._answer is not None:
            self.drop_entry()
        elif not self.close_panels():
            self.leave()

    def leave(self) -> None:
        """Go back to the sessions."""
        super().action_back()

    # --- drawing

    def take_in(self) -> None:
        """Take in what another person wrote meanwhile, and draw what the clock changes."""
        if not self.is_open:
            return
        try:
            self.session.refresh()
        except FacilitatorError as error:  # what another version or a damaged page holds must not end a recording
            if error.what != self._unread:
                self._unread = error.what
                self.fail(error)
        self.keep()
        self.drop_struck_line()
        if self.session.state.last_seq != self._drawn_seq:
            self.notes_changed()
            for panel in self.query(Panel):
                if panel.is_open:
                    panel.draw()
        self.draw_group()

    def notes_changed(self) -> None:
        """Show the notes that are stored."""
        self._drawn_seq = self.session.state.last_seq
        super().notes_changed()
        self._waiting.show(self.session.state.returning)

    def draw_group(self) -> None:
        """The question, its time, the people and what they have talked."""
        if not self.is_open:
            return
        state, plan = self.session.state, self.noting.plan()
        stimuli = frozenset((question_id, index) for _, question_id, index in state.stimuli)
        self._question.show(shown(plan, stimuli, may_drop=self._answer is None))
        people = people_of(state, self.study.names_at_hand)
        if people != self._people_drawn:
            self._people_drawn = people
            self._marks.introduce(people)
        floor = floor_of(state, people, plan.now_ms, self.talk, hinting=self._hints_on)
        self._marks.show(floor)
        proposing = plan.dropping is not None and bool(plan.dropping.questions)
        if proposing != self._proposing:
            self._proposing = proposing
            self.refresh_bindings()
