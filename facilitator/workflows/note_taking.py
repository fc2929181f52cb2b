"""Questions, people, speaker marks and notes of a session on its clock, whether or not anything is recorded."""

from collections.abc import Mapping, Sequence

from facilitator.domain import events as ev
from facilitator.domain.checklist import CONSENT, PRESENT, RETURNING, SOUND, checklist
from facilitator.domain.conduct_state import QuestionStep
from facilitator.domain.consent import missing_consents
from facilitator.domain.errors import ConsentMissing, NotFound, UsageError
from facilitator.domain.group import MAX_DEBRIEF, DebriefPart, Presence
from facilitator.domain.guide import Question
from facilitator.domain.ids import ASSISTANT, MODERATOR, ResearchNumber, Speaker
from facilitator.domain.notes import NoteKind, SpeakerMark
from facilitator.domain.text import MAX_LINE, SafeText, one_line
from facilitator.domain.time_plan import Standing, TimePlan
from facilitator.workflows.sessions import Session

HERE = "(here)"
"""The text of a moment that nobody put into words."""


class NoteTaking:
    """What those who lead a group put down. Every method returns only after the commit.

    `at_ms` everywhere is the time of the key press on the session clock; now, if not given.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._own_marks: list[int] = []
        self._own_steps: list[int] = []
        self._at_once: dict[int, tuple[int, ...]] = {}

    @property
    def now_ms(self) -> int:
        """Now on the session clock."""
        return self.session.state.length_ms

    def ms_at(self, at_ns: int) -> int:
        """The session clock at `at_ns` of the system's monotonic clock; now, where the clock stands still."""
        return self.now_ms

    # --- the guide

    def plan(self) -> TimePlan:
        """Where the group stands in its guide."""
        state, now_ms = self.session.state, self.now_ms
        return TimePlan(state.guide_as_run, state.course, state.breaks(now_ms), now_ms)

    def ask(self, question: Question, at_ms: int | None = None) -> None:
        """Mark `question` as the one being discussed from now on; also one that was skipped or parked."""
        self._step(ev.QuestionAsked(question.id), at_ms)

    def skip(self, question: Question, reason: str = "", at_ms: int | None = None) -> None:
        """Leave `question` out. Raises UsageError for a reason that is too long."""
        self._step(ev.QuestionSkipped(question.id, self._line(reason, "reason", empty=True)), at_ms)

    def skip_all(self, questions: Sequence[Question], reason: str) -> None:
        """Leave several out at once; they are taken back at once, too."""
        text = self._line(reason, "reason", empty=True)
        stored = self.session.record_all([(ev.QuestionSkipped(one.id, text), self.now_ms) for one in questions])
        numbers = tuple(one.seq for one in stored)
        self._own_steps += numbers
        self._at_once |= dict.fromkeys(numbers[-1:], numbers)

    def park(self, question: Question, at_ms: int | None = None) -> None:
        """Put `question` off until before the ending ones. Raises UsageError where it is already."""
        if self.plan().standing(question) is Standing.PARKED:
            raise UsageError("This question is put off already.", do="Space asks it, - skips it.")
        self._step(ev.QuestionParked(question.id), at_ms)

    def undo_step(self) -> tuple[QuestionStep, ...]:
        """Take the last asking, skip or parking back and return what it was; all of those that were skipped at once.

        Raises:
            NotFound: there is none.
        """
        steps = self.session.state.steps
        last = self._last_own(self._own_steps, steps)
        if last is None:
            raise NotFound("No question was asked, skipped or put off yet.")
        undone = {seq: steps[seq] for seq in self._at_once.get(last, (last,)) if seq in steps}
        self.session.record_all([(ev.QuestionStepUndone(seq), self.now_ms) for seq in reversed(undone)])
        return tuple(undone.values())

    def reword(self, question: Question, text: str) -> None:
        """Let `question` read `text` from now on; "" gives it its planned wording back. Raises UsageError."""
        guide = self.session.state.guide
        planned = next((one.text for one in guide.questions if one.id == question.id), "") if guide else ""
        safe = self._line(text, "question", empty=True)
        self.session.record(ev.QuestionReworded(question.id, "" if safe == planned else safe), self.now_ms)

    def show_stimulus(self, question: Question, index: int, at_ms: int | None = None) -> None:
        """A stimulus of `question` is shown. Raises NotFound where it has no such."""
        if not 0 <= index < len(question.stimuli):
            raise NotFound("This question has no stimulus to show.")
        self.session.record(ev.StimulusShown(question.id, index), self._at(at_ms))

    # --- the people

    def mark(self, speaker: Speaker | None, at_ms: int | None = None) -> None:
        """Mark who speaks from now on. Raises UsageError for somebody who is not in the session."""
        self._check_speaker(speaker)
        self._own_marks.append(self.session.record(ev.SpeakerMarked(speaker), self._at(at_ms)).seq)

    def undo_mark(self) -> Speaker | None:
        """Take the last speaker mark back, of this program's own if it made any, and return whom it named.

        Raises:
            NotFound: there is none.
        """
        marks = self.session.state.marks
        last = self._last_own(self._own_marks, marks)
        if last is None:
            raise NotFound("There is no speaker mark to take back.")
        speaker, at_ms = marks[last].speaker, marks[last].at_ms
        self.session.record(ev.SpeakerMarkUndone(last), at_ms)
        return speaker

    @property
    def last_mark(self) -> SpeakerMark | None:
        """What `undo_mark` takes back."""
        last = self._last_own(self._own_marks, self.session.state.marks)
        return None if last is None else self.session.state.marks[last]

    @property
    def latest_mark(self) -> int | None:
        """Number of the event that marked who has the floor now; None before the first."""
        marks = self.session.state.marks
        return max(marks, key=lambda seq: (marks[seq].at_ms, seq), default=None)

    def first_words(self, text: str, mark: int | None = None) -> None:
        """Note how the turn began that the event numbered `mark` marks; the latest, if not given.

        Raises:
            NotFound: nobody was marked yet, or that mark was taken back.
            UsageError: there is no text, or too much.
        """
        mark = self.latest_mark if mark is None else mark
        if mark is None:
            raise NotFound("Mark who speaks first, then note how they began.")
        if mark not in self.session.state.marks:
            raise NotFound("That speaker mark was taken back meanwhile.")
        self.session.record(ev.FirstWordsNoted(mark, self._line(text, "note")), self.now_ms)

    def set_presence(self, number: ResearchNumber, presence: Presence, at_ms: int | None = None) -> None:
        """Somebody came, left, or will not come; a person of the roster who was not planned for joins the session.

        Raises:
            NotFound: not on the roster.
            UsageError: somebody who was not planned for does not come, or leaves; or somebody does not come who spoke,
                or comes who withdrew.
            ConsentMissing: whoever comes has not consented to being recorded, and the session has a recording.
        """
        state, study = self.session.state, self.session.study.state
        if number in study.withdrawals and presence not in (Presence.LEFT, Presence.ABSENT):
            raise UsageError(f"{number} withdrew.", safe="Nothing was changed.")
        if number not in state.participants and number not in study.participants:
            raise NotFound(f"{number} is not on the roster.", do="Add them: `facilitator participants add`.")
        if number not in state.participants and presence is not Presence.HERE:
            raise UsageError(f"{number} was not planned for this session.", safe="Nothing was changed.")
        if state.presence.get(number) is presence:
            return  # they are so already, since earlier
        if presence is Presence.ABSENT and Speaker(number) in {mark.speaker for mark in state.marks.values()}:
            raise UsageError(
                f"{number} is marked as having spoken.", safe="Nothing was changed.", do="Note them as having left."
            )
        if presence is Presence.HERE and state.takes and missing_consents((number,), study.consents):
            raise ConsentMissing(
                f"No consent to recording from {number}.",
                safe="Nothing was changed; the recording goes on as it was.",
                do=f"Pause, have the form signed, then `facilitator consent record {number}`, then note them as here.",
            )
        self.session.record(ev.PresenceChanged(number, presence), self._at(at_ms))

    def arrange(self, seats: Sequence[ResearchNumber], at_ms: int | None = None) -> None:
        """Everybody sits in this order, clockwise. Raises UsageError unless each is named once."""
        if sorted(seats) != sorted(self.session.state.participants):
            raise UsageError("Everybody of the session has one seat.", safe="Nothing was changed.")
        self.session.record(ev.SeatsArranged(tuple(seats)), self._at(at_ms))

    # --- notes

    def note(
        self,
        kind: NoteKind,
        text: str,
        *,
        at_ms: int | None = None,
        speaker: Speaker | None = None,
        question_id: str | None = None,
    ) -> int:
        """Store a note stamped `at_ms` (its first keystroke) and return its id.

        Raises:
            UsageError: the note is empty or too long, or its speaker is not in the session.
        """
        self._check_speaker(speaker)
        safe = self._line(text, "note")
        return self.session.record(ev.NoteTaken(kind, safe, speaker, question_id), self._at(at_ms)).seq

    def edit_note(self, note_id: int, kind: NoteKind, text: str, speaker: Speaker | None) -> None:
        """Let a note read so from now on; its time stays, and so do its earlier versions. An empty `text` removes it.

        Raises:
            NotFound: there is no such note.
            UsageError: it is too long, or its speaker is not in the session.
        """
        if note_id not in self.session.state.drafts:
            raise NotFound("There is no such note any more.")
        self._check_speaker(speaker)
        safe = self._line(text, "note", empty=True)
        self.session.record(ev.NoteEdited(note_id, kind, safe, speaker), self.now_ms)

    def settle(self, note_id: int, *, done: bool = True, at_ms: int | None = None) -> None:
        """A follow-up or parked topic was taken up, or was not after all. Raises NotFound."""
        if note_id not in self.session.state.notes:
            raise NotFound("There is no such note any more.")
        self.session.record(ev.NoteSettled(note_id, done), self._at(at_ms))

    # --- before and after

    def tick(self, item: str, *, done: bool = True, at_ms: int | None = None) -> None:
        """An item of the checklist was done, or was not after all.

        Raises:
            NotFound: there is no such item.
            UsageError: the program ticks it by itself.
        """
        found = next((one for one in checklist(self.session.state.guide) if one.id == item), None)
        if found is None:
            raise NotFound("The checklist has no such line.")
        if found.told:
            raise UsageError("The program ticks this line by itself.", safe="Nothing was changed.")
        self.session.record(ev.ItemTicked(item, done), self._at(at_ms))

    def ticked(self) -> frozenset[str]:
        """Ids of the lines that are done, those included that the program finds out by itself."""
        state, study = self.session.state, self.session.study.state
        told = {
            CONSENT.id: not missing_consents(state.expected, study.consents),
            PRESENT.id: Presence.EXPECTED not in state.presence.values(),
            SOUND.id: bool(state.takes),
            RETURNING.id: not state.returning,
        }
        return frozenset((*state.ticked, *(item for item, done in told.items() if done)))

    def write_debrief(self, part: DebriefPart, text: str) -> None:
        """Store what was written after the group, line breaks kept; the last text of a part holds.

        Raises:
            UsageError: it has more than 10,000 characters.
        """
        safe = SafeText.of(text.strip(), MAX_DEBRIEF + 1)
        if len(safe) > MAX_DEBRIEF:
            raise UsageError(f"More than {MAX_DEBRIEF} characters.", safe="It was not stored.", do="Shorten it.")
        if safe != self.session.state.debrief.get(part, ""):
            self.session.record(ev.DebriefWritten(part, str(safe)), self.now_ms)

    # --- parts of these

    def _at(self, at_ms: int | None) -> int:
        return self.now_ms if at_ms is None else at_ms

    def _step(self, event: ev.Event, at_ms: int | None) -> None:
        self._own_steps.append(self.session.record(event, self._at(at_ms)).seq)

    def _last_own(self, own: list[int], known: Mapping[int, object]) -> int | None:
        while own and own[-1] not in known:
            own.pop()
        if own:
            return own[-1]
        return max((seq for seq in known if seq not in self.session.state.assisted), default=None)

    def _check_speaker(self, speaker: Speaker | None) -> None:
        if speaker in self.session.state.withdrawn:
            raise UsageError(f"{speaker} withdrew: nothing about them is kept any more.", safe="Nothing was changed.")
        if speaker is not None and speaker not in (*self.session.state.participants, MODERATOR, ASSISTANT):
            raise UsageError(
                f"{speaker} is not in this session.",
                do=f"Those in it are {', '.join(self.session.state.participants)}, M and A.",
            )

    def _line(self, text: str, what: str, *, empty: bool = False) -> str:
        safe = one_line(text, MAX_LINE + 1)
        if not safe and not empty:
            raise UsageError(f"The {what} is empty.", do="Write something, or leave it.")
        if len(safe) > MAX_LINE:
            raise UsageError(
                f"The {what} has more than {MAX_LINE} characters.",
                safe="It was not stored.",
                do="Make two notes of it." if what == "note" else "Shorten it.",
            )
        return str(safe)
