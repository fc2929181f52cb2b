import pytest
from hypothesis import given
from hypothesis import strategies as st

from facilitator.domain.errors import UsageError
from facilitator.domain.timebase import clock, exact, milliseconds


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0:07", 7_000),
        ("12:30", 750_000),
        ("1:31:04", 5_464_000),
        ("01:02:03.5", 3_723_500),
        ("0:07.250", 7_250),
        ("0:00.04", 40),
        ("10:00:00", 36_000_000),
        (" 5:00 ", 300_000),
    ],
)
def test_times_as_people_write_them(text: str, ms: int) -> None:
    assert milliseconds(text) == ms


@pytest.mark.parametrize(
    "text",
    ["", "7", "90", "0:7", "0:60", "1:60:00", "-0:07", "0:07.", "0:07.1234", "0:07,5", "a:bc", "1:2:3:4", "٠:٠٧"],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        milliseconds(text)


@given(st.integers(0, 99 * 3_600_000))
def test_what_is_shown_is_read_back_to_the_second(ms: int) -> None:
    assert milliseconds(clock(ms)) == ms // 1000 * 1000


@given(st.integers(0, 99 * 3_600_000))
def test_milliseconds_are_read_back_too(ms: int) -> None:
    assert milliseconds(f"{clock(ms)}.{ms % 1000:03}") == ms


def test_minutes_beyond_the_hour_are_written_with_hours() -> None:
    with pytest.raises(UsageError):
        milliseconds("75:00")
    assert exact(milliseconds("1:15:00.250")) == "1 h 15 min 0.250 s"
