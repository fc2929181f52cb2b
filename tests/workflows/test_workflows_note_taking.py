from collections.abc import Iterator

import pytest

from facilitator.domain import events as ev
from facilitator.domain.checklist import CONSENT, PRESENT, RETURNING, SOUND
from facilitator.domain.conduct_state import Step
from facilitator.domain.consent import Consent
from facilitator.domain.errors import ConsentMissing, NotFound, StorageFailed, UsageError
from facilitator.domain.group import MAX_DEBRIEF, DebriefPart, Presence
from facilitator.domain.guide import Guide, Question
from facilitator.domain.ids import ASSISTANT, MODERATOR, ResearchNumber, Speaker, session_id
from facilitator.domain.notes import NoteKind
from facilitator.domain.recording import Pause
from facilitator.domain.text import MAX_LINE
from facilitator.workflows.conducting import Conduct
from facilitator.workflows.note_taking import NoteTaking
from facilitator.workflows.participants import record_consent
from facilitator.workflows.prechecking import _consent
from facilitator.workflows.release import passages, release_content
from facilitator.workflows.sessions import Session
from facilitator.workflows.study import Study

P1, P2, P3 = (ResearchNumber(f"P{value}") for value in (1, 2, 3))
ONE, TWO, THREE = Speaker("P1"), Speaker("P2"), Speaker("P3")
HOSTILE = "\x1b[31m red\u202e [bold]x[/bold]"
TAMED = "␛[31m red� [bold]x[/bold]"


@pytest.fixture
def noting(opened: Study) -> Iterator[NoteTaking]:
    """Notes on session 01: P1 and P2, who consented."""
    with Session(opened, session_id("01")) as session:
        yield NoteTaking(session)


@pytest.fixture
def later(opened: Study) -> Iterator[NoteTaking]:
    """Notes on session 02, where P3 has not consented."""
    with Session(opened, session_id("02")) as session:
        yield NoteTaking(session)


def _questions(noting: NoteTaking) -> dict[str, Question]:
    guide = noting.session.state.guide
    assert guide is not None
    return {one.id: one for one in guide.questions}


def _record_minute(noting: NoteTaking) -> None:
    """Or what the log would say of one."""
    at_ms = noting.now_ms
    noting.session.record(ev.RecordingStarted(16_000, "none"), at_ms)
    noting.session.record(ev.RecordingStopped(960_000, at_ms + 60_000, "0" * 64), at_ms + 60_000)


def _unchanged(noting: NoteTaking, seq: int) -> None:
    assert noting.session.state.last_seq == seq and noting.session.reread() == noting.session.state


# --- the guide


def test_steps_are_stored_at_their_time_and_make_the_plan(noting: NoteTaking) -> None:
    _record_minute(noting)
    sound, journey, meeting, crosstalk, _ = _questions(noting).values()
    noting.ask(sound, 5_000)
    noting.ask(journey)
    noting.skip(meeting, "  was\nsaid  ", 58_000)
    noting.park(crosstalk, 59_000)
    state = noting.session.reread()
    assert [(one.at_ms, one.question_id, one.step, one.reason) for one in state.course] == [
        (5_000, "sound", Step.ASKED, ""),
        (58_000, "good-meeting", Step.SKIPPED, "was said"),
        (59_000, "crosstalk", Step.PARKED, ""),
        (60_000, "journey", Step.ASKED, ""),
    ]
    plan = noting.plan()
    assert plan.current == journey and plan.now_ms == 60_000 and plan.spent_ms(sound) == 55_000
    assert plan.next == crosstalk
    assert plan.ends_ms == 25 * 60_000, "the guide states the appointment"


def test_a_break_is_no_time_of_a_question(noting: NoteTaking) -> None:
    sound = _questions(noting)["sound"]
    noting.ask(sound, 0)
    noting.session.record(ev.RecordingStarted(16_000, "none"))
    noting.session.record(ev.RecordingPaused(Pause.BREAK), 10_000)
    noting.session.record(ev.RecordingResumed(), 40_000)
    noting.session.record(ev.RecordingPaused(Pause.OFF_RECORD), 45_000)
    noting.session.record(ev.RecordingResumed(), 50_000)
    noting.session.record(ev.RecordingStopped(1, 60_000, "0" * 64), 60_000)
    assert noting.plan().spent_ms(sound) == 30_000


def _undone(noting: NoteTaking) -> list[str]:
    """Ids of the questions of the steps that were taken back."""
    return [one.question_id for one in noting.undo_step()]


def test_undoing_steps_tells_which_question_it_was(noting: NoteTaking) -> None:
    with pytest.raises(NotFound):
        noting.undo_step()
    sound, journey, *others = _questions(noting).values()
    noting.ask(sound)
    noting.park(journey)
    noting.skip_all(others, "no time")
    assert len(noting.session.state.steps) == 5
    assert {one.reason for one in noting.session.state.course if one.step is Step.SKIPPED} == {"no time"}
    undone = [_undone(noting) for _ in range(3)]
    assert undone == [["good-meeting", "crosstalk", "equipment"], ["journey"], ["sound"]], "skipped by one key, as one"
    assert noting.session.reread().steps == {}
    with pytest.raises(NotFound):
        noting.undo_step()


def test_what_is_put_off_already_is_not_put_off_again(noting: NoteTaking) -> None:
    sound = _questions(noting)["sound"]
    noting.park(sound)
    with pytest.raises(UsageError, match="put off already"):
        noting.park(sound)
    assert len(noting.session.state.steps) == 1
    noting.ask(sound)
    noting.park(sound)
    assert len(noting.session.reread().steps) == 3


def test_skips_of_two_keys_are_taken_back_one_by_one(noting: NoteTaking) -> None:
    sound, journey, *_ = _questions(noting).values()
    noting.skip(sound, "no time", 1_000)
    noting.skip(journey, "no time", 1_000)
    assert (_undone(noting), _undone(noting)) == (["journey"], ["sound"])


def test_what_one_skipped_at_once_is_not_taken_back_by_the_other(noting: NoteTaking) -> None:
    other = NoteTaking(noting.session)
    sound, journey, meeting, *_ = _questions(noting).values()
    noting.skip_all([sound, journey], "no time")
    other.skip(meeting, "no time")
    assert (_undone(other), _undone(noting)) == (["good-meeting"], ["sound", "journey"])


def test_skipping_several_is_one_step_of_storing(noting: NoteTaking) -> None:
    seq = noting.session.state.last_seq
    with pytest.raises(UsageError, match="reason has more than"):
        noting.skip_all(list(_questions(noting).values()), "x" * (MAX_LINE + 1))
    with pytest.raises(UsageError, match="reason has more than"):
        noting.skip(_questions(noting)["sound"], "x" * (MAX_LINE + 1))
    noting.skip_all([], "no time")
    _unchanged(noting, seq)


def test_a_question_is_reworded_and_given_back_its_planned_wording(noting: NoteTaking) -> None:
    sound = _questions(noting)["sound"]
    noting.reword(sound, "  What did you\thave? ")
    assert _run(noting).questions[0].text == "What did you have?"
    noting.reword(sound, sound.text)
    assert [text for _, text in noting.session.state.wordings.values()] == ["What did you have?", ""]
    assert _run(noting) == noting.session.state.guide
    noting.reword(sound, "Another?")
    noting.reword(sound, "   ")
    assert _run(noting) == noting.session.state.guide
    noting.reword(_run(noting).questions[0], "Once more?")
    with pytest.raises(UsageError, match="question has more than"):
        noting.reword(sound, "x" * (MAX_LINE + 1))
    assert _run(noting).questions[0].text == "Once more?"


def _run(noting: NoteTaking) -> Guide:
    guide = noting.session.reread().guide_as_run
    assert guide is not None
    return guide


def test_only_a_stimulus_that_there_is_can_be_shown(noting: NoteTaking) -> None:
    seq = noting.session.state.last_seq
    cards = Question("sound", _questions(noting)["sound"].type, "Sort these.", 2, stimuli=("one", "two"))
    for question, index in ((cards, 2), (cards, -1), (_questions(noting)["sound"], 0)):
        with pytest.raises(NotFound):
            noting.show_stimulus(question, index)
    _unchanged(noting, seq)
    noting.show_stimulus(cards, 1, 4_000)
    assert noting.session.reread().stimuli == [(4_000, "sound", 1)]


# --- the people


def test_only_people_of_the_session_are_marked(noting: NoteTaking) -> None:
    for speaker in (ONE, TWO, MODERATOR, ASSISTANT, None):
        noting.mark(speaker, 1_000)
    seq = noting.session.state.last_seq
    with pytest.raises(UsageError, match="P3 is not in this session"):
        noting.mark(THREE)
    with pytest.raises(UsageError):
        noting.note(NoteKind.QUOTE, "said", speaker=THREE)
    _unchanged(noting, seq)
    assert [mark.speaker for mark in noting.session.state.speaker_marks] == [ONE, TWO, MODERATOR, ASSISTANT, None]
    noting.set_presence(P3, Presence.HERE)
    noting.mark(THREE)


def test_each_program_takes_back_its_own_marks_and_steps_first(noting: NoteTaking) -> None:
    other = NoteTaking(noting.session)
    sound, journey, meeting, *_ = _questions(noting).values()
    noting.mark(ONE, 1_000)
    noting.mark(None, 2_000)
    other.mark(TWO, 3_000)
    noting.ask(sound, 1_000)
    noting.ask(journey, 2_000)
    other.ask(meeting, 3_000)
    assert (noting.undo_mark(), _undone(noting)) == (None, ["journey"])
    assert (other.undo_mark(), _undone(other)) == (TWO, ["good-meeting"])
    assert (other.undo_mark(), _undone(other)) == (ONE, ["sound"]), "with none of its own, the last of all"
    for undo in (noting.undo_mark, noting.undo_step, other.undo_mark, other.undo_step):
        with pytest.raises(NotFound):
            undo()
    state = noting.session.reread()
    assert state.marks == {} and state.steps == {}


def test_marks_and_steps_from_before_a_new_start_are_taken_back_as_well(noting: NoteTaking) -> None:
    noting.mark(ONE)
    noting.mark(TWO)
    noting.ask(_questions(noting)["sound"])
    again = NoteTaking(noting.session)
    assert (again.undo_mark(), again.undo_mark(), _undone(again)) == (TWO, ONE, ["sound"])


def test_an_undo_that_the_disk_refused_takes_the_same_back_when_it_is_tried_again(
    noting: NoteTaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, journey, *_ = _questions(noting).values()
    noting.mark(ONE, 1_000)
    noting.mark(TWO, 2_000)
    noting.ask(sound)
    noting.ask(journey)

    def refuse(*_: object) -> ev.Stored:
        raise StorageFailed("The disk is full.")

    with monkeypatch.context() as full:
        full.setattr(noting.session, "record", refuse)
        full.setattr(noting.session, "record_all", refuse)
        for undo in (noting.undo_mark, noting.undo_step):
            with pytest.raises(StorageFailed):
                undo()
    assert (noting.undo_mark(), _undone(noting)) == (TWO, ["journey"])


def test_first_words_belong_to_the_turn_that_began_last(noting: NoteTaking) -> None:
    with pytest.raises(NotFound):
        noting.first_words("Well")
    noting.mark(TWO, 9_000)
    noting.mark(ONE, 4_000)  # a key press that was stored late
    noting.first_words(" Well,  I ")
    with pytest.raises(UsageError, match="empty"):
        noting.first_words(" ")
    with pytest.raises(UsageError, match="more than"):
        noting.first_words("x" * (MAX_LINE + 1))
    marks = noting.session.reread().speaker_marks
    assert [(mark.speaker, mark.words) for mark in marks] == [(ONE, ""), (TWO, "Well, I")]


def test_who_is_not_on_the_roster_cannot_come(noting: NoteTaking) -> None:
    seq = noting.session.state.last_seq
    for presence in Presence:
        with pytest.raises(NotFound, match="P9"):
            noting.set_presence(ResearchNumber("P9"), presence)
    _unchanged(noting, seq)


def test_a_latecomer_without_consent_may_come_only_while_nothing_was_recorded(noting: NoteTaking) -> None:
    _record_minute(noting)
    seq = noting.session.state.last_seq
    with pytest.raises(ConsentMissing, match="P3"):
        noting.set_presence(P3, Presence.HERE)
    _unchanged(noting, seq)
    record_consent(noting.session.study, [P3], Consent(P3, "2021-09-14", recording=False))
    with pytest.raises(ConsentMissing):
        noting.set_presence(P3, Presence.HERE)
    for presence in (Presence.ABSENT, Presence.LEFT):
        with pytest.raises(UsageError, match="P3 was not planned"):
            noting.set_presence(P3, presence)
    record_consent(noting.session.study, [P3], Consent(P3, "2021-09-14"))
    noting.set_presence(P3, Presence.HERE)
    state = noting.session.reread()
    assert state.participants == (P1, P2, P3) and state.comings[-1].at_ms == 60_000


def test_before_the_recording_anybody_may_come_but_then_it_cannot_begin(later: NoteTaking) -> None:
    later.set_presence(P3, Presence.HERE)
    state, consents = later.session.state, later.session.study.state.consents
    assert P3 in state.expected and P3 not in consents
    found = _consent(later.session)
    assert found.ok is False and "P3" in found.detail
    assert CONSENT.id not in later.ticked()
    with pytest.raises(ConsentMissing, match="P3"):
        Conduct(later.session)._check_may_record()
    later.set_presence(P3, Presence.LEFT)
    assert _consent(later.session).ok


def test_those_who_do_not_come_need_no_consent_and_are_in_no_export(later: NoteTaking) -> None:
    assert _consent(later.session).ok is False and CONSENT.id not in later.ticked()
    assert release_content(later.session).participants == (ONE, TWO, THREE)
    record_consent(later.session.study, [P2], Consent(P2, "2021-09-14", quotation=False))
    later.set_presence(P3, Presence.ABSENT)
    Conduct(later.session)._check_may_record()
    assert _consent(later.session).ok and CONSENT.id in later.ticked()
    content = release_content(later.session)
    assert content.participants == (ONE, TWO) and content.not_to_be_quoted == (TWO,)
    later.set_presence(P2, Presence.LEFT)
    assert release_content(later.session) == content, "they were there"
    later.set_presence(P2, Presence.ABSENT)
    assert release_content(later.session).not_to_be_quoted == (), "they had been noted by mistake"


def test_everybody_has_one_seat(noting: NoteTaking) -> None:
    seq = noting.session.state.last_seq
    for seats in ([], [P1], [P1, P1], [P1, P2, P3], [P1, P3]):
        with pytest.raises(UsageError):
            noting.arrange(seats)
    _unchanged(noting, seq)
    noting.arrange([P2, P1])
    assert noting.session.reread().seats == (P2, P1)


# --- notes


def test_notes_are_edited_removed_and_brought_back(noting: NoteTaking) -> None:
    note = noting.note(NoteKind.THEME, "pay", at_ms=3_000, speaker=ONE, question_id="sound")
    noting.edit_note(note, NoteKind.QUOTE, " the  pay ", TWO)
    edited = noting.session.reread().notes[note]
    assert (edited.at_ms, edited.kind, edited.text, edited.speaker) == (3_000, NoteKind.QUOTE, "the pay", TWO)
    assert edited.question_id == "sound"
    seq = noting.session.state.last_seq
    with pytest.raises(NotFound):
        noting.edit_note(seq + 10, NoteKind.THEME, "x", None)
    with pytest.raises(UsageError, match="P3"):
        noting.edit_note(note, NoteKind.THEME, "x", THREE)
    with pytest.raises(UsageError, match="more than"):
        noting.edit_note(note, NoteKind.THEME, "x" * (MAX_LINE + 1), None)
    for wrong in ("", " \n", "x" * (MAX_LINE + 1)):
        with pytest.raises(UsageError):
            noting.note(NoteKind.THEME, wrong)
    _unchanged(noting, seq)
    noting.edit_note(note, NoteKind.QUOTE, "  ", TWO)
    assert noting.session.reread().notes == {} and release_content(noting.session).notes == ()
    with pytest.raises(NotFound):
        noting.settle(note)
    noting.edit_note(note, NoteKind.QUOTE, "after all", TWO)
    assert [one.text for one in release_content(noting.session).notes] == ["after all"]
    noting.note(NoteKind.THEME, "x" * MAX_LINE)


def test_follow_ups_are_taken_up(noting: NoteTaking) -> None:
    with pytest.raises(NotFound):
        noting.settle(1)
    note = noting.note(NoteKind.FOLLOW_UP, "whose?")
    assert RETURNING.id not in noting.ticked()
    noting.settle(note)
    assert RETURNING.id in noting.ticked() and noting.session.state.returning == ()
    noting.settle(note, done=False)
    assert [one.id for one in noting.session.reread().returning] == [note]


# --- before and after


def test_lines_are_ticked_by_hand_or_by_the_program(noting: NoteTaking) -> None:
    assert noting.ticked() == {CONSENT.id, RETURNING.id}
    seq = noting.session.state.last_seq
    with pytest.raises(NotFound):
        noting.tick("no such line")
    for told in (CONSENT, PRESENT, SOUND, RETURNING):
        with pytest.raises(UsageError, match="by itself"):
            noting.tick(told.id)
    _unchanged(noting, seq)
    noting.tick("rule-2")
    noting.tick("thanks")
    noting.tick("thanks", done=False)
    noting.set_presence(P1, Presence.HERE)
    assert noting.ticked() == {CONSENT.id, RETURNING.id, "rule-2"}
    with pytest.raises(NotFound):
        noting.tick("rule-3")  # the guide has two
    noting.set_presence(P2, Presence.ABSENT)
    _record_minute(noting)
    assert noting.ticked() == {CONSENT.id, RETURNING.id, "rule-2", PRESENT.id, SOUND.id}


def test_a_debrief_keeps_its_lines_and_is_stored_when_it_changed(noting: NoteTaking) -> None:
    noting.write_debrief(DebriefPart.THEMES, "\n first\n\n  - second\r\nthird \n")
    assert noting.session.reread().debrief == {DebriefPart.THEMES: "first\n\n  - second\nthird"}
    seq = noting.session.state.last_seq
    noting.write_debrief(DebriefPart.THEMES, "first\n\n  - second\nthird")
    noting.write_debrief(DebriefPart.ATMOSPHERE, " \n")
    with pytest.raises(UsageError, match="10000"):
        noting.write_debrief(DebriefPart.THEMES, "x" * (MAX_DEBRIEF + 1))
    with pytest.raises(UsageError):  # each of these becomes two characters in NFC: nothing is cut off silently
        noting.write_debrief(DebriefPart.THEMES, "\u0958" * MAX_DEBRIEF)
    _unchanged(noting, seq)
    noting.write_debrief(DebriefPart.GUIDE, "x" * MAX_DEBRIEF)
    noting.write_debrief(DebriefPart.THEMES, "")
    debrief = noting.session.reread().debrief
    assert debrief == {DebriefPart.THEMES: "", DebriefPart.GUIDE: "x" * 10_000}


def test_all_text_passes_the_gate(noting: NoteTaking) -> None:
    sound, journey, *others = _questions(noting).values()
    noting.mark(ONE)
    noting.first_words(HOSTILE)
    noting.skip(journey, HOSTILE)
    noting.skip_all(others[:1], HOSTILE)
    noting.reword(sound, HOSTILE)
    noting.edit_note(noting.note(NoteKind.THEME, HOSTILE), NoteKind.QUOTE, HOSTILE, None)
    noting.write_debrief(DebriefPart.THEMES, HOSTILE)
    stored = [item.event for item in noting.session.history()]
    texts = [event.text for event in stored if hasattr(event, "text")]
    assert texts == [TAMED] * 7
    assert _run(noting).questions[0].text == TAMED and noting.session.state.speaker_marks[0].words == TAMED


# --- what leaves the study


def test_the_wording_given_on_the_spot_is_what_is_searched_and_released(noting: NoteTaking) -> None:
    sound, journey, *_ = _questions(noting).values()
    noting.ask(sound, 1_000)
    noting.ask(journey, 2_000)
    noting.reword(sound, "Kristin Haugen, what did you have?")
    noting.reword(_questions(noting)["equipment"], "Kristin was not asked this.")
    texts = {passage.ref: passage.text for passage in passages(noting.session) if passage.kind.value == "question"}
    assert list(texts.values()) == ["Kristin Haugen, what did you have?", journey.text]
    released = [question.text for question in release_content(noting.session).questions]
    assert released == ["[P1], what did you have?", journey.text]
    noting.reword(sound, "")
    assert release_content(noting.session).questions[0].text == sound.text


def test_first_words_reasons_debriefs_and_removed_notes_are_in_no_export(noting: NoteTaking) -> None:
    sound, journey, *_ = _questions(noting).values()
    before = release_content(noting.session).digest
    noting.mark(ONE)
    noting.first_words("SECRET")
    noting.skip(journey, "SECRET")
    noting.write_debrief(DebriefPart.THEMES, "SECRET")
    noting.reword(sound, "SECRET, but never asked")
    noting.edit_note(noting.note(NoteKind.THEME, "SECRET"), NoteKind.THEME, "", None)
    assert release_content(noting.session).digest == before
    assert not any("SECRET" in passage.text for passage in passages(noting.session))
