from facilitator.audio.messages import Gap
from facilitator.audio.timeline import Block, Placed, Timeline

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
