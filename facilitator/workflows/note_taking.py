"""Questions, speaker marks and notes of a session on its clock, whether or not anything is recorded."""

from facilitator.domain import events as ev
from facilitator.domain.errors import NotFound, UsageError
from facilitator.domain.guide import Question
from facilitator.domain.ids import ASSISTANT, MODERATOR, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.text import MAX_LINE, one_line
from facilitator.workflows.sessions import Session


class NoteTaking:
    """What a facilitator puts down. Every method returns only after the commit."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def now_ms(self) -> int:
        """Now on the session clock."""
        return self.session.state.length_ms

    def ask(self, question: Question) -> None:
        """Mark `question` as the one being discussed from now on."""
        self.session.record(ev.QuestionAsked(question.id), self.now_ms)

    def mark(self, speaker: Speaker | None, at_ms: int | None = None) -> None:
        """Mark who speaks from now on. Raises UsageError for somebody who is not in the session."""
        if speaker is not None and speaker not in (*self.session.state.participants, MODERATOR, ASSISTANT):
            raise UsageError(f"{speaker} is not in this session.", do="Use the keys shown on the screen.")
        self.session.record(ev.SpeakerMarked(speaker), self.now_ms if at_ms is None else at_ms)

    def undo_mark(self) -> Speaker | None:
        """Take the last speaker mark back and return whom it named.

        Raises:
            NotFound: there is none.
        """
        marks = self.session.state.marks
        if not marks:
            raise NotFound("There is no speaker mark to take back.")
        last = max(marks)
        speaker = marks[last].speaker
        self.session.record(ev.SpeakerMarkUndone(last), marks[last].at_ms)
        return speaker

    def note(
        self,
        kind: NoteKind,
        text: str,
        *,
        at_ms: int | None = None,
        speaker: Speaker | None = None,
        question_id: str | None = None,
    ) -> int:
        """Store a note stamped `at_ms` (its first keystroke; now, if not given) and return its id.

        Raises:
            UsageError: the note is empty.
        """
        safe = one_line(text, MAX_LINE + 1)
        if not safe:
            raise UsageError("The note is empty.")
        if len(safe) > MAX_LINE:
            raise UsageError(
                f"The note has more than {MAX_LINE} characters.", safe="It was not stored.", do="Make two notes of it."
            )
        stored = self.session.record(
            ev.NoteTaken(kind, safe, speaker, question_id), self.now_ms if at_ms is None else at_ms
        )
        return stored.seq
