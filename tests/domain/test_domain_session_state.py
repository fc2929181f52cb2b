import pytest

from facilitator.domain import events as ev
from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.ids import ResearchNumber, Speaker
from facilitator.domain.notes import NoteKind
from facilitator.domain.session_state import Hearing, SessionState
from facilitator.domain.transcript import Segment, Word
from facilitator.domain.withdrawal import TEXT
from facilitator.domain.withdrawal import Rule as Withdrawing

STARTED = ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 90_000)
BESIDE = ev.TranscriptionStarted("faster-whisper", "small", "1" * 64, "en", 90_000, from_ms=30_000, beside=True)


def window(index: int, start_ms: int, end_ms: int, text: str = "yes") -> ev.WindowTranscribed:
    word = Word(text, start_ms, start_ms + 300, 0.9)
    heard = ev.HeardSegment(start_ms, start_ms + 300, text, (word,))
    return ev.WindowTranscribed(index, start_ms, end_ms, (heard,), ((start_ms, start_ms + 300),))


def told(*events: ev.Event) -> SessionState:
    return SessionState.fold(ev.Stored(seq, "", 0, "", event, "") for seq, event in enumerate(events, start=1))


def segment(number: int, start_ms: int, end_ms: int, *, checked: bool = False) -> Segment:
    return Segment(number, start_ms, end_ms, None, "words", (), checked)


# --- one run of a model


def hearing(*windows: ev.WindowTranscribed, started: ev.TranscriptionStarted = STARTED) -> Hearing:
    return Hearing(started, {one.index: one for one in windows})


def test_a_run_goes_on_at_the_first_window_that_is_not_stored() -> None:
    first, second, third = window(0, 0, 28_000), window(1, 28_000, 60_000), window(2, 60_000, 90_000)
    assert hearing().goes_on == (0, 0)
    assert hearing(first).goes_on == (1, 28_000)
    assert hearing(third, first).goes_on == (1, 28_000), "what lies behind a hole is not where it goes on"
    assert hearing(third, second, first).goes_on == (3, 90_000)
    assert hearing(second).goes_on == (0, 0)
    assert hearing(started=BESIDE).goes_on == (0, 30_000)
    assert hearing(third, first, second).in_order == (first, second, third)


def test_a_run_is_whole_when_its_windows_follow_each_other_to_the_end() -> None:
    first, second, third = window(0, 0, 28_000), window(1, 28_000, 60_000), window(2, 60_000, 90_000)
    assert hearing(first, second, third).is_whole
    assert not hearing(first, second).is_whole
    assert not hearing(first, third).is_whole
    assert not hearing(first, second, window(2, 60_001, 90_000)).is_whole
    assert not hearing(first, second, window(2, 60_000, 89_999)).is_whole
    assert not hearing(first, second, third, window(3, 90_000, 95_000)).is_whole
    assert not hearing(first, second, third, window(5, 40_000, 41_000)).is_whole
    assert not hearing().is_whole


def test_a_run_over_a_stretch_is_whole_from_its_start_to_its_end() -> None:
    stretch = ev.TranscriptionStarted("faster-whisper", "base", "0" * 64, "en", 90_000, from_ms=10_000, to_ms=50_000)
    assert hearing(started=stretch).end_ms == 50_000
    assert hearing(window(0, 10_000, 30_000), window(1, 30_000, 50_000), started=stretch).is_whole
    assert not hearing(window(0, 0, 30_000), window(1, 30_000, 50_000), started=stretch).is_whole
    assert hearing(started=BESIDE).end_ms == 90_000


# --- the draft, and what is heard beside it


def test_windows_and_the_end_belong_to_the_run_that_began_last() -> None:
    own, other = window(0, 0, 90_000, "own"), window(0, 30_000, 90_000, "other")
    draft = ev.DraftMade((segment(1, 0, 900),))
    state = told(STARTED, own, ev.TranscriptionFinished(1), draft, BESIDE, other)
    assert state.hearing is not None
    assert state.hearing.windows == state.windows == {0: own}
    assert state.transcription == STARTED
    assert state.transcription_finished
    (beside,) = state.beside
    assert (beside.started, beside.windows, beside.finished) == (BESIDE, {0: other}, False)
    assert state.heard_now is beside
    assert list(state.segments) == [1], "the draft stays"
    state.apply(ev.Stored(9, "", 0, "", ev.TranscriptionFinished(1), ""))
    assert beside.finished


def test_several_runs_beside_are_kept_and_a_new_draft_keeps_them_too() -> None:
    again = ev.TranscriptionStarted("faster-whisper", "tiny", "2" * 64, "en", 90_000)
    state = told(STARTED, window(0, 0, 90_000), BESIDE, window(0, 30_000, 90_000), BESIDE, again, window(0, 0, 40_000))
    assert [len(one.windows) for one in state.beside] == [1, 0]
    assert state.transcription == again
    assert state.windows[0].end_ms == 40_000
    assert not state.transcription_finished
    assert state.heard_now is state.hearing


def test_a_window_stored_twice_counts_once_and_as_the_later() -> None:
    state = told(STARTED, window(0, 0, 30_000, "first"), window(0, 0, 30_000, "second"))
    assert [one.segments[0].text for one in state.windows.values()] == ["second"]


def test_windows_of_no_run_are_left_alone() -> None:
    state = told(window(0, 0, 30_000), ev.TranscriptionFinished(1))
    assert state.hearing is None
    assert state.windows == {}
    assert not state.transcription_finished


# --- doubts


FIRST, SECOND, THIRD = segment(1, 0, 5_000), segment(2, 5_000, 9_000), segment(3, 20_000, 20_000)
DOUBTS = (
    Doubt(Rule.UNSURE, 1_000, 2_000),
    Doubt(Rule.OVERLAP, 4_000, 6_000),
    Doubt(Rule.LANGUAGE, 5_000, 9_000),
    Doubt(Rule.UNSURE, 12_000, 13_000),
    Doubt(Rule.UNSURE, 19_999, 20_001),
)


def doubted(*checked: int) -> SessionState:
    draft = ev.DraftMade((FIRST, SECOND, THIRD), DOUBTS)
    return told(draft, *(ev.SegmentChecked(number, False, True) for number in checked))


def test_a_doubt_is_open_while_a_turn_that_it_touches_is_unchecked() -> None:
    unsure, overlap, language, nowhere, moment = DOUBTS
    assert doubted().open_doubts == (unsure, overlap, language, moment)
    assert doubted(1).open_doubts == (overlap, language, moment), "another turn is in it too"
    assert doubted(2).open_doubts == (unsure, overlap, moment)
    assert doubted(1, 2).open_doubts == (moment,)
    assert doubted(1, 2, 3).open_doubts == ()
    assert nowhere in doubted().doubts


def test_doubts_about_a_turn_are_those_that_touch_it() -> None:
    unsure, overlap, language, _, moment = DOUBTS
    state = doubted()
    assert state.doubts_about(FIRST) == (unsure, overlap)
    assert state.doubts_about(SECOND) == (overlap, language)
    assert state.doubts_about(THIRD) == (moment,)
    assert doubted(2).doubts_about(doubted(2).segments[2]) == ()


def test_a_doubt_is_open_again_when_the_check_is_taken_back() -> None:
    state = doubted(1, 2, 3)
    state.apply(ev.Stored(9, "", 0, "", ev.SegmentChecked(2, True, False, undoes=3), ""))
    assert {doubt.rule for doubt in state.open_doubts} == {Rule.OVERLAP, Rule.LANGUAGE}


@pytest.mark.parametrize("at", [3, 6])
def test_both_halves_of_a_turn_bear_its_doubt(at: int) -> None:
    whole = Segment(1, 0, 4_000, None, "ab cd ef")
    state = told(ev.DraftMade((whole,), (Doubt(Rule.UNSURE, 0, 4_000),)), ev.SegmentSplit(1, 2, at))
    assert len(state.open_doubts) == 1
    for number, left in ((1, 1), (2, 0)):
        state.apply(ev.Stored(8 + number, "", 0, "", ev.SegmentChecked(number, False, True), ""))
        assert len(state.open_doubts) == left


def test_a_new_draft_brings_its_own_doubts() -> None:
    state = told(ev.DraftMade((FIRST,), DOUBTS), ev.DraftMade((FIRST,), DOUBTS[:1]))
    assert state.doubts == state.open_doubts == DOUBTS[:1]
    assert told(ev.DraftMade((FIRST,))).open_doubts == ()


def test_approval_ends_with_a_new_draft_and_not_with_a_run_beside_it() -> None:
    approved = ev.Approved("hash", "officer")
    draft = ev.DraftMade((FIRST,))
    assert told(draft, approved, BESIDE, window(0, 30_000, 90_000), ev.TranscriptionFinished(1)).approval is not None
    assert told(draft, approved, draft).approval is None


# --- somebody withdraws


def withdrawn(number: str = "P2", *destroyed: int) -> ev.SpeechWithdrawn:
    return ev.SpeechWithdrawn(ResearchNumber(number), Withdrawing.DESTROY, "", 1, 1, 0, 0, 0, ((100, 200),), destroyed)


def said(number: int, who: str | None) -> Segment:
    return Segment(number, number * 100, number * 100 + 90, Speaker(who) if who else None, f"words {number}")


def test_turns_of_somebody_who_withdrew_are_hidden_now_and_later() -> None:
    draft = ev.DraftMade((said(1, "P1"), said(2, "P2"), said(3, None)))
    state = told(draft, ev.Approved("0" * 64, "officer"), withdrawn())
    assert [one.text for one in state.transcript] == ["words 1", TEXT, "words 3"]
    assert state.approval is None and state.voided and state.withdrawn == {"P2": ((100, 200),)}
    state.apply(ev.Stored(9, "", 0, "", ev.SpeakerCorrected(3, None, Speaker("P2")), ""))
    assert state.segments[3].text == TEXT and state.segments[3].words == ()
    state.apply(ev.Stored(10, "", 0, "", ev.SpeakerCorrected(3, Speaker("P2"), None, undoes=9), ""))
    assert state.segments[3].text == "words 3"
    state.apply(ev.Stored(11, "", 0, "", draft, ""))
    assert state.segments[2].text == TEXT


def test_notes_about_somebody_who_withdrew_are_hidden_now_and_later() -> None:
    about = [ev.NoteTaken(NoteKind.THEME, text, Speaker(who)) for text, who in (("a", "P1"), ("b", "P2"))]
    state = told(*about, withdrawn(), about[1], ev.NoteEdited(1, NoteKind.THEME, "c", Speaker("P2")))
    assert not state.notes
    state.apply(ev.Stored(9, "", 0, "", ev.NoteEdited(2, NoteKind.THEME, "d", Speaker("P1")), ""))
    assert [note.text for note in state.notes.values()] == ["d"]


def test_a_transcript_stored_anew_counts_as_worked_on() -> None:
    draft = ev.DraftMade((said(1, "P1"),))
    assert not told(draft).worked_on
    assert told(ev.DraftMade((said(1, "P1"),), corrected=True)).worked_on
    assert not told(ev.DraftMade((said(1, "P1"),), corrected=True), draft).worked_on
