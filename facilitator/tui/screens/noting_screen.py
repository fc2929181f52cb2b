"""The part of the conduct screen that writes: notes, lines about the group, and answers to what it asks."""

import contextlib
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from textual import on
from textual.reactive import Reactive
from textual.widget import Widget

from facilitator.domain.errors import FacilitatorError, NotFound, UsageError
from facilitator.domain.ids import ASSISTANT, MODERATOR, SessionId, Speaker
from facilitator.domain.notes import NoteKind, known_tags
from facilitator.domain.text import MAX_LINE, one_line
from facilitator.tui.note_being_typed import Stored, Writing, folded
from facilitator.tui.screens.session_screen import SAVED, SessionScreen
from facilitator.tui.session_keys import OWN_NOTES
from facilitator.tui.widgets.entry_line import EntryLine
from facilitator.tui.widgets.note_list import NoteList

if TYPE_CHECKING:  # opens databases; not needed for the first paint
    from facilitator.workflows.note_taking import NoteTaking

KEEP_S: Final = 2.0
"""What is being typed is stored that often, so that a lost terminal loses no more of a note."""
KINDS: Final = tuple(kind for kind in NoteKind if kind is not NoteKind.MOMENT)


class NotingScreen(SessionScreen):
    """Subclasses hold `noting` while they are open, have an EntryLine and show `_notes`, and call `keep` often."""

    COMMANDS_IN_ORDER = True
    noting: "NoteTaking"
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As in any screen, but for its drawing all of itself anew whenever another widget takes the keys."""

    def __init__(self, session_id: SessionId) -> None:
        super().__init__(session_id)
        self._answer: Callable[[], None] | None = None
        self._writing: Writing | None = None
        self._line: Callable[[str], object] | None = None
        self._kept_at = 0.0
        self._strikes = 0
        self._said = self._refused = ""
        self._notes = NoteList(id="notes")
        self._entry: EntryLine | None = None

    @property
    def entry(self) -> EntryLine:
        """The line at the bottom; what is typed in it can be read as long as this screen exists."""
        if self._entry is None:
            self._entry = self.query_one(EntryLine)
        return self._entry

    def close_session(self) -> None:
        """Keep a note that is half typed, then let others write to the session."""
        if self.is_open and self._to_keep:
            with contextlib.suppress(FacilitatorError):  # there is no screen any more to say it on
                self._keep_at_last(self._to_keep)
        super().close_session()

    def pressed_ms(self) -> int:
        """When the key that is being handled was pressed, on the session clock."""
        return self.noting.ms_at(self.facilitator.pressed_ns)

    # --- storing

    def store(self, action: Callable[[], object]) -> bool:
        """Store something; the screen shows it only once it is committed. False, and an error shown, where not."""
        done = self._write_down(action)
        if done:
            self.draw_group()
        return done

    def _write_down(self, action: Callable[[], object]) -> bool:
        """As `store`, what changes nothing about question and people."""
        try:
            action()
        except (NotFound, UsageError) as error:  # nothing that a key does wrong may cover the screen
            self.tell(f"{error.what} {error.do}".strip())
            return False
        except FacilitatorError as error:
            self.fail(error)
            return False
        self.say_saved()
        return True

    def say_saved(self) -> None:
        """Say that all is stored."""
        self._say(SAVED)

    def _say(self, text: str) -> None:
        self._said = text
        self.draw_status()

    def draw_status(self) -> None:
        """Draw the first line."""

    def draw_group(self) -> None:
        """Draw the question and the people."""

    def notes_changed(self) -> None:
        """Show the notes that are stored, but not a new one that is still being typed."""
        typed = self._writing.id if self._writing and self._writing.before is None else None
        state = self.session.state
        off_record = frozenset(note.id for note in state.notes.values() if state.off_the_record(note.at_ms))
        self._notes.show((note for note in state.notes.values() if note.id != typed), off_record)

    # --- notes

    def action_note(self, kind: str) -> None:
        """Begin a note."""
        self._begin(Writing(NoteKind[kind]))

    def action_moment(self) -> None:
        """Mark this moment, without words."""
        from facilitator.workflows.note_taking import HERE

        at_ms, speaker = self.pressed_ms(), self._floor()
        if self._write_down(
            lambda: self.noting.note(
                NoteKind.MOMENT, HERE, at_ms=at_ms, speaker=speaker, question_id=self.current_question_id
            )
        ):
            self.notes_changed()

    def action_edit_note(self) -> None:
        """Change the selected note, or the newest."""
        note = self._notes.selected
        if note is None:
            self.tell("There is no note yet.")
        else:
            stored = (note.kind, note.text, note.speaker)
            self._begin(
                Writing(note.kind, note.speaker, note.at_ms, note.question_id, note.id, note, stored), note.text
            )

    def action_select_note(self, direction: int) -> None:
        """The next older or newer note."""
        self._notes.select(direction)

    def action_scroll_notes(self, direction: int) -> None:
        """A screenful of older or newer notes."""
        self._notes.scroll_notes(direction)

    def action_note_kind(self) -> None:
        """Another kind for the note that is being typed."""
        if self._writing is not None:
            place = KINDS.index(self._writing.kind) if self._writing.kind in KINDS else -1
            self._write_as(replace(self._writing, kind=KINDS[(place + 1) % len(KINDS)]))

    def action_note_speaker(self) -> None:
        """Another person for the note that is being typed."""
        if self._writing is not None:
            people = (None, *map(Speaker, self.session.state.seats), MODERATOR, ASSISTANT)
            place = people.index(self._writing.speaker) if self._writing.speaker in people else 0
            self._write_as(replace(self._writing, speaker=people[(place + 1) % len(people)]))

    def begin_line(self, label: str, write: Callable[[str], object], text: str = "") -> None:
        """Take a line that is no note; Enter gives it to `write`."""
        self._answer, self._writing, self._line = None, None, write
        self._strikes = self._struck_so_far()
        self.entry.begin(label, text)
        self.refresh_bindings()

    @property
    def current_question_id(self) -> str | None:
        """Id of the question under discussion."""
        asked = self.session.state.asked
        return asked[-1][1] if asked else None

    def _begin(self, writing: Writing, text: str = "") -> None:
        self._answer, self._line, self._writing = None, None, writing
        self._strikes = self._struck_so_far()
        self._kept_at = time.monotonic()
        self.entry.begin(writing.label, text, known_tags(self.session.state.notes.values()))
        self.refresh_bindings()

    def _write_as(self, writing: Writing) -> None:
        self._writing = writing
        self.entry.label(writing.label)

    def _floor(self) -> Speaker | None:
        marks = self.session.state.speaker_marks
        return marks[-1].speaker if marks else None

    @on(EntryLine.Began)
    def _began(self, message: EntryLine.Began) -> None:
        if self._writing is not None and self._writing.at_ms is None:
            speaker = self._writing.speaker or (None if self._writing.kind in OWN_NOTES else self._floor())
            at_ms = self.noting.ms_at(message.begun_ns)
            self._writing = replace(self._writing, at_ms=at_ms, speaker=speaker, question_id=self.current_question_id)
            off = " · off the record, in no export" if self.session.state.off_the_record(at_ms) else ""
            self.entry.label(self._writing.label + off)

    @on(EntryLine.Written)
    def _written(self, message: EntryLine.Written) -> None:
        self.session.refresh()
        if self.drop_struck_line():
            return
        line, writing, text = self._line, self._writing, message.text
        if (theirs := self._changed_meanwhile()) is not None:
            self._tell_changed(theirs)
            return
        if line is not None:
            done = self.store(lambda: line(text))
        elif writing is not None and text.strip():
            done = self._write_down(lambda: self._keep_note(text))
        elif writing is not None and writing.before is not None:
            done = self._write_down(lambda: self._keep_note(""))
            self.tell("The note was removed; its earlier versions are kept: `session notes --history`.")
        else:
            self._take_back()
            done = True
        if done:
            self.end_entry()
            self.notes_changed()
            self._notes.rest()

    def keep(self) -> None:
        """Store what is being typed, every two seconds, as far as it has come. What was refused is told once."""
        text = self._to_keep
        if not text or text == self._refused or time.monotonic() - self._kept_at < KEEP_S:
            return
        self._see_others()
        if self.drop_struck_line() or self._is_changed:  # Enter says of the latter, and stores it then
            return
        self._kept_at = time.monotonic()
        self._refused = "" if self._write_down(lambda: self._keep_note(text)) else text

    @property
    def _to_keep(self) -> str:
        """What is being typed and is not stored yet, or ""."""
        writing = self._writing
        if writing is None or writing.at_ms is None or not self.entry.typing:
            return ""
        text = self.entry.text
        return text if text.strip() and not writing.is_kept(text) else ""

    def _keep_note(self, text: str) -> None:
        writing = self._writing
        assert writing is not None  # noqa: S101  only called while one is typed
        if writing.id is None:
            note_id = self.noting.note(
                writing.kind, text, at_ms=writing.at_ms, speaker=writing.speaker, question_id=writing.question_id
            )
            writing = replace(writing, id=note_id)
        elif self._stored(writing.id) != (writing.kind, folded(text), writing.speaker):
            self.noting.edit_note(writing.id, writing.kind, text, writing.speaker)
        self._writing = replace(writing, kept=(writing.kind, folded(text), writing.speaker), told=None)

    def _keep_at_last(self, text: str) -> None:
        """With the screen gone, nothing is lost: a note that somebody else changed meanwhile stays beside this one, and
        too long a one becomes several."""
        writing = self._writing
        assert writing is not None  # noqa: S101  only called while one is typed
        self._see_others()
        if self._struck_so_far() != self._strikes:  # it may hold words from the minutes that were struck
            return
        if self._is_changed:
            self._writing = replace(writing, id=None)
        for piece in textwrap.wrap(text, MAX_LINE, break_on_hyphens=False):
            self._keep_note(piece)
            self._writing = replace(writing, id=None)

    def _see_others(self) -> None:
        """Read what others stored. A failure is told by `take_in`, which looks once a second."""
        with contextlib.suppress(FacilitatorError):
            self.session.refresh()

    @property
    def _is_changed(self) -> bool:
        """Whether somebody else changed the note that is being typed since it was stored here."""
        writing = self._writing
        return writing is not None and writing.id is not None and self._stored(writing.id) not in (writing.kept, None)

    def _changed_meanwhile(self) -> Stored | None:
        """What they made of it, unless that was said."""
        writing = self._writing
        if writing is None or writing.id is None or not self._is_changed:
            return None
        now = self._stored(writing.id)
        return None if now == writing.told else now

    def _stored(self, note_id: int) -> Stored | None:
        """A note as it is now, without text where it was removed; None for one that nothing is left of."""
        versions = self.session.state.drafts.get(note_id)
        if not versions:
            return None
        note = versions[-1][1]
        return note.kind, note.text, note.speaker

    def _tell_changed(self, theirs: Stored) -> None:
        assert self._writing is not None  # noqa: S101  only a note is changed meanwhile
        self._writing = replace(self._writing, told=theirs)
        kind, text, speaker = theirs
        what = (
            f"now it is {kind.value}{f' · {speaker}' if speaker else ''}, “{one_line(text, 60)}”" if text else "removed"
        )
        self.tell(f"Somebody else changed this note: {what}. Enter again stores yours, Esc leaves theirs.")

    def _take_back(self) -> None:
        """Leave the note as if the line had not been typed, unless somebody else has changed it since."""
        writing = self._writing
        if writing is None or writing.id is None or writing.kept is None:
            return
        self._see_others()
        note_id, before = writing.id, writing.before
        if self._stored(note_id) != writing.kept:
            return
        if before is None:
            self._write_down(lambda: self.noting.edit_note(note_id, writing.kind, "", writing.speaker))
        elif writing.kept != (before.kind, before.text, before.speaker):
            self._write_down(lambda: self.noting.edit_note(note_id, before.kind, before.text, before.speaker))

    def drop_struck_line(self) -> bool:
        """Drop what is being typed if minutes were struck since it was begun: it may hold words from them."""
        if not self.entry.typing or self._struck_so_far() == self._strikes:
            return False
        self.end_entry()
        self.notes_changed()
        self.tell("The line was dropped: minutes were struck while it was written. Begin it anew.")
        return True

    def _struck_so_far(self) -> int:
        state = self.session.state
        done = {(one.from_ms, one.to_ms) for one in state.struck if one.track == 0}
        return len(done) + (state.strike_ordered is not None)

    # --- ending a line, and answers

    def drop_entry(self) -> None:
        """Leave what is typed unwritten, or a question unanswered."""
        self._take_back()
        self.end_entry()
        self.notes_changed()
        self._notes.rest()

    def end_entry(self) -> None:
        """Back to the legend of note kinds."""
        self._answer = self._writing = self._line = None
        self.entry.rest()
        self.refresh_bindings()

    def ask_below(self, question: str, answer: Callable[[], None]) -> None:
        """Put a question in the bottom line; y is yes."""
        self._answer = answer
        self.entry.ask(question)
        self.refresh_bindings()

    def action_yes(self) -> None:
        """Yes to what the bottom line asks."""
        answer = self._answer
        self.end_entry()
        if answer is not None:
            answer()

    def say_below(self, text: str) -> None:
        """Say what was done: in the bottom line, or as a passing message while somebody types in it."""
        if self.typing:
            self.tell(text)
        else:
            self.entry.done(text)

    @property
    def typing(self) -> bool:
        """Whether keys are text."""
        return self.entry.typing

    def before_command(self, key: str) -> None:
        """Any other key is a no to a question, and has read what was done."""
        if not self.is_open:
            return
        if self.entry.telling or (self.entry.asking and key not in ("y", "escape")):
            self.end_entry()
