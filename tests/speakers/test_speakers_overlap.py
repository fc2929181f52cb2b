from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.doubts import Doubt, Rule
from facilitator.domain.events import HeardSegment
from facilitator.domain.ids import Speaker
from facilitator.domain.notes import SpeakerMark
from facilitator.domain.transcript import Word
from facilitator.speakers.overlap import AT_ONCE_MS, REACTION_MS, overlaps

P1, P2, P3 = Speaker("P1"), Speaker("P2"), Speaker("P3")


def heard(*words: tuple[int, int]) -> HeardSegment:
    said = tuple(Word("word", start, end, 0.9) for start, end in words)
    return HeardSegment(words[0][0], words[-1][1], "words", said)


def found(marks: list[SpeakerMark], *segments: HeardSegment) -> list[tuple[int, int]]:
    return [(doubt.start_ms, doubt.end_ms) for doubt in overlaps(segments, marks)]


TALK = heard((0, 30_000))


def test_two_people_marked_at_once_are_doubted_from_before_the_first_mark() -> None:
    marks = [SpeakerMark(5_000, P1), SpeakerMark(5_000 + AT_ONCE_MS, P2)]
    assert list(overlaps([TALK], marks)) == [
        Doubt(Rule.OVERLAP, 5_000 - REACTION_MS, 6_200, "two speaker marks at once")
    ]
    assert found(marks[::-1], TALK) == [(4_600, 6_200)]


def test_turns_that_follow_each_other_are_not() -> None:
    assert found([SpeakerMark(5_000, P1), SpeakerMark(5_001 + AT_ONCE_MS, P2)], TALK) == []
    assert found([SpeakerMark(5_000, P1), SpeakerMark(5_300, P1)], TALK) == [], "one person"
    assert found([SpeakerMark(5_000, None), SpeakerMark(5_300, P1), SpeakerMark(5_600, None)], TALK) == []
    assert found([SpeakerMark(5_000, P1)], TALK) == found([], TALK) == []


def test_marks_in_a_row_are_one_place() -> None:
    marks = [SpeakerMark(5_000, P1), SpeakerMark(6_000, P2), SpeakerMark(7_000, P3), SpeakerMark(20_000, P1)]
    assert found(marks, TALK) == [(4_600, 7_000)]


def test_without_words_there_is_nothing_to_doubt() -> None:
    marks = [SpeakerMark(5_000, P1), SpeakerMark(5_500, P2)]
    assert found(marks) == []
    assert found(marks, heard((0, 4_699), (5_500, 9_000))) == []
    assert found(marks, heard((0, 4_650), (5_450, 9_000))) == [(4_600, 5_500)]


def test_marks_at_the_very_start_stay_on_the_clock() -> None:
    assert found([SpeakerMark(0, P1), SpeakerMark(0, P2)], TALK) == []
    assert found([SpeakerMark(100, P1), SpeakerMark(300, P2)], TALK) == [(0, 300)]


marks_strategy = st.lists(
    st.builds(SpeakerMark, at_ms=st.integers(0, 30_000), speaker=st.sampled_from([P1, P2, P3, None])), max_size=12
)


@given(marks_strategy)
def test_doubts_are_apart_in_order_and_around_marks(marks: list[SpeakerMark]) -> None:
    places = found(marks, TALK)
    assert all(start < end for start, end in places)
    assert all(before[1] < after[0] for before, after in pairwise(places))
    times = {mark.at_ms for mark in marks}
    assert all(end in times for _, end in places)
