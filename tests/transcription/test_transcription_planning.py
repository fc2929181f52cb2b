from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcription_support import loud, silence

from facilitator.domain.errors import UsageError
from facilitator.domain.stretches import Stretch, total, without
from facilitator.transcription.planning import (
    FARTHEST_MS,
    LONGEST_MS,
    MARGIN_MS,
    PER_MS,
    RATE,
    SPEECH_FROM,
    SPEECH_UNTIL,
    STEP_MS,
    Samples,
    Window,
    at_model_rate,
    plan,
    speech_in,
)

Talk = list[tuple[int, int]]
"""Lengths of speech and of the pause after it, in ms."""
_MURMUR = 0.001


def noise(samples: int, seed: int = 1, level: float = 0.5) -> Samples:
    return np.random.default_rng(seed).uniform(-level, level, samples).astype(np.float32)


def sounding(talk: Talk) -> Samples:
    sound = noise(sum(map(sum, talk)) * PER_MS, level=_MURMUR)
    for start, end in spoken(talk):
        sound[start * PER_MS : end * PER_MS] = noise((end - start) * PER_MS, start)
    return sound


def spoken(talk: Talk) -> list[Stretch]:
    found, at = [], 0
    for speech, pause in talk:
        found.append((at, at + speech))
        at += speech + pause
    return found


def cut_up(sound: Samples, sizes: Sequence[int]) -> list[Samples]:
    blocks, at, turn = [], 0, 0
    while at < len(sound):
        blocks.append(sound[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    return blocks


def same(left: Sequence[Window], right: Sequence[Window]) -> bool:
    return len(left) == len(right) and all(
        (a.index, a.start_ms, a.end_ms, a.speech, a.pieces) == (b.index, b.start_ms, b.end_ms, b.speech, b.pieces)
        and np.array_equal(a.samples, b.samples)
        for a, b in zip(left, right, strict=True)
    )


talks = st.lists(
    st.tuples(
        st.one_of(st.integers(200, 6_000), st.integers(6_000, 50_000)),
        st.one_of(st.integers(0, 1_500), st.integers(1_500, 20_000), st.integers(100_000, 150_000)),
    ),
    min_size=1,
    max_size=9,
).filter(lambda talk: sum(map(sum, talk)) <= 400_000)


@settings(max_examples=40, deadline=None)
@given(talk=talks, start_ms=st.integers(0, 10_000_000))
def test_windows_tile_the_recording_and_leave_no_speech_out(talk: Talk, start_ms: int) -> None:
    sound = sounding(talk)
    windows = list(plan([sound], loud, start_ms=start_ms))
    assert [window.index for window in windows] == list(range(len(windows)))
    assert (windows[0].start_ms, windows[-1].end_ms) == (start_ms, start_ms + len(sound) // PER_MS)
    assert all(left.end_ms == right.start_ms for left, right in pairwise(windows))
    for window in windows:
        assert 0 < window.end_ms - window.start_ms <= FARTHEST_MS
        assert len(window.samples) == total(window.pieces) * PER_MS <= LONGEST_MS * PER_MS
        assert not without(window.speech, window.pieces)
        assert not without(window.pieces, [(window.start_ms, window.end_ms)])
        held = [sound[(start - start_ms) * PER_MS : (end - start_ms) * PER_MS] for start, end in window.pieces]
        assert np.array_equal(window.samples, np.concatenate([silence(0), *held]))
    left_out = without(
        [(start + start_ms, end + start_ms) for start, end in spoken(talk)],
        [piece for window in windows for piece in window.pieces],
    )
    assert all(end - start < 100 for start, end in left_out), "less than counts as speech, beside a cut"
    assert len(left_out) < len(windows)


@settings(max_examples=20, deadline=None)
@given(talk=talks, sizes=st.lists(st.integers(300, 40 * RATE), min_size=1, max_size=4))
def test_the_blocks_in_which_sound_comes_do_not_matter(talk: Talk, sizes: list[int]) -> None:
    sound = sounding(talk)
    assert same(list(plan(cut_up(sound, sizes), loud)), list(plan([sound], loud)))


@settings(max_examples=15, deadline=None)
@given(talk=talks, where=st.integers(0, 100))
def test_from_the_end_of_any_window_on_the_rest_is_cut_as_before(talk: Talk, where: int) -> None:
    sound = sounding(talk)
    windows = list(plan([sound], loud, start_ms=7))
    last = windows[where % len(windows)]
    rest = plan([sound[(last.end_ms - 7) * PER_MS :]], loud, start_ms=last.end_ms, index=last.index + 1)
    assert same(windows[last.index + 1 :], list(rest))


@settings(max_examples=20, deadline=None)
@given(talk=talks, start_ms=st.integers(0, 10_000_000))
def test_times_of_a_window_and_of_the_session_are_inverse_on_speech(talk: Talk, start_ms: int) -> None:
    for window in plan([sounding(talk)], loud, start_ms=start_ms):
        inside = window.window_ms(window.speech)
        back = [(window.session_ms(low), window.session_ms(high, is_end=True)) for low, high in inside]
        assert back == list(window.speech)
        for start, end in window.speech:
            ((low, high),) = window.window_ms([(start, end)])
            assert high - low == end - start
            assert all(window.session_ms(low + ms) == start + ms for ms in range(0, end - start, 97))
        assert window.window_ms([(0, start_ms)]) == []
        assert window.session_ms(10**9) == (window.pieces[-1][1] if window.pieces else window.start_ms)


def test_a_joint_belongs_to_the_piece_after_or_as_an_end_to_the_piece_before() -> None:
    window = Window(0, 0, 9_000, (), ((1_000, 2_000), (5_000, 7_000)), silence(3))
    assert [window.session_ms(at) for at in (0, 999, 1_000, 2_999, 3_000)] == [1_000, 1_999, 5_000, 6_999, 7_000]
    assert [window.session_ms(at, is_end=True) for at in (0, 999, 1_000, 1_001, 3_000)] == [
        1_000,
        1_999,
        2_000,
        5_001,
        7_000,
    ]
    assert window.window_ms([(0, 1_500), (1_900, 5_100), (8_000, 9_000)]) == [(0, 500), (900, 1_100)]


def test_a_word_across_a_joint_lies_behind_the_pause_unless_that_is_a_mere_edge_of_it() -> None:
    window = Window(0, 0, 9_000, (), ((1_000, 2_000), (5_000, 7_000)), silence(3))
    assert window.session_stretch(200, 900) == (1_200, 1_900)
    assert window.session_stretch(200, 1_100) == (1_200, 2_000)
    assert window.session_stretch(200, 1_150) == (5_000, 5_150)
    assert window.session_stretch(950, 1_100) == (5_000, 5_100)
    assert window.session_stretch(1_000, 1_000) in [(2_000, 2_000), (5_000, 5_000)]
    assert window.session_stretch(2_500, 3_000) == (6_500, 7_000)


@given(
    cuts=st.lists(st.integers(0, 4_000), max_size=12), pieces=st.lists(st.integers(1, 1_500), min_size=1, max_size=5)
)
def test_stretches_one_after_the_other_stay_in_order(cuts: list[int], pieces: list[int]) -> None:
    ends = [sum(pieces[: number + 1]) + 500 * number for number in range(len(pieces))]
    placed_pieces = tuple((end - length, end) for length, end in zip(pieces, ends, strict=True))
    window = Window(0, 0, 99_000, (), placed_pieces, silence(0))
    times = sorted(min(cut, sum(pieces)) for cut in cuts)
    placed = [at for low, high in pairwise(times) for at in window.session_stretch(low, high)]
    assert placed == sorted(placed)


def test_each_window_is_searched_for_speech_afresh_and_in_order() -> None:
    asked: list[tuple[int, bool]] = []

    def find(samples: Samples, fresh: bool) -> npt.NDArray[np.float32]:
        asked.append((len(samples), fresh))
        return loud(samples, fresh)

    windows = list(plan([sounding([(3_000, 500)] * 20 + [(777, 0)])], find))
    assert all(length % (STEP_MS * PER_MS) == 0 for length, _ in asked)
    assert sum(fresh for _, fresh in asked) == len(windows)
    assert asked[0][1]


def test_a_full_window_ends_in_the_longest_of_its_late_pauses() -> None:
    early, shorter, longest, after = (5_000, 900), (10_600, 200), (1_300, 500), (20_000, 0)
    first = next(plan([sounding([early, shorter, longest, after])], loud))
    assert first.end_ms == pytest.approx(18_000 + 250, abs=STEP_MS)
    assert first.speech[-1][1] == pytest.approx(18_000, abs=STEP_MS)


def test_without_a_late_pause_one_a_little_earlier_is_taken() -> None:
    first = next(plan([sounding([(5_000, 800), (7_000, 300), (30_000, 0)])], loud))
    assert first.end_ms == pytest.approx(12_950, abs=STEP_MS)


def test_speech_without_a_pause_is_cut_where_it_is_quiet() -> None:
    sound = noise(60 * RATE)
    sound[5 * RATE : 6 * RATE] *= 0.1  # too early to cut at
    sound[16 * RATE : int(16.3 * RATE)] *= 0.1
    first, second, *_ = plan([sound], loud)
    assert 16_050 <= first.end_ms <= 16_250
    assert first.pieces == ((0, first.end_ms),)
    assert second.pieces[0][0] == first.end_ms


def test_long_silence_gives_windows_without_samples() -> None:
    windows = list(plan([noise(300 * RATE, level=_MURMUR)], loud))
    assert [(window.start_ms, window.end_ms) for window in windows] == [
        (0, 120_000),
        (120_000, 240_000),
        (240_000, 300_000),
    ]
    assert all(len(window.samples) == 0 and window.speech == window.pieces == () for window in windows)


def test_a_few_words_in_a_long_silence_are_a_short_sound() -> None:
    windows = list(plan([sounding([(1_000, 60_000), (2_000, 100_000)])], loud))
    assert [len(window.samples) / RATE for window in windows] == [pytest.approx(4.0, abs=0.4), 0.0]
    start, end = windows[0].pieces[1]
    assert start == pytest.approx(61_000 - MARGIN_MS, abs=STEP_MS)
    assert end == pytest.approx(63_000 + MARGIN_MS, abs=STEP_MS)


def test_speech_at_the_end_of_a_long_silence_is_kept_in_one_window() -> None:
    first, second = plan([sounding([(500, 118_500), (6_000, 1_000)])], loud)
    assert len(first.speech) == 1
    start, end = second.speech[0]
    assert start == pytest.approx(119_000, abs=STEP_MS)
    assert end == pytest.approx(125_000, abs=STEP_MS)


def test_what_fits_stays_in_one_window() -> None:
    assert [window.end_ms for window in plan([noise(LONGEST_MS * PER_MS)], loud)] == [LONGEST_MS]
    assert len(list(plan([noise((LONGEST_MS + 50) * PER_MS)], loud))) == 2


def test_a_window_keeps_its_samples_when_the_plan_goes_on() -> None:
    plans = plan([noise(90 * RATE)], loud)
    first = next(plans)
    before = first.samples.copy()
    list(plans)
    assert np.array_equal(first.samples, before)


@pytest.mark.parametrize("samples", [0, 1, PER_MS - 1])
def test_less_than_a_millisecond_gives_no_window(samples: int) -> None:
    assert list(plan([], loud)) == []
    assert list(plan([noise(samples)], loud)) == []


def test_speech_begins_and_ends_at_different_levels() -> None:
    low, middle, high = SPEECH_UNTIL - 0.01, (SPEECH_FROM + SPEECH_UNTIL) / 2, SPEECH_FROM + 0.01

    def found(*parts: tuple[int, float]) -> list[Stretch]:
        return speech_in(np.repeat([chance for _, chance in parts], [count for count, _ in parts]).astype(np.float32))

    assert found((9, middle), (9, low)) == []
    assert found((2, low), (3, high), (9, middle), (9, low)) == [(64, 14 * 32)], "it lasts while in doubt"
    assert found((3, high), (4, low), (3, high), (9, low)) == [(0, 320)], "a short pause is none"
    assert found((3, high), (5, low), (3, high)) == [(0, 96), (256, 352)]
    assert found((2, high), (9, low)) == [], "a click is no speech"
    assert found((5, low), (3, high), (2, low)) == [(160, 256)]
    assert found() == []


Read = Callable[[int, int], npt.NDArray[np.int16]]


def reader(sound: npt.NDArray[np.int16], rate: int, asked: list[Stretch] | None = None) -> Read:
    """Reads as the sound of a session does: exactly from one time to another, and never beside the sound."""

    def read(start_ms: int, end_ms: int) -> npt.NDArray[np.int16]:
        assert 0 <= start_ms <= end_ms <= len(sound) * 1000 // rate
        if asked is not None:
            asked.append((start_ms, end_ms))
        return sound[start_ms * rate // 1000 : end_ms * rate // 1000]

    return read


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_the_model_rate_keeps_length_pitch_and_level(rate: int) -> None:
    seconds = 33
    tone = (10_000 * np.sin(2 * np.pi * 440 * np.arange(seconds * rate) / rate)).astype(np.int16)
    made = np.concatenate(list(at_model_rate(reader(tone, rate), rate, seconds * 1000)))
    assert made.dtype == np.float32
    assert len(made) == seconds * RATE
    for at in (1, 29, 31):  # the last two beside the joint of two blocks
        middle = made[at * RATE : (at + 1) * RATE]
        assert int(np.argmax(np.abs(np.fft.rfft(middle)))) == 440
        assert np.max(np.abs(middle)) == pytest.approx(10_000 / 32_768, rel=0.02)
    expected = 10_000 / 32_768 * np.sin(2 * np.pi * 440 * np.arange(29 * RATE, 31 * RATE) / RATE)
    assert np.max(np.abs(made[29 * RATE : 31 * RATE] - expected)) < 0.002, "there is no click at the joint"


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@settings(max_examples=12, deadline=None)
@given(length=st.integers(1, 95_000), start=st.integers(0, 95_000))
def test_a_sample_is_the_same_wherever_the_reading_began(rate: int, length: int, start: int) -> None:
    sound = (noise(95 * rate) * 20_000).astype(np.int16)
    start = min(start, length)
    whole = np.concatenate(list(at_model_rate(reader(sound, rate), rate, length)))
    assert len(whole) == length * PER_MS
    part = np.concatenate([silence(0), *at_model_rate(reader(sound, rate), rate, length, start_ms=start)])
    assert np.array_equal(part, whole[start * PER_MS :])


def test_reading_is_in_order_and_in_small_parts() -> None:
    asked: list[Stretch] = []
    sound = np.zeros(100 * 8_000, dtype=np.int16)
    assert sum(map(len, at_model_rate(reader(sound, 8_000, asked), 8_000, 100_000, start_ms=45_000))) == 55 * RATE
    assert [start for start, _ in asked] == sorted(start for start, _ in asked)
    assert all(end - start <= 31_000 for start, end in asked)
    assert asked[0][0] >= 29_000


def test_channels_are_averaged() -> None:
    stereo = np.stack([np.full(1600, 8192), np.full(1600, -4096)], axis=1).astype(np.int16)
    (made,) = at_model_rate(reader(stereo, RATE), RATE, 100)
    assert made.shape == (1600,)
    assert np.all(made == np.float32(2048 / 32_768))


@pytest.mark.parametrize("rate", [0, -8000, 999, 400_000])
def test_an_impossible_rate_is_refused(rate: int) -> None:
    with pytest.raises(UsageError):
        next(at_model_rate(reader(np.zeros(10, dtype=np.int16), 1_000), rate, 1_000))
