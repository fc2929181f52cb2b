import hashlib
import os
import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest
from talk import Pcm, elsewhere, talk, with_drift

from facilitator.audio.alignment import Alignment, align
from facilitator.domain.errors import InvalidAudio

RATE = 8000
REAL = Path(os.environ.get("FACILITATOR_REAL_TALK", Path(__file__).resolve().parents[3] / "shared/data/audio"))


@pytest.fixture(scope="module")
def room() -> Pcm:
    """Five minutes of a session."""
    return talk(300, RATE)


@pytest.fixture(scope="module")
def around(room: Pcm) -> Pcm:
    """Ten minutes of something else before it and after it."""
    return np.concatenate([talk(600, RATE, seed=7), room, talk(600, RATE, seed=8)])


def _place_of(found: Alignment, at_s: float) -> float:
    """Where `at_s` of the file lies on the session clock, in ms."""
    return found.offset_ms + at_s * 1000 / (1 + found.drift_ppm * 1e-6)


@pytest.mark.parametrize(
    ("begins_s", "ends_s", "drift", "gain", "noise_db"),
    [
        (0, 300, 0, 1.0, 30),
        (-40, 260, 120, 0.3, 20),
        (35, 340, -200, 0.1, 15),
        (120, 180, 60, 0.8, 15),
        (-600, 900, 200, 0.4, 10),
        (280, 700, 0, 0.4, 20),
        (0, 300, -90, 0.05, 3),
    ],
)
def test_a_second_recorder_is_found(
    room: Pcm, around: Pcm, begins_s: int, ends_s: int, drift: int, gain: float, noise_db: float
) -> None:
    heard = elsewhere(around[(600 + begins_s) * RATE : (600 + ends_s) * RATE], RATE, gain=gain, noise_db=noise_db)
    found = align(room, with_drift(heard, RATE, drift), RATE)
    first_s, last_s = max(0, begins_s), min(300, ends_s)
    for session_s in (first_s, (first_s + last_s) / 2, last_s):
        in_file_s = (session_s - begins_s) * (1 + drift * 1e-6)
        assert abs(_place_of(found, in_file_s) - session_s * 1000) <= 2
    assert found.agreeing >= 0.8 * found.compared and found.agreement > 0.03
    assert first_s * 1000 <= found.from_ms <= first_s * 1000 + 12_000
    assert last_s * 1000 - 12_000 <= found.to_ms <= last_s * 1000


def test_lost_stretches_of_the_recording_carry_no_weight(room: Pcm) -> None:
    heard = elsewhere(room[20 * RATE :], RATE)
    holed = room.copy()
    holed[60 * RATE : 150 * RATE] = 0
    holed[200 * RATE : 203 * RATE] = 0
    found = align(holed, heard, RATE)
    assert abs(found.offset_ms - 20_000) <= 2 and found.spread_ms <= 2


def test_a_recording_whose_clock_stepped_after_a_gap_still_matches(room: Pcm) -> None:
    heard = elsewhere(room, RATE)
    stepped = room.copy()
    stepped[150 * RATE : 160 * RATE] = 0
    stepped[160 * RATE :] = np.roll(stepped[160 * RATE :], RATE // 10)
    found = align(stepped, heard, RATE)
    assert abs(found.offset_ms) <= 110 and 40 <= found.spread_ms <= 150, "the caller is told how far places lie off"


def test_what_was_recorded_after_a_pause_of_the_recorder_is_not_taken_for_aligned(room: Pcm) -> None:
    heard = elsewhere(room, RATE)
    paused = np.concatenate([heard[: 100 * RATE], heard[160 * RATE :]])
    found = align(room, paused, RATE)
    assert abs(found.offset_ms - 60_000) <= 2, "the longer part counts"
    assert found.from_ms >= 160_000


@pytest.mark.parametrize("seed", [21, 23])
def test_another_conversation_is_refused(room: Pcm, seed: int) -> None:
    with pytest.raises(InvalidAudio, match="does not match"):
        align(room[: 150 * RATE], elsewhere(talk(150, RATE, seed=seed), RATE), RATE)


@pytest.mark.parametrize("other", ["nothing", "silence", "noise", "tone"])
def test_what_is_no_talk_is_refused(room: Pcm, other: str) -> None:
    short, minute = np.arange(30 * RATE), room[: 60 * RATE]
    sounds = {
        "nothing": np.zeros(0),
        "silence": np.zeros(len(short)),
        "noise": np.random.default_rng(5).normal(0, 900, len(short)),
        "tone": 8000 * np.sin(2 * np.pi * 440 * short / RATE),
    }
    with pytest.raises(InvalidAudio) as refused:
        align(minute, sounds[other].astype(np.int16), RATE)
    assert refused.value.safe == "Nothing was imported."
    with pytest.raises(InvalidAudio):
        align(sounds[other].astype(np.int16), minute, RATE)


def test_ninety_minutes_align_in_under_a_gigabyte() -> None:
    session = talk(5400, RATE, seed=31)
    heard = with_drift(elsewhere(session[400 * RATE :], RATE), RATE, 170)
    tracemalloc.start()
    found = align(session, heard, RATE)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert abs(found.offset_ms - 400_000) <= 2 and abs(found.drift_ppm - 170) < 0.5
    assert most + session.nbytes + heard.nbytes < 1e9


@pytest.mark.parametrize("name", ["libri_6spk.flac", "podcast3.mp3", "king.mp3"])
def test_real_talk_heard_by_two_microphones(name: str) -> None:
    if not (REAL / name).is_file():
        pytest.skip(f"no recording of real talk called {name}: FACILITATOR_REAL_TALK names the folder of such")
    spoken = _decoded(REAL / name)
    seconds = len(spoken) // RATE
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:2])
    session = elsewhere(spoken, RATE, seed=seed, gain=0.7, noise_db=25)
    begins_s = seconds // 5
    file = elsewhere(spoken[begins_s * RATE :], RATE, seed=seed + 1, gain=0.2, noise_db=10)
    found = align(session, with_drift(file, RATE, -130), RATE)
    for at_s in (0, seconds - begins_s):
        assert abs(_place_of(found, at_s * (1 - 130e-6)) - (begins_s + at_s) * 1000) <= 15
    half = len(spoken) // 2
    with pytest.raises(InvalidAudio):
        align(session[:half], file[half - begins_s * RATE :], RATE)


def _decoded(path: Path) -> Pcm:
    with av.open(str(path)) as opened:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [made for frame in opened.decode(audio=0) for made in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.int16)
