from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.domain.events import HeardSegment
from facilitator.domain.ids import Speaker
from facilitator.domain.notes import SpeakerMark
from facilitator.domain.transcript import Segment, Word
from facilitator.speakers.attribution import SNAP_MS, attribute, fill_unknown

M, P1, P2, P3 = Speaker("M"), Speaker("P1"), Speaker("P2"), Speaker("P3")


def heard(start_ms: int, text: str, *, each_ms: int = 400) -> HeardSegment:
    words = [
        Word(word, start_ms + number * each_ms, start_ms + (number + 1) * each_ms, 0.9)
        for number, word in enumerate(text.split())
    ]
    return HeardSegment(start_ms, start_ms + len(words) * each_ms, text, tuple(words))


def marks(*pairs: tuple[int, Speaker | None]) -> list[SpeakerMark]:
    return [SpeakerMark(at_ms, speaker) for at_ms, speaker in pairs]


def shown(segments: tuple[Segment, ...]) -> list[tuple[Speaker | None, str]]:
    return [(segment.speaker, segment.text) for segment in segments]


def test_without_marks_nobody_is_named_and_the_text_stays() -> None:
    spoken = [heard(0, "Good morning."), heard(3_000, "Hello, “hello”.")]
    assert attribute(spoken, []) == (
        Segment(1, 0, 800, None, "Good morning.", spoken[0].words),
        Segment(2, 3_000, 3_800, None, "Hello, “hello”.", spoken[1].words),
    )


def test_a_late_key_still_gives_the_first_words_to_who_spoke_them() -> None:
    spoken = [heard(0, "What do you think?"), heard(2_000, "For me it is hope.")]
    made = attribute(spoken, marks((300, M), (2_900, P1)))
    assert shown(made) == [(M, "What do you think?"), (P1, "For me it is hope.")]


def test_a_change_snaps_to_the_end_of_a_sentence_within_one_heard_segment() -> None:
    spoken = heard(0, "So what helped? My group did, each week. Anything else?")
    made = attribute([spoken], marks((0, M), (1_900, P1), (3_700, M)))
    assert shown(made) == [(M, "So what helped?"), (P1, "My group did, each week."), (M, "Anything else?")]
    assert [(piece.start_ms, piece.end_ms) for piece in made] == [(0, 1_200), (1_200, 3_200), (3_200, 4_000)]
    assert [piece.id for piece in made] == [1, 2, 3]


def test_a_change_snaps_to_a_pause() -> None:
    starts = [("well", 0), ("yes", 250), ("no", 1_000), ("I", 1_250), ("think", 1_500), ("so", 1_750), ("too", 2_000)]
    words = tuple(Word(text, at, at + 200, 0.9) for text, at in starts)
    made = attribute([HeardSegment(0, 2_200, "well yes no I think so too", words)], marks((0, P1), (1_700, P2)))
    assert shown(made) == [(P1, "well yes"), (P2, "no I think so too")]


def test_without_a_boundary_nearby_the_midpoint_of_each_word_decides() -> None:
    spoken = heard(0, "one two three four five six seven eight nine ten")
    made = attribute([spoken], marks((0, P1), (2_400, P2)), reaction_ms=400)
    assert shown(made) == [(P1, "one two three four five"), (P2, "six seven eight nine ten")]


def test_before_the_first_mark_and_after_an_empty_one_the_speaker_is_unknown() -> None:
    spoken = [heard(at, "Some words here.") for at in (0, 10_000, 20_000)]
    made = attribute(spoken, marks((10_300, P1), (20_300, None)))
    assert [segment.speaker for segment in made] == [None, P1, None]


def test_marking_the_same_speaker_again_cuts_nothing() -> None:
    spoken = heard(0, "one two three. four five six. seven eight nine.")
    assert shown(attribute([spoken], marks((0, P1), (1_500, P1), (2_900, P1)))) == [(P1, spoken.text)]


def test_of_two_marks_at_one_time_the_last_holds() -> None:
    assert shown(attribute([heard(0, "Yes.")], marks((100, P1), (100, P2)))) == [(P2, "Yes.")]


def test_a_mark_corrected_at_once_leaves_no_stray_piece() -> None:
    spoken = [heard(0, "What do you think?"), heard(2_000, "For me it is hope.")]
    made = attribute(spoken, marks((0, M), (2_500, P2), (2_800, P1)))
    assert shown(made) == [(M, "What do you think?"), (P1, "For me it is hope.")]


def test_a_segment_without_words_goes_to_one_speaker_whole() -> None:
    spoken = [HeardSegment(0, 4_000, "no word times", ()), HeardSegment(5_000, 5_100, "  ", ())]
    assert attribute(spoken, marks((0, P1), (3_900, P2))) == (Segment(1, 0, 4_000, P1, "no word times"),)


def test_words_that_carry_their_spaces_are_joined_as_they_are() -> None:
    words = (
        Word(" well", 0, 400, 1),
        Word("-known", 400, 800, 1),
        Word(" facts.", 800, 1_200, 1),
        Word(" So", 1_200, 3_000, 1),
    )
    made = attribute([HeardSegment(0, 3_000, " well-known facts. So", words)], marks((0, P1), (1_600, P2)))
    assert shown(made) == [(P1, "well-known facts."), (P2, "So")]


speakers = st.sampled_from([None, M, P1, P2, P3])
some_marks = st.lists(st.tuples(st.integers(0, 60_000), speakers), max_size=12).map(lambda pairs: marks(*pairs))


@st.composite
def sessions(draw: st.DrawFn) -> list[HeardSegment]:
    at, spoken = 0, []
    for _ in range(draw(st.integers(0, 8))):
        words = []
        for _ in range(draw(st.integers(1, 10))):
            at += draw(st.integers(0, 900))
            length = draw(st.integers(0, 700))
            words.append(Word(draw(st.sampled_from(["yes", "no.", "so,", "why?", "I'm"])), at, at + length, 0.5))
            at += length
        text = " ".join(word.text for word in words)
        spoken.append(HeardSegment(words[0].start_ms, words[-1].end_ms, text, tuple(words)))
    return spoken


@settings(max_examples=60, deadline=None)
@given(spoken=sessions(), pressed=some_marks, reaction_ms=st.integers(0, 1_000))
def test_no_word_is_lost_moved_or_changed(
    spoken: list[HeardSegment], pressed: list[SpeakerMark], reaction_ms: int
) -> None:
    made = attribute(spoken, pressed, reaction_ms=reaction_ms)
    assert [word for segment in made for word in segment.words] == [
        word for segment in spoken for word in segment.words
    ]
    assert " ".join(segment.text for segment in made) == " ".join(segment.text for segment in spoken)
    assert [segment.id for segment in made] == list(range(1, len(made) + 1))
    assert all(left.start_ms <= right.start_ms for left, right in pairwise(made))
    assert all(segment.start_ms <= segment.end_ms for segment in made)
    assert {segment.speaker for segment in made} <= {None, *(mark.speaker for mark in pressed)}


@settings(max_examples=60, deadline=None)
@given(spoken=sessions(), pressed=some_marks)
def test_no_word_strays_further_than_a_change_may_snap(spoken: list[HeardSegment], pressed: list[SpeakerMark]) -> None:
    made = attribute(spoken, pressed, reaction_ms=0)
    in_order = sorted(pressed, key=lambda mark: mark.at_ms)
    for segment in made:
        for word in segment.words:
            reach = SNAP_MS + 700  # and a word may be 700 ms long
            before = [mark.speaker for mark in in_order if mark.at_ms <= word.start_ms - reach][-1:] or [None]
            near = [mark.speaker for mark in in_order if abs(mark.at_ms - word.start_ms) <= reach + 700]
            assert segment.speaker in before + near


@settings(max_examples=40, deadline=None)
@given(spoken=sessions(), pressed=some_marks)
def test_the_order_of_what_comes_in_does_not_matter(spoken: list[HeardSegment], pressed: list[SpeakerMark]) -> None:
    distinct = list({mark.at_ms: mark for mark in pressed}.values())
    starts = [(segment.start_ms, segment.end_ms) for segment in spoken]
    if len(set(starts)) == len(starts):
        assert attribute(spoken[::-1], distinct[::-1]) == attribute(spoken, distinct)


def test_filling_names_only_the_unknown_by_most_of_their_time() -> None:
    words = heard(10_000, "one two three four five six").words
    segments = [
        Segment(1, 0, 2_000, None, "before any mark"),
        Segment(2, 10_000, 12_400, None, "one two three four five six", words),
        Segment(3, 13_000, 14_000, P3, "chosen by a person"),
        Segment(4, 20_000, 22_000, None, "without words"),
    ]
    pressed = marks((9_000, P1), (11_300, P2), (19_000, None), (20_900, M))
    assert fill_unknown(segments, pressed) == [(2, P2), (4, M)]
    assert fill_unknown(segments, []) == []


@pytest.mark.parametrize("reaction_ms", [0, 400])
def test_what_attribution_could_name_needs_no_filling(reaction_ms: int) -> None:
    spoken = [heard(at, "Some words here.") for at in range(0, 50_000, 5_000)]
    pressed = marks(*((at + reaction_ms, P1 if at % 10_000 else P2) for at in range(0, 50_000, 5_000)))
    made = attribute(spoken, pressed, reaction_ms=reaction_ms)
    assert fill_unknown(made, pressed, reaction_ms=reaction_ms) == []
    unnamed = [Segment(s.id, s.start_ms, s.end_ms, None, s.text, s.words) for s in made]
    assert fill_unknown(unnamed, pressed, reaction_ms=reaction_ms) == [(s.id, s.speaker) for s in made]
