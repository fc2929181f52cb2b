from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain import events as ev
from facilitator.domain.consent import Consent
from facilitator.domain.ids import ResearchNumber, Speaker
from facilitator.domain.notes import SpeakerMark
from facilitator.domain.roster import Participant
from facilitator.domain.stretches import common, merged, total, without
from facilitator.domain.study_state import StudyState
from facilitator.domain.transcript import Segment, Word
from facilitator.domain.withdrawal import TEXT, Rule, has_words, hidden, spoken, without_speech

P1, P2 = Speaker("P1"), Speaker("P2")
TAKE = [(0, 60_000)]


def said(start_ms: int, end_ms: int, who: Speaker | None = P2) -> Segment:
    return Segment(1, start_ms, end_ms, who, "words", (Word("words", start_ms, end_ms, 0.9),))


def test_what_is_hidden_keeps_its_place_and_no_word() -> None:
    one = hidden(said(100, 200))
    assert (one.start_ms, one.end_ms, one.speaker, one.text, one.words, one.checked) == (100, 200, P2, TEXT, (), True)
    assert has_words(said(0, 1)) and not has_words(one)


def test_turns_are_longer_by_250_ms_as_far_as_nobody_else_has_one() -> None:
    assert spoken("P2", [said(1000, 2000)], [], TAKE) == ((750, 2250),)
    assert spoken("P2", [said(100, 2000)], [], TAKE) == ((0, 2250),)
    assert spoken("P2", [said(0, 900, P1), said(1000, 2000), said(2000, 3000, None)], [], TAKE) == ((900, 2000),)
    assert spoken("P2", [said(500, 1500, P1), said(1000, 2000)], [], TAKE) == ((1000, 2250),), "an overlap is theirs"
    assert spoken("P2", [said(1000, 2000), said(2400, 3000)], [], TAKE) == ((750, 3250),)
    assert spoken("P1", [said(1000, 2000)], [], TAKE) == ()


def test_marks_count_until_the_next_one_where_nobody_else_has_a_turn() -> None:
    marks = [SpeakerMark(1000, P2), SpeakerMark(5000, P1), SpeakerMark(50_000, P2)]
    assert spoken("P2", [], marks, TAKE) == ((750, 5250), (49_750, 60_250))
    assert spoken("P2", [said(2000, 9000, P1)], marks[:2], TAKE) == ((750, 2000),)
    assert spoken("P2", [], marks, [(0, 3000), (40_000, 51_000)]) == ((750, 3250), (49_750, 51_250))
    assert spoken("P2", [], marks, []) == ()


def test_a_heard_word_stays_only_if_it_is_surely_anothers() -> None:
    words = tuple(
        Word(text, at, at + 400, 0.9) for text, at in (("we", 0), ("start", 600), ("zebra", 1200), ("so", 3000))
    )
    window = ev.WindowTranscribed(
        0,
        0,
        4000,
        (ev.HeardSegment(0, 1600, "we start zebra", words[:3]), ev.HeardSegment(3000, 3400, "so", words[3:])),
        ((0, 1600), (3000, 3400)),
    )
    left = without_speech(window, [(1100, 1700)], [(0, 1000)])
    assert [(one.text, one.start_ms, one.end_ms) for one in left.segments] == [("we start", 0, 1000)]
    assert left.speech == ((0, 1100), (3000, 3400)) and (left.start_ms, left.end_ms) == (0, 4000)
    assert without_speech(window, [], [(0, 4000)]) == window


MOMENTS = st.integers(0, 9_000)
SEGMENTS = st.lists(
    st.builds(lambda at, length, who: said(at, at + length, who), MOMENTS, MOMENTS, st.sampled_from([P1, P2, None])),
    max_size=6,
)
MARKS = st.lists(st.builds(SpeakerMark, MOMENTS, st.sampled_from([P1, P2, None])), max_size=5).map(
    lambda marks: sorted(marks, key=lambda mark: mark.at_ms)
)


@given(SEGMENTS, MARKS)
def test_all_of_their_turns_are_theirs_and_nothing_of_anothers_that_they_did_not_speak_over(
    segments: list[Segment], marks: list[SpeakerMark]
) -> None:
    found = spoken("P2", segments, marks, [(0, 9_000)])
    own = [(one.start_ms, max(one.end_ms, one.start_ms + 1)) for one in segments if one.speaker == P2]
    others = [(one.start_ms, one.end_ms) for one in segments if one.speaker != P2]
    assert list(found) == merged(found) and without(own, found) == []
    assert total(common(without(found, own), others)) == 0


def test_somebody_who_withdrew_leaves_the_roster_and_counts_as_without_consent_until_it_is_done() -> None:
    number = ResearchNumber("P2")
    events = (
        ev.ParticipantAdded(Participant(number, {"profession": "nurse"})),
        ev.ConsentRecorded(Consent(number, "2021-09-14")),
        ev.WithdrawalOrdered(number, Rule.MASK),
    )
    state = StudyState.fold(ev.Stored(seq, f"day {seq}", 0, "", one, "") for seq, one in enumerate(events, 1))
    assert not state.participants and not state.consents
    state.apply(ev.Stored(4, "day 4", 0, "", ev.WithdrawalFinished(number), ""))
    assert state.consents[number].recorded_on == "2021-09-14" and state.changed_utc[number] == "day 3"
    state.apply(ev.Stored(5, "day 5", 0, "", ev.WithdrawalOrdered(number, Rule.DESTROY), ""))
    assert not state.consents and not state.withdrawals[number].finished_utc
    state.apply(ev.Stored(6, "day 6", 0, "", ev.WithdrawalFinished(number), ""))
    done = state.withdrawals[number]
    assert (done.rule, done.ordered_utc, done.finished_utc) == (Rule.DESTROY, "day 5", "day 6")
    assert done.participant.background == {"profession": "nurse"} and number in state.consents
