"""Conducting a group with the eyes on the people: one key an action, and the recording always in sight."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll

from facilitator.domain.errors import FacilitatorError, NotFound
from facilitator.domain.ids import ASSISTANT, MODERATOR, SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.tui.screens.recording_screen import RecordingScreen
from facilitator.tui.session_keys import (
    LEGEND,
    OWN_NOTES,
    SPEAKER_KEYS,
    note_bindings,
    recording_bindings,
    speaker_bindings,
)
from facilitator.tui.widgets.entry_line import EntryLine
from facilitator.tui.widgets.input_picker import InputPicker
from facilitator.tui.widgets.note_list import NoteList
from facilitator.tui.widgets.participant_marks import ParticipantMarks, Person
from facilitator.tui.widgets.question_course import QuestionCourse
from facilitator.tui.widgets.question_panel import QuestionPanel
from facilitator.tui.widgets.question_picker import QuestionPicker
from facilitator.tui.widgets.strike_line import StrikeLine
from facilitator.tui.widgets.talk_shares import talk_shares
from facilitator.tui.widgets.watch_line import WatchLine

if TYPE_CHECKING:  # opens databases and audio; not needed for the first paint
    from facilitator.domain.guide import Question

TICK_S: Final = 0.1


class ConductScreen(RecordingScreen):
    """The facilitation screen of one session."""

    NAME = "Conduct"
    AUTO_FOCUS = ""  # no field takes keys until a note is begun
    HELP = """\
Lead the group, and let one key do each thing. r records, after a look at everything that could spoil it; the first \
line says so in words, with the loudness, and turns into a warning that starts with ▲ when something is wrong. The \
recording and the notes go on meanwhile. Leaving this screen never stops the recording.

p is a break and o is off the record: nothing is recorded until the same key or r. x destroys the last minutes for \
good, sound and notes, when somebody in the group asks for it; it says first what that means.

Digits say which participant speaks from now on (j, k and l the tenth to the twelfth), m the moderator, a the \
assistant, 0 that you do not know; u takes the last of these back. Space puts the next question, b the one before, g \
any other. A letter of the bottom line begins a note, stamped with the moment of its first character; Enter stores \
it, Escape drops it. What the list shows is stored.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *speaker_bindings("conduct", "1–9 m 0", "speaks from now on"),
        Binding("u,backspace", "undo_mark", "Undo", id="conduct.undo", tooltip="Take the last speaker mark back"),
        Binding("space", "question(1)", "Next", id="conduct.next", tooltip="Put the next question"),
        Binding("b", "question(-1)", "Previous", id="conduct.previous", tooltip="Go back to the question before"),
        Binding("g", "pick", "Go to", id="conduct.pick", tooltip="Put any question of the guide"),
        *note_bindings(),
        *recording_bindings(),
        Binding("y", "yes", "Yes", id="conduct.yes", tooltip="Yes to what the bottom line asks"),
        Binding("pageup", "scroll_notes(-1)", "Newer notes", show=False, id="conduct.newer"),
        Binding("pagedown", "scroll_notes(1)", "Older notes", show=False, id="conduct.older"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual declares it so
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - as above
    DEFAULT_CSS = """
    ConductScreen {
        #stage { height: 1fr; layout: horizontal; }
        #main { width: 1fr; height: 1fr; }
        #question-scroll { height: auto; max-height: 75%; }
        NoteList { border-top: solid $panel; }
        ParticipantMarks { width: 47; height: 1fr; border-left: solid $panel; padding: 1 2; }
    }
    ConductScreen.-narrow {
        #stage { layout: vertical; }
        ParticipantMarks { width: 1fr; height: auto; border-left: none; border-top: solid $panel; padding: 0 2; }
    }
    ConductScreen.-tall {
        QuestionPanel { padding: 2 4; }
        NoteList { padding: 1 2; }
        EntryLine { padding: 1 2; }
    }
    ConductScreen.-picking { #question-scroll { display: none; } NoteList { display: none; } }
    """
    WHILE_TYPING: ClassVar[frozenset[str]] = frozenset({"back", "help", "scroll_notes"})

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._kind = NoteKind.THEME
        self._stamp: tuple[int, Speaker | None] | None = None

    def compose_body(self) -> ComposeResult:
        """Question and notes, the people beside or below them, and the entry line."""
        yield WatchLine(id="watch")
        with Horizontal(id="stage"):
            with Vertical(id="main"):
                with VerticalScroll(id="question-scroll", can_focus=False):
                    yield QuestionPanel(id="question")
                yield QuestionPicker(id="picker")
                yield InputPicker(id="inputs")
                yield NoteList(id="notes")
            yield ParticipantMarks(id="people")
        yield StrikeLine(id="strike")
        yield EntryLine(LEGEND, id="entry")

    def start_work(self) -> None:
        """Show the session, and take over a recording that is still running."""
        self.start_watch()
        self.query_one(ParticipantMarks).introduce(self._people())
        self.notes_changed()
        self._draw_course()
        self.tick()
        self.set_interval(TICK_S, self.tick)
        self.set_interval(1.0, self._draw_course)

    def close_session(self) -> None:
        """Let a running recording run on."""
        if self.is_open:
            self.conduct.detach()
        super().close_session()

    @property
    def _typing(self) -> bool:
        return self.entry.typing or self.query_one(QuestionPicker).is_open or self.query_one(StrikeLine).is_open

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While text is typed, keys are text; recording keys show only when they can do something."""
        if not self.is_open:
            return super().check_action(action, parameters)
        if self._typing and action not in self.WHILE_TYPING:
            return False
        if action in ("pick", "other_input") and self.query_one(InputPicker).is_open:
            return False
        if action == "yes":
            return self._answer is not None
        allowed = self.may_record_action(action, parameters)
        return allowed if allowed is not None else super().check_action(action, parameters)

    # --- speakers and questions

    def action_label(self, label: str) -> None:
        """`label` speaks from now on; "" for nobody knows."""
        self._store(lambda: self.conduct.mark(Speaker(label) if label else None))

    def action_undo_mark(self) -> None:
        """Take the last speaker mark back."""
        self._store(self.conduct.undo_mark)

    def action_question(self, direction: int) -> None:
        """Put the next or the previous question of the guide."""
        question = self._course.neighbor(direction)
        if question is None:
            self.tell("That was the last question." if direction > 0 else "This is the first question.")
        else:
            self._ask(question)

    def action_pick(self) -> None:
        """Let the facilitator type which question comes now."""
        if self.session.state.guide is not None:
            self.add_class("-picking")
            self.query_one(QuestionPicker).open(self.session.state.guide, [one for _, one in self.session.state.asked])
            self.refresh_bindings()

    @on(QuestionPicker.Picked)
    def _picked(self, message: QuestionPicker.Picked) -> None:
        self._close_picker()
        self._ask(message.question)

    def _ask(self, question: "Question") -> None:
        self._store(lambda: self.conduct.ask(question))

    def _close_picker(self) -> None:
        self.query_one(QuestionPicker).close()
        self.remove_class("-picking")
        self.refresh_bindings()

    # --- notes

    def action_note(self, kind: str) -> None:
        """Begin a note."""
        self._kind, self._stamp, self._answer = NoteKind[kind], None, None
        self.entry.begin_note(self._kind.value)
        self.refresh_bindings()

    @on(EntryLine.Began)
    def _note_began(self) -> None:
        marks = self.session.state.speaker_marks
        speaker = marks[-1].speaker if marks and self._kind not in OWN_NOTES else None
        self._stamp = (self.conduct.now_ms, speaker)

    @on(EntryLine.Written)
    def _note_written(self, message: EntryLine.Written) -> None:
        if self._stamp is None or not message.text.strip():
            self._end_entry()
            return
        (at_ms, speaker), current = self._stamp, self._course.current
        question_id = current.id if current else None
        if self._store(
            lambda: self.conduct.note(self._kind, message.text, at_ms=at_ms, speaker=speaker, question_id=question_id)
        ):
            self.notes_changed()
            self._end_entry()

    def _end_entry(self) -> None:
        self._answer = None
        self.entry.rest()
        self.refresh_bindings()

    def action_scroll_notes(self, direction: int) -> None:
        """Show older or newer notes."""
        notes = self.query_one(NoteList)
        notes.scroll_relative(y=direction * max(1, notes.size.height - 1), animate=False)

    # --- leaving, and answers to what the bottom line asks

    def action_back(self) -> None:
        """Close what is open; leave only when nothing is, and not without a word while a recording runs."""
        if self.query_one(QuestionPicker).is_open:
            self._close_picker()
        elif self.query_one(StrikeLine).is_open:
            self.close_strike()
        elif self.query_one(InputPicker).is_open:
            self.close_inputs()
        elif self.entry.typing or self._answer is not None:
            self._end_entry()
        elif self.is_open and self.conduct.recording and not self.working:
            self.ask_below("Leave this screen? The recording goes on.   y leaves   Esc stays", self._leave)
        else:
            super().action_back()

    def _leave(self) -> None:
        super().action_back()

    def action_yes(self) -> None:
        """Yes to what the bottom line asks."""
        answer = self._answer
        self._end_entry()
        if answer is not None:
            answer()

    def on_key(self, event: events.Key) -> None:
        """Any other key is a no to a question, and has read what was done."""
        if self.entry.telling or (self.entry.asking and event.key not in ("y", "escape")):
            self._end_entry()

    # --- storing and drawing

    def _store(self, action: Callable[[], object]) -> bool:
        """Store something; the screen shows it only once it is committed."""
        try:
            action()
        except NotFound as error:
            self.tell(error.what)
            return False
        except FacilitatorError as error:
            self.fail(error)
            return False
        self._say_saved()
        self._draw_course()
        return True

    @property
    def _course(self) -> QuestionCourse:
        return QuestionCourse(self.session.state.guide, self.session.state.asked)

    def _draw_course(self) -> None:
        if not self.is_open:
            return
        state, now = self.session.state, self.conduct.now_ms
        self.query_one(QuestionPanel).show(self._course.shown(now))
        marks = state.speaker_marks
        labels = [person.label for person in self._people()]
        unknown = bool(marks) and marks[-1].speaker is None
        self.query_one(ParticipantMarks).show(talk_shares(marks, labels, now), unknown=unknown)

    def notes_changed(self) -> None:
        """Show the notes that are stored."""
        self.query_one(NoteList).show(self.session.state.notes.values())

    def _people(self) -> list[Person]:
        identities = self.study.names_at_hand
        people = []
        for index, number in enumerate(self.session.state.participants):
            names = identities[number].name.split() if number in identities else []
            key = SPEAKER_KEYS[index] if index < len(SPEAKER_KEYS) else "–"
            people.append(Person(key, Speaker(number), names[0] if names else ""))
        return [*people, Person("m", MODERATOR, "moderator"), Person("a", ASSISTANT, "assistant")]
