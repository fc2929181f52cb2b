from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facilitator.domain.errors import UsageError
from facilitator.transcription.planning import EARLIEST_CUT_MS, LONGEST_MS, RATE, Samples, Window, plan, to_model_rate


def noise(samples: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, samples).astype(np.float32)


def cut_up(sound: Samples, sizes: list[int]) -> list[Samples]:
    blocks, at, turn = [], 0, 0
    while at < len(sound):
        blocks.append(sound[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    return blocks


def same(left: list[Window], right: list[Window]) -> bool:
    return len(left) == len(right) and all(
        (a.index, a.start_ms, a.end_ms) == (b.index, b.start_ms, b.end_ms) and np.array_equal(a.samples, b.samples)
        for a, b in zip(left, right, strict=True)
    )


@settings(max_examples=25, deadline=None)
@given(
    length=st.integers(0, 100 * RATE),
    sizes=st.lists(st.integers(700, 40 * RATE), min_size=1, max_size=4),
    seed=st.integers(0, 9),
    start_ms=st.integers(0, 10_000_000),
)
def test_windows_hold_every_sample_once_whatever_the_blocks(
    length: int, sizes: list[int], seed: int, start_ms: int
) -> None:
    sound = noise(length, seed)
    windows = list(plan(cut_up(sound, sizes), start_ms=start_ms))
    joined = np.concatenate([window.samples for window in windows]) if windows else sound[:0]
    assert np.array_equal(joined, sound)
    assert [window.index for window in windows] == list(range(len(windows)))
    assert all(0 < window.end_ms - window.start_ms <= LONGEST_MS for window in windows if len(window.samples) >= 16)
    assert all(window.end_ms - window.start_ms >= EARLIEST_CUT_MS for window in windows[:-1])
    assert all(left.end_ms == right.start_ms for left, right in pairwise(windows))
    if windows:
        assert (windows[0].start_ms, windows[-1].end_ms) == (start_ms, start_ms + length * 1000 // RATE)
    assert same(windows, list(plan([sound], start_ms=start_ms)))


def test_the_cut_lies_in_the_quietest_fifth_of_a_second() -> None:
    sound = noise(60 * RATE)
    sound[10 * RATE : 11 * RATE] = 0  # too early to cut at
    sound[int(23.4 * RATE) : int(23.7 * RATE)] = 0
    first = next(plan([sound]))
    assert 23_500 <= first.end_ms <= 23_600


def test_exactly_28_seconds_stay_in_one_window() -> None:
    assert [window.end_ms for window in plan([noise(28 * RATE)])] == [28_000]
    assert len(list(plan([noise(28 * RATE + 1)]))) == 2


def test_a_window_keeps_its_samples_when_the_plan_goes_on() -> None:
    sound = noise(90 * RATE)
    plans = plan([sound])
    first = next(plans)
    before = first.samples.copy()
    list(plans)
    assert np.array_equal(first.samples, before)


def test_no_sound_gives_no_window() -> None:
    assert list(plan([])) == []
    assert list(plan([noise(0)])) == []


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_the_model_rate_keeps_length_pitch_and_level(rate: int) -> None:
    seconds = 3
    tone = (10_000 * np.sin(2 * np.pi * 440 * np.arange(seconds * rate) / rate)).astype(np.int16)
    made = np.concatenate(list(to_model_rate(np.array_split(tone, 7), rate)))
    assert made.dtype == np.float32
    assert abs(len(made) - seconds * RATE) <= 1
    middle = made[RATE : 2 * RATE]
    assert int(np.argmax(np.abs(np.fft.rfft(middle)))) == 440
    assert np.max(np.abs(middle)) == pytest.approx(10_000 / 32_768, rel=0.02)


def test_resampling_does_not_depend_on_the_blocks() -> None:
    sound = (noise(48_000 * 2) * 20_000).astype(np.int16)
    whole = np.concatenate(list(to_model_rate([sound], 48_000)))
    pieces = np.concatenate(list(to_model_rate(np.array_split(sound, 37), 48_000)))
    assert np.array_equal(whole, pieces)


def test_channels_are_averaged() -> None:
    stereo = np.stack([np.full(1600, 8192), np.full(1600, -4096)], axis=1).astype(np.int16)
    (made,) = to_model_rate([stereo], RATE)
    assert made.shape == (1600,)
    assert np.all(made == np.float32(2048 / 32_768))


@pytest.mark.parametrize("rate", [0, -8000, 999, 400_000])
def test_an_impossible_rate_is_refused(rate: int) -> None:
    with pytest.raises(UsageError):
        to_model_rate([], rate)
