from hypothesis import given
from hypothesis import strategies as st

from facilitator.audio.messages import Gap
from facilitator.audio.off_record import OffRecord
from facilitator.audio.timeline import Placed

RATE = 1000


def heard(off: OffRecord, first: int, length: int) -> list[int]:
    sound = b"".join(number.to_bytes(2, "little") for number in range(first, first + length))
    kept = []
    for part in off.keep(Placed(first, sound)):
        numbers = [int.from_bytes(part.pcm[at : at + 2], "little") for at in range(0, len(part.pcm), 2)]
        assert numbers == list(range(part.first_sample, part.end_sample))
        kept += numbers
    return kept


@given(st.lists(st.integers(0, 400), max_size=6, unique=True), st.integers(0, 300), st.integers(1, 200))
def test_just_what_is_on_the_record_is_kept(times: list[int], first: int, length: int) -> None:
    off, left_out = OffRecord(RATE), set[int]()
    times.sort()
    for begin, end in zip(times[::2], times[1::2], strict=False):
        off.begin(begin, "break")
        assert off.end(end) == Gap(begin, end - begin, "break")
        left_out |= set(range(begin, end))
    if len(times) % 2:
        off.begin(times[-1], "off the record")
        left_out |= set(range(times[-1], 1000))
    assert heard(off, first, length) == [one for one in range(first, first + length) if one not in left_out]
    gaps = off.clip(Gap(first, length, "lost"))
    covered = [one for gap in gaps for one in range(gap.at_ms, gap.at_ms + gap.length_ms)]
    assert covered == [one for one in range(first, first + length) if one not in left_out]
    off.forget_before(first)
    assert heard(off, first, length) == [one for one in range(first, first + length) if one not in left_out]


def test_an_unmeasured_loss_off_the_record_is_not_told() -> None:
    off = OffRecord(RATE)
    assert off.clip(Gap(5, 0, "busy")) == [Gap(5, 0, "busy")]
    off.begin(3, "break")
    assert off.clip(Gap(5, 0, "busy")) == []


def test_a_stretch_that_was_wished_for_late_reaches_over_an_earlier_one() -> None:
    off = OffRecord(RATE)
    off.begin(45, "break")
    off.end(50)
    off.begin(40, "off the record")
    assert heard(off, 30, 30) == list(range(30, 40))
    assert off.end(55) == Gap(40, 15, "off the record")
    assert heard(off, 30, 30) == [*range(30, 40), *range(55, 60)]
