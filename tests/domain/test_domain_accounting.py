import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.accounting import LEAST_MS, REACH_MS, Fate, Part, account, is_whole, sums, uncovered
from facilitator.domain.stretches import Stretch, common, total, without
from facilitator.domain.transcript import Word

LENGTH = 60_000
times = st.integers(0, LENGTH + 3_000)
stretches = st.lists(st.tuples(times, st.integers(0, 9_000)).map(lambda one: (one[0], one[0] + one[1])), max_size=8)


def words(*stretches_ms: Stretch) -> list[Word]:
    return [Word("word", start, end, 0.9) for start, end in stretches_ms]


def said(parts: tuple[Part, ...]) -> list[tuple[str, int, int]]:
    return [(part.fate.value, part.start_ms, part.end_ms) for part in parts]


@given(length=st.integers(0, LENGTH), speech=stretches, spoken=stretches, missing=stretches)
def test_each_moment_has_exactly_one_fate(
    length: int, speech: list[Stretch], spoken: list[Stretch], missing: list[Stretch]
) -> None:
    parts = account(length, speech, words(*spoken), missing)
    assert is_whole(parts, length)
    assert all(part.length_ms > 0 for part in parts)
    lasting = sums(parts)
    assert set(lasting) == set(Fate)
    assert sum(lasting.values()) == length


@given(speech=stretches, spoken=stretches, missing=stretches)
def test_text_is_text_and_speech_without_any_is_never_silence(
    speech: list[Stretch], spoken: list[Stretch], missing: list[Stretch]
) -> None:
    parts = account(LENGTH, speech, words(*spoken), missing)
    of = {fate: [(part.start_ms, part.end_ms) for part in parts if part.fate is fate] for fate in Fate}
    whole = [(0, LENGTH)]
    assert total(of[Fate.TEXT]) >= total(common(spoken, whole))
    assert not without(common(spoken, whole), of[Fate.TEXT])
    assert not without(common(uncovered(speech, words(*spoken)), whole), of[Fate.UNRESOLVED])
    assert not common(of[Fate.UNRESOLVED], of[Fate.SILENCE])
    left_out = common(without(speech, [(start - REACH_MS, end + REACH_MS) for start, end in spoken]), of[Fate.SILENCE])
    assert all(end - start < LEAST_MS for start, end in left_out), "no more than a breath or a laugh"


def test_a_recording_is_told_apart_into_its_five_fates() -> None:
    speech = [(1_000, 6_000), (12_000, 20_000)]
    parts = account(30_000, speech, words((1_200, 3_000), (4_000, 6_000), (12_000, 13_000)), [(8_000, 10_000)])
    assert said(parts) == [
        ("silence", 0, 1_200),
        ("text", 1_200, 3_000),
        ("pause", 3_000, 4_000),
        ("text", 4_000, 6_000),
        ("silence", 6_000, 8_000),
        ("missing", 8_000, 10_000),
        ("silence", 10_000, 12_000),
        ("text", 12_000, 13_000),
        ("silence", 13_000, 13_400),
        ("unresolved", 13_400, 20_000),
        ("silence", 20_000, 30_000),
    ]
    assert sums(parts) == {
        Fate.TEXT: 4_800,
        Fate.PAUSE: 1_000,
        Fate.SILENCE: 15_600,
        Fate.MISSING: 2_000,
        Fate.UNRESOLVED: 6_600,
    }


def test_speech_counts_as_told_up_to_four_tenths_of_a_second_beside_a_word() -> None:
    near = words((5_000, 5_500))
    assert uncovered([(5_900 - LEAST_MS, 5_900)], near) == []
    assert uncovered([(5_900, 5_900 + LEAST_MS)], near) == [(5_900, 5_900 + LEAST_MS)]
    assert uncovered([(5_899, 5_899 + LEAST_MS)], near) == []
    assert uncovered([(0, 20_000)], near) == [(0, 4_600), (5_900, 20_000)]
    assert uncovered([], near) == []


def test_words_without_length_are_text_all_the_same() -> None:
    assert said(account(10, [], words((5, 5)), [])) == [("silence", 0, 5), ("text", 5, 6), ("silence", 6, 10)]


def test_what_is_heard_in_a_gap_is_text_and_speech_there_unresolved() -> None:
    parts = account(10_000, [(5_000, 9_000)], words((1_000, 2_000)), [(0, 10_000)])
    assert said(parts) == [
        ("missing", 0, 1_000),
        ("text", 1_000, 2_000),
        ("missing", 2_000, 5_000),
        ("unresolved", 5_000, 9_000),
        ("missing", 9_000, 10_000),
    ]


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (Part(Fate.TEXT, 0, 9),),
        (Part(Fate.TEXT, 1, 10),),
        (Part(Fate.TEXT, 0, 4), Part(Fate.SILENCE, 5, 10)),
        (Part(Fate.TEXT, 0, 6), Part(Fate.SILENCE, 5, 10)),
        (Part(Fate.SILENCE, 5, 10), Part(Fate.TEXT, 0, 5)),
        (Part(Fate.TEXT, 0, 10), Part(Fate.SILENCE, 10, 11)),
    ],
)
def test_parts_with_a_hole_an_overlap_or_another_end_are_not_whole(parts: tuple[Part, ...]) -> None:
    assert not is_whole(parts, 10)
    assert is_whole((Part(Fate.TEXT, 0, 4), Part(Fate.SILENCE, 4, 10)), 10)
