import numpy as np
import pytest
from numpy.typing import NDArray

from facilitator.audio.clips import prepared, stretched
from facilitator.domain.errors import UsageError

RATE = 16_000


def tone(seconds: float, amplitude: float = 0.5) -> NDArray[np.int16]:
    wave = amplitude * 32767 * np.sin(2 * np.pi * 440 * np.arange(int(RATE * seconds)) / RATE)
    return wave.astype("<i2")


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.5, 2.0])
def test_another_speed_changes_the_length_and_not_the_pitch(speed: float) -> None:
    heard = stretched(tone(12), RATE, speed)
    assert len(heard) / RATE == pytest.approx(12 / speed, rel=0.02)
    spectrum = np.abs(np.fft.rfft(heard[RATE : 2 * RATE].astype("f8")))
    assert abs(int(spectrum.argmax()) - 440) <= 2


def test_equal_speed_changes_nothing() -> None:
    assert np.array_equal(stretched(tone(1), RATE, 1.0), tone(1))


def test_speeds_out_of_range_are_refused() -> None:
    for speed in (0.4, 2.1):
        with pytest.raises(UsageError):
            stretched(tone(1), RATE, speed)


def test_a_quiet_clip_is_raised_and_its_ends_are_silent() -> None:
    heard = prepared(tone(1, 0.2), RATE)
    assert np.abs(heard).max() == pytest.approx(32767 * 10 ** (-3 / 20), rel=0.02)
    assert len(heard) == RATE
    assert abs(int(heard[0])) < 50 and abs(int(heard[-1])) < 400


def test_noise_is_not_blown_up_without_end() -> None:
    assert np.abs(prepared(tone(1, 0.001), RATE)).max() < 330


def test_silence_and_nothing_stay_what_they_are() -> None:
    assert not prepared(np.zeros(RATE, "<i2"), RATE).any()
    assert len(prepared(np.zeros(0, "<i2"), RATE, 1.5)) == 0
