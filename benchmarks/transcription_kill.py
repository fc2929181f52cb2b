"""kill -9 of the process that hears, at random moments: what is stored goes on to the same text."""

import os
import random
import signal
import threading
import time
from typing import Any, Final

import numpy as np

from benchmarks.transcription_ours import from_samples, hear, text
from benchmarks.transcription_sound import RATE, Samples, sound
from benchmarks.transcription_systems import CORES
from facilitator.domain.errors import WorkerFailed
from facilitator.domain.events import WindowTranscribed
from facilitator.transcription.client import SpeechDetector, Transcriber
from facilitator.transcription.weights import Weights, find_weights

KILLS, QUICK_KILLS = 100, 3
_MORE_S: Final = 60.0
_QUICK_S: Final = 40.0
_KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
Windows = dict[int, WindowTranscribed]


def kill(quick: bool) -> dict[str, Any]:
    """How many kills there were, and after how many of them the text was that of a run without any."""
    samples = sound("tts_focus_group_en.wav", 0.0, _QUICK_S if quick else None)
    if not quick:
        samples = np.concatenate([samples, sound("podcast3.mp3", 0.0, _MORE_S)])
    weights, chance = find_weights(), random.Random(1)  # noqa: S311  nothing secret
    wanted = QUICK_KILLS if quick else KILLS
    with SpeechDetector() as detector:
        begun = time.monotonic()
        whole = _attempt(detector, weights, samples, {}, None)[1]
        seconds = time.monotonic() - begun
        kills = identical = same_windows = runs = 0
        while kills < wanted:
            stored: Windows = {}
            here, is_whole = 0, False
            while not is_whole:
                moment = chance.uniform(0.0, seconds) if kills + here < wanted else None
                is_whole, stored = _attempt(detector, weights, samples, stored, moment)
                here += not is_whole
            kills, runs = kills + here, runs + 1
            identical += here if text(stored) == text(whole) else 0
            same_windows += here if stored == whole else 0
    print(f"{kills} kills in {runs} runs over {len(samples) / RATE:.0f} s, of which one without takes {seconds:.1f} s")
    return {
        "kills": kills,
        "kills_identical": identical,
        "kills_identical_percent": 100 * identical / kills,
        "kills_same_windows": same_windows,
        "killed_runs": runs,
    }


def _attempt(
    detector: SpeechDetector,
    weights: Weights,
    samples: Samples,
    stored: Windows,
    moment: float | None,
) -> tuple[bool, Windows]:
    """Hear what is not stored, until the worker is killed after `moment` seconds; whether all is there, and what is."""
    stored = dict(stored)
    with Transcriber(weights, beam=1, threads=CORES) as transcriber:
        killing = _Killing(transcriber, moment)
        try:
            for window in hear(transcriber, detector, from_samples(samples), stored):
                stored[window.index] = window
        except WorkerFailed:
            return False, stored
        finally:
            killing.end()
    return True, stored


class _Killing:
    """Kills the worker of a transcriber at a moment, unless it is over before."""

    def __init__(self, transcriber: Transcriber, moment: float | None) -> None:
        self._transcriber, self._moment = transcriber, moment
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._kill)
        if moment is not None:
            self._thread.start()

    def _kill(self) -> None:
        if self._over.wait(self._moment):
            return
        while (pid := self._transcriber.pid) is None:  # it has not been started yet
            if self._over.wait(0.01):
                return
        os.kill(pid, _KILL)

    def end(self) -> None:
        self._over.set()
        if self._moment is not None:
            self._thread.join()
