import array

import pytest

from facilitator.audio.level import FLOOR_DB, bars, loudness


def test_silence_is_the_floor_and_full_scale_is_zero() -> None:
    assert loudness(b"") == loudness(bytes(200)) == (FLOOR_DB, FLOOR_DB)
    assert loudness(array.array("h", [-32768] * 100).tobytes()) == (0.0, 0.0)


def test_a_square_wave_at_half_scale_is_six_decibels_down() -> None:
    assert loudness(array.array("h", [16384, -16384] * 100).tobytes() + b"\1") == pytest.approx((-6.0, -6.0))


def test_bars_show_the_latest_levels_on_the_right() -> None:
    assert bars([], 4) == "    "
    assert bars([-96.0, -60.0, -30.0, 0.0], 6) == "    ▄█"
    assert bars([-30.0, 0.0], 1) == "█"
    assert bars([-96.0, -30.0, 0.0], 3, plain=True) == " =@"
    assert bars([-59.9, 20.0], 2) == "▁█"
    assert bars([0.0], 0) == ""
