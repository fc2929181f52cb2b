import copy

import pytest

from facilitator.domain import events as ev
from facilitator.domain.conduct_state import QuestionStep, Step
from facilitator.domain.group import ASSISTING, Coming, DebriefPart, Presence
from facilitator.domain.guide import Guide, Question, QuestionType, Section
from facilitator.domain.ids import ResearchNumber, Speaker
from facilitator.domain.notes import Note, NoteKind, SpeakerMark
from facilitator.domain.session_state import SessionState

P1, P2, P3 = (ResearchNumber(f"P{value}") for value in (1, 2, 3))
ONE, TWO = Speaker("P1"), Speaker("P2")
QUESTIONS = (
    Question("q1", QuestionType.OPENING, "Who are you?", 2),
    Question("q2", QuestionType.KEY, "What helps?", 10, stimuli=("a card", "a vignette")),
)
GUIDE = Guide("g", "A guide", "en", (Section("One", QUESTIONS[:1]), Section("Two", QUESTIONS[1:])))
HERE, LEFT, ABSENT, EXPECTED = Presence.HERE, Presence.LEFT, Presence.ABSENT, Presence.EXPECTED


class Told:
    """A session told event by event, with what a log would still hold of it."""

    def __init__(self, *participants: ResearchNumber) -> None:
        self.state = SessionState()
        self.kept: dict[int, ev.Stored] = {}
        self.tell(ev.SessionPlanned("A group", GUIDE, participants or (P1, P2)))

    def tell(self, event: ev.Event, at_ms: int = 0, actor: str = "researcher") -> int:
        """The number of the event."""
        stored = ev.Stored(self.state.last_seq + 1, "2021-01-01", at_ms, actor, event, "")
        self.kept[stored.seq] = stored
        self.state.apply(stored)
        for seq in event.destroyed if isinstance(event, ev.AudioStruck) else ():
            self.kept.pop(seq, None)
        return stored.seq

    def strike(self, from_ms: int, to_ms: int) -> tuple[int, ...]:
        """What was destroyed. The state must be what is folded from what is left."""
        words = self.state.written_since(from_ms, to_ms)
        self.tell(ev.AudioStruck(from_ms, to_ms, 0, 0, 0, "0" * 64, words), to_ms)
        assert SessionState.fold(self.kept.values()) == self.state
        return words

    def note(self, text: str, at_ms: int = 0, kind: NoteKind = NoteKind.THEME) -> int:
        return self.tell(ev.NoteTaken(kind, text, ONE, "q1"), at_ms)

    @property
    def texts(self) -> list[str]:
        return [note.text for note in self.state.notes.values()]


# --- the guide


def test_steps_are_listed_in_time_order_and_can_be_taken_back() -> None:
    told = Told()
    told.tell(ev.QuestionAsked("q2"), 5000)
    told.tell(ev.QuestionAsked("q1"), 1000)
    skip = told.tell(ev.QuestionSkipped("q2", "no time"), 6000)
    park = told.tell(ev.QuestionParked("q1"), 6000)
    assert told.state.course == [
        QuestionStep(1000, "q1", Step.ASKED),
        QuestionStep(5000, "q2", Step.ASKED),
        QuestionStep(6000, "q2", Step.SKIPPED, "no time"),
        QuestionStep(6000, "q1", Step.PARKED),
    ]
    assert told.state.asked == [(1000, "q1"), (5000, "q2")]
    told.tell(ev.QuestionStepUndone(skip), 7000)
    told.tell(ev.QuestionStepUndone(park), 7000)
    told.tell(ev.QuestionStepUndone(park), 7000)  # two programs may undo the same
    assert [step.step for step in told.state.course] == [Step.ASKED, Step.ASKED]


def test_an_undo_takes_back_nothing_but_a_step() -> None:
    told = Told()
    note, mark = told.note("kept"), told.tell(ev.SpeakerMarked(ONE))
    for seq in (note, mark, 99):
        told.tell(ev.QuestionStepUndone(seq))
    told.tell(ev.SpeakerMarkUndone(note))
    assert told.texts == ["kept"] and len(told.state.marks) == 1


def test_the_guide_as_run_holds_the_wordings_given_on_the_spot() -> None:
    told = Told()
    assert told.state.guide_as_run is GUIDE
    told.tell(ev.QuestionReworded("q2", "What helps you?"))
    told.tell(ev.QuestionReworded("q2", "What helps you here?"))
    told.tell(ev.QuestionReworded("of another guide", "Nothing"))
    run = told.state.guide_as_run
    assert run is not None and [one.text for one in run.questions] == ["Who are you?", "What helps you here?"]
    assert run.questions[1].stimuli == QUESTIONS[1].stimuli and [one.title for one in run.sections] == ["One", "Two"]
    assert told.state.guide == GUIDE, "the frozen one stays"
    told.tell(ev.QuestionReworded("q2", ""))
    assert told.state.guide_as_run == GUIDE
    assert SessionState().guide_as_run is None


def test_stimuli_and_ticks_keep_their_times() -> None:
    told = Told()
    told.tell(ev.StimulusShown("q2", 1), 3000)
    told.tell(ev.StimulusShown("q2", 1), 9000)
    assert told.state.stimuli == [(3000, "q2", 1), (9000, "q2", 1)]
    told.tell(ev.ItemTicked("summary"), 100)
    told.tell(ev.ItemTicked("thanks"), 200)
    told.tell(ev.ItemTicked("summary"), 300)
    assert told.state.ticked == {"summary": 300, "thanks": 200}
    told.tell(ev.ItemTicked("summary", done=False), 400)
    told.tell(ev.ItemTicked("never ticked", done=False), 400)
    assert told.state.ticked == {"thanks": 200}


# --- the people


def _went(*moves: Presence) -> SessionState:
    """P1 of a session with P1 and P2 came and went so."""
    told = Told(P1, P2)
    for minute, presence in enumerate(moves):
        told.tell(ev.PresenceChanged(P1, presence), minute * 60_000)
    return told.state


@pytest.mark.parametrize(
    ("moves", "expected", "took_part"),
    [
        ((), True, True),
        ((HERE,), True, True),
        ((ABSENT,), False, False),
        ((ABSENT, HERE), True, True),
        ((ABSENT, EXPECTED), True, True),
        ((HERE, LEFT), False, True),
        ((HERE, LEFT, HERE), True, True),
        ((LEFT,), False, True),
        ((HERE, ABSENT), False, False),
    ],
)
def test_who_is_expected_and_who_took_part(moves: tuple[Presence, ...], expected: bool, took_part: bool) -> None:
    state = _went(*moves)
    assert state.presence == {P1: moves[-1] if moves else EXPECTED, P2: EXPECTED}
    assert (P1 in state.expected, P1 in state.took_part) == (expected, took_part)
    assert P2 in state.expected and P2 in state.took_part, "nobody said otherwise"
    assert state.comings == [Coming(minute * 60_000, P1, one) for minute, one in enumerate(moves)]


def test_whoever_was_not_planned_for_joins_once_and_sits_last() -> None:
    told = Told(P2, P1)
    told.tell(ev.SeatsArranged((P1, P2)))
    told.tell(ev.PresenceChanged(P3, HERE), 9000)
    told.tell(ev.PresenceChanged(P3, LEFT), 9500)
    assert told.state.participants == (P2, P1, P3) and told.state.seats == (P1, P2, P3)
    told.tell(ev.SeatsArranged((P3, P2, P1)))
    assert told.state.seats == (P3, P2, P1)
    assert Told(P2, P1).state.seats == (P2, P1), "as planned until they are arranged"


def test_speaker_marks_bear_the_first_words_noted_last() -> None:
    told = Told()
    late, early = told.tell(ev.SpeakerMarked(TWO), 5000), told.tell(ev.SpeakerMarked(ONE), 1000)
    told.tell(ev.FirstWordsNoted(late, "Well, I"), 5500)
    told.tell(ev.FirstWordsNoted(late, "Well, we"), 6000)
    told.tell(ev.FirstWordsNoted(99, "of no mark"), 6000)
    assert told.state.speaker_marks == (SpeakerMark(1000, ONE), SpeakerMark(5000, TWO, "Well, we"))
    told.tell(ev.SpeakerMarkUndone(late), 5000)
    told.tell(ev.SpeakerMarkUndone(early), 1000)
    assert not told.state.speaker_marks


# --- notes


def test_an_edited_note_keeps_its_time_question_and_history() -> None:
    told = Told()
    note = told.note("manual", 3000)
    edit = told.tell(ev.NoteEdited(note, NoteKind.QUOTE, "the manual", TWO), 9000)
    first = Note(note, 3000, NoteKind.THEME, "manual", ONE, "q1")
    second = Note(note, 3000, NoteKind.QUOTE, "the manual", TWO, "q1")
    assert told.state.notes == {note: second}
    assert told.state.drafts == {note: [(note, first), (edit, second)]}


def test_an_empty_text_removes_a_note_and_another_edit_brings_it_back() -> None:
    told = Told()
    note = told.note("a name", 3000, NoteKind.FOLLOW_UP)
    told.tell(ev.NoteEdited(note, NoteKind.FOLLOW_UP, ""), 4000)
    assert told.state.notes == {} and told.state.returning == () and len(told.state.drafts[note]) == 2
    told.tell(ev.NoteSettled(note), 5000)
    assert told.state.notes == {}
    told.tell(ev.NoteEdited(note, NoteKind.THEME, "anew"), 6000)
    assert told.texts == ["anew"]
    told.tell(ev.NoteEdited(99, NoteKind.THEME, "of no note"), 7000)
    assert told.texts == ["anew"] and 99 not in told.state.drafts


def test_follow_ups_and_parked_topics_return_until_they_are_taken_up() -> None:
    told = Told()
    topic, follow = told.note("pay", 9000, NoteKind.PARKED), told.note("whose?", 2000, NoteKind.FOLLOW_UP)
    told.note("theme", 1000)
    assert [note.id for note in told.state.returning] == [follow, topic]
    told.tell(ev.NoteSettled(topic), 10_000)
    assert [note.id for note in told.state.returning] == [follow] and told.state.notes[topic].settled
    told.tell(ev.NoteEdited(topic, NoteKind.PARKED, "pay, and hours"), 11_000)
    assert told.state.notes[topic].settled, "an edit does not bring it back"
    told.tell(ev.NoteSettled(topic, done=False), 12_000)
    assert [note.id for note in told.state.returning] == [follow, topic]
    told.tell(ev.NoteEdited(follow, NoteKind.THEME, "whose?"), 13_000)
    assert [note.id for note in told.state.returning] == [topic], "it is none any more"


def test_the_last_text_of_a_part_of_the_debrief_holds() -> None:
    told = Told()
    told.tell(ev.DebriefWritten(DebriefPart.THEMES, "pay"))
    told.tell(ev.DebriefWritten(DebriefPart.GUIDE, "shorter\n\nand plainer"))
    told.tell(ev.DebriefWritten(DebriefPart.THEMES, "pay, hours"))
    assert told.state.debrief == {DebriefPart.THEMES: "pay, hours", DebriefPart.GUIDE: "shorter\n\nand plainer"}


# --- approval


@pytest.mark.parametrize(
    "event",
    [
        ev.NoteEdited(2, NoteKind.THEME, "other"),
        ev.NoteEdited(2, NoteKind.THEME, ""),
        ev.QuestionReworded("q1", "Who?"),
        ev.QuestionAsked("q1"),
        ev.QuestionStepUndone(3),
        ev.PresenceChanged(P1, ABSENT),
        ev.PresenceChanged(P3, HERE),
        ev.AudioStruck(0, 1, 0, 0, 0, "", (2,)),
    ],
    ids=lambda event: event.kind,
)
def test_what_changes_an_export_voids_the_approval(event: ev.Event) -> None:
    told = Told()
    assert (told.note("note"), told.tell(ev.QuestionAsked("q2"))) == (2, 3)
    told.tell(ev.Approved("0" * 64, "officer"))
    approval = told.state.approval
    told.tell(event)
    assert approval and told.state.approval is None and list(told.state.voided.values()) == [approval]


def test_what_is_not_exported_leaves_the_approval_alone() -> None:
    told = Told()
    note = told.note("note")
    told.tell(ev.Approved("0" * 64, "officer"))
    inner: list[ev.Event] = [
        ev.DebriefWritten(DebriefPart.THEMES, "pay"),
        ev.ItemTicked("thanks"),
        ev.SeatsArranged((P2, P1)),
        ev.NoteSettled(note),
        ev.QuestionSkipped("q1", "no time"),
        ev.QuestionParked("q1"),
    ]
    for event in inner:
        told.tell(event)
        assert told.state.approval is not None, event.kind


# --- strikes


def test_a_strike_leaves_nothing_that_was_written_in_its_stretch() -> None:
    told = Told()
    before = copy.deepcopy(told.state)
    mark = told.tell(ev.SpeakerMarked(ONE), 10_000)
    words = [
        told.note("SECRET theme", 10_000),
        told.tell(ev.QuestionSkipped("q1", "SECRET reason"), 11_000),
        told.tell(ev.QuestionReworded("q2", "SECRET wording"), 12_000),
        told.tell(ev.FirstWordsNoted(mark, "SECRET words"), 13_000),
        told.tell(ev.DebriefWritten(DebriefPart.THEMES, "SECRET debrief"), 20_000),
    ]
    assert told.strike(10_000, 20_000) == tuple(words)
    assert "SECRET" not in repr(told.state) and "SECRET" not in repr(told.kept)
    state = told.state
    assert state.guide_as_run == GUIDE and state.debrief == {} and state.course == [] and state.notes == {}
    assert not state.written and not state.drafts and not state.first_words
    assert state.speaker_marks == (SpeakerMark(10_000, ONE),), "who spoke is no word of theirs"
    assert state.participants == before.participants


def test_a_strike_spares_what_was_written_before_and_after() -> None:
    told = Told()
    for at_ms in (9_999, 20_001):
        told.note("note", at_ms)
        told.tell(ev.QuestionSkipped("q1", "reason"), at_ms)
        told.tell(ev.DebriefWritten(DebriefPart.THEMES, "themes"), at_ms)
    before = copy.deepcopy(told.state)
    assert told.strike(10_000, 20_000) == ()
    after = told.state
    assert (after.notes, after.steps, after.debriefs, after.written) == (
        before.notes,
        before.steps,
        before.debriefs,
        before.written,
    )


def test_skips_without_a_reason_hold_no_words_and_stay() -> None:
    told = Told()
    told.tell(ev.QuestionSkipped("q1"), 10_000)
    told.tell(ev.QuestionParked("q2"), 10_000)
    assert told.strike(0, 20_000) == () and len(told.state.course) == 2


def test_the_earlier_text_of_a_note_edited_within_the_stretch_comes_back() -> None:
    told = Told()
    note = told.note("pay", 5000, NoteKind.FOLLOW_UP)
    kept = told.tell(ev.NoteEdited(note, NoteKind.FOLLOW_UP, "pay and hours"), 6000)
    told.tell(ev.NoteSettled(note), 7000)
    told.tell(ev.NoteEdited(note, NoteKind.QUOTE, "SECRET", TWO), 12_000)
    told.strike(10_000, 20_000)
    assert told.state.notes == {note: Note(note, 5000, NoteKind.FOLLOW_UP, "pay and hours", None, "q1", settled=True)}
    assert [seq for seq, _ in told.state.drafts[note]] == [note, kept]
    assert "SECRET" not in repr(told.state) + repr(told.kept)


def test_of_a_note_begun_in_the_stretch_every_version_goes() -> None:
    told = Told()
    note = told.note("SECRET", 12_000)
    edits = [
        told.tell(ev.NoteEdited(note, NoteKind.THEME, text), 25_000 + step)
        for step, text in enumerate(("SECRET still", "", "SECRET again"))
    ]
    told.tell(ev.NoteSettled(note), 26_000)
    assert told.strike(10_000, 20_000) == (note, *edits)
    assert told.state.notes == {} and "SECRET" not in repr(told.state) + repr(told.kept)
    told.tell(ev.NoteEdited(note, NoteKind.THEME, "what another program still showed"), 27_000)
    assert told.state.notes == {} and SessionState.fold(told.kept.values()) == told.state


def test_a_strike_does_not_bring_back_what_was_removed() -> None:
    told = Told()
    note = told.note("a name", 5000)
    told.tell(ev.QuestionReworded("q2", "a name?"), 5000)
    told.tell(ev.DebriefWritten(DebriefPart.THEMES, "a name!"), 5000)
    told.tell(ev.NoteEdited(note, NoteKind.THEME, ""), 12_000)
    told.tell(ev.QuestionReworded("q2", ""), 12_000)
    told.tell(ev.DebriefWritten(DebriefPart.THEMES, ""), 12_000)
    told.strike(10_000, 20_000)
    assert told.state.notes == {} and told.state.guide_as_run == GUIDE
    assert told.state.debrief == {DebriefPart.THEMES: ""}


def test_earlier_wordings_reasons_and_debriefs_come_back() -> None:
    told = Told()
    mark = told.tell(ev.SpeakerMarked(ONE), 1000)
    for at_ms, text in ((5000, "before"), (15_000, "SECRET")):
        told.tell(ev.QuestionReworded("q2", text), at_ms)
        told.tell(ev.FirstWordsNoted(mark, text), at_ms)
        told.tell(ev.DebriefWritten(DebriefPart.THEMES, text), at_ms)
    told.strike(10_000, 20_000)
    run = told.state.guide_as_run
    assert run and run.questions[1].text == "before" and told.state.debrief[DebriefPart.THEMES] == "before"
    assert told.state.speaker_marks[0].words == "before"


def test_a_step_that_was_struck_can_be_undone_without_harm_and_struck_again() -> None:
    told = Told()
    told.tell(ev.QuestionAsked("q1"), 1000)
    skip = told.tell(ev.QuestionSkipped("q1", "SECRET"), 12_000)
    assert told.strike(10_000, 20_000) == (skip,)
    told.tell(ev.QuestionStepUndone(skip), 21_000)
    assert told.strike(10_000, 22_000) == () and told.state.asked == [(1000, "q1")]


def test_what_an_assistant_stored_is_known_as_theirs_until_it_is_struck() -> None:
    told = Told()
    told.tell(ev.SpeakerMarked(ONE), 12_000)
    mark = told.tell(ev.SpeakerMarked(TWO), 12_000, ASSISTING)
    asked = told.tell(ev.QuestionAsked("q1"), 12_000, ASSISTING)
    skip = told.tell(ev.QuestionSkipped("q1", "SECRET"), 12_000, ASSISTING)
    told.tell(ev.NoteTaken(NoteKind.THEME, "SECRET"), 12_000, ASSISTING)
    assert told.state.assisted == {mark, asked, skip}
    told.strike(10_000, 20_000)
    assert told.state.assisted == {mark, asked}


def test_a_strike_of_a_backup_track_destroys_no_words() -> None:
    told = Told()
    note = told.note("note", 12_000)
    told.tell(ev.AudioStruck(10_000, 20_000, 0, 0, 0, "", track=1), 20_000)
    assert note in told.state.notes and told.strike(10_000, 20_000) == (note,)
