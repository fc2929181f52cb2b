"""The voice detector, with its real model in a worker of its own."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from transcription_support import SAMPLE, guarded_children, sample_sound, silence

from facilitator.domain.errors import Cancelled, WorkerFailed
from facilitator.domain.stretches import Stretch, common, total, without
from facilitator.transcription.client import SpeechDetector
from facilitator.transcription.planning import PER_MS, RATE, STEP_MS, Samples, plan, speech_in

pytestmark = pytest.mark.slow

STEP = STEP_MS * PER_MS


def said(seconds: float) -> list[Stretch]:
    """Where somebody speaks, by the sample's annotation."""
    lines = [line.split() for line in SAMPLE.with_suffix(".rttm").read_text(encoding="utf-8").splitlines()]
    found = [(float(line[3]), float(line[3]) + float(line[4])) for line in lines if line and line[0] == "SPEAKER"]
    return [(round(start * 1000), round(end * 1000)) for start, end in found if end <= seconds]


def speech(sound: Samples) -> list[Stretch]:
    with SpeechDetector() as detector:
        return speech_in(detector.find(sound[: len(sound) // STEP * STEP], True))


def test_the_sample_is_covered_and_pauses_between_its_turns_are_not() -> None:
    turns = said(64)
    found = speech(sample_sound(64))
    left = without(turns, [(start - 300, end + 300) for start, end in found])
    assert max((end - start for start, end in left), default=0) < 200, "no more than the middle of a pause at a comma"
    pauses = without([(0, turns[-1][1])], [(start - 150, end + 150) for start, end in turns])
    assert total(pauses) > 500
    assert total(without(pauses, found)) > total(pauses) / 2


@pytest.mark.parametrize("level", [0.0, 0.0003, 0.003])
def test_silence_and_noise_are_no_speech(level: float) -> None:
    noise = np.random.default_rng(1).normal(0, 1, RATE * 60).astype(np.float32) * np.float32(level)
    assert speech(noise) == []


def test_a_tone_and_a_hum_are_no_speech() -> None:
    at = np.arange(RATE * 20) / RATE
    for hertz in (50, 1_000):
        assert speech((0.2 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)) == []


def test_quiet_speech_is_found_too() -> None:
    turns = said(30)
    found = speech(sample_sound(30) * np.float32(0.05))
    assert total(without(turns, [(start - 300, end + 300) for start, end in found])) < total(turns) // 20


def test_it_says_the_same_in_any_portions_once_told_to_start_afresh() -> None:
    sound = sample_sound(12)[: 370 * STEP]
    with SpeechDetector() as detector:
        whole = detector.find(sound, True)
        parts = [detector.find(sound[: 100 * STEP], True), detector.find(sound[100 * STEP :], False)]
        again = detector.find(sound, True)
        goes_on = detector.find(sound, False)
    assert whole.shape == (370,)
    assert np.all((whole >= 0) & (whole <= 1))
    assert np.array_equal(whole, again)
    assert np.allclose(np.concatenate(parts), whole, atol=2e-4)
    assert not np.array_equal(goes_on, whole)


def test_windows_of_the_sample_are_the_same_from_any_of_their_ends_on() -> None:
    sound = sample_sound(75)
    with SpeechDetector() as detector:
        windows = list(plan([sound], detector.find))
    first = windows[0]
    with SpeechDetector() as detector:
        rest = list(plan([sound[first.end_ms * PER_MS :]], detector.find, start_ms=first.end_ms, index=1))
    assert len(windows) >= 3
    assert [(one.index, one.start_ms, one.end_ms, one.speech, one.pieces) for one in rest] == [
        (one.index, one.start_ms, one.end_ms, one.speech, one.pieces) for one in windows[1:]
    ]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(rest, windows[1:], strict=True))
    turns = said(75)
    left = without(turns, [piece for window in windows for piece in window.pieces])
    assert max((end - start for start, end in left), default=0) < 200
    cuts = [window.end_ms for window in windows[:-1]]
    inside = [cut for cut in cuts for start, end in turns if start + 500 < cut < end - 500]
    assert len(inside) <= len(cuts) // 2, "cuts lie between turns, or at a pause of a long one"


def test_it_needs_no_network_and_writes_no_file(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with guarded_children(tmp_path) as log, pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR"):
            patch.setenv(name, str(tmp_path / "home"))
        assert speech(sample_sound(5)) != []
        lines = log.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "started"
    assert set(lines[1:]) <= {f"write {number}" for number in range(3, 10)}
    assert list((tmp_path / "home").rglob("*")) == []


def worker() -> psutil.Process:
    (child,) = [one for one in psutil.Process().children() if "facilitator.transcription.worker" in one.cmdline()]
    return child


def test_a_killed_detector_is_reported_and_a_closed_one_is_gone() -> None:
    with SpeechDetector() as detector:
        detector.find(silence(0.032), True)
        child = worker()
        child.kill()
        with pytest.raises(WorkerFailed):
            detector.find(silence(0.032), True)
    assert not child.is_running()
    with SpeechDetector() as detector:
        detector.find(silence(0.032), True)
        child = worker()
    assert not child.is_running()


def test_waiting_for_it_can_be_interrupted() -> None:
    def stop() -> None:
        if child is not None:
            raise Cancelled("Stopped.")

    child: psutil.Process | None = None
    with SpeechDetector(waiting=stop) as detector:
        detector.find(silence(0.032), True)
        child = worker()
        os.kill(child.pid, signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(Cancelled):
            detector.find(silence(0.032), True)
        assert time.monotonic() - begun < 5
    assert not child.is_running()


def test_a_detector_that_is_never_asked_starts_nothing() -> None:
    before = {child.pid for child in psutil.Process().children()}
    with SpeechDetector():
        assert {child.pid for child in psutil.Process().children()} == before


@pytest.mark.parametrize("quiet", [0.03, 0.01])
def test_a_quiet_voice_right_after_a_loud_one_is_found(quiet: float) -> None:
    sound = sample_sound(26)
    sound[: 20 * RATE] = np.clip(sound[: 20 * RATE] * 3, -1, 1)
    sound[20 * RATE :] *= np.float32(quiet)
    assert total(common(speech(sound), [(20_000, 26_000)])) > 5_000
