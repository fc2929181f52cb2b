"""Conducting a group with the eyes on the people: one key an action, and the recording always in sight."""

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll

from facilitator.domain.errors import FacilitatorError, NotFound
from facilitator.domain.ids import ASSISTANT, MODERATOR, SessionId, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.text import one_line
from facilitator.domain.timebase import clock
from facilitator.tui.screens.session_screen import SAVED, SessionScreen
from facilitator.tui.session_keys import LEGEND, OWN_NOTES, SPEAKER_KEYS, note_bindings, speaker_bindings
from facilitator.tui.widgets.entry_line import EntryLine
from facilitator.tui.widgets.meter import Meter
from facilitator.tui.widgets.note_list import NoteList
from facilitator.tui.widgets.participant_marks import ParticipantMarks, Person
from facilitator.tui.widgets.question_course import QuestionCourse
from facilitator.tui.widgets.question_panel import QuestionPanel
from facilitator.tui.widgets.question_picker import QuestionPicker
from facilitator.tui.widgets.talk_shares import talk_shares

if TYPE_CHECKING:  # opens databases and audio; not needed for the first paint
    from facilitator.domain.guide import Question
    from facilitator.workflows.conducting import Conduct, Recorded

TICK_S: Final = 0.1
DISK_TICKS: Final = 50


class ConductScreen(SessionScreen):
    """The facilitation screen of one session."""

    NAME = "Conduct"
    AUTO_FOCUS = ""  # no field takes keys until a note is begun
    HELP = """\
Lead the group, and let one key do each thing. r records; the first line says so in words, with the loudness, and \
turns into a warning when nothing arrives. Leaving this screen never stops the recording.

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
        Binding("r", "record", "Record", id="conduct.record", tooltip="Start recording, or go on after a stop"),
        Binding("s", "stop", "Stop", id="conduct.stop", tooltip="Stop recording; asks once more"),
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

    conduct: "Conduct"

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._meter = Meter()
        self._kind = NoteKind.THEME
        self._stamp: tuple[int, Speaker | None] | None = None
        self._answer: Callable[[], None] | None = None
        self._busy_with = ""
        self._said = ""
        self._drawn: tuple[str, str, bool] | None = None
        self._ticks = 0
        self._free = ""

    def compose_body(self) -> ComposeResult:
        """Question and notes, the people beside or below them, and the entry line."""
        with Horizontal(id="stage"):
            with Vertical(id="main"):
                with VerticalScroll(id="question-scroll", can_focus=False):
                    yield QuestionPanel(id="question")
                yield QuestionPicker(id="picker")
                yield NoteList(id="notes")
            yield ParticipantMarks(id="people")
        yield EntryLine(LEGEND, id="entry")

    def start_work(self) -> None:
        """Show the session, and take over a recording that is still running."""
        from facilitator.workflows.conducting import Conduct

        self.conduct = Conduct(self.session)
        if self.conduct.find_running():
            self._meter.begin(self.conduct.now_ms)
        self.query_one(ParticipantMarks).introduce(self._people())
        self._show_notes()
        self._draw_course()
        self._tick()
        self.set_interval(TICK_S, self._tick)

    def close_session(self) -> None:
        """Let a running recording run on."""
        if self.is_open:
            self.conduct.detach()
        super().close_session()

    @property
    def entry(self) -> EntryLine:
        """The line at the bottom."""
        return self.query_one(EntryLine)

    @property
    def _typing(self) -> bool:
        return self.entry.typing or self.query_one(QuestionPicker).is_open

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While text is typed, keys are text; recording keys show only when they can do something."""
        if not self.is_open:
            return super().check_action(action, parameters)
        if self._typing and action not in self.WHILE_TYPING:
            return False
        if action == "yes":
            return self._answer is not None
        if action in ("record", "stop"):
            return self.conduct.recording == (action == "stop")
        return super().check_action(action, parameters)

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
            self._show_notes()
            self._end_entry()

    def _end_entry(self) -> None:
        self._answer = None
        self.entry.rest()
        self.refresh_bindings()

    def action_scroll_notes(self, direction: int) -> None:
        """Show older or newer notes."""
        notes = self.query_one(NoteList)
        notes.scroll_relative(y=direction * max(1, notes.size.height - 1), animate=False)

    # --- recording

    def action_record(self) -> None:
        """Start, or go on after a stop."""
        self._busy_with = "… starting the recording"
        self._begin_job(self.conduct.start, self._recording_began)

    def _recording_began(self, _: None) -> None:
        self._meter.begin(self.conduct.now_ms)
        self._say(SAVED)
        self.entry.rest()
        self.refresh_bindings()

    def action_stop(self) -> None:
        """Ask once more, below; the recording goes on meanwhile."""
        self._ask_below("Stop the recording?   y stops   Esc goes on", self._stop)

    def _stop(self) -> None:
        self._busy_with = "■ stopping, then reading back what was stored"
        self._begin_job(self.conduct.stop, self._stopped)

    def _stopped(self, recorded: "Recorded") -> None:
        lost = f"{recorded.lost_ms} ms lost" if recorded.lost_ms else "nothing lost"
        self._say(SAVED)
        self.entry.done(f"Stored {clock(recorded.length_ms)} in {recorded.records} records, read back: {lost}.")
        self.refresh_bindings()

    def _begin_job(self, job: "Callable[[], object]", done: "Callable[..., None]") -> None:
        self.run_apart(job, done)
        self._tick()

    def fail(self, error: FacilitatorError) -> None:
        """Show an error; the buttons of the recording follow what is so now."""
        super().fail(error)
        self.refresh_bindings()

    # --- leaving, and answers to what the bottom line asks

    def action_back(self) -> None:
        """Close what is open; leave only when nothing is, and not without a word while a recording runs."""
        if self.query_one(QuestionPicker).is_open:
            self._close_picker()
        elif self.entry.typing or self._answer is not None:
            self._end_entry()
        elif self.is_open and self.conduct.recording and not self.working:
            self._ask_below("Leave this screen? The recording goes on.   y leaves   Esc stays", self._leave)
        else:
            super().action_back()

    def _leave(self) -> None:
        super().action_back()

    def _ask_below(self, question: str, answer: Callable[[], None]) -> None:
        self._answer = answer
        self.entry.ask(question)
        self.refresh_bindings()

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
        self._say(SAVED)
        self._draw_course()
        return True

    def _say(self, text: str) -> None:
        self._said = text
        self._draw_status()

    @property
    def _course(self) -> QuestionCourse:
        return QuestionCourse(self.session.state.guide, self.session.state.asked)

    def _tick(self) -> None:
        if not self.is_open:
            return
        if not self.working:
            self._listen()
        if self._ticks % DISK_TICKS == 0:
            self._free = f"free {shutil.disk_usage(self.session.folder.root).free // 10**9} GB"
        if self._ticks % 10 == 0:
            self._draw_course()
        self._ticks += 1
        self._draw_status()

    def _listen(self) -> None:
        ended = self._meter.ended
        try:
            for message in self.conduct.poll():
                self._meter.take(message)
        except FacilitatorError as error:
            self.fail(error)
        if self._meter.ended != ended:
            self.refresh_bindings()

    def _draw_status(self) -> None:
        if not self.is_open:
            return
        now, alarm = self.conduct.now_ms, ""
        if self.working:
            left = self._busy_with
        elif self.conduct.recording:
            alarm = self._meter.alarm(now)
            left = (
                f"{alarm} · recording goes on {clock(now)}"
                if alarm
                else f"● REC {clock(now)}  {self._meter.text}  {self._free}"
            )
        elif self._meter.ended:
            alarm = self._meter.alarm(now)
            left = f"RECORDING ENDED · {alarm} · r goes on"
        else:
            left = f"■ not recording  {clock(now)}  {self._free}"
        right = self._beside(left)
        if (left, right, bool(alarm)) != self._drawn:
            self._drawn = (left, right, bool(alarm))
            self.bar.show(left, right, alarm=bool(alarm))

    def _beside(self, left: str) -> str:
        """The session and what was stored; a narrow line cuts the title, never the state of the recording."""
        room = self.app.size.width - len(left) - len(self._said) - 8
        name = one_line(self.session_name, max(len(self.session_id) + 2, room))
        return " · ".join(part for part in (name, self._said) if part)

    def _draw_course(self) -> None:
        state, now = self.session.state, self.conduct.now_ms
        self.query_one(QuestionPanel).show(self._course.shown(now))
        marks = state.speaker_marks
        labels = [person.label for person in self._people()]
        unknown = bool(marks) and marks[-1].speaker is None
        self.query_one(ParticipantMarks).show(talk_shares(marks, labels, now), unknown=unknown)

    def _show_notes(self) -> None:
        self.query_one(NoteList).show(self.session.state.notes.values())

    def _people(self) -> list[Person]:
        identities = self.study.names_at_hand
        people = []
        for index, number in enumerate(self.session.state.participants):
            names = identities[number].name.split() if number in identities else []
            key = SPEAKER_KEYS[index] if index < len(SPEAKER_KEYS) else "–"
            people.append(Person(key, Speaker(number), names[0] if names else ""))
        return [*people, Person("m", MODERATOR, "moderator"), Person("a", ASSISTANT, "assistant")]
