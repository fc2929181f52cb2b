import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.audio.messages import Alarm, Gap
from facilitator.audio.timeline import Block, Placed, Timeline
from facilitator.audio.watch import SoundWatch, Troubles
from facilitator.domain.recording import Trouble

RATE, BLOCK = 1000, 250
PCM = b"\1\0" * BLOCK
MS = 1_000_000


def placed(timeline: Timeline, arrivals_ms: list[int], reasons: dict[int, str] | None = None) -> list[int | Gap]:
    """First samples and gaps, in order; anything that still waits at the end is flushed."""
    found: list[Placed | Gap] = []
    for number, arrival in enumerate(arrivals_ms):
        found += timeline.place(Block(PCM, arrival * MS, (reasons or {}).get(number, "")))
    found += timeline.flush()
    return [item.first_sample if isinstance(item, Placed) else item for item in found]


def test_blocks_in_time_follow_each_other() -> None:
    assert placed(Timeline(RATE, 4000, 0), [250, 500, 750]) == [4000, 4250, 4500]


def test_blocks_that_are_late_and_catch_up_lost_nothing() -> None:
    late = [250, 1100, 1101, 1102, 1250, 1500]
    assert placed(Timeline(RATE, 0, 0), late) == [0, 250, 500, 750, 1000, 1250]


def test_a_burst_after_the_computer_hung_lost_nothing() -> None:
    burst = [250, *range(4000, 4015), 4250, 4500]
    assert placed(Timeline(RATE, 0, 0), burst) == [250 * number for number in range(18)]


def test_a_device_that_stalled_leaves_a_gap_before_the_first_late_block() -> None:
    stalled = [250, 500, 3750, 4000, 4250, 4500, 4750]
    assert placed(Timeline(RATE, 0, 0), stalled) == [
        0,
        250,
        Gap(500, 3000, "the device delivered no sound"),
        3500,
        3750,
        4000,
        4250,
        4500,
    ]


def test_a_lost_device_leaves_its_gap_at_once() -> None:
    lost = placed(Timeline(RATE, 0, 0), [250, 2500], {1: "the device was lost"})
    assert lost == [0, Gap(250, 2000, "the device was lost"), 2250]


def test_an_overflow_too_short_to_measure_is_told_but_moves_nothing() -> None:
    assert placed(Timeline(RATE, 0, 0), [250, 500, 750], {1: "busy"}) == [0, Gap(250, 0, "busy"), 250, 500]


def test_a_first_block_that_came_late_does_not_hide_a_later_gap() -> None:
    arrivals = [250, 400, 650, 900, *range(1350, 3000, 250)]
    gaps = [item for item in placed(Timeline(RATE, 0, 0), arrivals) if isinstance(item, Gap)]
    assert [gap.length_ms for gap in gaps] == [200]


def test_a_slow_sound_card_makes_no_gaps() -> None:
    hour = range(1, 4 * 3600)
    arrivals = [250 * number + 250 * number * 80 // 1_000_000 for number in hour]
    assert placed(Timeline(RATE, 0, 0), arrivals) == [250 * (number - 1) for number in hour]


@dataclass
class Device:
    """A device whose clock is `ppm` millionths slow, fed in blocks of 250 ms. `late_ms` (of the time in s) comes on top
    of it: how late the computer hands over what is there. `stall_at_s`: then it is silent for `stall_ms`."""

    ppm: int
    late_ms: Callable[[float], float] = lambda _: 0.0
    stall_at_s: float = 0.0
    stall_ms: int = 0

    def arrivals(self, seconds: float) -> Iterator[tuple[Block, float]]:
        """Blocks, and by how many ms their end lies from the system's clock for lack of sound or a wrong clock."""
        last = number = 0
        while number * 0.25 < seconds:
            number += 1
            at_s = number * 0.25 * (1 + self.ppm / 1e6)
            off_ms = number * 0.25 * self.ppm / 1e3
            lost_ms = self.stall_ms if self.stall_at_s and at_s > self.stall_at_s else 0
            last = max(last, int((at_s * 1000 + lost_ms + self.late_ms(at_s)) * MS))
            yield Block(PCM, last), off_ms + lost_ms


@dataclass
class Told:
    gaps: list[Gap]
    drift: list[Alarm]
    worst_ms: float
    """The farthest that the place of a sound, by the clock it was given, was from where it belongs."""


def heard(device: Device, seconds: float) -> Told:
    timeline, alarms, gaps, worst = Timeline(RATE, 0, 0), list[Alarm](), list[Gap](), 0.0
    watch = SoundWatch(Troubles(alarms.append), RATE, 0, 0)
    for block, off_ms in device.arrivals(seconds):
        gaps += [item for item in timeline.place(block) if isinstance(item, Gap)]
        watch.drifted(timeline.offset_ns, block.arrived_ns)
        placed_ms = sum(gap.length_ms for gap in gaps)
        worst = max(worst, abs(timeline.offset_ns / MS + placed_ms - off_ms) if not device.stall_ms or gaps else 0.0)
    return Told(gaps, [one for one in alarms if one.trouble == Trouble.DRIFT], worst)


def wavering(worst_ms: float, seed: int = 1) -> Callable[[float], float]:
    chance = random.Random(seed)
    return lambda _: chance.uniform(0, worst_ms)


@pytest.mark.parametrize("ppm", [60, 300, 1_000, 4_000, -300, -1_000, -3_000])
@pytest.mark.parametrize("worst_ms", [0, 5, 30])
def test_a_clock_that_is_wrong_makes_no_gaps_and_is_told_as_drift(ppm: int, worst_ms: int) -> None:
    due_s = 10 + 100_000 / abs(ppm)
    told = heard(Device(ppm, wavering(worst_ms)), due_s + 60_000 / abs(ppm))
    assert told.gaps == []
    assert told.worst_ms < 12 + worst_ms / 2
    (alarm,) = told.drift
    slack_s = worst_ms * 1000 / abs(ppm)
    assert due_s - 1 - slack_s <= alarm.at_ms / 1000 <= due_s + 1 + slack_s
    rate = int(alarm.detail.split(", ")[1].split()[0])
    assert rate == pytest.approx(abs(ppm), rel=0.03 + worst_ms / 100)
    assert ("behind" if ppm > 0 else "ahead of") in alarm.detail


def test_a_slow_clock_is_told_within_a_second_of_each_tenth() -> None:
    told = heard(Device(1_000), 350)
    assert [alarm.at_ms // 1000 for alarm in told.drift if not alarm.over] == [110, 210, 310]
    assert told.gaps == []


def test_a_computer_that_hands_over_later_and_later_and_then_less_so_loses_nothing() -> None:
    def later(at_s: float) -> float:
        return 300 * max(0.0, 1 - abs(at_s - 120) / 100)

    told = heard(Device(0, later), 300)
    assert told.gaps == []
    timeline = Timeline(RATE, 0, 0)
    for block, _ in Device(0, later).arrivals(300):
        timeline.place(block)
    assert timeline.offset_ns == 0
    assert timeline.sample_at(300_000 * MS) == 300 * RATE


def test_several_short_stalls_add_up_to_a_gap() -> None:
    told = heard(Device(0, lambda at_s: 70.0 * (at_s > 20) + 70.0 * (at_s > 40)), 60)
    assert [gap.reason for gap in told.gaps] == ["the device delivered no sound"]
    assert told.gaps[0].length_ms == pytest.approx(140, abs=5) and told.gaps[0].at_ms == pytest.approx(40_000, abs=300)


@given(
    ppm=st.integers(-4_000, 4_000),
    worst_ms=st.integers(0, 30),
    seed=st.integers(0, 99),
    stall_at_s=st.floats(15, 60),
    stall_ms=st.integers(180, 4_000),
)
def test_one_stall_of_any_device_is_one_gap_dated_right(
    ppm: int, worst_ms: int, seed: int, stall_at_s: float, stall_ms: int
) -> None:
    told = heard(Device(ppm, wavering(worst_ms, seed), stall_at_s, stall_ms), 90)
    (gap,) = told.gaps
    assert abs(gap.length_ms - stall_ms) <= 50
    assert -50 <= stall_at_s * 1000 - (gap.at_ms + gap.at_ms * ppm / 1e6) <= 250 + 50
    assert told.worst_ms <= 50


@given(st.integers(-4_000, 4_000), st.lists(st.floats(0, 240), min_size=1, max_size=3), st.integers(0, 99))
def test_blocks_that_come_late_now_and_then_lost_nothing(ppm: int, delays_ms: list[float], seed: int) -> None:
    chance = random.Random(seed)
    late = {round(chance.uniform(15, 60) * 4) / 4: delay for delay in delays_ms}

    def held_up(at_s: float) -> float:
        """All that comes within a delay comes at its end."""
        return max((delay - (at_s - begun) * 1000 for begun, delay in late.items() if at_s >= begun), default=0.0)

    told = heard(Device(ppm, lambda at_s: max(0.0, held_up(at_s))), 90)
    assert told.gaps == []
    assert told.worst_ms <= 50
